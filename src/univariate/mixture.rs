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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
    shift: V,
    density_shift: V,
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
        for k in 0..K {
            mixture.log_weights[k] = within(logits[k], max_logit);
        }
        let largest = largest_of(&mixture.log_weights);
        for k in 0..K {
            let (sum, rounding) = two_sum(mixture.log_weights[k], -largest);
            mixture.log_weights[k] = sum;
            mixture.log_weights_low[k] = small_part(sum, rounding);
        }
        for k in 0..K {
            mixture.weights[k] = exp(mixture.log_weights[k] + mixture.log_weights_low[k]);
        }
        mixture.total = sum(&mixture.weights);
        for k in 0..K {
            mixture.means[k] = within(means[k], max_mean);
            let log_scale = within(log_scales[k], Self::max_log_scale());
            mixture.scales[k] = exp(log_scale);
            mixture.inverse_scales[k] = exp(-log_scale);
        }
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
        // Logarithms carry what their rounding lost, as long as that is small: at a crossing of components the log-det sees it.
        let mut log_density = [V::ZEROS; K];
        let mut log_density_low = [V::ZEROS; K];
        for k in 0..K {
            t[k] = ((x - self.means[k]) * self.inverse_scales[k]).max(low).min(high);
            let (square, square_low) = half_square(t[k]);
            let (sum, rounding) = two_sum(self.log_weights[k], -square);
            log_density[k] = sum - square_low;
            let lost = ((sum - log_density[k]) - square_low) + (rounding + self.log_weights_low[k]);
            log_density_low[k] = small_part(log_density[k], lost);
        }
        let density_shift = largest_of(&log_density);
        // Loops over the components do either maps or sums: a scalar's maps then become vector instructions.
        let mut density = [V::ZEROS; K];
        for k in 0..K {
            density[k] = exp((log_density[k] - density_shift) + log_density_low[k]);
        }
        // M(|t_k|) w_k phi(t_k): the mass that component k has beyond x, seen from its mean.
        let mut beyond = [V::ZEROS; K];
        for k in 0..K {
            beyond[k] = density[k] * mills(t[k].abs());
        }
        let scale = exp(density_shift);
        let mut density_by_scale = [V::ZEROS; K];
        let mut upper = [V::ZEROS; K];
        for k in 0..K {
            density_by_scale[k] = density[k] * self.inverse_scales[k];
            let mass = beyond[k] * scale;
            upper[k] = t[k].select_lt(V::ZEROS, self.weights[k] * root - mass, mass);
        }
        let total_density = sum_of(&density_by_scale);
        // Both tails are exact; the smaller one keeps its digits under the logarithm.
        let side = sum_of(&upper).select_lt(self.total * root * half, V::ONE, -V::ONE);
        let mut log_mass = [V::ZEROS; K];
        for k in 0..K {
            log_mass[k] = (side * t[k]).select_lt(V::ZEROS, self.log_weights[k], log_density[k]);
        }
        let shift = largest_of(&log_mass);
        let scale = exp(density_shift - shift);
        let mut tail = [V::ZEROS; K];
        for k in 0..K {
            let mass = beyond[k] * scale;
            let whole = exp((self.log_weights[k] - shift) + self.log_weights_low[k]) * root;
            tail[k] = (side * t[k]).select_lt(V::ZEROS, whole - mass, mass);
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
    #[inline(always)]
    pub fn inverse_and_log_det(&self, z: V) -> (V, V) {
        // A function of its own: the loop is long, and inlined into every coupling it takes minutes to compile.
        V::outline(
            #[inline(always)]
            || {
                let (x, log_det) = self.solve(z, || ());
                (x, -log_det)
            },
        )
    }

    /// The root of `F(x) = Phi(z)` with the log-det there; calls `evaluated` at each evaluation.
    #[inline(always)]
    fn solve(&self, z: V, evaluated: impl Fn()) -> (V, V) {
        let (low, high) = self.bracket(z);
        root::newton(
            low,
            high,
            self.start(z),
            self.held(z),
            #[inline(always)]
            |x| {
                evaluated();
                let point = self.at(x);
                (point.z, point.slope(), point.bend(self), point.log_det())
            },
        )
    }

    /// As [`Mixture::inverse_and_log_det`], with the number of evaluations it took.
    #[doc(hidden)]
    pub fn inverse_counted(&self, z: V) -> (V, usize) {
        let count = core::cell::Cell::new(0);
        let (x, _) = self.solve(z, || count.set(count.get() + 1));
        (x, count.get())
    }

    /// As [`Mixture::inverse_and_log_det`], by bisection alone: exactly [`Real::BITS`] evaluations, and for the same mixture `z1 <= z2` never gives `x1 > x2`.
    #[inline(always)]
    pub fn bisect_and_log_det(&self, z: V) -> (V, V) {
        let x = root::bisect(
            self.held(z),
            #[inline(always)]
            |x| self.at(x).z,
        );
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
    #[inline(always)]
    pub fn start(&self, z: V) -> V {
        V::outline(
            #[inline(always)]
            || self.start_inside(z),
        )
    }

    #[inline(always)]
    fn start_inside(&self, z: V) -> V {
        let z = self.held(z);
        let side = z.select_lt(V::ZEROS, -V::ONE, V::ONE);
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let half = V::splat(V::Scalar::from_f64(0.5));
        let rounding = V::splat(V::Scalar::EPSILON * V::Scalar::from_f64(4.0));
        let log_tail = ln(mills(z.abs()) / root) - z * z * half;
        let p = exp(log_tail) * self.total;
        let log_p = log_tail + ln(self.total);
        let (nothing, none) = (V::splat(-V::Scalar::MAX), V::splat(V::Scalar::INFINITY));
        let (mut further, mut here) = ([V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            for j in 0..K {
                let apart = side * (self.means[j] - self.means[k]);
                // One narrower than `k` is a step at its mean.
                let near = self.scales[j].select_lt(self.scales[k], V::ZEROS, self.scales[k]);
                further[k] += near.select_lt(apart, self.weights[j], V::ZEROS);
                here[k] += near.select_lt(apart.abs(), V::ZEROS, self.weights[j]);
            }
        }
        let mut starts = [V::ZEROS; K];
        let mut blend = [V::ZEROS; K];
        for k in 0..K {
            let mean = side * self.means[k];
            // Between components `p` is what those further out hold, to rounding.
            let left = p - further[k];
            let left = (-rounding * p).select_lt(left, left.max(rounding * p), V::ZEROS);
            let log_share = V::ZEROS.select_lt(further[k], V::ZEROS, log_p) + ln(V::ZEROS.select_lt(further[k], left, V::ONE) / here[k]);
            let fits = log_share.select_lt(rounding, log_share, none);
            let share = V::ZEROS.select_lt(further[k], V::ZEROS.select_lt(left, fits, none), fits);
            // However little is left, the component alone holds no more than `p`.
            let alone = log_p - self.log_weights[k];
            let log_tail = share.min(alone.select_lt(V::ZEROS, alone, none));
            let x = self.scales[k].mul_add(quantile_log_sf(log_tail.min(-rounding)), mean);
            starts[k] = log_tail.select_lt(none, x, nothing);
            blend[k] = self.weights[k] * self.scales[k].mul_add(z.abs(), mean);
        }
        let start = largest_of(&starts);
        side * nothing.select_lt(start, start, sum_of(&blend) / self.total)
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
        point.density_shift + ln(point.total_density / (self.total * root))
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
    fn log_mass(&self, mixture: &Mixture<V, K>, side: V) -> V {
        let root = V::splat(V::Scalar::from_f64(SQRT_TAU));
        let ratio = self.total_tail / (mixture.total * root);
        let smaller = self.shift + ln(ratio);
        let larger = crate::math::ln_1p(-(exp(self.shift) * ratio));
        (side * self.side).select_lt(V::ZEROS, larger, smaller)
    }
}

/// `lost`, what rounding took from the logarithm `x`; nothing where it may be large.
#[inline(always)]
fn small_part<V: Value>(x: V, lost: V) -> V {
    x.select_lt(V::splat(V::Scalar::from_f64(-1.0 / 32.0) / V::Scalar::EPSILON), V::ZEROS, lost)
}

/// `items` joined by `f`, which leaves `neutral` as it is: in four chains, which a scalar does in one vector.
#[inline(always)]
fn reduce<V: Copy, const K: usize>(items: &[V; K], neutral: V, f: impl Fn(V, V) -> V) -> V {
    let mut chains = [neutral; 4];
    for first in 0..4 {
        let mut chain = neutral;
        let mut k = first;
        while k < K {
            chain = f(chain, items[k]);
            k += 4;
        }
        chains[first] = chain;
    }
    f(f(chains[0], chains[2]), f(chains[1], chains[3]))
}

/// The largest item.
#[inline(always)]
fn largest_of<V: Value, const K: usize>(items: &[V; K]) -> V {
    reduce(
        items,
        items[0],
        #[inline(always)]
        |a, b| a.max(b),
    )
}

/// The plain sum.
#[inline(always)]
fn sum_of<V: Value, const K: usize>(items: &[V; K]) -> V {
    reduce(
        items,
        V::ZEROS,
        #[inline(always)]
        |a, b| a + b,
    )
}

/// The sum, with what rounding takes from it made good.
#[inline(always)]
fn sum<V: Value, const K: usize>(terms: &[V; K]) -> V {
    let mut chains = [(V::ZEROS, V::ZEROS); 4];
    for first in 0..4 {
        let mut chain = (V::ZEROS, V::ZEROS);
        let mut k = first;
        while k < K {
            chain = add(chain, (terms[k], V::ZEROS));
            k += 4;
        }
        chains[first] = chain;
    }
    let (sum, low) = add(add(chains[0], chains[2]), add(chains[1], chains[3]));
    sum + low
}

/// The sum of two numbers and what rounding takes from it, each with what it has lost already.
#[inline(always)]
fn add<V: Value>((a, a_low): (V, V), (b, b_low): (V, V)) -> (V, V) {
    let (sum, rounding) = two_sum(a, b);
    (sum, (a_low + b_low) + rounding)
}
