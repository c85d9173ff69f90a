//! Conditional layers: the context alone sets the map of each dimension.

use rand_core::Rng;

use crate::bijector::coupling::{TapeOf, map_each, pull_back};
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::conditioner::{ConstantOutput, DifferentiableLayer, Layer};
use crate::conditioner::{Each, Width};
use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::Part;
use crate::parameters::{Init, Parameters, Role};
use crate::univariate::Univariate;

/// `z_d = u(x_d; n(c)_d)`: the conditioner `N` maps the context to the parameters of the univariate `U` for each of `D` dimensions.
///
/// | | |
/// |---|---|
/// | forward | `z_d = u(x_d; n(c)_d)` |
/// | log-det | `sum_d log u'(x_d)`: the Jacobian is diagonal |
/// | inverse | `x_d = u^-1(z_d; n(c)_d)` |
/// | inverse log-det | minus the log-det at `x` |
///
/// With one dimension it is the density of a number given others, `p(y | c)`, where a coupling has nothing to pass through. With more, it is a
/// [`Marginal`](crate::Marginal) layer that depends on the context.
///
/// ```
/// use gaussflow::conditioner::Tanh;
/// use gaussflow::{Conditional, ContextDense, Flow, Head, Init, MixtureCdf, TanhClamp, Zeros};
///
/// type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
/// type Net = (ContextDense<f32, 0, 3, 32>, Tanh, Head<f32, Mixture, 32, 1>); // sees nothing but 3 context variables
/// type Given3 = Flow<f32, Conditional<Mixture, Net, 1>, 1, 3>;
///
/// let mut flow = Given3::ZEROS;
/// flow.init(&mut rand_pcg::Pcg32::new(1, 1));
/// assert!(flow.given(&[0.5, -1.0, 2.0]).log_prob(&[0.1]).is_finite());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Conditional<U, N, const D: usize> {
    /// The map of one dimension, with its settings.
    pub univariate: U,
    /// The network from the context to the univariate's parameters: a [`Layer`] from `Width<0>` to `Each<U, D>`.
    pub conditioner: N,
}

impl<U: Zeros, N: Zeros, const D: usize> Zeros for Conditional<U, N, D> {
    const ZEROS: Self = Conditional { univariate: U::ZEROS, conditioner: N::ZEROS };
}

impl<T, U: Parameters<T>, N: Parameters<T>, const D: usize> Parameters<T> for Conditional<U, N, D> {
    const COUNT: usize = U::COUNT + N::COUNT;
    const FIXED: usize = U::FIXED + N::FIXED;

    fn zip<const W: usize, const R: usize>(
        mut change: [&mut Self; W],
        read: [&Self; R],
        visit: &mut impl FnMut(Role, [&mut [T]; W], [&[T]; R]),
    ) {
        U::zip(change.each_mut().map(|c| &mut c.univariate), read.map(|c| &c.univariate), visit);
        N::zip(change.map(|c| &mut c.conditioner), read.map(|c| &c.conditioner), visit);
    }
}

/// The conditioner is initialised, then its output set to the univariate's identity.
impl<T: Real, U: Univariate<T>, N: Init<T> + ConstantOutput<T, Each<U, D>>, const D: usize> Init<T> for Conditional<U, N, D> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.univariate.init();
        self.conditioner.init(rng);
        self.conditioner.set_constant(&[self.univariate.identity(); D]);
    }
}

impl<T: Real, U: Univariate<T>, N: Layer<T, Width<0>, C, Out = Each<U, D>>, const D: usize, const C: usize> Bijector<T, D, C>
    for Conditional<U, N, D>
{
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        V::outline(
            #[inline(always)]
            || {
                let params = self.conditioner.apply(&[], context);
                map_each(
                    x,
                    #[inline(always)]
                    |d, x| self.univariate.forward_and_log_det(&params[d], x),
                )
            },
        )
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
        V::outline(
            #[inline(always)]
            || {
                let params = self.conditioner.apply(&[], context);
                map_each(
                    z,
                    #[inline(always)]
                    |d, z| self.univariate.inverse_and_log_det(&params[d], z),
                )
            },
        )
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("conditional"));
        U::describe(visit);
        N::describe(visit);
    }
}

impl<T: Real, U: Univariate<T>, N: DifferentiableLayer<T, Width<0>, C, Out = Each<U, D>>, const D: usize, const C: usize>
    DifferentiableBijector<T, D, C> for Conditional<U, N, D>
{
    type Tape<V: Value<Scalar = T>> = TapeOf<T, V, U, N, C, 0, D>;

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
        V::outline(
            #[inline(always)]
            || {
                tape.x_b = *x;
                self.conditioner.apply_tape(&[], context, &mut tape.params, &mut tape.conditioner);
                map_each(
                    x,
                    #[inline(always)]
                    |d, x| self.univariate.forward_tape(&tape.params[d], x, &mut tape.univariates[d]),
                )
            },
        )
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: &mut Self,
    ) {
        V::outline(
            #[inline(always)]
            || {
                pull_back::<T, V, U, N, C, 0, D>(
                    &self.conditioner,
                    tape,
                    context,
                    d,
                    d_context,
                    &mut gradient.conditioner,
                    #[inline(always)]
                    |params, x, tape, d, d_params| self.univariate.backward(params, x, tape, d, d_log_det, d_params),
                )
            },
        );
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: &mut Self,
    ) {
        V::outline(
            #[inline(always)]
            || {
                pull_back::<T, V, U, N, C, 0, D>(
                    &self.conditioner,
                    tape,
                    context,
                    d,
                    d_context,
                    &mut gradient.conditioner,
                    #[inline(always)]
                    |params, x, tape, d, d_params| self.univariate.inverse_backward(params, x, tape, d, d_log_det, d_params),
                )
            },
        );
    }
}

impl<U, N, const D: usize> Conditional<U, N, D> {
    /// A conditional layer from its parts.
    pub const fn new(univariate: U, conditioner: N) -> Self {
        Conditional { univariate, conditioner }
    }
}
