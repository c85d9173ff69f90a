//! A Gaussian mixture of one dimension and its map to the standard normal, exact in both tails.

use core::fmt;

use crate::math::{exp, half_square, ln, mills, quantile_log_sf, quantile_log_tail, two_sum};
use crate::real::Real;
use crate::root;
use crate::value::Value;

/// A mixture of `K` Gaussians, `F(x) = sum_k w_k Phi((x - mu_k) / sigma_k)`, prepared for evaluation at many points.
///
/// The map to the standard normal is `z = Phi^-1(F(x))`, evaluated on the smaller of the two tails in log space, so that it is a bijection far beyond
/// where `F` rounds to 0 or 1.
///
/// # Domain
/// Parameters are held to `|logit| <= LIMIT^2 / 2`, `|mu| <= MAX / 4`, `|log sigma| <=` [`Self::max_log_scale`] and standardised
/// distances to `|t| <= LIMIT` with `LIMIT = 2^50` (`f32`) or `2^500` (`f64`): there `z` saturates. Everything is finite for finite `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture<V, const K: usize> {
    /// `log w_k` up to a constant: the largest is 0.
    log_weights: [V; K],
    /// What rounding took from them.
    log_weights_low: [V; K],
    /// `exp(log_weights)`.
    weights: [V; K],
    /// The sum of `weights`.
    total: V,
    means: [V; K],
    scales: [V; K],
    inverse_scales: [V; K],
}

/// Why a mixture's parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MixtureError {
    /// The logit of this component is infinite or NaN.
    Logit(usize),
    /// The mean of this component is infinite or NaN.
    Mean(usize),
    /// The log-scale of this component is infinite or NaN.
    LogScale(usize),
}

impl fmt::Display for MixtureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MixtureError::Logit(k) => write!(f, "the logit of component {k} is not finite"),
            MixtureError::Mean(k) => write!(f, "the mean of component {k} is not finite"),
            MixtureError::LogScale(k) => write!(f, "the log-scale of component {k} is not finite"),
        }
    }
}

impl core::error::Error for MixtureError {}

/// `sqrt(2 pi)` and its logarithm.
pub(crate) const SQRT_TAU: f64 = 2.506_628_274_631_000_5;
pub(crate) const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// The largest `|t|` and `|z|` that are told apart: `2^50` or `2^500`, far inside the range where squares and reciprocals are normal numbers.
pub(crate) fn limit<T: Real>() -> T {
    T::ONE.scale2(T::from_f64(if T::BITS == 32 { 50.0 } else { 500.0 }))
}

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
    shift: (V, V),
    density_shift: (V, V),
    /// `density_shift - shift`.
    log_scale: V,
    pub(crate) z: V,
    /// `M(|z|)`.
    pub(crate) mills: V,
}

impl<V: Value, const K: usize> Mixture<V, K> {
    /// A mixture from raw parameters: weights are `softmax(logits)`, `sigma_k = exp(log_scales[k])`.
    ///
    /// Total: values outside the domain of [`Mixture`] are moved to its border, NaN to its lower one. [`Mixture::new`] refuses them instead.
    #[inline(always)]
    pub fn from_raw(logits: &[V; K], means: &[V; K], log_scales: &[V; K]) -> Self {
        const { assert!(K > 0, "a mixture needs at least one component: raise K to 1 or more") }
        let within = |x: V, bound: V::Scalar| x.max(V::splat(-bound)).min(V::splat(bound));
        let max_logit = limit::<V::Scalar>() * limit::<V::Scalar>() * V::Scalar::from_f64(0.5);
        let max_mean = V::Scalar::MAX * V::Scalar::from_f64(0.25);
        let mut mixture = Mixture {
            log_weights: [V::ZEROS; K],
            log_weights_low: [V::ZEROS; K],
            weights: [V::ZEROS; K],
            total: V::ZEROS,
            means: [V::ZEROS; K],
            scales: [V::ZEROS; K],
            inverse_scales: [V::ZEROS; K],
        };
        let mut largest = V::splat(-max_logit);
        for k in 0..K {
            mixture.log_weights[k] = within(logits[k], max_logit);
            largest = largest.max(mixture.log_weights[k]);
        }
        let mut total_low = V::ZEROS;
        for k in 0..K {
            (mixture.log_weights[k], mixture.log_weights_low[k]) = two_sum(mixture.log_weights[k], -largest);
            mixture.weights[k] = exp(mixture.log_weights[k] + mixture.log_weights_low[k]);
            let (sum, low) = two_sum(mixture.total, mixture.weights[k]);
            mixture.total = sum;
            total_low += low;
            mixture.means[k] = within(means[k], max_mean);
            let log_scale = within(log_scales[k], Self::max_log_scale());
            mixture.scales[k] = exp(log_scale);
            mixture.inverse_scales[k] = exp(-log_scale);
        }
        mixture.total += total_low;
        mixture
    }

