//! Marginal layers: a map of its own for each dimension.

use rand_core::Rng;

use crate::bijector::coupling::{map_each, map_each_apart, map_present};
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Init, Part};
use crate::univariate::Univariate;

/// `z_d = u(x_d; p_d)`: the univariate `U` on each of `D` dimensions, with parameters from a table instead of a network.
///
/// | | |
/// |---|---|
/// | forward | `z_d = u(x_d; p_d)` |
/// | log-det | `sum_d log u'(x_d)`: the Jacobian is diagonal |
/// | inverse | `x_d = u^-1(z_d; p_d)` |
/// | inverse log-det | minus the log-det at `x` |
///
/// Between rotations, layers with [`MixtureCdf`](crate::MixtureCdf) make a Gaussianization flow (Meng, Song, Song and Ermon 2020).
///
/// # Parameters
/// `params[d]` is [`Univariate::Params`] of dimension `d`. [`Init`] takes [`Univariate::draw`]; mixtures can be fitted to data by `fit_quantiles` and `fit_mixtures`.
///
/// # Cost
/// `D` times that of the univariate; nothing is kept between calls.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U: bytemuck::Zeroable, U::Params<T>: bytemuck::Zeroable"))]
pub struct Marginal<T, U, const D: usize>
where
    T: Real,
    U: Univariate<T>,
{
    /// The map of one dimension, with its settings.
    pub univariate: U,
    /// One set a dimension.
    pub params: [U::Params<T>; D],
}

impl<T: Real, U: Univariate<T>, const D: usize> Marginal<T, U, D> {
    /// A marginal layer from its parts.
    pub const fn new(univariate: U, params: [U::Params<T>; D]) -> Self {
        Marginal { univariate, params }
    }

    /// The parameters of dimension `d` in every lane.
    #[inline(always)]
    fn splat<V: Value<Scalar = T>>(&self, d: usize) -> U::Params<V> {
        let mut params: U::Params<V> = Zeros::ZEROS;
        for (lanes, p) in params.flat_mut().iter_mut().zip(self.params[d].flat()) {
            *lanes = V::splat(*p);
        }
        params
    }

    /// Either way back: `univariate` pulls the cotangent of one dimension through its map.
    #[inline(always)]
    fn backward_with<V: Value<Scalar = T>>(
        &self,
        (x, tapes): &([V; D], [U::Tape<V>; D]),
        d: &mut [V; D],
        mut gradient: Option<&mut Self>,
        univariate: impl Fn(&U::Params<V>, V, &U::Tape<V>, V, &mut U::Params<V>) -> V,
    ) {
        for i in 0..D {
            let mut d_params: U::Params<V> = Zeros::ZEROS;
            d[i] = univariate(&self.splat(i), x[i], &tapes[i], d[i], &mut d_params);
            if let Some(gradient) = &mut gradient {
                for (sum, d) in gradient.params[i].flat_mut().iter_mut().zip(d_params.flat()) {
                    *sum += d.sum();
                }
            }
        }
    }
}

crate::parameters! {
    impl[T: Real, U: Univariate<T>, const D: usize] Parameters<T> + Zeros for Marginal<T, U, D> {
        part univariate: U,
        trainable params: [U::Params<T>; D],
    }
}

impl<T: Real, U: Univariate<T>, const D: usize> Init<T> for Marginal<T, U, D> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.univariate.init();
        for params in &mut self.params {
            *params = self.univariate.draw(rng);
        }
    }
}

impl<T: Real, U: Univariate<T>, const D: usize, const C: usize> Bijector<T, D, C> for Marginal<T, U, D> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        map_each(
            x,
            #[inline(always)]
            |d, x| self.univariate.forward_and_log_det(&self.splat(d), x),
        )
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        map_each(
            z,
            #[inline(always)]
            |d, z| self.univariate.inverse_and_log_det(&self.splat(d), z),
        )
    }

    #[inline(always)]
    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C], log_dets: &mut [V; D]) -> bool {
        map_each_apart(x, log_dets, |d, x| self.univariate.forward_and_log_det(&self.splat(d), x));
        true
    }

    fn log_det_of_present(&self, x: &mut [Option<T>; D], _: &[T; C]) -> Option<T> {
        Some(map_present(x, |d, x| self.univariate.forward_and_log_det::<T>(&self.params[d], x)))
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("marginal"));
        U::describe(visit);
        visit(Part::Tensor("params", &[D, <U::Params<T> as Flat<T>>::LEN]));
    }
}

impl<T: Real, U: Univariate<T>, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for Marginal<T, U, D> {
    /// The forward map's input, and the univariates' tapes.
    type Tape<V: Value<Scalar = T>> = ([V; D], [U::Tape<V>; D]);

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C], (input, tapes): &mut Self::Tape<V>) -> V {
        *input = *x;
        map_each(
            x,
            #[inline(always)]
            |d, x| self.univariate.forward_tape(&self.splat(d), x, &mut tapes[d]),
        )
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.backward_with(tape, d, gradient, |params, x, tape, dz, d_params| {
            self.univariate.backward(params, x, tape, dz, d_log_det, d_params)
        });
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.backward_with(tape, d, gradient, |params, x, tape, dx, d_params| {
            self.univariate.inverse_backward(params, x, tape, dx, d_log_det, d_params)
        });
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::Marginal;
    use crate::check::{self, Limits, STRICT};
    use crate::number::Zeros;
    use crate::parameters::{Init, Parameters};
    use crate::univariate::{MixtureCdf, NoClamp};

    type Mixtures<T> = Marginal<T, MixtureCdf<NoClamp, 3>, 2>;

    fn drawn() -> Mixtures<f64> {
        let mut marginal = Mixtures::ZEROS;
        marginal.init(&mut Pcg64::new(1, 2));
        check::perturb(&mut marginal, 0.4, &mut Pcg64::new(11, 12));
        marginal
    }

    #[test]
    fn obeys_the_laws() {
        // The inverse leaves a residual of 2 eps max(1, |z|); in x the slope of the map divides it.
        let limits = Limits { order: check::Order::Exact, round_trip: 3e-15, log_det: 2e-15, ..STRICT };
        check::bijector(&drawn(), &[[0.3, -0.7], [2.5, 1.1], [-4.0, 0.0], [-1.2, 3.3]], &limits).unwrap();
        // Both tails, far past where the CDF rounds to 0 or 1.
        check::bijector(&drawn(), &[[14.0, -17.0], [-25.0, 12.0], [30.0, 40.0], [-30.0, -40.0]], &limits).unwrap();
    }

    #[test]
    fn lanes_and_single_precision() {
        check::single_precision(&drawn(), &Mixtures::<f32>::ZEROS, &[[0.3, -0.7], [2.5, 1.1], [-14.0, 9.0]], 2e-5).unwrap();
    }

    #[test]
    fn starts_as_the_reference() {
        let mut marginal = Marginal::<f64, MixtureCdf<NoClamp, 8>, 3>::ZEROS;
        marginal.init(&mut Pcg64::new(3, 4));
        for params in &marginal.params {
            assert_eq!((params[0], params[2]), ([0.0; 8], [0.0; 8]));
            assert!(params[1].iter().all(|m| m.abs() < 3.0));
            assert!(params[1].iter().any(|m| m.abs() > 1.0));
        }
        assert_eq!(Marginal::<f64, MixtureCdf<NoClamp, 8>, 3>::COUNT, 72);
    }
}
