//! From raw parameters to the bins of a spline and the slopes at its knots.

use crate::math::{exp, ln, tanh};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Part};
use crate::univariate::log_scale::{soft_clamp, softplus_above, softplus_inverted};
use crate::univariate::{LogScaleClamp, SoftClamp};

/// What makes the bins and slopes of a [`RationalQuadraticSpline`](crate::RationalQuadraticSpline) of its raw parameters.
pub trait KnotMap<T: Real>: Parameters<T> {
    /// Whether the slopes at the ends of the interval are parameters of their own, beside tails of slope 1; else they are that of the tails, which is one.
    const FREE_ENDS: bool = false;

    /// The least side of a bin, as a part of the interval; the rest is shared out.
    fn least_part(&self) -> f64;

    /// `(log-share, d log-share / d raw)`: a bin's share is the exponential, over the sum of all of them.
    fn log_share<V: Value<Scalar = T>>(&self, raw: V) -> (V, V);

    /// `(d, dd / d raw)` for the slope `d` at a knot, above 0.
    fn slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V);

    /// The raw value of a log-share; one outside the range is moved inside first.
    fn raw_of_log_share(&self, log_share: f64) -> f64;

    /// The raw value of the logarithm of a slope; one outside the range is moved inside first.
    fn raw_of_log_slope(&self, log_slope: f64) -> f64;

    /// Replaces settings that are all zero by the defaults.
    fn init(&mut self) {}

    /// Tells `visit` what the map is made of, as [`Bijector::describe`](crate::Bijector::describe) does; nothing for the default map.
    fn describe(_visit: &mut impl FnMut(Part)) {}
}

/// Log-shares as they are, a least part of 0.001, and slopes `e^(l tanh(raw / l))` with `l = log 1000`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct TanhKnots;

impl Zeros for TanhKnots {
    const ZEROS: Self = TanhKnots;
}

crate::parameters! { impl[T] Parameters<T> for TanhKnots {} }

/// The logarithm of the largest slope at a knot and of the tails, 1e3; the least is its reciprocal.
const LOG_MAX_SLOPE: f64 = 6.907_755_278_982_137;

impl<T: Real> KnotMap<T> for TanhKnots {
    #[inline(always)]
    fn least_part(&self) -> f64 {
        1e-3
    }

    #[inline(always)]
    fn log_share<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        (raw, V::ONE)
    }

    #[inline(always)]
    fn slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        let log_max = V::constant(LOG_MAX_SLOPE);
        let t = tanh(raw / log_max);
        let d = exp(log_max * t);
        (d, d * (V::ONE - t * t))
    }

    fn raw_of_log_share(&self, log_share: f64) -> f64 {
        log_share
    }

    fn raw_of_log_slope(&self, log_slope: f64) -> f64 {
        let t = Value::max(Value::min(log_slope / LOG_MAX_SLOPE, 0.999), -0.999);
        0.5 * LOG_MAX_SLOPE * ln((1.0 + t) / (1.0 - t))
    }
}

/// Log-slopes by the clamp, log-shares by one of half its bound, and no least part: the map of zuko's splines, whose `slope` is `e^-bound`.
impl<T: Real> KnotMap<T> for SoftClamp<T> {
    #[inline(always)]
    fn least_part(&self) -> f64 {
        0.0
    }

    #[inline(always)]
    fn log_share<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        soft_clamp(raw, V::splat(self.bound) * V::constant(0.5))
    }

    #[inline(always)]
    fn slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        let (log_slope, of_raw) = soft_clamp(raw, V::splat(self.bound));
        let d = exp(log_slope);
        (d, d * of_raw)
    }

    fn raw_of_log_share(&self, log_share: f64) -> f64 {
        SoftClamp { bound: 0.5 * self.bound.as_() }.inverted(log_share)
    }

    fn raw_of_log_slope(&self, log_slope: f64) -> f64 {
        SoftClamp { bound: self.bound.as_() }.inverted(log_slope)
    }

    fn init(&mut self) {
        LogScaleClamp::init(self);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        <Self as LogScaleClamp<T>>::describe(visit);
    }
}

/// A slope whose square is a number in `f32` too, beyond any that is trained.
const MAX_SLOPE: f64 = 1e9;

/// Log-shares as they are, slopes `log(1 + e^raw) + least_slope`, held to 1e9, at the ends of the interval too, beside tails of slope 1: the map of flowjax's splines.
///
/// A spline of `K` slopes has `K - 1` bins; the last width and height are not used. At the ends its slope jumps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct SoftplusKnots<T> {
    /// What slopes stay above; 0 or more.
    pub least_slope: T,
    /// The least side of a bin, as a part of the interval; below `1 / (K - 1)`.
    pub least_part: T,
}

/// Least slopes of 0.001, and least sides of 0.001 in an interval of length 8.
impl<T: Real> Default for SoftplusKnots<T> {
    fn default() -> Self {
        SoftplusKnots { least_slope: T::from_f64(1e-3), least_part: T::from_f64(1e-3 / 8.0) }
    }
}

crate::parameters! { impl[T: Real] Parameters<T> + Zeros for SoftplusKnots<T> { fixed least_slope: T, fixed least_part: T } }

impl<T: Real> KnotMap<T> for SoftplusKnots<T> {
    const FREE_ENDS: bool = true;

    #[inline(always)]
    fn least_part(&self) -> f64 {
        self.least_part.as_()
    }

    #[inline(always)]
    fn log_share<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        (raw, V::ONE)
    }

    #[inline(always)]
    fn slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        let (d, of_raw) = softplus_above(raw, V::splat(self.least_slope));
        (d.min(V::constant(MAX_SLOPE)), of_raw)
    }

    fn raw_of_log_share(&self, log_share: f64) -> f64 {
        log_share
    }

    fn raw_of_log_slope(&self, log_slope: f64) -> f64 {
        softplus_inverted(exp(log_slope), self.least_slope.as_())
    }

    fn init(&mut self) {
        if self.least_slope == T::ZEROS && self.least_part == T::ZEROS {
            *self = Self::default();
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("softplus_knots"));
        visit(Part::Setting("least_slope"));
        visit(Part::Setting("least_part"));
    }
}
