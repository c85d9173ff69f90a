//! Density, distribution and log-distribution of the standard normal.

use super::exp::{exp_parts, scale};
use super::half_square;
use super::ln::ln_parts;
use super::mills::mills_parts;
use crate::number::{Coefficients, Real, Value};

/// The logarithm of the standard normal density, `log phi(x) = -x^2/2 - log sqrt(2 pi)`.
///
/// # Domain
/// All of R. `±inf -> -inf`, NaN -> NaN.
///
/// # Accuracy
/// At most 1.2 ULP, row `log_pdf` of `tests/ulp.rs`: 1.07 in f32 (every input), 1.04 in f64 (sampled).
///
/// # Gradient
/// `-x`.
#[inline(always)]
pub fn log_pdf<V: Value>(x: V) -> V {
    lanewise!(log_pdf_lane, x)
}

#[inline(always)]
fn log_pdf_lane<V: Value>(x: V) -> V {
    (x * V::constant(-0.5)).mul_add(x, -V::splat(V::Scalar::LN_SQRT_2_PI))
}

/// The standard normal density, `phi(x) = exp(-x^2/2) / sqrt(2 pi)`.
///
/// # Domain
/// All of R, subnormal results included. `±inf -> 0`, NaN -> NaN.
///
/// # Method
/// `x^2/2` as an exact part and a small one, both handed to the exponential: its rounding, `x^2/2` times too large for the result, never enters.
///
/// # Accuracy
/// Row `pdf` of `tests/ulp.rs`: at most 1.6 ULP (1.2 fused), 1.53 in f32 (every input), 1.50 in f64 (sampled).
///
/// # Gradient
/// `-x phi(x)`.
#[inline(always)]
pub fn pdf<V: Value>(x: V) -> V {
    lanewise!(pdf_lane, x)
}

#[inline(always)]
fn pdf_lane<V: Value>(x: V) -> V {
    let (n, high, low) = gauss(x.abs());
    scale(high.mul_add(V::splat(V::Scalar::INV_SQRT_2_PI), low * V::splat(V::Scalar::INV_SQRT_2_PI)), n)
}

/// `exp(-t^2 / 2)` as `2^n (high + low)`, `t >= 0`, with `low` below the last place of `high`.
#[inline(always)]
fn gauss<V: Value>(t: V) -> (V, V, V) {
    let (h, l) = half_square(V::splat(V::Scalar::TAIL_END).min(t));
    let (n, high, low) = exp_parts(-h, -l);
    let sum = high + low;
    (n, sum, low - (sum - high))
}

/// `1 - Phi(t)` for `t >= 0` as `2^n (high + low)`, with `m` and `m_low` the parts of the Mills ratio.
#[inline(always)]
fn tail_parts<V: Value>(t: V, m: V, m_low: V) -> (V, V, V) {
    let (n, e, e_low) = gauss(t);
    let density = V::splat(V::Scalar::INV_SQRT_2_PI);
    let a = e * m;
    let a_low = V::product_error(e, m, a) + e.mul_add(m_low, e_low * m);
    let b = a * density;
    let b_low = a.mul_add(V::splat(V::Scalar::INV_SQRT_2_PI_LOW), a_low * density);
    let low = V::product_error(a, density, b) + b_low;
    let sum = b + low;
    (n, sum, low - (sum - b))
}

/// The standard normal distribution function `Phi(x)`.
///
/// # Domain
/// All of R, subnormal results included. `-inf -> 0`, `+inf -> 1`, NaN -> NaN.
///
/// # Method
/// The smaller tail is `exp(-x^2/2) M(|x|) / sqrt(2 pi)` with the Mills ratio `M` of [`mills`](super::mills()), every factor a rounded part and
/// the bits it lacks; the larger is 1 minus it.
///
/// # Accuracy
/// Row `cdf` of `tests/ulp.rs`: at most 1.3 ULP in f32, 1.16 over every input, and at most 1.5 in f64, 1.10 sampled; on the left this holds down to
/// the subnormals.
///
/// # Gradient
/// [`pdf`].
///
/// # Example
/// ```
/// use gaussflow::math::cdf;
/// assert_eq!(cdf(0.0f32), 0.5);
/// assert!((cdf(-30.0f64) / 4.906713927148187e-198 - 1.0).abs() < 3e-16);
/// ```
#[inline(always)]
pub fn cdf<V: Value>(x: V) -> V {
    lanewise!(cdf_lane, x)
}

