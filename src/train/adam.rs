//! The Adam optimizer.

use crate::number::Real;
use crate::number::Value;
use crate::parameters::{Parameters, Role};
use crate::train::TrainError;

/// Adam's settings; with a `weight_decay` above 0 it is AdamW.
///
/// # Source
/// Kingma and Ba (2015), algorithm 1; Loshchilov and Hutter (2019), algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T> {
    /// The step size, above 0.
    pub learning_rate: T,
    /// The decay of the first moment, in `[0, 1)`.
    pub beta1: T,
    /// The decay of the second moment, in `[0, 1)`.
    pub beta2: T,
    /// Added to the root of the second moment, above 0.
    pub epsilon: T,
    /// The decoupled decay of the parameters, at least 0.
    pub weight_decay: T,
}

impl<T: Real> Default for Adam<T> {
    fn default() -> Self {
        Adam {
            learning_rate: T::from_f64(1e-3),
            beta1: T::from_f64(0.9),
            beta2: T::from_f64(0.999),
            epsilon: T::from_f64(1e-7),
            weight_decay: T::ZEROS,
        }
    }
}

impl<T: Real> Adam<T> {
    /// Refuses settings out of their domain, NaN included.
    pub fn check(&self) -> Result<(), TrainError> {
        let fraction = |x: T| T::ZEROS <= x && x < T::ONE;
        let positive = |x: T| T::ZEROS < x && x.is_finite();
        match () {
            () if !positive(self.learning_rate) => Err(TrainError::Setting("learning_rate")),
            () if !fraction(self.beta1) => Err(TrainError::Setting("beta1")),
            () if !fraction(self.beta2) => Err(TrainError::Setting("beta2")),
            () if !positive(self.epsilon) => Err(TrainError::Setting("epsilon")),
            () if !(T::ZEROS <= self.weight_decay && self.weight_decay.is_finite()) => Err(TrainError::Setting("weight_decay")),
            () => Ok(()),
        }
    }

    /// One update of `parameters` with the gradient `scale * gradient`, the learning rate times `factor`. `step` counts from 0.
    pub fn update<P: Parameters<T>>(
        &self,
        parameters: &mut P,
        gradient: &P,
        first: &mut P,
        second: &mut P,
        step: u32,
        scale: T,
        factor: T,
    ) {
        let count = f64::from(step) + 1.0;
        let correction = |beta: T| T::from_f64(1.0 - libm::pow(beta.as_(), count));
        let (correct1, correct2) = (correction(self.beta1), correction(self.beta2));
        let rate = self.learning_rate * factor;
        let (keep1, keep2) = (T::ONE - self.beta1, T::ONE - self.beta2);
        P::zip([parameters, first, second], [gradient], &mut |role, [p, m, v], [g]| {
            if role == Role::Fixed {
                return;
            }
            T::outline(
                #[inline(always)]
                || {
                    for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(g) {
                        let g = scale * *g;
                        *m = self.beta1 * *m + keep1 * g;
                        *v = self.beta2 * *v + keep2 * (g * g);
                        let step = (*m / correct1) / (Value::sqrt(*v / correct2) + self.epsilon);
                        *p = *p - rate * (step + self.weight_decay * *p);
                    }
                },
            );
        });
    }
}
