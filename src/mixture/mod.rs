//! A Gaussian mixture of one dimension and its map to the standard normal, exact in both tails.

mod deep;
mod inverse;
mod inverse_start;
mod point;

pub(crate) use point::Point;

use core::fmt;

use crate::math::{exp, exp_normal, exp_normal_of_two, largest_of, ln, sum, two_sum};
use crate::number::{Lanewise, Real, Value};

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

impl<V: Value, const K: usize> Mixture<V, K> {
    /// A mixture from raw parameters: weights are `softmax(logits)`, `sigma_k = exp(log_scales[k])`.
    ///
    /// Total: values outside the domain of [`Mixture`] are moved to its border, NaN to its lower one. [`Mixture::new`] refuses them instead.
    #[inline(always)]
    pub fn from_raw(logits: &[V; K], means: &[V; K], log_scales: &[V; K]) -> Self {
        let (mut held, mut held_means, mut inverse_scales) = ([V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            [held[k], held_means[k], inverse_scales[k]] = V::map::<Hold, 3, 3>([logits[k], means[k], log_scales[k]]);
        }
        // Minus 0, so that adding it changes no bit and costs nothing.
        Self::from_held([&held, &[-V::ZEROS; K]], &held_means, &inverse_scales)
    }

    /// A mixture from what is within the domain already: logits in two parts, means, and one over each scale.
    #[inline(always)]
    pub(crate) fn from_held([logits, logits_low]: [&[V; K]; 2], means: &[V; K], inverse_scales: &[V; K]) -> Self {
        const { assert!(K > 0, "a mixture needs at least one component: raise K to 1 or more") }
        let mut mixture = Mixture {
            log_weights: [V::ZEROS; K],
            log_weights_low: [V::ZEROS; K],
            weights: [V::ZEROS; K],
            total: V::ZEROS,
            means: *means,
            inverse_scales: *inverse_scales,
        };
        let largest = largest_of(logits);
        for k in 0..K {
            [mixture.log_weights[k], mixture.log_weights_low[k], mixture.weights[k]] =
                V::map::<Weigh, 3, 3>([logits[k], logits_low[k], largest]);
        }
        mixture.total = sum(&mixture.weights);
        mixture
    }

    /// The largest `|log sigma|` that is told apart: 40 (`f32`) or 300 (`f64`).
    #[inline(always)]
    pub fn max_log_scale() -> V::Scalar {
        V::Scalar::from_f64(if V::Scalar::BITS == 32 { 40.0 } else { 300.0 })
    }

    /// `(z, log dz/dx)` with `z = Phi^-1(F(x))`.
    ///
    /// # Domain
    /// Every finite `x` gives finite results. `-inf` and `+inf` give the saturated values of [`Mixture`]; NaN gives a `z` of NaN.
    #[inline(always)]
    pub fn forward_and_log_det(&self, x: V) -> (V, V) {
        let point = self.at(x);
        (point.z, point.log_det())
    }

    /// `log F(x)`, in nats; NaN for NaN.
    #[inline(always)]
    pub fn log_cdf(&self, x: V) -> V {
        self.at(x).log_mass(self, -V::ONE).or_nan_of(x)
    }

    /// `log (1 - F(x))`, in nats; NaN for NaN.
    #[inline(always)]
    pub fn log_sf(&self, x: V) -> V {
        self.at(x).log_mass(self, V::ONE).or_nan_of(x)
    }

    /// `F(x)`; NaN for NaN.
    #[inline(always)]
    pub fn cdf(&self, x: V) -> V {
        exp(self.log_cdf(x))
    }

    /// `log f(x)`, in nats; NaN for NaN.
    #[inline(always)]
    pub fn log_pdf(&self, x: V) -> V {
        let point = self.at(x);
        let root = V::constant(SQRT_TAU);
        (point.density_shift + ln(point.total_density / (self.total * root))).or_nan_of(x)
    }

    /// The weights, their sum, and one over each scale.
    #[inline(always)]
    pub(crate) fn into_weights_and_scales(self) -> ([V; K], V, [V; K]) {
        (self.weights, self.total, self.inverse_scales)
    }

    #[inline(always)]
    fn scale(&self, k: usize) -> V {
        V::ONE / self.inverse_scales[k]
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

/// Logit, mean and log-scale to logit, mean and inverse scale, each held to the domain.
struct Hold;
impl Lanewise<3, 3> for Hold {
    #[inline(always)]
    fn of<L: Value>([logit, mean, log_scale]: [L; 3]) -> [L; 3] {
        let log_scale = within(log_scale, Mixture::<L, 1>::max_log_scale());
        [within(logit, max_logit()), within(mean, max_mean()), exp_normal(-log_scale)]
    }
}

/// `x`, held to `[-bound, bound]`; its lower end for NaN.
#[inline(always)]
pub(crate) fn within<V: Value>(x: V, bound: V::Scalar) -> V {
    x.max(V::splat(-bound)).min(V::splat(bound))
}

/// The largest `|logit|` that is told apart.
#[inline(always)]
pub(crate) fn max_logit<T: Real>() -> T {
    limit::<T>() * limit::<T>() * T::from_f64(0.5)
}

/// The largest `|mu|` that is told apart.
#[inline(always)]
pub(crate) fn max_mean<T: Real>() -> T {
    T::MAX * T::from_f64(0.25)
}

/// Logit in two parts and the largest one to the logarithm of the weight, what rounding took from it, and the weight.
struct Weigh;
impl Lanewise<3, 3> for Weigh {
    #[inline(always)]
    fn of<L: Value>([logit, low, largest]: [L; 3]) -> [L; 3] {
        let (sum, rounding) = two_sum(logit, -largest);
        let low = small_part(sum, rounding + low);
        [sum, low, exp_normal_of_two(sum, low)]
    }
}

/// `lost`, what rounding took from the logarithm `x`; nothing where it may be large.
#[inline(always)]
fn small_part<V: Value>(x: V, lost: V) -> V {
    x.select_lt(V::splat(V::Scalar::from_f64(-1.0 / 32.0) / V::Scalar::EPSILON), V::ZEROS, lost)
}
