//! A mixture at one point: each component's density and mass, and the `z` they make.

use super::{Mixture, SQRT_TAU, limit, small_part};
use crate::math::{exp, exp_falling, exp_normal, half_square, largest_of, ln, mills, mills_plain, quantile_log_tail, sum, sum_of, two_sum};
use crate::real::Real;
use crate::value::{Lanewise, Value};

/// A mixture at one point. Masses are in units of `exp(shift) / sqrt(2 pi)`, densities in units of `exp(density_shift) / sqrt(2 pi)`.
pub(crate) struct Point<V, const K: usize> {
    /// +1 where the upper tail is the smaller one, else -1.
    pub(crate) side: V,
    /// `(x - mu_k) / sigma_k`.
    pub(crate) t: [V; K],
    /// `w_k phi(t_k)`.
    pub(crate) density: [V; K],
    /// `sum_k density_k / sigma_k`.
    pub(crate) total_density: V,
    /// Each component's mass in the smaller tail, and their sum.
    pub(crate) tail: [V; K],
    pub(crate) total_tail: V,
    shift: V,
    pub(super) density_shift: V,
    pub(crate) z: V,
    /// `M(|z|)`.
    pub(crate) mills: V,
}

impl<V: Value, const K: usize> Mixture<V, K> {
    /// Everything about the point `x`.
    #[inline(always)]
    pub(crate) fn at(&self, x: V) -> Point<V, K> {
        let half = V::splat(V::Scalar::from_f64(0.5));
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let (mut t, mut log_density, mut log_density_low) = ([V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            [t[k], log_density[k], log_density_low[k]] =
                V::map::<LogDensity, 5, 3>([x, self.means[k], self.inverse_scales[k], self.log_weights[k], self.log_weights_low[k]]);
        }
        let density_shift = largest_of(&log_density);
        let scale = exp(density_shift);
        let (mut density, mut by_scale, mut beyond, mut upper) = ([V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            [density[k], by_scale[k], beyond[k], upper[k]] = V::map::<Masses, 7, 4>([
                t[k],
                log_density[k],
                log_density_low[k],
                density_shift,
                scale,
                self.inverse_scales[k],
                self.weights[k],
            ]);
        }
        let total_density = sum_of(&by_scale);
        // Both tails are exact; the smaller one keeps its digits under the logarithm.
        let side = sum_of(&upper).select_lt(self.total * root * half, V::ONE, -V::ONE);
        let mut log_mass = [V::ZEROS; K];
        for k in 0..K {
            log_mass[k] = (side * t[k]).select_lt(V::ZEROS, self.log_weights[k], log_density[k]);
        }
        let shift = largest_of(&log_mass);
        let scale = exp(density_shift - shift);
        // The weights in units of `exp(shift)`: by one exponential where that is a normal number.
        let shallow = V::Scalar::from_f64(if V::Scalar::BITS == 32 { -80.0 } else { -700.0 });
        let unit = exp_normal(-shift.max(V::splat(shallow))) * root;
        let mut tail = [V::ZEROS; K];
        for k in 0..K {
            [tail[k]] = V::map::<Tail, 5, 1>([t[k], side, beyond[k], scale, self.weights[k] * unit]);
        }
        if shift.any(|shift| shift < shallow) {
            for k in 0..K {
                let whole = exp_normal((self.log_weights[k] - shift) + self.log_weights_low[k]) * root;
                let [deep] = V::map::<Tail, 5, 1>([t[k], side, beyond[k], scale, whole]);
                tail[k] = shift.select_lt(V::splat(shallow), deep, tail[k]);
            }
        }
        let total_tail = sum(&tail);
        let log_tail = shift + ln(total_tail / (self.total * root));
        let distance = quantile_log_tail(log_tail);
        Point {
            side,
            t,
            density,
            total_density,
            tail,
            total_tail,
            shift,
            density_shift,
            z: side * distance,
            mills: mills(distance.max(V::ZEROS)),
        }
    }
}

impl<V: Value, const K: usize> Point<V, K> {
    /// `log dz/dx = log f - log phi(z)`. The terms `-t^2/2` of `log f` and `-z^2/2` of `log phi` cancel in `f / tail` and `phi(z) / tail = 1 / M`.
    #[inline(always)]
    pub(crate) fn log_det(&self) -> V {
        (self.density_shift - self.shift) + ln(self.total_density * (self.mills / self.total_tail))
    }

    /// `dz/dx`.
    #[inline(always)]
    pub(crate) fn slope(&self) -> V {
        exp(self.density_shift - self.shift) * (self.total_density * (self.mills / self.total_tail))
    }

    /// `d log (dz/dx) / dx = d log f / dx + z dz/dx`.
    #[inline(always)]
    pub(crate) fn bend(&self, mixture: &Mixture<V, K>) -> V {
        let mut pull = V::ZEROS;
        for k in 0..K {
            let inverse_scale = mixture.inverse_scales[k];
            pull = (self.density[k] * inverse_scale).mul_add(self.t[k] * inverse_scale, pull);
        }
        self.z.mul_add(self.slope(), -(pull / self.total_density))
    }

    /// `log` of the tail on `side`: the smaller one directly, the other as its complement.
    #[inline(always)]
    pub(super) fn log_mass(&self, mixture: &Mixture<V, K>, side: V) -> V {
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let ratio = self.total_tail / (mixture.total * root);
        let smaller = self.shift + ln(ratio);
        let larger = crate::math::ln_1p(-(exp(self.shift) * ratio));
        (side * self.side).select_lt(V::ZEROS, larger, smaller)
    }
}

/// Point, mean, inverse scale and logarithm of the weight in two parts to the distance from the mean and the logarithm of the density, in two parts.
///
/// Logarithms carry what their rounding lost, as long as that is small: at a crossing of components the log-det sees it.
struct LogDensity;
impl Lanewise<5, 3> for LogDensity {
    #[inline(always)]
    fn of<L: Value>([x, mean, inverse_scale, log_weight, log_weight_low]: [L; 5]) -> [L; 3] {
        let (low, high) = (L::splat(-limit::<L::Scalar>()), L::splat(limit::<L::Scalar>()));
        let t = ((x - mean) * inverse_scale).max(low).min(high);
        let (square, square_low) = half_square(t);
        let (sum, rounding) = two_sum(log_weight, -square);
        let log_density = sum - square_low;
        let lost = ((sum - log_density) - square_low) + (rounding + log_weight_low);
        [t, log_density, small_part(log_density, lost)]
    }
}

/// To the density, the density over the scale, the mass beyond `x` seen from the mean, `M(|t|) w phi(t)`, and the mass above `x`.
struct Masses;
impl Lanewise<7, 4> for Masses {
    #[inline(always)]
    fn of<L: Value>([t, log_density, log_density_low, shift, scale, inverse_scale, weight]: [L; 7]) -> [L; 4] {
        let density = exp_falling((log_density - shift) + log_density_low);
        // Fused lanes are for speed; the residual makes single samples step back less often.
        let ratio = if L::FUSED { mills_plain(t.abs()) } else { mills(t.abs()) };
        let beyond = density * ratio;
        let mass = beyond * scale;
        let root = L::splat(L::Scalar::from_f64(SQRT_TAU));
        [density, density * inverse_scale, beyond, t.select_lt(L::ZEROS, weight * root - mass, mass)]
    }
}

/// To the mass in the tail on `side`, of a component that has `whole`.
struct Tail;
impl Lanewise<5, 1> for Tail {
    #[inline(always)]
    fn of<L: Value>([t, side, beyond, scale, whole]: [L; 5]) -> [L; 1] {
        let mass = beyond * scale;
        [(side * t).select_lt(L::ZEROS, whole - mass, mass)]
    }
}
