//! Training by sampling: the reverse KL divergence to a density that is known up to a constant.

use crate::bijector::DifferentiableBijector;
use crate::flow::log_base;
use crate::flow::rows::{contexts_of, load};
use crate::number::Real;
use crate::number::Value;
use crate::train::trainer::check_samples;
use crate::train::{Adam, Step, TrainError, Trainer};

/// `sum_n log q(x_n | c_n) - log p(x_n | c_n)` at `x_n = f^-1(z_n; c_n)`, in nats, with its gradient added to `gradient`: for standard-normal latents `z_n` its mean estimates the
/// divergence `KL(q || p)` of the flow's density `q` from the target `p`, up to the target's constant.
///
/// `target` gives `log p(x | c)`, up to a constant, and its gradient by `x`. `contexts` has one row a latent, or none where `C = 0`. Runs on the lanes `V`.
///
/// # Errors
/// The index of the first latent whose loss is not finite; `gradient` then holds a part of the sum.
///
/// # Source
/// Rezende and Mohamed (2015), Variational Inference with Normalizing Flows, eq. 15, with the gradient of the inverse map by implicit differentiation.
pub fn add_reverse_kl_gradient<T, V, B, P, const D: usize, const C: usize>(
    bijector: &B,
    latents: &[[T; D]],
    contexts: &[[T; C]],
    mut target: P,
    tape: &mut B::Tape<V>,
    gradient: &mut B,
) -> Result<T, usize>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
    P: FnMut(&[T; D], &[T; C]) -> (T, [T; D]),
{
    let mut total = T::ZEROS;
    for (pack, latents) in latents.chunks(V::LANES).enumerate() {
        let context = load::<V, C>(contexts_of(contexts, pack * V::LANES, latents.len()));
        let mut state = load::<V, D>(latents);
        let log_base = log_base(&state);
        let log_q = log_base - bijector.inverse_and_log_det(&mut state, &context);
        // The cotangent of x is minus the target's gradient; lanes without a latent get none.
        let mut d = [V::ZEROS; D];
        for n in 0..latents.len() {
            let (log_p, slopes) = target(&state.map(|x| x.lane(n)), &context.map(|c| c.lane(n)));
            let loss = log_q.lane(n) - log_p;
            if !loss.is_finite() {
                return Err(pack * V::LANES + n);
            }
            total += loss;
            for i in 0..D {
                d[i] = V::from_lanes(|lane| if lane == n { -slopes[i] } else { d[i].lane(lane) });
            }
        }
        let weight = V::from_lanes(|n| if n < latents.len() { T::ONE } else { T::ZEROS });
        V::outline(
            #[inline(always)]
            || {
                bijector.forward_tape(&mut state, &context, tape);
                bijector.inverse_backward(tape, &context, &mut d, -weight, &mut [V::ZEROS; C], gradient);
            },
        );
    }
    Ok(total)
}

impl<T, V, B, const D: usize, const C: usize, const P: usize> Trainer<T, V, B, D, C, P>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    /// As [`Trainer::step`], on the mean of [`add_reverse_kl_gradient`] over a batch of `latents`, to be drawn anew for each step by [`standard_normal`](crate::standard_normal).
    ///
    /// The loss of the result estimates the divergence from `target`, less the logarithm of the target's constant `integral p`.
    ///
    /// # Errors
    /// As [`Trainer::step`], the latents being the samples.
    pub fn step_reverse_kl(
        &mut self,
        bijector: &mut B,
        latents: &[[T; D]],
        contexts: &[[T; C]],
        target: impl FnMut(&[T; D], &[T; C]) -> (T, [T; D]),
        adam: &Adam<T>,
        clip: T,
        factor: T,
    ) -> Result<Step<T>, TrainError> {
        check_samples(latents, contexts)?;
        let step = self.steps();
        let whole = self.whole_mut();
        whole.gradient.fill(T::ZEROS);
        let total = add_reverse_kl_gradient(bijector, latents, contexts, target, &mut whole.tape, &mut whole.gradient)
            .map_err(|sample| TrainError::Loss { step, sample })?;
        self.apply(bijector, total, latents.len(), adam, clip, factor)
    }
}
