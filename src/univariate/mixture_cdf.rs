//! The mixture-CDF univariate: `z = Phi^-1(F(x))` with `F` a Gaussian mixture.

use rand_core::Rng;

use crate::math::{exp, ln};
use crate::mixture::{Mixture, Point};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Part};
use crate::univariate::hermite::{hermite_log_weight, hermite_node, start_scale};
use crate::univariate::{LogScaleClamp, TanhClamp, Univariate};

/// The map `z = Phi^-1(sum_k w_k Phi((x - mu_k) / sigma_k))` of one dimension, with `K` components.
///
/// Its parameters ([`MixtureParams`]) are the logits of the weights, the means, and raw log-scales that `clamp` maps to `log sigma`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct MixtureCdf<S, const K: usize> {
    /// Maps raw log-scales to log-scales: [`TanhClamp`], [`SigmoidClamp`](crate::SigmoidClamp) or [`NoClamp`](crate::NoClamp).
    pub clamp: S,
}

/// Logits (unnormalised log-weights: the weights are their softmax), means (in units of `x`) and raw log-scales (before the clamp) of `K` components.
pub type MixtureParams<V, const K: usize> = [[V; K]; 3];

/// A mixture at the input of the forward map: what [`MixtureCdf`] needs on the way back.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct MixtureTape<V, const K: usize> {
    /// `(x - mu_k) / sigma_k`.
    t: [V; K],
    /// `w_k phi(t_k)` and the mass in the smaller tail, each in units of its own, and `w_k` in units of `total`.
    density: [V; K],
    tail: [V; K],
    weights: [V; K],
    inverse_scales: [V; K],
    /// `d log sigma_k / d raw`.
    clamp_slopes: [V; K],
    total: V,
    /// `f` and the smaller tail, in the units of `density` and `tail`, and the logarithm of those units' ratio.
    total_density: V,
    total_tail: V,
    log_unit: V,
    z: V,
    log_det: V,
    /// `M(|z|)`, and +1 where the upper tail is the smaller one, else -1.
    mills: V,
    side: V,
}

impl<V: Zeros, const K: usize> Zeros for MixtureTape<V, K> {
    const ZEROS: Self = MixtureTape {
        t: Zeros::ZEROS,
        density: Zeros::ZEROS,
        tail: Zeros::ZEROS,
        weights: Zeros::ZEROS,
        inverse_scales: Zeros::ZEROS,
        clamp_slopes: Zeros::ZEROS,
        total: V::ZEROS,
        total_density: V::ZEROS,
        total_tail: V::ZEROS,
        log_unit: V::ZEROS,
        z: V::ZEROS,
        log_det: V::ZEROS,
        mills: V::ZEROS,
        side: V::ZEROS,
    };
}

impl<S: Zeros, const K: usize> Zeros for MixtureCdf<S, K> {
    const ZEROS: Self = MixtureCdf { clamp: S::ZEROS };
}

crate::parameters! { impl[T, S: Parameters<T>, const K: usize] Parameters<T> for MixtureCdf<S, K> { part clamp: S } }

impl<S, const K: usize> MixtureCdf<S, K> {
    /// The mixture that `params` stand for.
    #[inline(always)]
    pub fn mixture<T: Real, V: Value<Scalar = T>>(&self, params: &MixtureParams<V, K>) -> Mixture<V, K>
    where
        S: LogScaleClamp<T>,
    {
        let [logits, means, raw] = params;
        let mut log_scales = [V::ZEROS; K];
        for k in 0..K {
            log_scales[k] = self.clamp.clamp(raw[k]);
        }
        Mixture::from_raw(logits, means, &log_scales)
    }
}

impl<S, const K: usize> MixtureCdf<S, K> {
    /// A function of its own, large, for the density and for training.
    #[inline(always)]
    fn evaluate<T: Real, V: Value<Scalar = T>>(&self, params: &MixtureParams<V, K>, x: V) -> MixtureTape<V, K>
    where
        S: LogScaleClamp<T>,
    {
        V::outline_elementwise(
            #[inline(always)]
            || {
                let [logits, means, raw] = params;
                let (mut log_scales, mut clamp_slopes) = ([V::ZEROS; K], [V::ZEROS; K]);
                for k in 0..K {
                    (log_scales[k], clamp_slopes[k]) = self.clamp.clamp_and_slope(raw[k]);
                }
                let mixture = Mixture::from_raw(logits, means, &log_scales);
                let point = mixture.at(x);
                let (log_unit, log_det) = (point.log_unit(), point.log_det());
                let (weights, total, inverse_scales) = mixture.into_weights_and_scales();
                let Point { side, t, density, total_density, tail, total_tail, z, mills, .. } = point;
                MixtureTape {
                    t,
                    density,
                    tail,
                    weights,
                    inverse_scales,
                    clamp_slopes,
                    total,
                    total_density,
                    total_tail,
                    log_unit,
                    z,
                    log_det,
                    mills,
                    side,
                }
            },
        )
    }
}

