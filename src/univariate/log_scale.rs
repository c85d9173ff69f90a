//! Clamps that keep a mixture's log-scales in a range.

use crate::math::{exp, expm1, ln, sigmoid, softplus, tanh};
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

/// `log sigma = raw / (1 + |raw| / bound)`, which zuko's affine maps and splines take. The default bound `log 1000` keeps sigma in `[0.001, 1000]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct SoftClamp<T> {
    /// What `|log sigma|` stays below, above 0.
    pub bound: T,
}

/// `sigma = log(1 + e^raw) + least`, which flowjax's affine maps take. The default least scale is 0.01.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct SoftplusClamp<T> {
    /// What sigma stays above, 0 or more.
    pub least: T,
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

impl<T: Real> Default for SoftClamp<T> {
    fn default() -> Self {
        SoftClamp { bound: T::from_f64(6.907_755_278_982_137) }
    }
}

impl<T: Real> Default for SoftplusClamp<T> {
    fn default() -> Self {
        SoftplusClamp { least: T::from_f64(0.01) }
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

/// `(y, dy / d raw)` for `y = raw / (1 + |raw| / bound)`.
#[inline(always)]
pub(super) fn soft_clamp<V: Value>(raw: V, bound: V) -> (V, V) {
    let part = V::ONE / (V::ONE + raw.abs() / bound);
    (raw * part, part * part)
}

impl<T: Real> SoftClamp<T> {
    /// The raw value of `y`, which is moved inside the range first.
    pub(super) fn inverted(&self, y: T) -> T {
        let limit = T::from_f64(INSIDE) * self.bound;
        let y = y.max(-limit).min(limit);
        y / (T::ONE - y.abs() / self.bound)
    }
}

impl<T: Real> LogScaleClamp<T> for SoftClamp<T> {
    #[inline(always)]
    fn clamp<V: Value<Scalar = T>>(&self, raw: V) -> V {
        soft_clamp(raw, V::splat(self.bound)).0
    }

    #[inline(always)]
    fn clamp_and_slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        soft_clamp(raw, V::splat(self.bound))
    }

    fn raw(&self, log_scale: T) -> T {
        self.inverted(log_scale)
    }

    fn init(&mut self) {
        if self.bound == T::ZEROS {
            *self = Self::default();
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("soft_clamp"));
        visit(Part::Setting("bound"));
    }
}

/// `(y, dy / d raw)` for `y = log(1 + e^raw) + least`, above 0 where the exponential is none.
#[inline(always)]
pub(super) fn softplus_above<V: Value>(raw: V, least: V) -> (V, V) {
    (softplus(raw).max(V::splat(V::Scalar::MIN_POSITIVE)) + least, sigmoid(raw))
}

/// The raw value of which [`softplus_above`] makes `y`; where `y` is not above `least` by a thousandth, that of one which is.
pub(super) fn softplus_inverted(y: f64, least: f64) -> f64 {
    let above = Value::max(y - least, 1e-3 * Value::max(y, 1e-3));
    // log(e^a - 1), without the overflow.
    above + ln(-expm1(-above))
}

impl<T: Real> LogScaleClamp<T> for SoftplusClamp<T> {
    #[inline(always)]
    fn clamp<V: Value<Scalar = T>>(&self, raw: V) -> V {
        ln(softplus_above(raw, V::splat(self.least)).0)
    }

    #[inline(always)]
    fn clamp_and_slope<V: Value<Scalar = T>>(&self, raw: V) -> (V, V) {
        let (scale, slope) = softplus_above(raw, V::splat(self.least));
        (ln(scale), slope / scale)
    }

    fn raw(&self, log_scale: T) -> T {
        T::from_f64(softplus_inverted(exp(log_scale.as_()), self.least.as_()))
    }

    fn init(&mut self) {
        if self.least == T::ZEROS {
            *self = Self::default();
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("softplus_clamp"));
        visit(Part::Setting("least"));
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
crate::parameters! { impl[T: Real] Parameters<T> + Zeros for SoftClamp<T> { fixed bound: T } }
crate::parameters! { impl[T: Real] Parameters<T> + Zeros for SoftplusClamp<T> { fixed least: T } }
crate::parameters! { impl[T] Parameters<T> for NoClamp {} }

#[cfg(test)]
mod tests {
    use super::{LogScaleClamp, SoftClamp, SoftplusClamp};

    #[test]
    fn raw_is_the_inverse() {
        let (soft, softplus) = (SoftClamp::<f64>::default(), SoftplusClamp::<f64>::default());
        for log_scale in [-4.0, -0.7, 0.0, 1.3, 5.0] {
            assert!((soft.clamp(soft.raw(log_scale)) - log_scale).abs() < 1e-13);
            assert!((softplus.clamp(softplus.raw(log_scale)) - log_scale).abs() < 1e-13);
        }
        // What is out of range is moved inside, to where training can come back.
        for (clamp, far) in
            [(soft.clamp(soft.raw(1e3)), 6.9), (-soft.clamp(soft.raw(-1e3)), 6.9), (-softplus.clamp(softplus.raw(-50.0)), 4.604)]
        {
            assert!(far < clamp && clamp < 6.9078, "{clamp}");
        }
    }

    /// Where the exponential is none, and beyond the floats.
    #[test]
    fn any_raw_value_is_finite() {
        for raw in [-f32::MAX, -200.0, 200.0, f32::MAX] {
            let (clamp, least) = (SoftClamp::<f32>::default(), SoftplusClamp { least: 0.0f32 });
            for (log_scale, slope) in [clamp.clamp_and_slope(raw), least.clamp_and_slope(raw)] {
                assert!(log_scale.is_finite() && (0.0..=1.0).contains(&slope), "{raw} {log_scale} {slope}");
            }
        }
    }
}
