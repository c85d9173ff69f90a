//! The Mills ratio of the standard normal distribution.

use super::{polynomial, product_error};
use crate::value::Value;

/// The constants of [`mills`].
pub trait MillsCoefficients: Sized + 'static {
    /// `P` in `1/M(t) = t + P(t)/Q(t)`.
    const MILLS_P: &'static [Self];
    /// `Q` in the same.
    const MILLS_Q: &'static [Self];
    /// From here on `M(t) = 1/t` to less than a tenth of a unit in the last place.
    const MILLS_FAR: Self;
}

impl MillsCoefficients for f32 {
    const MILLS_P: &'static [f32] = &[0.79788494, 0.4729463, 0.14954905, 0.025338994, 0.0019433136];
    const MILLS_Q: &'static [f32] = &[1.0000005, 1.04818, 0.5281841, 0.15308072, 0.02535396, 0.001943074];
    const MILLS_FAR: f32 = 16384.0;
}

impl MillsCoefficients for f64 {
    const MILLS_P: &'static [f64] = &[
        0.7978845608028717,
        1.0428335798278319,
        0.6974039274800962,
        0.3047891145301317,
        0.09500202183044378,
        0.021884631796067353,
        0.0037564223824553566,
        0.0004736000401164342,
        4.200260193047166e-05,
        2.3735826682502494e-06,
        6.529741782114208e-08,
    ];
    const MILLS_Q: &'static [f64] = &[
        1.000000000000008,
        1.7624276449781924,
        1.5401081053491548,
        0.8665987777333947,
        0.3458169726471722,
        0.10226556756585423,
        0.0228175913977919,
        0.0038400357725211394,
        0.00047834720603568933,
        4.2133196758766165e-05,
        2.3735826683009638e-06,
        6.529741782100379e-08,
    ];
    const MILLS_FAR: f64 = 268435456.0;
}

/// The Mills ratio `M(t) = (1 - Phi(t)) / phi(t)`.
#[inline(always)]
pub fn mills<V: Value>(t: V) -> V {
    let far = V::splat(V::Scalar::MILLS_FAR);
    let q = polynomial(t, V::Scalar::MILLS_Q);
    let denominator = t.mul_add(q, polynomial(t, V::Scalar::MILLS_P));
    far.select_lt(t, V::ONE, q) / far.select_lt(t, t, denominator)
}

/// `(m, low)` with `M(t) = m + low`, for `t` up to [`MillsCoefficients::MILLS_FAR`].
///
/// The sum carries the roundings of `P` and `Q` alone: the product, the sum and the quotient are made exact.
#[inline(always)]
pub(super) fn mills_parts<V: Value>(t: V) -> (V, V) {
    let p = polynomial(t, V::Scalar::MILLS_P);
    let q = polynomial(t, V::Scalar::MILLS_Q);
    let product = t * q;
    let denominator = product + p;
    // What the sum lost, whichever of the two is larger (D. E. Knuth, TAOCP 2, 4.2.2).
    let p_taken = denominator - product;
    let lost = (product - (denominator - p_taken)) + (p - p_taken) + product_error(t, q, product);
    let m = q / denominator;
    let back = m * denominator;
    let residual = ((q - back) - product_error(m, denominator, back)) - m * lost;
    (m, residual / denominator)
}
