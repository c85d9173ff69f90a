//! Where the inverse begins: near the root, found on a map that is exact to some seven digits and costs a quarter.

use super::{Mixture, SQRT_TAU};
use crate::math::{exp_normal, ln_rough, mills_rough, quantile_rough};
use crate::number::{Lanewise, Real, Value, Zeros};

/// What a search for the root of `F(x) = Phi(z)` starts from.
#[derive(Clone, Copy)]
pub(super) struct Frame<V> {
    /// Here every `t_k <= z`.
    pub(super) low: V,
    /// Here every `t_k >= z`.
    pub(super) high: V,
    /// The quantile at `z` of the normal with the mixture's mean and variance.
    quantile: V,
}

impl<V: Value, const K: usize> Mixture<V, K> {
    /// The most evaluations of the approximate map in an inverse: 5 (`f32`) or 4 (`f64`). Few roots need more, and those are the harder ones.
    pub(super) const APPROACH: u32 = if V::Scalar::BITS == 32 { 5 } else { 4 };

    #[inline(always)]
    pub(super) fn frame(&self, z: V) -> Frame<V> {
        let end = self.scale(0).mul_add(z, self.means[0]);
        let (mut low, mut high, mut mean, mut square) = (end, end, V::ZEROS, V::ZEROS);
        for k in 0..K {
            [low, high, mean, square] =
                V::map::<Widen, 8, 4>([z, self.means[k], self.inverse_scales[k], self.weights[k], low, high, mean, square]);
        }
        let (mean, square) = (mean / self.total, square / self.total);
        let deviation = (square - mean * mean).max(V::ZEROS).sqrt();
        Frame { low, high, quantile: deviation.mul_add(z, mean).max(low).min(high) }
    }

    /// A point near the root, where Newton's method on the exact map ends soon; calls `evaluated` at each evaluation of the approximate one.
    ///
    /// Beyond the approximation's reach, and where it has not converged (narrow components far apart), it is [`Mixture::start`].
    #[inline(always)]
    pub(super) fn approach(&self, z: V, frame: Frame<V>, evaluated: impl Fn()) -> V {
        // All is seen from the side of the smaller tail.
        let side = z.select_lt(V::ZEROS, -V::ONE, V::ONE);
        let (target, per_total) = (z.abs(), V::ONE / self.total);
        let mut x = side * frame.quantile;
        let mut low = z.select_lt(V::ZEROS, -frame.high, frame.low);
        let mut high = z.select_lt(V::ZEROS, -frame.low, frame.high);
        let reach = V::constant(if V::Scalar::BITS == 32 { 12.0 } else { 36.0 });
        // 1 on the way, 0 near the root, -1 out of reach.
        let mut way = reach.select_lt(target, -V::ONE, V::ONE);
        for _ in 0..Self::APPROACH {
            if !way.any(|way| way > V::Scalar::ZEROS) {
                break;
            }
            evaluated();
            let (mut mass, mut density, mut pull) = (V::ZEROS, V::ZEROS, V::ZEROS);
            for k in 0..K {
                [mass, density, pull] =
                    V::map::<Add, 8, 3>([x, side, self.means[k], self.inverse_scales[k], self.weights[k], mass, density, pull]);
            }
            [x, low, high, way] = V::map::<Step, 9, 4>([x, low, high, way, mass, density, pull, per_total, target]);
        }
        if way.any(|way| way != V::Scalar::ZEROS) {
            return V::ZEROS.select_lt(way.abs(), self.start(z), side * x);
        }
        side * x
    }
}

/// Widens the bracket by a component, and adds its part of the mean and of the mean square.
struct Widen;
impl Lanewise<8, 4> for Widen {
    #[inline(always)]
    fn of<L: Value>([z, mean, inverse_scale, weight, low, high, first, second]: [L; 8]) -> [L; 4] {
        let scale = L::ONE / inverse_scale;
        let end = scale.mul_add(z, mean);
        [low.min(end), high.max(end), weight.mul_add(mean, first), weight.mul_add(mean.mul_add(mean, scale * scale), second)]
    }
}

/// Adds a component's mass beyond `x`, in units of `1 / sqrt(2 pi)`, its density and what that falls by.
struct Add;
impl Lanewise<8, 3> for Add {
    #[inline(always)]
    fn of<L: Value>([x, side, mean, inverse_scale, weight, mass, density, pull]: [L; 8]) -> [L; 3] {
        let root = L::constant(SQRT_TAU);
        let t = side.mul_add(-mean, x) * inverse_scale;
        let phi = weight * exp_normal(t * t * L::constant(-0.5));
        let beyond = phi * mills_rough(t.abs());
        let per_x = phi * inverse_scale;
        let mass = mass + t.select_lt(L::ZEROS, weight * root - beyond, beyond);
        [mass, density + per_x, (t * inverse_scale).mul_add(per_x, pull)]
    }
}

/// A step of third order, or to the middle of the bracket where that leaves it. Lanes rest after the step from which the root is near.
struct Step;
impl Lanewise<9, 4> for Step {
    #[inline(always)]
    fn of<L: Value>([x, low, high, way, mass, density, pull, per_total, target]: [L; 9]) -> [L; 4] {
        let (half, infinity) = (L::constant(0.5), L::splat(L::Scalar::INFINITY));
        let z = quantile_rough(ln_rough(mass * per_total * L::constant(1.0 / SQRT_TAU)));
        let slope = density * per_total * exp_normal(z * z * half);
        let bend = z * slope - pull / density;
        let residual = z - target;
        let (low, high) = (residual.select_lt(L::ZEROS, x, low), L::ZEROS.select_lt(residual, x, high));
        // The step of `root::newton`, `log(1 - w) / bend` with `w = residual bend / slope`; here by the logarithm's Pade approximant `-w (6 - w) / (6 - 4 w)`.
        let w = (residual * bend).min(slope * L::constant(0.9));
        let six = slope * L::constant(6.0);
        let step = x - residual * (six - w) / (slope * (six - w * L::constant(4.0)));
        let inside = step.select_lt(low, L::ZEROS, high.select_lt(step, L::ZEROS, L::ONE));
        let next = L::ZEROS.select_lt(inside, step, half.mul_add(low, half * high));
        // Near are a small residual, and of that what the step leaves, which is of third order.
        let size = residual.abs();
        let left = L::constant(if L::Scalar::BITS == 32 { 2e-7 } else { 2e-12 });
        let size = (w * w * size).select_lt(slope * slope * left, size, infinity);
        let rest = (L::constant(5e-3) * target.max(L::ONE)).select_lt(size, way, way.min(L::ZEROS));
        [L::ZEROS.select_lt(way, next, x), low, high, rest]
    }
}
