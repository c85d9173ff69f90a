//! Quantiles of the standard normal, from a log-probability and from a probability.

use super::{expm1, half_square, ln, mills, polynomial, polynomial_of};
use crate::number::{Coefficients, Value};

/// The `z >= 0` with `log(1 - Phi(z)) = lp`, for the smaller tail: `lp <= log(1/2)`.
///
/// The last step of a mixture map, and the fast one: in f32 a square root, one ratio and no logarithm.
///
/// # Domain
/// `lp <= log(1/2)`, or above it by no more than rounding puts it. `-inf -> +inf`, NaN -> NaN; no `lp` is too small. For larger `lp`:
/// [`quantile_log_sf`].
///
/// # Method
/// `z = 2 v + v (B + P(v)/Q(v))` with `v = sqrt(-lp/2) - sqrt(log(2)/2)`, which is 0 where `z` is (the square root as in M. J. Wichura, AS 241,
/// Appl. Statist. 37, 1988). For `lp < -100` in f64 a step of third order from the f32 ratio's `z`, on `log(1 - Phi(z)) - lp` by [`mills`](super::mills()), where `z^2/2` and `lp`
/// meet exactly.
///
/// It never rises with `lp`: `z` is a function of the rounded square root alone, one unit of which moves `2 v` by more than the error of the rest. Past -100 the step's
/// error is a hundredth of what a unit of `lp` moves `z` by.
///
/// # Accuracy
/// At most 2 epsilons of `max(1, z)`, row `quantile_log_tail` of `tests/ulp.rs`: 1.98 in f32 (every input), 1.96 in f64 (sampled; proved there is that the ratio is within `2^-55.6` for
/// `lp >= -100`: `tools/proofs/approximations.py`).
/// Nowhere increasing in f32 (every input).
///
/// # Gradient
/// `dz/dlp = -M(z)`, the Mills ratio.
///
/// # Example
/// ```
/// use gaussflow::math::{log_sf, quantile_log_tail};
/// assert!((quantile_log_tail(-1e8f64) - 14142.134882976301).abs() < 4e-12);
/// assert!((log_sf(quantile_log_tail(-3.0f64)) + 3.0).abs() < 2e-15);
/// ```
#[inline(always)]
pub fn quantile_log_tail<V: Value>(lp: V) -> V {
    let z = lanewise!(quantile_near_lane, lp);
    if !lp.any(|lp| lp < V::Scalar::QUANTILE_END) {
        return z;
    }
    let (end, at_end) = (V::splat(V::Scalar::QUANTILE_END), V::splat(V::Scalar::QUANTILE_AT_END));
    lp.select_lt(end, lanewise!(quantile_far_lane, lp).max(at_end), at_end.min(z))
}

#[inline(always)]
fn quantile_near_lane<V: Value>(lp: V) -> V {
    let r = (lp * V::constant(-0.5)).sqrt();
    let v = (r - V::splat(V::Scalar::QUANTILE_ZERO)) - V::splat(V::Scalar::QUANTILE_ZERO_LOW);
    let s = V::splat(V::Scalar::QUANTILE_HELD).min(v);
    let bend = s * (polynomial(s, V::Scalar::QUANTILE_P) / polynomial(s, V::Scalar::QUANTILE_Q));
    v.mul_add(V::constant(2.0), s.mul_add(V::splat(V::Scalar::QUANTILE_BEND), bend))
}

#[inline(always)]
fn quantile_far_lane<V: Value>(lp: V) -> V {
    let z = quantile_rough(lp);
    let m = mills(z);
    let (h, l) = half_square(z);
    let g = ((ln(m) - V::splat(V::Scalar::LN_SQRT_2_PI)) - l) - (h + lp);
    let newton = g * m;
    let half = V::constant(0.5);
    let step = newton - newton * (g * half) * (V::ONE - z * m);
    let r = (lp * V::constant(-0.5)).sqrt();
    V::splat(V::Scalar::QUANTILE_FAR).select_lt(r, r + r, z + step)
}

/// [`quantile_log_tail`] to `2^-23` or so in either type; for `lp` above `log(1/2)` a `z` that is too near to 0, and `-3` at the least.
#[inline(always)]
pub(crate) fn quantile_rough<V: Value>(lp: V) -> V {
    let v = (lp * V::constant(-0.5)).max(V::ZEROS).sqrt() - V::constant(f64::from(f32::QUANTILE_ZERO));
    let s = V::constant(f64::from(f32::QUANTILE_FAR)).min(v);
    let bend = s * (polynomial_of(s, f32::QUANTILE_P) / polynomial_of(s, f32::QUANTILE_Q));
    v.mul_add(V::constant(2.0), bend)
}

/// The `z` with `log(1 - Phi(z)) = lp`.
///
/// # Domain
/// `lp <= 0`. `-inf -> +inf`, `0 -> -inf`, `lp > 0 -> NaN`, NaN -> NaN.
///
/// # Method
/// [`quantile_log_tail`] of the smaller tail, which is `lp` or `log(1 - e^lp)`. Where `lp <= log(1/2)` is known, that function alone is cheaper by far.
///
/// # Accuracy
/// Row `quantile_log_sf` of `tests/ulp.rs`: at most 2.8 epsilons of `max(1, |z|)`, 2.65 in f32 (every input), 1.64 in f64 (sampled); 2 where
/// `lp <= log(1/2)`.
///
/// # Gradient
/// `dz/dlp = -M(z)`; for negative `z` that is `-e^(lp - log_pdf(z))`.
///
/// # Example
/// ```
/// use gaussflow::math::quantile_log_sf;
/// assert!((quantile_log_sf(-1e-300f64) + 37.0470962993612).abs() < 1e-14);
/// ```
#[inline(always)]
pub fn quantile_log_sf<V: Value>(lp: V) -> V {
    let switch = V::constant(-core::f64::consts::LN_2);
    let other = ln(-expm1(lp));
    let z = quantile_log_tail(lp.select_lt(switch, lp, other));
    lp.select_lt(switch, z, -z)
}

/// The `z` with `log Phi(z) = lp`: minus [`quantile_log_sf`], with its domain and accuracy.
#[inline(always)]
pub fn quantile_log_cdf<V: Value>(lp: V) -> V {
    -quantile_log_sf(lp)
}

/// The `z` with `Phi(z) = p`.
///
/// # Domain
/// `0 <= p <= 1`. `0 -> -inf`, `1 -> +inf`, outside NaN, NaN -> NaN.
///
/// # Method
/// [`quantile_log_tail`] of the logarithm of the smaller of `p` and `1 - p`.
///
/// # Accuracy
/// At most 2.5 epsilons of `max(1, |z|)`, row `quantile` of `tests/ulp.rs`: 2.44 in f32 (every input), 1.85 in f64 (sampled).
/// Nowhere decreasing in f32 (every input).
///
/// # Gradient
/// `1 / phi(z)`.
///
/// # Example
/// ```
/// assert!((gaussflow::math::quantile(0.975f64) - 1.959963984540054).abs() < 5e-16);
/// ```
#[inline(always)]
pub fn quantile<V: Value>(p: V) -> V {
    let half = V::constant(0.5);
    let z = quantile_log_tail(ln(p.select_lt(half, p, V::ONE - p)));
    p.select_lt(half, -z, z)
}
