//! The logarithm of a sum of exponentials.

use super::{exp, ln};
use crate::number::{Real, Value};

/// The logarithm of a sum of exponentials, `log(sum_k e^(v_k))`.
///
/// # Domain
/// Any terms, any number of them. No terms, or terms of `-inf` alone, give `-inf`; a term of `+inf` gives `+inf`; a NaN gives NaN.
///
/// # Method
/// The largest term is taken out, so that no exponential overflows and the largest is 1.
///
/// # Accuracy
/// By analysis, not by measurement: the sum of `n` terms is within `n / 2 + 1` epsilons of itself, so the logarithm is off by at most that, and
/// its sum with the largest term is rounded once more.
///
/// # Gradient
/// `softmax(v)`: `e^(v_k - log_sum_exp(v))`.
///
/// # Example
/// ```
/// use gaussflow::math::log_sum_exp;
/// let ln_2 = core::f64::consts::LN_2;
/// assert!((log_sum_exp(&[-1e4f64, -1e4]) - (ln_2 - 1e4)).abs() < 2e-12);
/// assert_eq!(log_sum_exp::<f64>(&[]), f64::NEG_INFINITY);
/// ```
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