impl<T: Real, S: LogScaleClamp<T>, const K: usize> Univariate<T> for MixtureCdf<S, K> {
    type Params<V: Value<Scalar = T>> = MixtureParams<V, K>;
    type Tape<V: Value<Scalar = T>> = MixtureTape<V, K>;

    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, params: &MixtureParams<V, K>, x: V) -> (V, V) {
        if V::LANES > 1 {
            let at = self.evaluate(params, x);
            return (at.z, at.log_det);
        }
        V::outline_elementwise(
            #[inline(always)]
            || self.mixture(params).forward_and_log_det(x),
        )
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, params: &MixtureParams<V, K>, z: V) -> (V, V) {
        self.mixture(params).inverse_and_log_det(z)
    }

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, params: &MixtureParams<V, K>, x: V, tape: &mut MixtureTape<V, K>) -> (V, V) {
        *tape = self.evaluate(params, x);
        (tape.z, tape.log_det)
    }

    /// With responsibilities `r_k = w_k phi(t_k) / (sigma_k f)`, tail shares `rho_k` and `e = dz/dx`:
    ///
    /// | | `dz/d.` | `d log f/d.` |
    /// |---|---|---|
    /// | `x` | `e` | `-sum_k r_k t_k / sigma_k` |
    /// | `mu_k` | `-r_k e` | `r_k t_k / sigma_k` |
    /// | `log sigma_k` | `-r_k sigma_k t_k e` | `r_k (t_k^2 - 1)` |
    /// | `logit_k` | `s M(\|z\|) (w_k - rho_k)` | `r_k - w_k` |
    ///
    /// and `d log_det = d log f + z dz`.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        _: &MixtureParams<V, K>,
        _: V,
        tape: &MixtureTape<V, K>,
        dz: V,
        d_log_det: V,
        d_params: &mut MixtureParams<V, K>,
    ) -> V {
        V::outline_elementwise(
            #[inline(always)]
            || {
                let dz = dz + d_log_det * tape.z;
                let slope = exp(tape.log_unit) * (tape.total_density * (tape.mills / tape.total_tail));
                let (of_density, of_tail) = (V::ONE / tape.total_density, V::ONE / tape.total_tail);
                let per_x = dz * slope;
                let per_logit = dz * (tape.side * tape.mills);
                let mut dx = per_x;
                let [d_logits, d_means, d_raw] = d_params;
                for k in 0..K {
                    let (t, inverse_scale, w) = (tape.t[k], tape.inverse_scales[k], tape.weights[k] / tape.total);
                    let r = tape.density[k] * inverse_scale * of_density;
                    let share = tape.tail[k] * of_tail;
                    let pull = d_log_det * t * inverse_scale;
                    dx -= r * pull;
                    d_means[k] = r * (pull - per_x);
                    // sigma t per_x, with sigma = 1 / inverse_scale folded into r.
                    let d_log_scale = r * (d_log_det * (t * t - V::ONE)) - tape.density[k] * of_density * t * per_x;
                    d_raw[k] = d_log_scale * tape.clamp_slopes[k];
                    d_logits[k] = per_logit * (w - share) + d_log_det * (r - w);
                }
                dx
            },
        )
    }

    /// `N(0, 1)` as a mixture of `K` normals of one scale `s`: means `sqrt(1 - s^2) x_k` and weights at the nodes of Gauss-Hermite quadrature.
    ///
    /// Components differ from the start, so their gradients do too. The map differs from the identity by less than 1e-4 on `|x| < 4`.
    fn identity(&self) -> MixtureParams<T, K> {
        let mut logits = [T::ZEROS; K];
        let mut means = [T::ZEROS; K];
        let scale = start_scale(K);
        let spread = Value::sqrt(1.0 - scale * scale);
        for k in 0..K {
            let node = hermite_node(K, k);
            means[k] = T::from_f64(spread * node);
            logits[k] = T::from_f64(hermite_log_weight(K, node));
        }
        [logits, means, [self.clamp.raw(T::from_f64(ln(scale))); K]]
    }

    /// Means uniform on `(-3, 3)`, equal weights, unit scales: for data that is standardised. The reference's start of a marginal layer.
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> MixtureParams<T, K> {
        let mut means = [T::ZEROS; K];
        for mean in &mut means {
            *mean = T::from_f64(6.0) * T::uniform(rng) - T::from_f64(3.0);
        }
        [[T::ZEROS; K], means, [self.clamp.raw(T::ZEROS); K]]
    }

    fn init(&mut self) {
        self.clamp.init();
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("mixture_cdf"));
        S::describe(visit);
    }
}

