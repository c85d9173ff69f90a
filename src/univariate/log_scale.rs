//! Clamps that keep a mixture's log-scales in a range.

use crate::math::{ln, sigmoid, tanh};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Part};

/// A smooth map from a raw, unbounded parameter to a log-scale `log sigma`.
pub trait LogScaleClamp<T: Real>: Parameters<T> {
    /// `log sigma` of `raw`.
    fn clamp<V: Value<Scalar = T>>(&self, raw: V) -> V;

    /// `(log sigma, d log sigma / d raw)`.
    fn clamp_and_slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V);

    /// The raw value of a log-scale; one outside the range is moved inside first.
    fn raw(&self, log_scale: T) -> T;

    /// Replaces bounds that are all zero by the defaults.
    fn init(&mut self) {}

    /// Tells `visit` what the clamp is made of, as [`Bijector::describe`](crate::Bijector::describe) does.
    fn describe(_visit: &mut impl FnMut(Part)) {}
}

/// `log sigma = bound tanh(raw)`. The default bound 3 keeps sigma in `[0.0498, 20.1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct TanhClamp<T> {
    /// The largest `|log sigma|`, above 0.
    pub bound: T,
}

/// `log sigma = low + (high - low) sigmoid(raw)`. The default range is `[-5, 3]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct SigmoidClamp<T> {
    /// The least `log sigma`.
    pub low: T,
    /// The largest `log sigma`, above `low`.
    pub high: T,
}

/// `log sigma = raw`, for tables of parameters such as a marginal layer's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct NoClamp;

impl<T: Real> Default for TanhClamp<T> {
    fn default() -> Self {
        TanhClamp { bound: T::from_f64(3.0) }
    }
}

impl<T: Real> Default for SigmoidClamp<T> {
    fn default() -> Self {
        SigmoidClamp { low: T::from_f64(-5.0), high: T::from_f64(3.0) }
    }
}

impl Zeros for NoClamp {
    const ZEROS: Self = NoClamp;
}

/// How far inside `(-1, 1)` a fraction of the range is kept when the clamp is inverted.
const INSIDE: f64 = 0.999;

impl<T: Real> LogScaleClamp<T> for TanhClamp<T> {
    #[inline(always)]
    fn clamp<V: Value<Scalar = T>>(&self, raw: V) -> V {
        V::splat(self.bound) * tanh(raw)
    }

    #[inline(always)]
    fn clamp_and_slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        let (bound, t) = (V::splat(self.bound), tanh(raw));
        (bound * t, bound * (V::ONE - t * t))
    }

    fn raw(&self, log_scale: T) -> T {
        let limit = T::from_f64(INSIDE);
        let t = (log_scale / self.bound).max(-limit).min(limit);
        T::from_f64(0.5) * ln((T::ONE + t) / (T::ONE - t))
    }

    fn init(&mut self) {
        if self.bound == T::ZEROS {
            *self = Self::default();
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("tanh_clamp"));
        visit(Part::Setting("bound"));
    }
}

impl<T: Real> LogScaleClamp<T> for SigmoidClamp<T> {
    #[inline(always)]
    fn clamp<V: Value<Scalar = T>>(&self, raw: V) -> V {
        V::splat(self.high - self.low).mul_add(sigmoid(raw), V::splat(self.low))
    }

    #[inline(always)]
    fn clamp_and_slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        let (range, s) = (V::splat(self.high - self.low), sigmoid(raw));
        (range.mul_add(s, V::splat(self.low)), range * (s * (V::ONE - s)))
    }

    fn raw(&self, log_scale: T) -> T {
        let margin = T::from_f64(0.5 - 0.5 * INSIDE);
        let s = ((log_scale - self.low) / (self.high - self.low)).max(margin).min(T::ONE - margin);
        ln(s / (T::ONE - s))
    }

    fn init(&mut self) {
        if self.low == T::ZEROS && self.high == T::ZEROS {
            *self = Self::default();
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("sigmoid_clamp"));
        visit(Part::Setting("low"));
        visit(Part::Setting("high"));
    }
}

impl<T: Real> LogScaleClamp<T> for NoClamp {
    #[inline(always)]
    fn clamp<V: Value<Scalar = T>>(&self, raw: V) -> V {
        raw
    }

    #[inline(always)]
    fn clamp_and_slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        (raw, V::ONE)
    }

    fn raw(&self, log_scale: T) -> T {
        log_scale
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("no_clamp"));
    }
}

crate::parameters! { impl[T: Real] Parameters<T> + Zeros for TanhClamp<T> { fixed bound: T } }
crate::parameters! { impl[T: Real] Parameters<T> + Zeros for SigmoidClamp<T> { fixed low: T, fixed high: T } }
crate::parameters! { impl[T] Parameters<T> for NoClamp {} }
