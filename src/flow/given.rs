//! A flow at one context.

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::flow::batch::{Direction, map};
use crate::flow::{log_prob, nothing_or_nan};
use crate::math::fill_standard_normal;
use crate::number::{Real, Zeros};

/// A [`Flow`](crate::Flow) at one context: `p(. | c)`.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a, T, B, const D: usize, const C: usize> {
    pub(super) bijector: &'a B,
    pub(super) context: [T; C],
}

/// Infinities and NaN in a sample, a latent or the context never read as ordinary: the density there is 0, so its logarithm minus infinity, and maps give NaN.
impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Given<'_, T, B, D, C> {
    /// `z = f(x)`.
    #[must_use]
    pub fn forward(&self, x: &[T; D]) -> [T; D] {
        self.forward_and_log_det(x).0
    }

    /// `(f(x), log|det J_f(x)|)`.
    #[must_use]
    pub fn forward_and_log_det(&self, x: &[T; D]) -> ([T; D], T) {
        self.map(x, B::forward_and_log_det::<T>)
    }

    /// `x = f^-1(z)`.
    #[must_use]
    pub fn inverse(&self, z: &[T; D]) -> [T; D] {
        self.inverse_and_log_det(z).0
    }

    /// `(f^-1(z), log|det J_{f^-1}(z)|)`.
    #[must_use]
    pub fn inverse_and_log_det(&self, z: &[T; D]) -> ([T; D], T) {
        self.map(z, B::inverse_and_log_det::<T>)
    }

    /// Either direction.
    #[inline(always)]
    fn map(&self, from: &[T; D], map: impl Fn(&B, &mut [T; D], &[T; C]) -> T) -> ([T; D], T) {
        let nothing = nothing_or_nan(from) + nothing_or_nan(&self.context);
        let mut state = *from;
        let log_det = map(self.bijector, &mut state, &self.context);
        for value in &mut state {
            *value += nothing;
        }
        (state, log_det + nothing)
    }

    /// `log p(x | c)`, in nats. Minus infinity where `x` or the context holds an infinity or a NaN, and where the density is too small for the type: never NaN.
    #[must_use]
    pub fn log_prob(&self, x: &[T; D]) -> T {
        log_prob(self.bijector, *x, &self.context)
    }

    /// Whether `log p(x | c)` is below a threshold, in nats: the test of an alarm. Yes for a sample or context that is not finite, and for a threshold of NaN.
    #[must_use]
    pub fn is_below(&self, x: &[T; D], threshold: T) -> bool {
        !(threshold <= self.log_prob(x))
    }

    /// The score: the gradient of `log p(x | c)` by `x`, in nats a unit of `x`.
    ///
    /// # Cost
    /// About three times that of [`Given::log_prob`], and the tape of one sample on the stack.
    pub fn score(&self, x: &[T; D]) -> [T; D]
    where
        B: DifferentiableBijector<T, D, C>,
    {
        let mut tape = B::Tape::<T>::ZEROS;
        let nothing = nothing_or_nan(x) + nothing_or_nan(&self.context);
        let mut d = *x;
        self.bijector.forward_tape(&mut d, &self.context, &mut tape);
        for z in &mut d {
            *z = nothing - *z;
        }
        self.bijector.backward(&tape, &self.context, &mut d, T::ONE, &mut [T::ZEROS; C], None);
        d
    }

    /// A draw from `p(. | c)`: `f^-1` of a standard normal. `D` generator words; the same seed gives the same bits on every target.
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> [T; D] {
        let mut z = [T::ZEROS; D];
        fill_standard_normal(rng, &mut z);
        self.inverse(&z)
    }

    /// A draw from `p(. | c)` in each place of `samples`, of the latents of [`Given::sample`] called once a place; on lanes, so that results differ from it by rounding.
    pub fn fill<R: Rng + ?Sized>(&self, rng: &mut R, samples: &mut [[T; D]]) {
        fill_standard_normal(rng, samples.as_flattened_mut());
        map(self.bijector, Direction::Inverse, samples, &[self.context], None);
    }

    /// Shows `x` and the state after each elementary bijector, left to right; returns the log-det.
    pub fn forward_states(&self, x: &[T; D], mut visit: impl FnMut(&[T; D])) -> T {
        let mut state = *x;
        visit(&state);
        self.bijector.forward_states(&mut state, &self.context, &mut visit)
    }

    /// The states of [`Given::forward_states`] as a vector; `None` if there are more than `N`.
    pub fn states<const N: usize>(&self, x: &[T; D]) -> Option<heapless::Vec<[T; D], N>> {
        let mut states = heapless::Vec::new();
        let mut fits = true;
        self.forward_states(x, |state| fits &= states.push(*state).is_ok());
        fits.then_some(states)
    }
}
