//! Draws from the standard normal.

use rand_core::Rng;

use crate::math::{ln, quantile_log_tail};
use crate::number::Real;

/// A draw from N(0, 1): the quantile of one generator word.
///
/// # Method
/// One bit is the sign, the others the tail probability `p` on `(0, 1/2)`; `z = +-q(log p)`. Constant time, one word a draw, the same bits on every target.
/// `|z|` reaches 6.3 (`f32`, one word of 32 bits) or 9.1 (`f64`, 64 bits).
#[inline]
pub fn standard_normal<T: Real, R: Rng + ?Sized>(rng: &mut R) -> T {
    let (sign, tail) = T::signed_tail(rng);
    sign * quantile_log_tail(ln(tail))
}

/// [`standard_normal`] in each place, in their order.
pub(crate) fn fill_standard_normal<T: Real, R: Rng + ?Sized>(rng: &mut R, to: &mut [T]) {
    for z in to {
        *z = standard_normal(rng);
    }
}
