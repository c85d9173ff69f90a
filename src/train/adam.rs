//! The Adam optimizer.

use crate::number::{Real, Value};
use crate::parameters::{Parameters, Role};
use crate::train::Settings;

/// The decays of Adam; its learning rate, and the weight decay that makes it AdamW, are [`Settings`] of their own.
///
/// # Source
/// Kingma and Ba (2015), algorithm 1; Loshchilov and Hutter (2019), algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T> {
    /// The decay of the first moment, in `[0, 1)`.
    pub beta1: T,
    /// The decay of the second moment, in `[0, 1)`.
    pub beta2: T,
    /// Added to the root of the second moment, above 0.
    pub epsilon: T,
}

impl<T: Real> Default for Adam<T> {
    fn default() -> Self {
        Adam { beta1: T::from_f64(0.9), beta2: T::from_f64(0.999), epsilon: T::from_f64(1e-7) }
    }
}

/// One update of `parameters` with the gradient `scale * gradient`; `step` counts from 0.
pub(super) fn update<T: Real, P: Parameters<T>>(
    settings: &Settings<T>,
    parameters: &mut P,
    gradient: &P,
    [first, second]: [&mut P; 2],
    step: u32,
    scale: T,
) {
    let count = f64::from(step) + 1.0;
    let Adam { beta1, beta2, epsilon } = settings.adam;
    let correction = |beta: T| T::from_f64(1.0 - libm::pow(beta.as_(), count));
    let rates = Rates {
        beta1,
        beta2,
        epsilon,
        correct1: correction(beta1),
        correct2: correction(beta2),
        rate: settings.learning_rate * settings.schedule.factor(step),
        weight_decay: settings.weight_decay,
        scale,
    };
    for index in 0..P::SLICES {
        let (role, p) = parameters.slice_mut(index);
        if role == Role::Trainable {
            update_slice(&rates, p, first.slice_mut(index).1, second.slice_mut(index).1, gradient.slice(index).1);
        }
    }
}

/// What one update takes from its settings and its step.
struct Rates<T> {
    beta1: T,
    beta2: T,
    epsilon: T,
    correct1: T,
    correct2: T,
    rate: T,
    weight_decay: T,
    scale: T,
}

/// One function for all slices of all flows.
#[inline(never)]
fn update_slice<T: Real>(rates: &Rates<T>, p: &mut [T], m: &mut [T], v: &mut [T], g: &[T]) {
    T::outline(
        #[inline(always)]
        || {
            let (keep1, keep2) = (T::ONE - rates.beta1, T::ONE - rates.beta2);
            for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(g) {
                let g = rates.scale * *g;
                *m = rates.beta1 * *m + keep1 * g;
                *v = rates.beta2 * *v + keep2 * (g * g);
                let step = (*m / rates.correct1) / (Value::sqrt(*v / rates.correct2) + rates.epsilon);
                *p = *p - rates.rate * (step + rates.weight_decay * *p);
            }
        },
    );
}