    /// The largest `|log sigma|` that is told apart: 40 (`f32`) or 300 (`f64`).
    #[inline(always)]
    pub fn max_log_scale() -> V::Scalar {
        V::Scalar::from_f64(if V::Scalar::BITS == 32 { 40.0 } else { 300.0 })
    }

    /// Everything about the point `x`.
    #[inline(always)]
    pub(crate) fn at(&self, x: V) -> Point<V, K> {
        let half = V::splat(V::Scalar::from_f64(0.5));
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let (low, high) = (V::splat(-limit::<V::Scalar>()), V::splat(limit::<V::Scalar>()));
        let mut t = [V::ZEROS; K];
        // Logarithms carry what their rounding lost: at a crossing of components the log-det sees it.
        let mut log_density = [(V::ZEROS, V::ZEROS); K];
        let mut density_shift = (low * high, V::ZEROS);
        for k in 0..K {
            t[k] = ((x - self.means[k]) * self.inverse_scales[k]).max(low).min(high);
            let (square, square_low) = half_square(t[k]);
            let (sum, rounding) = two_sum(self.log_weights[k], -square);
            let rounded = sum - square_low;
            log_density[k] = (rounded, ((sum - rounded) - square_low) + (rounding + self.log_weights_low[k]));
            density_shift = larger(density_shift, log_density[k]);
        }
        // M(|t_k|) w_k phi(t_k): the mass that component k has beyond x, seen from its mean.
        let mut density = [V::ZEROS; K];
        let mut beyond = [V::ZEROS; K];
        let mut total_density = V::ZEROS;
        let mut upper = V::ZEROS;
        let scale = exp(density_shift.0);
        for k in 0..K {
            density[k] = exp(minus(log_density[k], density_shift));
            total_density += density[k] * self.inverse_scales[k];
            beyond[k] = density[k] * mills(t[k].abs());
            let mass = beyond[k] * scale;
            upper += t[k].select_lt(V::ZEROS, self.weights[k] * root - mass, mass);
        }
        // Both tails are exact; the smaller one keeps its digits under the logarithm.
        let side = upper.select_lt(self.total * root * half, V::ONE, -V::ONE);
        let log_weight = |k: usize| (self.log_weights[k], self.log_weights_low[k]);
        let mut shift = (low * high, V::ZEROS);
        for k in 0..K {
            let (whole, part) = (log_weight(k), log_density[k]);
            let inside = side * t[k];
            shift = larger(shift, (inside.select_lt(V::ZEROS, whole.0, part.0), inside.select_lt(V::ZEROS, whole.1, part.1)));
        }
        let log_scale = minus(density_shift, shift);
        let scale = exp(log_scale);
        let mut tail = [V::ZEROS; K];
        let mut total_tail = V::ZEROS;
        let mut total_tail_low = V::ZEROS;
        for k in 0..K {
            let mass = beyond[k] * scale;
            let whole = exp(minus(log_weight(k), shift)) * root;
            tail[k] = (side * t[k]).select_lt(V::ZEROS, whole - mass, mass);
            let (sum, low) = two_sum(total_tail, tail[k]);
            total_tail = sum;
            total_tail_low += low;
        }
        let total_tail = total_tail + total_tail_low;
        let log_tail = shift.0 + (shift.1 + ln(total_tail / (self.total * root)));
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
            log_scale,
            z: side * distance,
            mills: mills(distance.max(V::ZEROS)),
        }
    }

    /// `(z, log dz/dx)` with `z = Phi^-1(F(x))`.
    ///
    /// # Domain
    /// Every finite `x` gives finite results. `-inf` and `+inf` give the saturated values of [`Mixture`]; NaN is read as `-inf`.
    #[inline(always)]
    pub fn forward_and_log_det(&self, x: V) -> (V, V) {
        let point = self.at(x);
        (point.z, point.log_det())
    }

    /// `(x, log dx/dz)` with `F(x) = Phi(z)`: Newton's method inside a bracket, at most [`root::max_iterations`] evaluations.
    ///
    /// # Domain
    /// `|z|` is held to `LIMIT`, as is what the forward map returns; NaN is read as `-LIMIT`.
    // One copy a type: the loop is long, and inlined into every coupling it takes minutes to compile.
    #[inline(never)]
    pub fn inverse_and_log_det(&self, z: V) -> (V, V) {
        let x = self.solve(z, || ());
        (x, -self.at(x).log_det())
    }

    /// The root of `F(x) = Phi(z)`; calls `evaluated` at each evaluation.
    #[inline(always)]
    fn solve(&self, z: V, evaluated: impl Fn()) -> V {
        let (low, high) = self.bracket(z);
        root::newton(low, high, self.start(z), self.held(z), |x| {
            evaluated();
            let point = self.at(x);
            (point.z, point.slope(), point.bend(self))
        })
    }

    /// As [`Mixture::inverse_and_log_det`], with the number of evaluations it took.
    #[doc(hidden)]
    pub fn inverse_counted(&self, z: V) -> (V, usize) {
        let count = core::cell::Cell::new(0);
        let x = self.solve(z, || count.set(count.get() + 1));
        (x, count.get())
    }

    /// As [`Mixture::inverse_and_log_det`], by bisection alone: exactly [`Real::BITS`] evaluations, and for the same mixture `z1 <= z2` never gives `x1 > x2`.
    #[inline(always)]
    pub fn bisect_and_log_det(&self, z: V) -> (V, V) {
        let x = root::bisect(self.held(z), |x| self.at(x).z);
        (x, -self.at(x).log_det())
    }

    /// An interval that holds the root of `F(x) = Phi(z)`: at its left end every `t_k <= z`, at its right end every `t_k >= z`.
    #[inline(always)]
    pub fn bracket(&self, z: V) -> (V, V) {
        let z = self.held(z);
        let mut low = self.scales[0].mul_add(z, self.means[0]);
        let mut high = low;
        for k in 1..K {
            let end = self.scales[k].mul_add(z, self.means[k]);
            low = low.min(end);
            high = high.max(end);
        }
        (low, high)
    }

    /// Where the inverse begins: the largest `x`, seen from the smaller tail `p`, that one component (with those on top of it) puts there.
    ///
    /// Components further out hold a part of `p`; the component is about its quantile at the share of what they leave. For narrow components far apart this is nearly the
    /// root; where they overlap it is near enough for Newton's method.
    #[inline(never)]
    pub fn start(&self, z: V) -> V {
        let z = self.held(z);
        let side = z.select_lt(V::ZEROS, -V::ONE, V::ONE);
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let half = V::splat(V::Scalar::from_f64(0.5));
        let rounding = V::splat(V::Scalar::EPSILON * V::Scalar::from_f64(4.0));
        let log_tail = ln(mills(z.abs()) / root) - z * z * half;
        let p = exp(log_tail) * self.total;
        let log_p = log_tail + ln(self.total);
        let nothing = V::splat(-V::Scalar::MAX);
        let mut start = nothing;
        let mut blend = V::ZEROS;
        for k in 0..K {
            let mean = side * self.means[k];
            let (mut further, mut here) = (V::ZEROS, V::ZEROS);
            for j in 0..K {
                let apart = side * self.means[j] - mean;
                // One narrower than `k` is a step at its mean.
                let near = self.scales[j].select_lt(self.scales[k], V::ZEROS, self.scales[k]);
                further += near.select_lt(apart, self.weights[j], V::ZEROS);
                here += near.select_lt(apart.abs(), V::ZEROS, self.weights[j]);
            }
            // Between components `p` is what those further out hold, to rounding.
            let left = p - further;
            let left = (-rounding * p).select_lt(left, left.max(rounding * p), V::ZEROS);
            let log_share = V::ZEROS.select_lt(further, ln(left), log_p) - ln(here);
            let x = self.scales[k].mul_add(quantile_log_sf(log_share.min(-rounding)), mean);
            let fits = log_share.select_lt(rounding, x, nothing);
            let between = V::ZEROS.select_lt(left, fits, nothing);
            start = start.max(V::ZEROS.select_lt(further, between, fits));
            // However little is left, the component alone holds no more than `p`.
            let alone = log_p - self.log_weights[k];
            let x = self.scales[k].mul_add(quantile_log_sf(alone.min(-rounding)), mean);
            start = start.max(alone.select_lt(V::ZEROS, x, nothing));
            blend = self.weights[k].mul_add(self.scales[k].mul_add(z.abs(), mean), blend);
        }
        side * nothing.select_lt(start, start, blend / self.total)
    }

    #[inline(always)]
    fn held(&self, z: V) -> V {
        z.max(V::splat(-limit::<V::Scalar>())).min(V::splat(limit::<V::Scalar>()))
    }

    /// `log F(x)`, in nats.
    #[inline(always)]
    pub fn log_cdf(&self, x: V) -> V {
        self.at(x).log_mass(self, -V::ONE)
    }

    /// `log (1 - F(x))`, in nats.
    #[inline(always)]
    pub fn log_sf(&self, x: V) -> V {
        self.at(x).log_mass(self, V::ONE)
    }

    /// `F(x)`.
    #[inline(always)]
    pub fn cdf(&self, x: V) -> V {
        exp(self.log_cdf(x))
    }

    /// `log f(x)`, in nats.
    #[inline(always)]
    pub fn log_pdf(&self, x: V) -> V {
        let point = self.at(x);
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        point.density_shift.0 + (point.density_shift.1 + ln(point.total_density / (self.total * root)))
    }

    /// The weight of component `k`.
    #[inline(always)]
    pub(crate) fn weight(&self, k: usize) -> V {
        self.weights[k] / self.total
    }

    #[inline(always)]
    pub(crate) fn inverse_scale(&self, k: usize) -> V {
        self.inverse_scales[k]
    }
}