/// The default univariate of a coupling: scales between `e^-3` and `e^3`.
pub type ClampedMixture<T, const K: usize> = MixtureCdf<TanhClamp<T>, K>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::univariate::NoClamp;

    /// The largest `|z - x|` on `|x| < 4` at the start.
    fn off_identity<const K: usize>() -> f64 {
        let univariate = MixtureCdf::<TanhClamp<f64>, K>::default();
        let start = univariate.identity();
        let mut worst = 0.0;
        for i in -400..=400 {
            let x = 0.01 * f64::from(i);
            let (z, _) = univariate.forward_and_log_det(&start, x);
            worst = Value::max((z - x).abs(), worst);
        }
        let (weights, ..) = univariate.mixture(&start).into_weights_and_scales();
        for k in 1..K {
            assert!(start[1][k - 1] < start[1][k], "components differ");
            assert!((weights[k] - weights[K - 1 - k]).abs() < 1e-12, "symmetric");
        }
        worst
    }

    #[test]
    fn starts_at_the_identity_with_components_that_differ() {
        let off = [
            off_identity::<1>(),
            off_identity::<2>(),
            off_identity::<3>(),
            off_identity::<4>(),
            off_identity::<5>(),
            off_identity::<6>(),
            off_identity::<7>(),
            off_identity::<8>(),
            off_identity::<9>(),
            off_identity::<12>(),
            off_identity::<16>(),
            off_identity::<32>(),
            off_identity::<64>(),
        ];
        assert!(off.iter().all(|off| *off < 1e-4), "{off:?}");
    }

    /// Equal standard-normal components, the reference's start, are the identity to rounding.
    #[test]
    fn zeros_are_the_identity() {
        let univariate = MixtureCdf::<TanhClamp<f64>, 8>::default();
        for i in -80..=80 {
            let x = 0.5 * f64::from(i);
            let (z, log_det) = univariate.forward_and_log_det(&Zeros::ZEROS, x);
            let bound = 4.0 * f64::EPSILON * Value::max(x.abs(), 1.0);
            assert!((z - x).abs() <= bound && log_det.abs() <= bound, "{x} goes to {z} with log-det {log_det}");
        }
    }

    /// One component far away from everything: `z` is `t`, however far.
    #[test]
    fn one_component_is_affine_in_the_far_tail() {
        let univariate = MixtureCdf::<NoClamp, 1> { clamp: NoClamp };
        let params = [[0.0f64], [2.0], [-1.0]];
        let e = exp(1.0);
        for x in [-1e60, -1e9, -50.0, 1.0, 3.0, 50.0, 1e9, 1e60] {
            let (z, log_det) = univariate.forward_and_log_det(&params, x);
            let t: f64 = (x - 2.0) * e;
            assert!((z - t).abs() <= 4.0 * f64::EPSILON * Value::max(t.abs(), 1.0), "{x} goes to {z}, not {t}");
            assert!((log_det - 1.0).abs() <= 8.0 * f64::EPSILON);
            let (back, inverse_log_det) = univariate.inverse_and_log_det(&params, z);
            assert!((back - x).abs() <= 8.0 * f64::EPSILON * Value::max(x.abs(), 1.0));
            assert!((inverse_log_det + 1.0).abs() <= 8.0 * f64::EPSILON);
        }
    }

    /// Nothing finite gives NaN: extreme and even infinite parameters are held to their domain.
    #[test]
    fn extremes_stay_finite() {
        let univariate = MixtureCdf::<NoClamp, 2> { clamp: NoClamp };
        let wild = [0.0f32, 1.0, -3e38, 3e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-40];
        for a in wild {
            for b in wild {
                for c in wild {
                    let params = [[a, b], [c, a], [b, c]];
                    for x in [0.0f32, 1e-40, -7.0, 1e20, f32::MAX, f32::MIN] {
                        let (z, log_det) = univariate.forward_and_log_det(&params, x);
                        assert!(z.is_finite() && log_det.is_finite(), "{params:?} at {x}: {z}, {log_det}");
                        let (back, log_det) = univariate.inverse_and_log_det(&params, x);
                        assert!(back.is_finite() && log_det.is_finite(), "{params:?} at {x}: {back}, {log_det}");
                    }
                }
            }
        }
    }
}
