//! The Mills ratio of the standard normal distribution.

use super::{polynomial, polynomial_of, product_error};
use crate::number::Real;
use crate::number::Value;

/// The constants of [`mills`].
///
/// Made by `tools/coefficients.py mills` (60 digits), printed to the shortest decimal that reads back. Error of the rounded ratio relative to
/// `M(t)`, for all `t >= 0`: `2^-28.8` in f32, `2^-56.0` in f64.
pub trait MillsCoefficients: Sized + 'static {
    /// `P` in `1/M(t) = t + P(t)/Q(t)`.
    const MILLS_P: &'static [Self];
    /// `Q` in the same.
    const MILLS_Q: &'static [Self];
    /// From here on `M(t) = 1/t` to less than a tenth of a unit in the last place.
    const MILLS_FAR: Self;
}

impl MillsCoefficients for f32 {
    const MILLS_P: &'static [f32] = &[0.79788494, 0.52251565, 0.17637058, 0.032557063, 0.0028166245];
    const MILLS_Q: &'static [f32] = &[1.0000005, 1.1103061, 0.59009284, 0.18184038, 0.032562993, 0.0028165402];
    const MILLS_FAR: f32 = 16384.0;
}

impl MillsCoefficients for f64 {
    const MILLS_P: &'static [f64] = &[
        0.7978845608028717,
        1.0093590617936337,
        0.6503062142056713,
        0.2717436972867563,
        0.0800620016292093,
        0.01712989981310103,
        0.002655838999839317,
        0.00028824295606321907,
        1.999746627923336e-05,
        6.848735635295726e-07,
    ];
    const MILLS_Q: &'static [f64] = &[
        1.000000000000008,
        1.7204735582861075,
        1.4619727435320045,
        0.7953290921585489,
        0.30430314144437604,
        0.08525368034436316,
        0.017702276938358876,
        0.002695833922548375,
        0.0002896127033256233,
        1.9997466278213443e-05,
        6.848735635326176e-07,
    ];
    const MILLS_FAR: f64 = 268435456.0;
}

/// The Mills ratio `M(t) = (1 - Phi(t)) / phi(t)` of the standard normal distribution.
///
/// It is `sqrt(pi/2) erfcx(t / sqrt(2))`: what is left of the tail once the density is taken out. It falls from `sqrt(pi/2)` like `1/t`, so
/// that products and logarithms of tails never underflow.
///
/// # Domain
/// `t >= 0`. `+inf -> 0`, NaN -> NaN. Left of 0 the accuracy fades quickly, except for a `t` that rounding has put there.
///
/// # Method
/// `1/M(t) = t + P(t)/Q(t)`, the form of Laplace's continued fraction (DLMF 7.9.1), with one rational for all `t`; the coefficients are
/// positive, so nothing cancels. `M = Q / (t Q + P)` in one division, whose roundings are then made good by a residual: for large `t` those of
/// `Q` cancel by themselves. Past `MILLS_FAR` the same division gives `1/t`.
///
/// # Accuracy
/// Row `mills` of `tests/ulp.rs`: at most 1.2 ULP in f32, 1.09 over every input, and at most 1.5 in f64, 1.25 sampled.
///
/// # Gradient
/// `t M(t) - 1`, in `[-1, 0)`.
///
/// # Example
/// ```
/// use gaussflow::math::mills;
/// assert!((mills(0.0f64) - (core::f64::consts::PI / 2.0).sqrt()).abs() < 3e-16);
/// assert!((mills(1e5f32) * 1e5 - 1.0).abs() < 1.2e-7);
/// ```
#[inline(always)]
pub fn mills<V: Value>(t: V) -> V {
    lanewise!(mills_lane, t)
}

#[inline(always)]
fn mills_lane<V: Value>(t: V) -> V {
    let (m, low) = mills_parts(t);
    m + low
}

/// `M(t)` for `t >= 0`, to `2^-23` or so in either type.
#[inline(always)]
pub(crate) fn mills_rough<V: Value>(t: V) -> V {
    let t = V::splat(V::Scalar::from_f64(f64::from(f32::MILLS_FAR))).min(t);
    let (p, q) = (polynomial_of(t, f32::MILLS_P), polynomial_of(t, f32::MILLS_Q));
    q / t.mul_add(q, p)
}

/// [`mills`] without the residual: at half the cost, within 3 ULP.
#[inline(always)]
pub(crate) fn mills_plain<V: Value>(t: V) -> V {
    let far = V::splat(V::Scalar::MILLS_FAR);
    let s = far.min(t);
    let (p, q) = (polynomial(s, V::Scalar::MILLS_P), polynomial(s, V::Scalar::MILLS_Q));
    far.select_lt(t, V::ONE, q) / far.select_lt(t, t, s.mul_add(q, p))
}

/// `(m, low)` with `M(t) = m + low`, `low` below the last place of `m`.
///
/// The sum carries the roundings inside `P` and `Q` alone: their last addition, the product, the sum and the quotient are made exact.
#[inline(always)]
pub(super) fn mills_parts<V: Value>(t: V) -> (V, V) {
    let far = V::splat(V::Scalar::MILLS_FAR);
    let s = far.min(t);
    let (p, p_low) = polynomial_parts(s, V::Scalar::MILLS_P);
    let (q, q_low) = polynomial_parts(s, V::Scalar::MILLS_Q);
    let product = s * q;
    let denominator = product + p;
    // What the sum lost, whichever of the two is larger (D. E. Knuth, TAOCP 2, 4.2.2).
    let p_taken = denominator - product;
    let lost = (product - (denominator - p_taken)) + (p - p_taken);
    let low = (lost + product_error(s, q, product)) + s.mul_add(q_low, p_low);
    // The one division serves both ranges.
    let inverse = V::ONE / far.select_lt(t, t, denominator);
    let m = q * inverse;
    let back = m * denominator;
    let residual = ((q - back) - product_error(m, denominator, back)) + (q_low - m * low);
    (far.select_lt(t, inverse, m), far.select_lt(t, V::ZEROS, residual * inverse))
}

/// A polynomial and what its last addition lost, where the constant term is the largest; `c` is not empty.
#[inline(always)]
fn polynomial_parts<V: Value>(t: V, c: &[V::Scalar]) -> (V, V) {
    let constant = V::splat(c[0]);
    let rest = t * polynomial(t, &c[1..]);
    let sum = constant + rest;
    (sum, rest - (sum - constant))
}
