//! A bijector that is given raw contexts and sees standardised ones.

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::linalg::within_floats;
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part};

/// `f(x; c')` with `c'_i = s_i (c_i - m_i)`: the bijector `B` at contexts of mean 0 and deviation 1, whatever their units are.
///
/// Networks start for inputs of that size. Contexts of hundreds (revolutions a minute, say) leave them saturated: the fit comes to an end, and is nats behind.
///
/// | | |
/// |---|---|
/// | forward, inverse | those of `B` at `c'` |
/// | log-dets | those of `B` at `c'`: a context is no part of the density's volume |
///
/// # Parameters
/// `mean[i] = m_i` and `scale[i] = s_i`, one over a standard deviation. Both are fixed: training leaves them alone, files and sources hold them. [`Init`](crate::Init) sets them to 0 and 1;
/// [`ContextNorm::fit`] or [`Flow::warm_start_given`](crate::Flow::warm_start_given) takes them from the contexts.
///
/// ```
/// use gaussflow::{Conditional, ContextDense, ContextNorm, Flow, Head, MixtureCdf, Tanh, TanhClamp};
///
/// type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
/// type Net = (ContextDense<f32, 0, 2, 32>, Tanh, Head<f32, Mixture, 32, 1>);
/// type Vibration = Flow<f32, ContextNorm<f32, Conditional<Mixture, Net, 1>, 2>, 1, 2>;
///
/// let mut flow = Vibration::random(&mut rand_pcg::Pcg32::new(1, 1));
/// let contexts = [[300.0, 21.5], [850.0, 40.0], [1500.0, 38.5]]; // revolutions a minute, degrees
/// flow.bijector.fit(&contexts)?;
/// // .. train it on rows with such contexts ..
/// assert!(flow.given([900.0, 25.0]).log_prob(&[0.1]).is_finite());
/// # Ok::<(), gaussflow::start::DataError>(())
/// ```
///
/// # Cost
/// A subtraction and a product for each context variable.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct ContextNorm<T, B, const C: usize> {
    /// What is taken off each context variable, in its units.
    pub mean: [T; C],
    /// What the rest is multiplied by.
    pub scale: [T; C],
    /// The map at standardised contexts.
    pub bijector: B,
}

impl<T: Real, B, const C: usize> ContextNorm<T, B, C> {
    /// The context that the bijector sees.
    #[inline(always)]
    pub(crate) fn standardised<V: Value<Scalar = T>>(&self, context: &[V; C]) -> [V; C] {
        let mut seen = *context;
        for i in 0..C {
            // Both steps may leave the floats.
            let rest = within_floats(context[i] - V::splat(self.mean[i]));
            seen[i] = within_floats(V::splat(self.scale[i]) * rest);
        }
        seen
    }
}

impl<T: Zeros, B: Zeros, const C: usize> Zeros for ContextNorm<T, B, C> {
    const ZEROS: Self = ContextNorm { mean: Zeros::ZEROS, scale: Zeros::ZEROS, bijector: B::ZEROS };
}

/// Contexts pass as they are.
impl<T: Real, B: Init<T>, const C: usize> Init<T> for ContextNorm<T, B, C> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.mean = [T::ZEROS; C];
        self.scale = [T::ONE; C];
        self.bijector.init(rng);
    }
}

crate::parameters! {
    impl[T: Real, B: Parameters<T>, const C: usize] Parameters<T> for ContextNorm<T, B, C> {
        fixed mean: [T; C],
        fixed scale: [T; C],
        part bijector: B,
    }
}

impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Bijector<T, D, C> for ContextNorm<T, B, C> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        self.bijector.forward_and_log_det(x, &self.standardised(context))
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
        self.bijector.inverse_and_log_det(z, &self.standardised(context))
    }

    fn forward_states<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], visit: &mut impl FnMut(&[V; D])) -> V {
        self.bijector.forward_states(x, &self.standardised(context), visit)
    }

    fn visit_contexts(&self, context: &[T; C], visit: &mut impl FnMut(&[T; C])) {
        self.bijector.visit_contexts(&self.standardised(context), visit);
    }

    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], log_dets: &mut [V; D]) -> bool {
        self.bijector.forward_and_log_dets(x, &self.standardised(context), log_dets)
    }

    fn log_det_of_present(&self, x: &mut [Option<T>; D], context: &[T; C]) -> Option<T> {
        self.bijector.log_det_of_present(x, &self.standardised(context))
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("context_norm"));
        visit(Part::Tensor("mean", &[C]));
        visit(Part::Tensor("scale", &[C]));
        B::describe(visit);
        visit(Part::End);
    }
}

