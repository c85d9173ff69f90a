//! Autoregressive maps: each dimension is mapped by what those before it say.

use rand_core::Rng;

use crate::bijector::coupling::{CouplingTape, map_each, map_each_apart};
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::conditioner::{ConstantOutput, DifferentiableLayer, Each, Identity, Layer, Ordered};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part};
use crate::univariate::Univariate;

/// `z_d = u(x_d; n(x)_d)`, where `n(x)_d` depends on `x_0 .. x_(d-1)` (and the context) only: the masked autoregressive flow's layer.
///
/// | | |
/// |---|---|
/// | forward | `z_d = u(x_d; n(x)_d)`, all dimensions in one pass of the network |
/// | log-det | `sum_d log u'(x_d)`: the Jacobian is triangular |
/// | inverse | `x_d = u^-1(z_d; n(x)_d)`, for `d` from 0 on: `D` passes |
/// | inverse log-det | minus the log-det at `x` |
///
/// Another order is a [`Permutation`](crate::Permutation) before it; between two of them stands [`Reverse`](crate::Reverse), so that the last dimension of one is the first of the next. The
/// inverse autoregressive flow, whose samples take one pass and densities `D`, is [`Inverse`](crate::Inverse) of it.
///
/// # Parameters
/// Those of the conditioner `N`: a masked network, from a [`MaskedInput`](crate::MaskedInput) to a [`MaskedHead`](crate::MaskedHead). Starts as near to the identity as the univariate
/// `U` comes.
///
/// # Domain
/// Every finite `x` at which the network's hidden values are finite, and the univariate's domain. A value that is not finite can make every dimension NaN, earlier ones too.
///
/// # Gradient
/// In one pass back; through the inverse map in `D`, by substitution from the last dimension to the first.
///
/// # Source
/// Papamakarios, Pavlakou and Murray (2017), Masked Autoregressive Flow for Density Estimation, 3.1 and 3.2, of affine maps; Kingma et al. (2016) for the inverse.
///
/// ```
/// use gaussflow::{Affine, Autoregressive, Flow, Init, MaskedDense, MaskedHead, MaskedInput, NoClamp, Relu, Reverse, Zeros};
///
/// type Net = (MaskedInput<f32, 3, 32>, Relu, MaskedDense<f32, 32, 32, 3>, Relu, MaskedHead<f32, Affine<NoClamp>, 32, 3>);
/// type Layer = Autoregressive<Affine<NoClamp>, Net, 3>;
/// type Maf = Flow<f32, [(Layer, Reverse); 2], 3>;
///
/// let mut flow = Maf::ZEROS;
/// flow.init(&mut rand_pcg::Pcg32::new(1, 1));
/// assert!(flow.log_prob(&[0.1, -0.5, 2.0]).is_finite());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Autoregressive<U, N, const D: usize> {
    /// The map of one dimension, with its settings.
    pub univariate: U,
    /// The network from the dimensions to the univariate's parameters: a [`Layer`] from `Ordered<D>` to `Each<U, D>`, which only masked ones are.
    pub conditioner: N,
}

impl<U: Zeros, N: Zeros, const D: usize> Zeros for Autoregressive<U, N, D> {
    const ZEROS: Self = Autoregressive { univariate: U::ZEROS, conditioner: N::ZEROS };
}

crate::parameters! {
    impl[T, U: Parameters<T>, N: Parameters<T>, const D: usize] Parameters<T> for Autoregressive<U, N, D> {
        part univariate: U,
        part conditioner: N,
    }
}

/// The conditioner is initialised, then its output set to the univariate's identity.
impl<T: Real, U: Univariate<T>, N: Init<T> + ConstantOutput<T, Each<U, D>>, const D: usize> Init<T> for Autoregressive<U, N, D> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.univariate.init();
        self.conditioner.init(rng);
        self.conditioner.set_constant(&[self.univariate.identity(); D]);
    }
}

