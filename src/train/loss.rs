//! The negative log-likelihood of a batch and its gradient.

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::flow::log_base;
use crate::lanes::{Lanes, Task, load};
use crate::real::Real;
use crate::value::Value;

/// The contexts of the samples from `start` on, for at most one pack; none where the flow has no context.
#[inline(always)]
pub(super) fn contexts_of<T, const C: usize>(contexts: &[[T; C]], start: usize, count: usize) -> &[[T; C]] {
    contexts.get(start..start + count).unwrap_or(&[])
}

/// `sum_n -log p(x_n | c_n)`, in nats, with its gradient added to `gradient`: sums, so that they add up over any split of a batch.
///
/// `contexts` has one row a sample, or none where `C = 0`. Runs on the lanes `V`; the last pack's empty lanes have no weight.
///
/// # Errors
/// The index of the first sample whose loss is not finite; `gradient` then holds a part of the sum.
pub fn add_nll_gradient<T, V, B, const D: usize, const C: usize>(
    bijector: &B,
    samples: &[[T; D]],
    contexts: &[[T; C]],
    tape: &mut B::Tape<V>,
    gradient: &mut B,
) -> Result<T, usize>
where
    T: Real,
    V: Lanes<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    V::run(AddNllGradient { bijector, samples, contexts, tape, gradient })
}

struct AddNllGradient<'a, T: Real, V: Value<Scalar = T>, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize> {
    bijector: &'a B,
    samples: &'a [[T; D]],
    contexts: &'a [[T; C]],
    tape: &'a mut B::Tape<V>,
    gradient: &'a mut B,
}

impl<T: Real, V: Value<Scalar = T>, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize> Task
    for AddNllGradient<'_, T, V, B, D, C>
{
    type Output = Result<T, usize>;

    #[inline(always)]
    fn run(self) -> Result<T, usize> {
        let mut total = T::ZEROS;
        for (pack, samples) in self.samples.chunks(V::LANES).enumerate() {
            let context = load::<V, C>(contexts_of(self.contexts, pack * V::LANES, samples.len()));
            let mut state = load::<V, D>(samples);
            let log_det = self.bijector.forward_tape(&mut state, &context, self.tape);
            let loss = -(log_base(&state) + log_det);
            for n in 0..samples.len() {
                let loss = loss.lane(n);
                if !loss.is_finite() {
                    return Err(pack * V::LANES + n);
                }
                total += loss;
            }
            // d(z^2 / 2 - log_det); lanes without a sample get no cotangent.
            let weight = V::from_lanes(|n| if n < samples.len() { T::ONE } else { T::ZEROS });
            let mut d = state.map(|z| weight * z);
            let mut d_context = [V::ZEROS; C];
            self.bijector.backward(self.tape, &context, &mut d, -weight, &mut d_context, self.gradient);
        }
        Ok(total)
    }
}

/// The mean of `-log p(x_n | c_n)`, in nats: `NaN` for no sample.
pub fn mean_nll<T, V, B, const D: usize, const C: usize>(bijector: &B, samples: &[[T; D]], contexts: &[[T; C]]) -> T
where
    T: Real,
    V: Lanes<Scalar = T>,
    B: Bijector<T, D, C>,
{
    let total = V::run(Nll::<T, V, B, D, C> { bijector, samples, contexts, lanes: core::marker::PhantomData });
    total / T::from_f64(samples.len() as f64)
}

struct Nll<'a, T, V, B, const D: usize, const C: usize> {
    bijector: &'a B,
    samples: &'a [[T; D]],
    contexts: &'a [[T; C]],
    lanes: core::marker::PhantomData<V>,
}

impl<T: Real, V: Value<Scalar = T>, B: Bijector<T, D, C>, const D: usize, const C: usize> Task for Nll<'_, T, V, B, D, C> {
    type Output = T;

    #[inline(always)]
    fn run(self) -> T {
        let mut total = T::ZEROS;
        let mut lost = T::ZEROS;
        for (pack, samples) in self.samples.chunks(V::LANES).enumerate() {
            let context = load::<V, C>(contexts_of(self.contexts, pack * V::LANES, samples.len()));
            let mut state = load::<V, D>(samples);
            let log_det = self.bijector.forward_and_log_det(&mut state, &context);
            let loss = -(log_base(&state) + log_det);
            for n in 0..samples.len() {
                // Compensated (Kahan 1965): a mean over many samples keeps the digits of its type.
                let term = loss.lane(n) - lost;
                let sum = total + term;
                lost = (sum - total) - term;
                total = sum;
            }
        }
        total
    }
}
