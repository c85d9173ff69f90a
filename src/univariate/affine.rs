//! The affine univariate: scale and shift.

use crate::linalg::within_floats;
use crate::math::exp;
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Part};
use crate::univariate::{LogScaleClamp, Univariate};

/// The map `z = sigma x + mu` of one dimension with `sigma = e^clamp(raw)`: in a [`Coupling`](crate::Coupling) the layer of Real NVP.
///
/// | | |
/// |---|---|
/// | forward | `z = sigma x + mu` |
/// | log-det | `log sigma` |
/// | inverse | `x = (z - mu) / sigma` |
/// | inverse log-det | `-log sigma` |
///
/// # Parameters
/// [`AffineParams`]: the raw log-scale, which `clamp` maps to `log sigma`, and the shift `mu`. All zero is the identity where the clamp maps 0 to 0.
/// `|log sigma|` is held to 88 (`f32`) or 709 (`f64`), and what is beyond the floats becomes the largest one.
///
/// # Cost
/// One exponential and the clamp's function.
///
/// # Source
/// Dinh, Sohl-Dickstein and Bengio (2017), Density estimation using Real NVP, eq. 7 and 8.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct Affine<S> {
    /// Maps the raw log-scale to the log-scale: [`TanhClamp`](crate::TanhClamp), [`SigmoidClamp`](crate::SigmoidClamp) or [`NoClamp`](crate::NoClamp).
    pub clamp: S,
}

/// The raw log-scale, before the clamp, and the shift, in units of `z`.
pub type AffineParams<V> = [V; 2];

impl<S: Zeros> Zeros for Affine<S> {
    const ZEROS: Self = Affine { clamp: S::ZEROS };
}

crate::parameters! { impl[T, S: Parameters<T>] Parameters<T> for Affine<S> { part clamp: S } }

/// A log-scale held to where its exponential and the reciprocal are floats. Gradients pass as if it were not, so that training can come back.
#[inline(always)]
pub(crate) fn held<V: Value>(log_scale: V) -> V {
    let bound = V::constant(MAX_LOG_SCALE[usize::from(V::Scalar::BITS == 64)]);
    log_scale.max(-bound).min(bound)
}

/// The largest `|log sigma|` of `f32` and of `f64`.
const MAX_LOG_SCALE: [f64; 2] = [88.0, 709.0];

impl<T: Real, S: LogScaleClamp<T>> Univariate<T> for Affine<S> {
    type Params<V: Value<Scalar = T>> = AffineParams<V>;
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, params: &AffineParams<V>, x: V) -> (V, V) {
        let log_scale = held(self.clamp.clamp(params[0]));
        (within_floats(exp(log_scale).mul_add(x, params[1])), log_scale)
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, params: &AffineParams<V>, z: V) -> (V, V) {
        let log_scale = held(self.clamp.clamp(params[0]));
        (within_floats((z - params[1]) / exp(log_scale)), -log_scale)
    }

    /// `dz/dx = sigma`, `dz/dlog sigma = sigma x`, `dz/dmu = 1`; `dlog_det/dlog sigma = 1`.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        params: &AffineParams<V>,
        x: V,
        (): &(),
        dz: V,
        d_log_det: V,
        d_params: &mut AffineParams<V>,
    ) -> V {
        let (log_scale, slope) = self.clamp.clamp_and_slope(params[0]);
        let dx = dz * exp(held(log_scale));
        *d_params = [slope * dx.mul_add(x, d_log_det), dz];
        dx
    }

    /// `dx/dz = 1 / sigma`, `dx/dlog sigma = -x`, `dx/dmu = -1 / sigma`.
    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        params: &AffineParams<V>,
        x: V,
        (): &(),
        dx: V,
        d_log_det: V,
        d_params: &mut AffineParams<V>,
    ) -> V {
        let (log_scale, slope) = self.clamp.clamp_and_slope(params[0]);
        let dz = dx / exp(held(log_scale));
        *d_params = [-(slope * dx.mul_add(x, d_log_det)), -dz];
        dz
    }

    fn identity(&self) -> AffineParams<T> {
        [self.clamp.raw(T::ZEROS), T::ZEROS]
    }

    fn init(&mut self) {
        self.clamp.init();
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("affine"));
        S::describe(visit);
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::Affine;
    use crate::bijector::{Coupling, FirstHalf, Marginal};
    use crate::check::{self, Limits, STRICT};
    use crate::conditioner::Head;
    use crate::number::Zeros;
    use crate::univariate::{NoClamp, SigmoidClamp, TanhClamp, Univariate};

    const LIMITS: Limits = Limits { order: check::Order::Exact, round_trip: 1e-15, log_det: 0.0, ..STRICT };
    const POINTS: [[f64; 2]; 3] = [[0.3, -0.7], [1e3, -1e3], [-40.0, 0.0]];

    #[test]
    fn obeys_the_laws() {
        let params = [[0.4, 1.5], [-1.1, -0.2]];
        check::bijector(&Marginal::new(Affine { clamp: TanhClamp { bound: 3.0 } }, params), &POINTS, &LIMITS).unwrap();
        check::bijector(&Marginal::new(Affine { clamp: SigmoidClamp::default() }, params), &POINTS, &LIMITS).unwrap();
        check::bijector(&Marginal::new(Affine { clamp: NoClamp }, params), &POINTS, &LIMITS).unwrap();
        let single = Marginal::new(Affine { clamp: NoClamp }, [[0.0; 2]; 2]);
        check::single_precision(&Marginal::new(Affine { clamp: NoClamp }, params), &single, &POINTS, 1e-6).unwrap();
    }

    #[test]
    fn real_nvp() {
        let mut coupling =
            Coupling::<FirstHalf, _, Head<f64, Affine<TanhClamp<f64>>, 1, 2>, 1, 2>::new(Affine::<TanhClamp<_>>::default(), Head::ZEROS);
        check::perturb(&mut coupling, 0.5, &mut Pcg64::new(11, 12));
        check::bijector(
            &coupling,
            &[[0.3, -0.7, 1.9], [-4.0, 20.0, -0.1]],
            &Limits { order: check::Order::Exact, round_trip: 1e-15, log_det: 0.0, ..STRICT },
        )
        .unwrap();
    }

    #[test]
    fn starts_as_the_identity() {
        let affine = Affine { clamp: TanhClamp { bound: 3.0 } };
        assert_eq!(affine.identity(), [0.0; 2]);
        assert_eq!(affine.forward_and_log_det(&affine.identity(), 1.25), (1.25, 0.0));
        let affine = Affine { clamp: SigmoidClamp::<f64>::default() };
        let (z, log_det) = affine.forward_and_log_det(&affine.identity(), 1.25);
        assert!((z - 1.25).abs() < 1e-14 && log_det.abs() < 1e-14);
    }

    #[test]
    fn any_finite_parameter_is_held() {
        for raw in [f32::MAX, -f32::MAX] {
            let params = [raw, 0.5];
            let (z, log_det) = Affine { clamp: NoClamp }.forward_and_log_det(&params, 3.0);
            assert!(z.is_finite() && log_det.is_finite());
            assert!(Affine { clamp: NoClamp }.inverse_and_log_det(&params, z).0.is_finite());
        }
    }
}