#[inline(always)]
fn cdf_lane<V: Value>(x: V) -> V {
    let t = x.abs();
    let (m, m_low) = mills_parts(t);
    let (n, high, _) = tail_parts(t, m, m_low);
    let tail = scale(high, n);
    x.select_lt(V::ZEROS, tail, V::ONE - tail)
}

/// The standard normal survival function `1 - Phi(x) = Phi(-x)`: see [`cdf`].
#[inline(always)]
pub fn sf<V: Value>(x: V) -> V {
    lanewise!(sf_lane, x)
}

#[inline(always)]
fn sf_lane<V: Value>(x: V) -> V {
    cdf(-x)
}

/// The logarithm of the standard normal distribution function, `log Phi(x)`.
///
/// # Domain
/// All of R. `-inf -> -inf`, `+inf -> -0`, NaN -> NaN.
///
/// # Method
/// Left of 0 it is `log M(-x) - log sqrt(2 pi) - x^2/2` with the Mills ratio `M`, else `log(1 - tail)` with the tail of [`cdf`]; one logarithm serves
/// both, and takes its argument as a rounded part and the bits it lacks.
///
/// # Accuracy
/// At most 1.5 ULP on both sides, row `log_cdf` of `tests/ulp.rs`: 1.46 in f32 (every input), 1.08 in f64 (sampled).
///
/// # Gradient
/// `phi(x) / Phi(x)`, which is `1 / M(-x)`, or `exp(log_pdf(x) - log_cdf(x))`.
///
/// # Example
/// ```
/// use gaussflow::math::log_cdf;
/// assert!((log_cdf(0.0f64) + core::f64::consts::LN_2).abs() < 2e-16);
/// assert_eq!(log_cdf(-1e4f64), -50000010.12927891);
/// assert!((log_cdf(10.0f64) / -7.61985302416052606597e-24 - 1.0).abs() < 3e-16);
/// ```
#[inline(always)]
pub fn log_cdf<V: Value>(x: V) -> V {
    lanewise!(log_cdf_lane, x)
}

#[inline(always)]
fn log_cdf_lane<V: Value>(x: V) -> V {
    let t = x.abs();
    let (m, m_low) = mills_parts(t);
    let (n, high, low) = tail_parts(t, m, m_low);
    let tail = scale(high, n);
    let rest = V::ONE - tail;
    let rest_low = ((V::ONE - rest) - tail) - scale(low, n);
    let log = ln_parts(x.select_lt(V::ZEROS, m, rest), x.select_lt(V::ZEROS, m_low, rest_low));
    let (h, l) = half_square(V::splat(V::Scalar::MAX / (V::Scalar::ONE + V::Scalar::ONE)).min(t));
    let constant_high = V::splat(V::Scalar::LN_SQRT_2_PI);
    let large = h + constant_high;
    let taken = large - h;
    let lost = (h - (large - taken)) + (constant_high - taken) + V::splat(V::Scalar::LN_SQRT_2_PI_LOW);
    let left = t.select_lt(V::constant(1e18), (log - (l + lost)) - large, -(h + l));
    let right = tail.select_lt(V::constant(1e-20), -tail, log);
    x.select_lt(V::ZEROS, left, right)
}

/// The logarithm of the standard normal survival function, `log(1 - Phi(x)) = log Phi(-x)`: see [`log_cdf`].
#[inline(always)]
pub fn log_sf<V: Value>(x: V) -> V {
    lanewise!(log_sf_lane, x)
}

#[inline(always)]
fn log_sf_lane<V: Value>(x: V) -> V {
    log_cdf(-x)
}