impl<T: Real, const K: usize> Mixture<T, K> {
    /// A mixture from its parameters, none of which may be infinite or NaN.
    pub fn new(logits: &[T; K], means: &[T; K], log_scales: &[T; K]) -> Result<Self, MixtureError> {
        let not_finite = |values: &[T; K]| values.iter().position(|v| !v.is_finite());
        match (not_finite(logits), not_finite(means), not_finite(log_scales)) {
            (Some(k), _, _) => Err(MixtureError::Logit(k)),
            (_, Some(k), _) => Err(MixtureError::Mean(k)),
            (_, _, Some(k)) => Err(MixtureError::LogScale(k)),
            _ => Ok(Self::from_raw(logits, means, log_scales)),
        }
    }
}

impl<V: Value, const K: usize> Point<V, K> {
    /// `log dz/dx = log f - log phi(z)`. The terms `-t^2/2` of `log f` and `-z^2/2` of `log phi` cancel in `f / tail` and `phi(z) / tail = 1 / M`.
    #[inline(always)]
    pub(crate) fn log_det(&self) -> V {
        self.log_scale + ln(self.total_density * (self.mills / self.total_tail))
    }

    /// `dz/dx`.
    #[inline(always)]
    pub(crate) fn slope(&self) -> V {
        exp(self.log_scale) * (self.total_density * (self.mills / self.total_tail))
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
    fn log_mass(&self, mixture: &Mixture<V, K>, side: V) -> V {
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let ratio = self.total_tail / (mixture.total * root);
        let smaller = self.shift.0 + (self.shift.1 + ln(ratio));
        let larger = crate::math::ln_1p(-(exp(self.shift.0) * ratio));
        (side * self.side).select_lt(V::ZEROS, larger, smaller)
    }
}

/// The larger of two sums of a number and what its rounding lost.
#[inline(always)]
fn larger<V: Value>(a: (V, V), b: (V, V)) -> (V, V) {
    (a.0.select_lt(b.0, b.0, a.0), a.0.select_lt(b.0, b.1, a.1))
}

/// The difference of two such sums, rounded.
#[inline(always)]
fn minus<V: Value>(a: (V, V), b: (V, V)) -> V {
    (a.0 - b.0) + (a.1 - b.1)
}