impl<T: Real, U: Univariate<T>, N: Layer<T, Ordered<D>, C, Out = Each<U, D>>, const D: usize, const C: usize> Bijector<T, D, C>
    for Autoregressive<U, N, D>
{
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        V::outline(
            #[inline(always)]
            || {
                let mut params = Zeros::ZEROS;
                self.conditioner.apply::<V, Identity>(x, context, &mut params);
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
                let mut x = [V::ZEROS; D];
                map_each(
                    z,
                    #[inline(always)]
                    |d, z| {
                        // Those that are not known yet are 0, and not seen by this one.
                        let mut params = Zeros::ZEROS;
                        self.conditioner.apply::<V, Identity>(&x, context, &mut params);
                        let (value, log_det) = self.univariate.inverse_and_log_det(&params[d], z);
                        x[d] = value;
                        (value, log_det)
                    },
                )
            },
        )
    }

    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], log_dets: &mut [V; D]) -> bool {
        let mut params = Zeros::ZEROS;
        self.conditioner.apply::<V, Identity>(x, context, &mut params);
        map_each_apart(x, log_dets, |d, x| self.univariate.forward_and_log_det(&params[d], x));
        true
    }

    fn visit_contexts(&self, context: &[T; C], visit: &mut impl FnMut(&[T; C])) {
        visit(context);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("autoregressive"));
        U::describe(visit);
        N::describe(visit);
    }
}

