//! The natural logarithm of `x` and of `1 + x`.

use super::{polynomial, polynomial_of};
use crate::number::{Coefficients, Real, Value};

/// `e ln 2 + log(1 + f) + low`, where `log(1 + f) = f - f^2/2 + s (f^2/2 + s^2 P(s^2))` and `s = f / (2 + f)`.
#[inline(always)]
fn assemble<V: Value>(f: V, e: V, low: V) -> V {
    let s = f / (V::constant(2.0) + f);
    let z = s * s;
    let half_square = f * f * V::constant(0.5);
    let series = z.mul_add(polynomial(z, V::Scalar::LN), half_square);
    let small = s.mul_add(series, e.mul_add(V::splat(V::Scalar::LN_2_LOW), low));
    e.mul_add(V::splat(V::Scalar::LN_2_HIGH), (small - half_square) + f)
}

/// `log(u + c)` for normal positive `u` and `c` below its last place.
#[inline(always)]
pub(super) fn ln_parts<V: Value>(u: V, c: V) -> V {
    let (m, e) = u.split_exponent();
    let f = m - V::ONE;
    // 2^-e stays normal; where it is held back, c is nothing beside u.
    let c = c * V::ONE.scale2(-V::constant(100.0).min(e));
    let sum = f + c;
    let low = (f - sum) + c;
    assemble(sum, e, low - low * sum)
}

/// The natural logarithm `log(x)`.
///
/// # Domain
/// `x > 0`, subnormals included. `±0 -> -inf`, `x < 0 -> NaN`, `+inf -> +inf`, NaN -> NaN.
///
/// # Method
/// `x = 2^e (1 + f)` with `1 + f` about 1, and `log(1 + f) = 2 atanh(s)` with `s = f / (2 + f)`, whose leading terms `f - f^2/2` are
/// split off because they are known exactly or nearly so (as in Sun's fdlibm, 1993; polynomial and code are our own).
///
/// # Accuracy
/// At most 1 ULP, row `ln` of `tests/ulp.rs`: 0.84 in f32 (every input), in f64 0.96 (proved for every input: `tools/proofs/ln.gappa`) and 0.79 sampled. Nowhere decreasing in f32 (every
/// input).
///
/// # Gradient
/// `1/x`.
///
/// # Example
/// ```
/// use gaussflow::math::ln;
/// assert_eq!(ln(1.0f32), 0.0);
/// assert!((ln(f64::from_bits(1)) + 744.4400719213812).abs() < 1e-13);
/// ```
#[inline(always)]
pub fn ln<V: Value>(x: V) -> V {
    lanewise!(ln_lane, x)
}

#[inline(always)]
fn ln_lane<V: Value>(x: V) -> V {
    let tiny = V::splat(V::Scalar::MIN_POSITIVE);
    let lifted = x.select_lt(tiny, x * V::splat(V::Scalar::LIFT), x);
    let drop = x.select_lt(tiny, V::splat(V::Scalar::LIFT_EXPONENT), V::ZEROS);
    let (m, e) = lifted.split_exponent();
    let y = assemble(m - V::ONE, e - drop, -V::ZEROS);
    ends(x, y)
}

/// `log(x)` of a positive normal `x`, to `2^-23` or so in either type.
#[inline(always)]
pub(crate) fn ln_rough<V: Value>(x: V) -> V {
    let (m, e) = x.max(V::splat(V::Scalar::MIN_POSITIVE)).split_exponent();
    let s = (m - V::ONE) / (m + V::ONE);
    let z = s * s;
    let series = z.mul_add(polynomial_of(z, f32::LN), V::constant(2.0));
    e.mul_add(V::constant(core::f64::consts::LN_2), s * series)
}

/// `log(1 + x)`, without loss near 0.
///
/// # Domain
/// `x > -1`. `-1 -> -inf`, `x < -1 -> NaN`, `+inf -> +inf`, NaN -> NaN, and `-0 -> -0`.
///
/// # Method
/// As [`ln`] of the rounded `1 + x`; what the rounding lost is carried into `f`, exactly where `x` is small.
///
/// # Accuracy
/// At most 1 ULP, row `ln_1p` of `tests/ulp.rs`: 0.84 in f32 (every input), 0.73 in f64 (sampled). Nowhere decreasing in f32
/// (every input).
///
/// # Gradient
/// `1 / (1 + x)`.
///
/// # Example
/// ```
/// assert_eq!(gaussflow::math::ln_1p(-1e-20f64), -1e-20);
/// ```
#[inline(always)]
pub fn ln_1p<V: Value>(x: V) -> V {
    lanewise!(ln_1p_lane, x)
}

#[inline(always)]
fn ln_1p_lane<V: Value>(x: V) -> V {
    let u = V::ONE + x;
    let c = x.select_lt(V::ONE, x - (u - V::ONE), V::ONE - (u - x));
    let y = ends(u, ln_parts(u, c));
    x.abs().select_lt(V::constant(1e-20), x, y)
}

/// `y = log(u)`, or its limit where `u` is not a positive finite number.
#[inline(always)]
fn ends<V: Value>(u: V, y: V) -> V {
    let y = u.select_lt(V::splat(V::Scalar::INFINITY), y, u);
    let below = u.select_lt(V::ZEROS, V::splat(V::Scalar::NAN), -V::splat(V::Scalar::INFINITY));
    let least = V::Scalar::MIN_POSITIVE * V::Scalar::EPSILON;
    u.select_lt(V::splat(least), below, y)
}
