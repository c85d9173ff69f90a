//! One training step.

use crate::bijector::DifferentiableBijector;
use crate::params::Role;
use crate::real::Real;
use crate::train::{Adam, TrainError, add_nll_gradient};
use crate::value::{Value, Zeros};

/// All that training needs beside the flow: the gradient, Adam's two moments and a tape for one pack of the lanes `V`.
///
/// It is plain zeroed data: put it in a `static`, or (feature `bytemuck`) in a box made by `bytemuck::zeroed_box`, so that it never passes over the stack.
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "B: bytemuck::Zeroable, B::Tape<V>: bytemuck::Zeroable"))]
pub struct Trainer<T, V, B, const D: usize, const C: usize = 0>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    pub(super) gradient: B,
    first: B,
    second: B,
    pub(super) tape: B::Tape<V>,
    step: u32,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// The batch's mean negative log-likelihood before the step, in nats.
    pub loss: T,
    /// The gradient's Euclidean norm before clipping.
    pub gradient_norm: T,
}

impl<T, V, B, const D: usize, const C: usize> Zeros for Trainer<T, V, B, D, C>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C> + Zeros,
{
    const ZEROS: Self = Trainer { gradient: B::ZEROS, first: B::ZEROS, second: B::ZEROS, tape: Zeros::ZEROS, step: 0 };
}

impl<T, V, B, const D: usize, const C: usize> Trainer<T, V, B, D, C>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    /// Forgets the moments and the count of steps.
    pub fn reset(&mut self) {
        self.first.fill(T::ZEROS);
        self.second.fill(T::ZEROS);
        self.step = 0;
    }

    /// Steps made since the start or [`Trainer::reset`].
    pub fn steps(&self) -> u32 {
        self.step
    }

    /// The gradient of the last step, before clipping.
    pub fn gradient(&self) -> &B {
        &self.gradient
    }

    /// One step of Adam on the mean negative log-likelihood of a batch, its gradient clipped to the norm `clip`, the learning rate times `factor`.
    ///
    /// # Errors
    /// [`TrainError::Empty`], [`TrainError::ContextCount`], [`TrainError::Sample`], [`TrainError::Loss`], [`TrainError::Diverged`], with the flow and the moments unchanged.
    pub fn step(
        &mut self,
        bijector: &mut B,
        samples: &[[T; D]],
        contexts: &[[T; C]],
        adam: &Adam<T>,
        clip: T,
        factor: T,
    ) -> Result<Step<T>, TrainError> {
        check_samples(samples, contexts)?;
        self.gradient.fill(T::ZEROS);
        let total = add_nll_gradient(bijector, samples, contexts, &mut self.tape, &mut self.gradient)
            .map_err(|sample| TrainError::Loss { step: self.step, sample })?;
        self.apply(bijector, total, samples.len(), adam, clip, factor)
    }

    /// Adds a batch's summed loss and gradient to a given gradient, for steps that are put together from parts (several batches, devices or machines).
    pub fn apply(&mut self, bijector: &mut B, total: T, count: usize, adam: &Adam<T>, clip: T, factor: T) -> Result<Step<T>, TrainError> {
        let mean = T::ONE / T::from_f64(count as f64);
        let mut squares = T::ZEROS;
        self.gradient.visit(&mut |role, slice| {
            if role == Role::Trainable {
                // One partial sum a slice keeps small entries from drowning.
                let mut part = T::ZEROS;
                for g in slice {
                    part += (mean * *g) * (mean * *g);
                }
                squares += part;
            }
        });
        let gradient_norm = Value::sqrt(squares);
        if !gradient_norm.is_finite() {
            return Err(TrainError::Diverged { step: self.step });
        }
        let scale = mean * if clip < gradient_norm { clip / gradient_norm } else { T::ONE };
        adam.update(bijector, &self.gradient, &mut self.first, &mut self.second, self.step, scale, factor);
        self.step += 1;
        Ok(Step { loss: total * mean, gradient_norm })
    }
}

/// Refuses an empty set, one with too few contexts, and the first row that is not finite.
pub(crate) fn check_samples<T: Real, const D: usize, const C: usize>(samples: &[[T; D]], contexts: &[[T; C]]) -> Result<(), TrainError> {
    if samples.is_empty() {
        return Err(TrainError::Empty);
    }
    if C > 0 && contexts.len() != samples.len() {
        return Err(TrainError::ContextCount { samples: samples.len(), contexts: contexts.len() });
    }
    let bad = |row: &[T]| row.iter().any(|x| !x.is_finite());
    match samples.iter().position(|row| bad(row)).or(contexts.iter().position(|row| bad(row))) {
        Some(index) => Err(TrainError::Sample(index)),
        None => Ok(()),
    }
}
