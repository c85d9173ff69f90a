//! The base density: the standard normal.

use crate::mixture::LOG_SQRT_TAU;
use crate::number::Value;

/// `log N(z; 0, I)`, in nats.
#[inline(always)]
pub fn log_base<V: Value, const D: usize>(z: &[V; D]) -> V {
    let mut squares = V::ZEROS;
    for d in 0..D {
        squares = z[d].mul_add(z[d], squares);
    }
    squares * V::constant(-0.5) - V::constant(LOG_SQRT_TAU * D as f64)
}