impl<T: Real, U: Univariate<T>, N: DifferentiableLayer<T, Ordered<D>, C, Out = Each<U, D>>, const D: usize, const C: usize>
    DifferentiableBijector<T, D, C> for Autoregressive<U, N, D>
{
    /// That of a coupling whose identity half is empty.
    type Tape<V: Value<Scalar = T>> = CouplingTape<V, U::Params<V>, U::Tape<V>, N::Tape<V>, 0, D>;

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
        V::outline(
            #[inline(always)]
            || {
                tape.x_b = *x;
                self.conditioner.apply_tape(&tape.x_b, context, &mut tape.params, &mut tape.conditioner);
                map_each(
                    x,
                    #[inline(always)]
                    |d, x| self.univariate.forward_tape(&tape.params[d], x, &mut tape.univariates[d]),
                )
            },
        )
    }

    /// What comes back through each dimension's own map and, from the parameters of the later ones, through the network.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        V::outline(
            #[inline(always)]
            || {
                let mut d_params: [U::Params<V>; D] = Zeros::ZEROS;
                for i in 0..D {
                    d[i] = self.univariate.backward(&tape.params[i], tape.x_b[i], &tape.univariates[i], d[i], d_log_det, &mut d_params[i]);
                }
                let mut through = [V::ZEROS; D];
                let gradient = gradient.map(|g| &mut g.conditioner);
                self.conditioner.backward(
                    &tape.x_b,
                    context,
                    &tape.params,
                    &tape.conditioner,
                    &d_params,
                    &mut through,
                    d_context,
                    gradient,
                );
                for i in 0..D {
                    d[i] += through[i];
                }
            },
        );
    }

    /// From the last dimension to the first: `x_i` sets the maps of the later ones, so that its cotangent is complete once theirs are pulled back.
    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        V::outline(
            #[inline(always)]
            || {
                let mut d_params: [U::Params<V>; D] = Zeros::ZEROS;
                let mut through = [V::ZEROS; D];
                let pull_back = |d_params: &_, through: &mut _, d_context: &mut _, gradient| {
                    self.conditioner.backward(&tape.x_b, context, &tape.params, &tape.conditioner, d_params, through, d_context, gradient);
                };
                for i in (0..D).rev() {
                    if i + 1 < D {
                        pull_back(&d_params, &mut through, &mut [V::ZEROS; C], None);
                    }
                    let dx = d[i] + through[i];
                    d[i] = self.univariate.inverse_backward(
                        &tape.params[i],
                        tape.x_b[i],
                        &tape.univariates[i],
                        dx,
                        d_log_det,
                        &mut d_params[i],
                    );
                }
                if C > 0 || gradient.is_some() {
                    pull_back(&d_params, &mut through, d_context, gradient.map(|g| &mut g.conditioner));
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::Autoregressive;
    use crate::bijector::{Bijector, Inverse};
    use crate::check::{self, Limits, STRICT};
    use crate::conditioner::{Layer, MaskedDense, MaskedHead, MaskedInput, Ordered, Residual, Silu, Tanh};
    use crate::number::Zeros;
    use crate::parameters::{Init, Parameters};
    use crate::univariate::{Affine, MixtureCdf, NoClamp, TanhClamp, Univariate};

    type Mix<T> = MixtureCdf<TanhClamp<T>, 3>;
    type Net<T, U, const D: usize, const C: usize> = (
        MaskedInput<T, D, 7, C>,
        Tanh,
        Residual<(MaskedDense<T, 7, 7, D, C>, Silu)>,
        MaskedDense<T, 7, 5, D, C>,
        Tanh,
        MaskedHead<T, U, 5, D, C>,
    );
    type Map<T, U, const D: usize, const C: usize> = Autoregressive<U, Net<T, U, D, C>, D>;

    fn drawn<U: Univariate<f64> + Default, const D: usize, const C: usize>() -> Map<f64, U, D, C> {
        let mut map = Map::ZEROS;
        map.init(&mut Pcg64::new(5, 6));
        check::perturb(&mut map, 0.5, &mut Pcg64::new(11, 12));
        map
    }

    #[test]
    fn obeys_the_laws() {
        // Roundings of z, by slopes of the inverse of up to 50.
        let limits = Limits { order: check::Order::Exact, round_trip: 3e-14, log_det: 3e-14, ..STRICT };
        let points = [[0.3, -0.7, 1.9], [-4.0, 2.0, -0.1]];
        let contexts = [[0.5, -1.0], [0.1, 2.0]];
        check::bijector(&drawn::<Affine<NoClamp>, 3, 0>(), &points, &limits).unwrap();
        check::bijector(&drawn::<Mix<f64>, 3, 0>(), &points, &limits).unwrap();
        check::bijector(&drawn::<Mix<f64>, 3, 2>(), (&points, &contexts), &limits).unwrap();
        check::bijector(&Inverse(drawn::<Mix<f64>, 3, 2>()), (&points, &contexts), &Limits { tape: 1e-13, ..limits }).unwrap();
        check::bijector(&drawn::<Mix<f64>, 1, 0>(), &[[0.3], [-4.0]], &limits).unwrap();
        check::bijector(&drawn::<Mix<f64>, 1, 2>(), (&[[0.3], [-4.0]], &contexts), &limits).unwrap();
        check::single_precision(&drawn::<Mix<f64>, 3, 0>(), &Map::<f32, Mix<f32>, 3, 0>::ZEROS, &points, 1e-5).unwrap();
    }

    #[test]
    fn starts_as_the_identity() {
        let mut map = Map::<f64, Affine<NoClamp>, 4, 1>::ZEROS;
        map.init(&mut Pcg64::new(5, 6));
        let mut x = [0.3, -0.7, 1e3, 2.0];
        assert_eq!(map.forward_and_log_det(&mut x, &[0.7]), 0.0);
        assert_eq!(x, [0.3, -0.7, 1e3, 2.0]);
    }

    /// Every parameter at random, also far out: dimension `d` of the network's output sees each dimension before it, to the bit nothing of the others, and the context.
    fn triangular<const D: usize, const C: usize>() {
        let mut net = Net::<f64, Affine<NoClamp>, D, C>::ZEROS;
        check::perturb(&mut net, 1.0, &mut Pcg64::new(D as u128, C as u128));
        let params = |x: &[f64; D], c: &[f64; C]| {
            let mut params = [[0.0; 2]; D];
            Layer::<f64, Ordered<D>, C>::apply::<f64, crate::Identity>(&net, x, c, &mut params);
            params
        };
        let (x, c) = (core::array::from_fn(|d| 0.3 - 0.2 * d as f64), [0.4; C]);
        let at_x = params(&x, &c);
        for j in 0..D {
            let mut moved = x;
            moved[j] += 0.5;
            let at_moved = params(&moved, &c);
            for d in 0..D {
                assert_eq!(at_x[d] != at_moved[d], j < d, "parameters of dimension {d} of {D} given dimension {j}");
            }
        }
        if C > 0 {
            let given_other = params(&x, &[0.9; C]);
            assert!((0..D).all(|d| at_x[d] != given_other[d]), "{D}: all parameters see the context");
        }
    }

    #[test]
    fn sees_the_dimensions_before_only() {
        triangular::<1, 0>();
        triangular::<2, 0>();
        triangular::<3, 0>();
        triangular::<6, 0>();
        triangular::<1, 2>();
        triangular::<2, 2>();
        triangular::<5, 1>();
    }

    /// The biases are all there is without dimensions to see.
    #[test]
    fn one_dimension_learns() {
        let mut map = drawn::<Affine<NoClamp>, 1, 0>();
        const { assert!(<Map<f64, Affine<NoClamp>, 1, 0> as Parameters<f64>>::COUNT > 2) };
        let before = map.forward_and_log_det(&mut [0.5], &[]);
        map.conditioner.5.visit_mut(&mut |_, slice| slice.iter_mut().for_each(|p| *p += 0.1));
        assert!(map.forward_and_log_det(&mut [0.5], &[]) != before);
    }
}
