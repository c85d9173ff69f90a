//! Training by sampling: the reverse KL divergence to a density that is known up to a constant.

use crate::bijector::DifferentiableBijector;
use crate::flow::rows::{IntoRows, Rows, contexts_of, load};
use crate::flow::{Flow, log_base};
use crate::number::{Real, Value, Zeros};
use crate::parameters::Parameters;
use crate::train::error::check_samples;
use crate::train::{Settings, Step, Total, TrainError, Trainer};

/// The total of `log q(x_n | c_n) - log p(x_n | c_n)` at `x_n = f^-1(z_n; c_n)`, in nats, with its gradient added to `gradient`: for standard-normal latents `z_n` its mean estimates the
/// divergence `KL(q || p)` of the flow's density `q` from the target `p`, up to the target's constant.
///
/// # Errors
/// The index of the first latent whose loss is not finite; `gradient` then holds a part of the sum.
///
/// # Source
/// Rezende and Mohamed (2015), Variational Inference with Normalizing Flows, eq. 15, with the gradient of the inverse map by implicit differentiation.
fn add_reverse_kl_gradient<T, V, B, P, const D: usize, const C: usize>(
    bijector: &B,
    latents: Rows<T, D, C>,
    mut target: P,
    tape: &mut B::Tape<V>,
    gradient: &mut B,
) -> Result<Total<T>, usize>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
    P: FnMut(&[T; D], &[T; C]) -> (T, [T; D]),
{
    let mut total = Total::ZEROS;
    for (pack, samples) in latents.samples().chunks(V::LANES).enumerate() {
        let first = pack * V::LANES;
        let context = load::<V, C>(contexts_of(latents.contexts(), first, samples.len()));
        let mut state = load::<V, D>(samples);
        let log_base = log_base(&state);
        let log_q = log_base - bijector.inverse_and_log_det(&mut state, &context);
        // The cotangent of x is minus the target's gradient; lanes without a latent get none.
        let (mut d, mut weights) = ([V::ZEROS; D], V::ZEROS);
        for n in 0..samples.len() {
            let weight = latents.weights().get(first + n).copied().unwrap_or(T::ONE);
            if weight == T::ZEROS {
                continue;
            }
            let (mut x, mut c) = ([T::ZEROS; D], [T::ZEROS; C]);
            x.iter_mut().zip(&state).for_each(|(x, lanes)| *x = lanes.lane(n));
            c.iter_mut().zip(&context).for_each(|(c, lanes)| *c = lanes.lane(n));
            let (log_p, slopes) = target(&x, &c);
            let loss = log_q.lane(n) - log_p;
            if !loss.is_finite() {
                return Err(first + n);
            }
            total += Total { loss: weight * loss, weight };
            weights.set_lane(n, weight);
            for i in 0..D {
                d[i].set_lane(n, -(weight * slopes[i]));
            }
        }
        V::outline(
            #[inline(always)]
            || {
                bijector.forward_tape(&mut state, &context, tape);
                bijector.inverse_backward(tape, &context, &mut d, -weights, &mut [V::ZEROS; C], Some(gradient));
            },
        );
    }
    Ok(total)
}

impl<T, B, V, const D: usize, const C: usize, const P: usize> Trainer<Flow<T, B, D, C>, V, P>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    /// As [`Trainer::step`], on the mean of `log q(x) - log p(x)` at the images `x` of `latents`, to be drawn anew for each step by [`standard_normal`](crate::standard_normal).
    ///
    /// `target` gives `log p(x | c)`, up to a constant, and its gradient by `x`. The loss estimates the divergence `KL(q || p)` of the flow's density `q` from the target, less the logarithm of the
    /// target's constant `integral p`.
    ///
    /// # Errors
    /// As [`Trainer::step`], the latents being the samples.
    pub fn step_reverse_kl<'a>(
        &mut self,
        flow: &mut Flow<T, B, D, C>,
        latents: impl IntoRows<'a, T, D, C>,
        target: impl FnMut(&[T; D], &[T; C]) -> (T, [T; D]),
        settings: &Settings<T>,
    ) -> Result<Step<T>, TrainError>
    where
        T: 'a,
    {
        settings.check()?;
        let latents = latents.into_rows();
        check_samples(&latents)?;
        let step = self.steps();
        let share = self.first_share();
        share.gradient.set_all(T::ZEROS);
        let total = add_reverse_kl_gradient(&flow.bijector, latents, target, &mut share.tape, &mut share.gradient.bijector)
            .map_err(|sample| TrainError::Loss { step, sample })?;
        self.apply(flow, total, settings)
    }
}
