//! Density, distribution and log-distribution of the standard normal.

use super::exp::{exp_parts, scale};
use super::ln::ln_parts;
use super::mills::{MillsCoefficients, mills_parts};
use super::{constant, half_square, product_error};
use crate::real::Real;
use crate::value::Value;

/// The constants of the normal distribution's functions.
pub trait NormalCoefficients: Sized + 'static {
    /// From here on the tail `1 - Phi(x)` rounds to 0.
    const TAIL_END: Self;
    /// `1/sqrt(2 pi)`.
    const INV_SQRT_2_PI: Self;
    /// What `INV_SQRT_2_PI` lacks.
    const INV_SQRT_2_PI_LOW: Self;
    /// `ln sqrt(2 pi)`.
    const LN_SQRT_2_PI: Self;
    /// What `LN_SQRT_2_PI` lacks.
    const LN_SQRT_2_PI_LOW: Self;
}

impl NormalCoefficients for f32 {
    const TAIL_END: f32 = 15.0;
    const INV_SQRT_2_PI: f32 = 0.3989423;
    const INV_SQRT_2_PI_LOW: f32 = -1.133517e-08;
    const LN_SQRT_2_PI: f32 = 0.9189385;
    const LN_SQRT_2_PI_LOW: f32 = 1.5634177e-08;
}

impl NormalCoefficients for f64 {
    const TAIL_END: f64 = 39.0;
    const INV_SQRT_2_PI: f64 = 0.3989422804014327;
    const INV_SQRT_2_PI_LOW: f64 = -2.49232720227773e-17;
    const LN_SQRT_2_PI: f64 = 0.9189385332046728;
    const LN_SQRT_2_PI_LOW: f64 = -3.8782941580672414e-17;
}

/// The logarithm of the standard normal density.
#[inline(always)]
pub fn log_pdf<V: Value>(x: V) -> V {
    (x * constant(-0.5)).mul_add(x, -V::splat(V::Scalar::LN_SQRT_2_PI))
}

/// The standard normal density.
#[inline(always)]
pub fn pdf<V: Value>(x: V) -> V {
    let (n, high, low) = gauss(x.abs());
    scale((high + low) * V::splat(V::Scalar::INV_SQRT_2_PI), n)
}

/// `exp(-t^2 / 2)` as `2^n (high + low)`, `t >= 0`.
#[inline(always)]
fn gauss<V: Value>(t: V) -> (V, V, V) {
    let (h, l) = half_square(V::splat(V::Scalar::TAIL_END).min(t));
    exp_parts(-h, -l)
}

/// `1 - Phi(t)` for `t >= 0` as `2^n (high + low)`, with `m` and `m_low` the parts of the Mills ratio.
#[inline(always)]
fn tail_parts<V: Value>(t: V, m: V, m_low: V) -> (V, V, V) {
    let (n, e, e_low) = gauss(t);
    let density = V::splat(V::Scalar::INV_SQRT_2_PI);
    let a = e * m;
    let a_low = product_error(e, m, a) + e.mul_add(m_low, e_low * m);
    let b = a * density;
    let b_low = a.mul_add(V::splat(V::Scalar::INV_SQRT_2_PI_LOW), a_low * density);
    (n, b, product_error(a, density, b) + b_low)
}

/// The standard normal distribution function.
#[inline(always)]
pub fn cdf<V: Value>(x: V) -> V {
    let t = x.abs();
    let (m, m_low) = mills_parts(V::splat(V::Scalar::TAIL_END).min(t));
    let (n, high, low) = tail_parts(t, m, m_low);
    let tail = scale(high + low, n);
    x.select_lt(V::ZEROS, tail, V::ONE - tail)
}

/// The standard normal survival function.
#[inline(always)]
pub fn sf<V: Value>(x: V) -> V {
    cdf(-x)
}

/// The logarithm of the standard normal distribution function.
#[inline(always)]
pub fn log_cdf<V: Value>(x: V) -> V {
    let t = x.abs();
    let (m, m_low) = mills_parts(V::splat(V::Scalar::MILLS_FAR).min(t));
    let (n, high, low) = tail_parts(t, m, m_low);
    let tail = scale(high, n);
    let rest = V::ONE - tail;
    let rest_low = ((V::ONE - rest) - tail) - scale(low, n);
    let log = ln_parts(x.select_lt(V::ZEROS, m, rest), x.select_lt(V::ZEROS, m_low, rest_low));
    let (h, l) = half_square(V::splat(V::Scalar::MAX).min(t));
    let constant_high = V::splat(V::Scalar::LN_SQRT_2_PI);
    let large = h + constant_high;
    let taken = large - h;
    let lost = (h - (large - taken)) + (constant_high - taken) + V::splat(V::Scalar::LN_SQRT_2_PI_LOW);
    let left = t.select_lt(constant(1e18), (log - (l + lost)) - large, -h);
    let right = tail.select_lt(constant(1e-20), -tail, log);
    x.select_lt(V::ZEROS, left, right)
}

/// The logarithm of the standard normal survival function.
#[inline(always)]
pub fn log_sf<V: Value>(x: V) -> V {
    log_cdf(-x)
}
