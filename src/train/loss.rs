//! The negative log-likelihood of a batch and its gradient.

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::flow::rows::{contexts_of, load};
use crate::flow::{log_base, log_prob};
use crate::number::Real;
use crate::number::Value;

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
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    let mut total = T::ZEROS;
    for (pack, samples) in samples.chunks(V::LANES).enumerate() {
        let contexts = contexts_of(contexts, pack * V::LANES, samples.len());
        let loss = V::outline(
            #[inline(always)]
            || add_pack_gradient::<T, V, B, D, C>(bijector, samples, contexts, tape, gradient),
        );
        for n in 0..samples.len() {
            let loss = loss.lane(n);
            if !loss.is_finite() {
                return Err(pack * V::LANES + n);
            }
            total += loss;
        }
    }
    Ok(total)
}

/// The loss of one pack; its gradient is added unless a lane's loss is not finite.
#[inline(always)]
fn add_pack_gradient<T, V, B, const D: usize, const C: usize>(
    bijector: &B,
    samples: &[[T; D]],
    contexts: &[[T; C]],
    tape: &mut B::Tape<V>,
    gradient: &mut B,
) -> V
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    let context = load::<V, C>(contexts);
    let mut state = load::<V, D>(samples);
    let log_det = bijector.forward_tape(&mut state, &context, tape);
    let loss = -(log_base(&state) + log_det);
    if loss.any(|loss| !loss.is_finite()) {
        return loss;
    }
    // d(z^2 / 2 - log_det); lanes without a sample get no cotangent.
    let weight = V::from_lanes(|n| if n < samples.len() { T::ONE } else { T::ZEROS });
    let mut d = state;
    for z in &mut d {
        *z = weight * *z;
    }
    let mut d_context = [V::ZEROS; C];
    bijector.backward(tape, &context, &mut d, -weight, &mut d_context, gradient);
    loss
}

/// The mean of `-log p(x_n | c_n)`, in nats: `NaN` for no sample.
pub fn mean_nll<T, V, B, const D: usize, const C: usize>(bijector: &B, samples: &[[T; D]], contexts: &[[T; C]]) -> T
where
    T: Real,
    V: Value<Scalar = T>,
    B: Bijector<T, D, C>,
{
    sum_nll::<T, V, B, D, C>(bijector, samples, contexts) / T::from_f64(samples.len() as f64)
}

/// `sum_n -log p(x_n | c_n)`, in nats.
pub fn sum_nll<T, V, B, const D: usize, const C: usize>(bijector: &B, samples: &[[T; D]], contexts: &[[T; C]]) -> T
where
    T: Real,
    V: Value<Scalar = T>,
    B: Bijector<T, D, C>,
{
    let mut total = T::ZEROS;
    let mut lost = T::ZEROS;
    for (pack, samples) in samples.chunks(V::LANES).enumerate() {
        let contexts = contexts_of(contexts, pack * V::LANES, samples.len());
        let loss = -log_prob::<T, V, B, D, C>(bijector, samples, contexts);
        for n in 0..samples.len() {
            // Compensated (Kahan 1965): a sum over many samples keeps the digits of its type.
            let term = loss.lane(n) - lost;
            let sum = total + term;
            lost = (sum - total) - term;
            total = sum;
        }
    }
    total
}
