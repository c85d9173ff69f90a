//! The base density: the standard normal.

use crate::mixture::LOG_SQRT_TAU;
use crate::number::{Real, Value};

/// `log N(z; 0, I)`, in nats.
#[inline(always)]
pub fn log_base<V: Value, const D: usize>(z: &[V; D]) -> V {
    let mut squares = V::ZEROS;
    for d in 0..D {
        squares = z[d].mul_add(z[d], squares);
    }
    squares * V::splat(V::Scalar::from_f64(-0.5)) - V::splat(V::Scalar::from_f64(LOG_SQRT_TAU * D as f64))
}