/// The context that the bijector saw, and its tape.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct ContextNormTape<V, S, const C: usize> {
    context: [V; C],
    bijector: S,
}

impl<V: Zeros, S: Zeros, const C: usize> Zeros for ContextNormTape<V, S, C> {
    const ZEROS: Self = ContextNormTape { context: Zeros::ZEROS, bijector: S::ZEROS };
}

impl<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for ContextNorm<T, B, C> {
    type Tape<V: Value<Scalar = T>> = ContextNormTape<V, B::Tape<V>, C>;

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
        tape.context = self.standardised(context);
        self.bijector.forward_tape(x, &tape.context, &mut tape.bijector)
    }

    /// `dc'/dc = s`.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        let mut d_seen = [V::ZEROS; C];
        self.bijector.backward(&tape.bijector, &tape.context, d, d_log_det, &mut d_seen, gradient.map(|g| &mut g.bijector));
        self.pull_context(&d_seen, d_context);
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        let mut d_seen = [V::ZEROS; C];
        self.bijector.inverse_backward(&tape.bijector, &tape.context, d, d_log_det, &mut d_seen, gradient.map(|g| &mut g.bijector));
        self.pull_context(&d_seen, d_context);
    }
}

impl<T: Real, B, const C: usize> ContextNorm<T, B, C> {
    /// Adds to the cotangent of the context what comes from that of the standardised one.
    #[inline(always)]
    fn pull_context<V: Value<Scalar = T>>(&self, d_seen: &[V; C], d_context: &mut [V; C]) {
        for i in 0..C {
            d_context[i] = d_seen[i].mul_add(V::splat(self.scale[i]), d_context[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ContextNorm;
    use crate::bijector::{Bijector, Conditional};
    use crate::conditioner::{ContextDense, Head, Tanh};
    use crate::flow::Flow;
    use crate::univariate::{MixtureCdf, TanhClamp};

    type Mixture = MixtureCdf<TanhClamp<f64>, 3>;
    type Plain = Conditional<Mixture, (ContextDense<f64, 0, 2, 5>, Tanh, Head<f64, Mixture, 5, 1>), 1>;
    type Normed = Flow<f64, ContextNorm<f64, Plain, 2>, 1, 2>;

    fn flow() -> Normed {
        let mut flow = Normed::random(&mut rand_pcg::Pcg32::new(1, 1));
        // A head that sees something.
        flow.bijector.bijector.conditioner.2.weights[0][0] = [[0.3; 3], [-0.2, 0.1, 0.4], [0.2; 3]];
        (flow.bijector.mean, flow.bijector.scale) = ([900.0, 0.5], [0.004, 25.0]);
        flow
    }

    /// The bijector at `s (c - m)`, in every call.
    #[test]
    fn the_bijector_sees_standardised_contexts() {
        let flow = flow();
        let plain = Flow::<f64, Plain, 1, 2>::new(flow.bijector.bijector.clone());
        let (raw, seen) = ([650.0, 0.54], [0.004 * -250.0, 25.0 * (0.54 - 0.5)]);
        assert_eq!(flow.given(raw).forward_and_log_det(&[0.7]), plain.given(seen).forward_and_log_det(&[0.7]));
        assert_eq!(flow.given(raw).inverse_and_log_det(&[0.7]), plain.given(seen).inverse_and_log_det(&[0.7]));
        assert_eq!(flow.given(raw).score(&[0.7]), plain.given(seen).score(&[0.7]));
        assert_eq!(flow.given(raw).states::<2>(&[0.7]), plain.given(seen).states::<2>(&[0.7]));
        assert_ne!(flow.given(raw).forward(&[0.7]), flow.given([raw[0] + 250.0, raw[1]]).forward(&[0.7]));
        let mut shown = [[0.0; 2]; 1];
        Bijector::<f64, 1, 2>::visit_contexts(&flow.bijector, &raw, &mut |context| shown[0] = *context);
        assert_eq!(shown, [seen]);
    }

    /// No infinity on the way, and so no NaN.
    #[test]
    fn contexts_at_the_ends_of_the_floats() {
        let mut flow = flow();
        for scale in [0.0, 1e-300, 1.0, 1e300] {
            (flow.bijector.mean, flow.bijector.scale) = ([-f64::MAX, f64::MAX], [scale; 2]);
            for context in [[f64::MAX; 2], [-f64::MAX; 2], [0.0, 1.0]] {
                assert!(flow.given(context).log_prob(&[0.3]).is_finite(), "{scale:e} {context:?}");
            }
        }
    }
}
