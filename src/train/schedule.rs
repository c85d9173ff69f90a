//! Learning rates over time.

use crate::number::Real;

/// The learning rate's factor at each step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// 1.
    Constant,
    /// Rises linearly over `warmup` steps, then falls along a half cosine to `last` at step `steps`, where it stays.
    Cosine {
        /// Steps of the rise.
        warmup: u32,
        /// Steps in all.
        steps: u32,
        /// The factor at the end, in `[0, 1]`.
        last: f32,
    },
}

impl Schedule {
    /// The factor at `step`, counted from 0.
    pub fn factor<T: Real>(&self, step: u32) -> T {
        match *self {
            Schedule::Constant => T::ONE,
            Schedule::Cosine { warmup, .. } if step < warmup => T::from_f64((f64::from(step) + 1.0) / f64::from(warmup)),
            Schedule::Cosine { warmup, steps, last } => {
                let span = steps.saturating_sub(warmup).max(1);
                let t = f64::from((step - warmup).min(span)) / f64::from(span);
                let cosine = 0.5 * (1.0 + libm::cos(core::f64::consts::PI * t));
                T::from_f64(f64::from(last) + (1.0 - f64::from(last)) * cosine)
            }
        }
    }

    /// Whether every factor is in `[0, 1]`.
    pub(super) fn is_sound(&self) -> bool {
        match *self {
            Schedule::Constant => true,
            Schedule::Cosine { last, .. } => (0.0..=1.0).contains(&last),
        }
    }
}
