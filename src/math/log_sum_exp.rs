//! The logarithm of a sum of exponentials.

use super::{exp, ln};
use crate::real::Real;
use crate::value::Value;

/// `log(sum_k e^(v_k))`.
#[inline]
pub fn log_sum_exp<V: Value>(values: &[V]) -> V {
    let mut largest = V::splat(-V::Scalar::MAX);
    for &v in values {
        largest = v.max(largest);
    }
    // Finite, so that an infinite term meets it without a NaN.
    let shift = V::splat(V::Scalar::MAX).min(largest);
    let mut sum = V::ZEROS;
    for &v in values {
        sum += exp(v - shift);
    }
    ln(sum) + shift
}
