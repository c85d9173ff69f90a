//! The Mills ratio of the standard normal distribution.

use super::{polynomial, polynomial_of};
use crate::number::{Coefficients, Value};

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
/// Row `mills` of `tests/ulp.rs`: at most 1.2 ULP in f32, 1.09 over every input, and at most 1.5 in f64, 1.25 sampled; proved for every input there is no more than 3.2
/// (`tools/proofs/mills.gappa`), as roundings that cannot all be at their worst together are taken so.
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
    let t = V::constant(f64::from(f32::MILLS_FAR)).min(t);
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
    let low = (lost + V::product_error(s, q, product)) + s.mul_add(q_low, p_low);
    // The one division serves both ranges.
    let inverse = V::ONE / far.select_lt(t, t, denominator);
    let m = q * inverse;
    let back = m * denominator;
    let residual = ((q - back) - V::product_error(m, denominator, back)) + (q_low - m * low);
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
