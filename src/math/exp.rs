//! The exponential function and `e^x - 1`.

use super::polynomial;
use crate::number::{Coefficients, Real, Value};

/// `(n, high, low)` with `e^(x + tail) = 2^n (high + low)`: the sum is good to an eighth of a unit in the last place.
#[inline(always)]
pub(super) fn exp_parts<V: Value>(x: V, tail: V) -> (V, V, V) {
    let n = ((x + tail) * V::splat(V::Scalar::LOG2_E)).round_int();
    let r = n.mul_add(-V::splat(V::Scalar::LN_2_HIGH), x);
    let low = n.mul_add(-V::splat(V::Scalar::LN_2_LOW), tail);
    let whole = r + low;
    let q = (whole * whole).mul_add(polynomial(whole, V::Scalar::EXP), low);
    let high = V::ONE + r;
    (n, high, (r - (high - V::ONE)) + q)
}

/// `y 2^n`, rounded once, for `n` within twice the exponents of normal numbers.
#[inline(always)]
pub(super) fn scale<V: Value>(y: V, n: V) -> V {
    let half = (n * V::constant(0.5)).round_int();
    y * V::ONE.scale2(half) * V::ONE.scale2(n - half)
}

/// The exponential function `e^x`.
///
/// # Domain
/// All of R, subnormal results included. `-inf -> 0`, `+inf -> +inf`, NaN -> NaN.
///
/// # Method
/// `e^x = 2^n e^r` with `n` the integer nearest to `x log2(e)`; `ln 2` in two parts leaves `r` exact (W. J. Cody and W. Waite, Software
/// Manual for the Elementary Functions, 1980, ch. 6). `1 + r` keeps what its rounding loses, and `2^n` is applied in two halves, so that
/// subnormal results are rounded once.
///
/// # Accuracy
/// At most 1 ULP, row `exp` of `tests/ulp.rs`: 0.78 in f32 (every input), 0.91 in f64 (proved for every input: `tools/proofs/exp.gappa`). Nowhere decreasing in f32 (every input).
///
/// # Gradient
/// `e^x` itself.
///
/// # Example
/// ```
/// use gaussflow::math::exp;
/// assert!((exp(1.0f64) - core::f64::consts::E).abs() < 4.5e-16);
/// assert_eq!(exp(-103.9f32), f32::from_bits(1));
/// ```
#[inline(always)]
pub fn exp<V: Value>(x: V) -> V {
    lanewise!(exp_lane, x)
}

#[inline(always)]
fn exp_lane<V: Value>(x: V) -> V {
    let x = V::splat(V::Scalar::EXP_HIGH).min(V::splat(V::Scalar::EXP_LOW).max(x));
    let (n, high, low) = exp_parts(x, -V::ZEROS);
    scale(high + low, n)
}

/// `e^x` where that is a normal number (`x <= 86` in f32, 707 in f64); smaller results are held to about the least of them. A third cheaper than [`exp`].
#[inline(always)]
pub(crate) fn exp_normal<V: Value>(x: V) -> V {
    lanewise!(exp_normal_lane, x)
}

#[inline(always)]
fn exp_normal_lane<V: Value>(x: V) -> V {
    let x = x.max(V::splat(V::Scalar::EXP_NORMAL));
    let n = (x * V::splat(V::Scalar::LOG2_E)).round_int();
    let r = n.mul_add(-V::splat(V::Scalar::LN_2_LOW), n.mul_add(-V::splat(V::Scalar::LN_2_HIGH), x));
    (V::ONE + (r * r).mul_add(polynomial(r, V::Scalar::EXP), r)).scale2(n)
}

/// [`exp_normal`] of `x + low`, with `low` below the last place of `x`.
#[inline(always)]
pub(crate) fn exp_normal_of_two<V: Value>(x: V, low: V) -> V {
    let (n, high, low) = exp_parts(x.max(V::splat(V::Scalar::EXP_NORMAL)), low);
    (high + low).scale2(n)
}

/// `e^x` in two parts, rounded and what rounding took, which together are good to an eighth of a unit in the last place; `e^x` is a normal number.
#[inline(always)]
pub(crate) fn exp_in_two<V: Value>(x: V) -> (V, V) {
    let (n, high, low) = exp_parts(x, -V::ZEROS);
    let (sum, power) = (high + low, V::ONE.scale2(n));
    (sum * power, (low - (sum - high)) * power)
}

/// `e^x` for `x <= 1`: the bits of [`exp`], at less cost.
#[inline(always)]
pub(crate) fn exp_falling<V: Value>(x: V) -> V {
    lanewise!(exp_falling_lane, x)
}

#[inline(always)]
fn exp_falling_lane<V: Value>(x: V) -> V {
    let (n, high, low) = exp_parts(x.max(V::splat(V::Scalar::EXP_LOW)), -V::ZEROS);
    // By a power that leaves a normal number, then back: a subnormal result is rounded once.
    let lift = if V::Scalar::BITS == 32 { 64.0 } else { 512.0 };
    (high + low).scale2(n + V::constant(lift)) * V::ONE.scale2(V::constant(-lift))
}

/// `e^x - 1`, without loss near 0.
///
/// # Domain
/// All of R. `-inf -> -1`, `+inf -> +inf`, NaN -> NaN, and `-0 -> -0`.
///
/// # Method
/// As [`exp`]; with `e^x = 2^n (h + l)` the 1 is taken from `2^n h` while that is exact, and from `2^n l` beyond.
///
/// # Accuracy
/// At most 1.2 ULP, row `expm1` of `tests/ulp.rs`: 1.14 in f32 (every input), 0.99 in f64 (sampled).
///
/// # Gradient
/// `e^x`.
///
/// # Example
/// ```
/// assert_eq!(gaussflow::math::expm1(1e-20f64), 1e-20);
/// ```
#[inline(always)]
pub fn expm1<V: Value>(x: V) -> V {
    lanewise!(expm1_lane, x)
}

#[inline(always)]
fn expm1_lane<V: Value>(x: V) -> V {
    let clamped = V::splat(V::Scalar::EXP_HIGH).min(V::splat(V::Scalar::EXP_LOW).max(x));
    let (n, high, low) = exp_parts(clamped, -V::ZEROS);
    // The 1 comes off the larger part while that is exact. Past 2^60 in either direction it, or the power, is lost in the other.
    let power = V::ONE.scale2(V::constant(60.0).min(V::constant(-60.0).max(n)));
    let (high_part, low_part) = (power * high, power * low);
    let exact = V::splat(V::Scalar::ONE / V::Scalar::EPSILON);
    let near = power.select_lt(exact, (high_part - V::ONE) + low_part, high_part + (low_part - V::ONE));
    let y = V::constant(59.5).select_lt(n, scale(high + low, n), near);
    // Keeps the sign of 0.
    x.abs().select_lt(V::constant(1e-30), x, y)
}
