//! A mixture at one point: each component's density and mass, and the `z` they make.

use super::{Mixture, SQRT_TAU, limit};
use crate::math::{self, density_and_tail, exp, ln, quantile_log_tail, sum_of};
use crate::number::{Lanewise, Real, Value};

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
    pub(super) shift: V,
    pub(super) density_shift: V,
    pub(crate) z: V,
    /// `M(|z|)`.
    pub(crate) mills: V,
}

impl<V: Value, const K: usize> Mixture<V, K> {
    /// Everything about the point `x`.
    ///
    /// `z` is a chain of roundings of functions that never fall (rise, for the upper tail) with `x`, so it never falls itself.
    #[inline(always)]
    pub(crate) fn at(&self, x: V) -> Point<V, K> {
        let root = V::constant(SQRT_TAU);
        let (mut t, mut density, mut by_scale) = ([V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K]);
        let (mut lower, mut upper) = ([V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            [t[k], density[k], by_scale[k], lower[k], upper[k]] =
                V::map::<Masses, 4, 5>([x, self.means[k], self.inverse_scales[k], self.weights[k]]);
        }
        let total_density = sum_of(&by_scale);
        // Both tails are exact; the smaller one keeps its digits under the logarithm.
        let (total_lower, total_upper) = (sum_of(&lower), sum_of(&upper));
        let side = total_upper.select_lt(total_lower, V::ONE, -V::ONE);
        let mut tail = lower;
        for k in 0..K {
            tail[k] = V::ZEROS.select_lt(side, upper[k], lower[k]);
        }
        let total_tail = total_upper.min(total_lower);
        let (shift, density_shift, z, mills) = (V::ZEROS, V::ZEROS, V::ZEROS, V::ZEROS);
        let mut point = Point { side, t, density, total_density, tail, total_tail, shift, density_shift, z, mills };
        let mut log_tail = ln(total_tail / (self.total * root));
        let (least_tail, least_density) = least();
        if total_tail.any(|tail| tail < least_tail) || total_density.any(|density| density < least_density) {
            log_tail = self.deepen(&mut point, log_tail);
        }
        let distance = quantile_log_tail(log_tail).max(V::ZEROS);
        point.z = (side * distance).or_nan_of(x);
        point.mills = math::mills(distance);
        point
    }
}

impl<V: Value, const K: usize> Point<V, K> {
    /// `log dz/dx = log f - log phi(z)`. The terms `-t^2/2` of `log f` and `-z^2/2` of `log phi` cancel in `f / tail` and `phi(z) / tail = 1 / M`.
    #[inline(always)]
    pub(crate) fn log_det(&self) -> V {
        self.log_unit() + ln(self.total_density * (self.mills / self.total_tail))
    }

    /// `log` of the densities' unit in that of the masses.
    #[inline(always)]
    pub(crate) fn log_unit(&self) -> V {
        self.density_shift - self.shift
    }

    /// `dz/dx`.
    #[inline(always)]
    pub(crate) fn slope(&self) -> V {
        exp(self.log_unit()) * (self.total_density * (self.mills / self.total_tail))
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
        let root = V::constant(SQRT_TAU);
        let ratio = self.total_tail / (mixture.total * root);
        let smaller = self.shift + ln(ratio);
        let larger = math::ln_1p(-(exp(self.shift) * ratio));
        (side * self.side).select_lt(V::ZEROS, larger, smaller)
    }
}

/// The least tail and the least density that are summed as they are.
///
/// What underflows beside them is less than an epsilon of them, the smallest weights and the narrowest scales included.
#[inline(always)]
pub(super) fn least<T: Real>() -> (T, T) {
    let power = |n: f64| T::ONE.scale2(T::from_f64(n));
    if T::BITS == 32 { (power(-90.0), power(-36.0)) } else { (power(-900.0), power(-500.0)) }
}

/// Point, mean, inverse scale and weight to the distance from the mean, the density, the density over the scale, and the masses below and above the point.
struct Masses;
impl Lanewise<4, 5> for Masses {
    #[inline(always)]
    fn of<L: Value>([x, mean, inverse_scale, weight]: [L; 4]) -> [L; 5] {
        let (low, high) = (L::splat(-limit::<L::Scalar>()), L::splat(limit::<L::Scalar>()));
        let t = ((x - mean) * inverse_scale).max(low).min(high);
        let (density, outer) = density_and_tail(t.abs());
        let density = weight * density;
        let (outer, inner) = (weight * outer, weight * (L::constant(SQRT_TAU) - outer));
        [t, density, density * inverse_scale, t.select_lt(L::ZEROS, outer, inner), t.select_lt(L::ZEROS, inner, outer)]
    }
}
