//! The hyperbolic tangent, the logistic function and softplus.

use super::{exp, exp_normal, ln_1p, polynomial};
use crate::number::{Coefficients, Value};

/// The hyperbolic tangent `tanh(x)`.
///
/// # Domain
/// All of R. `±inf -> ±1`, NaN -> NaN, and `-0 -> -0`.
///
/// # Method
/// `x + x z P(z)/Q(z)` with `z = x^2` for `|x| < 0.625`, else `±(1 - 2/(e^(2|x|) + 1))`: the limit is W. J. Cody and W. Waite's
/// (1980, ch. 13), past which the subtraction costs less than one bit. Numerator and denominator are selected before the one division.
///
/// # Accuracy
/// At most 1.5 ULP, row `tanh` of `tests/ulp.rs`: 1.35 in f32 (every input), 1.03 in f64 (sampled). Nowhere decreasing in f32
/// (every input).
///
/// # Gradient
/// `1 - tanh(x)^2`.
///
/// # Example
/// ```
/// use gaussflow::math::tanh;
/// assert_eq!(tanh(1e-5f32), 1e-5);
/// assert_eq!(tanh(-20.0f32), -1.0);
/// ```
#[inline(always)]
pub fn tanh<V: Value>(x: V) -> V {
    lanewise!(tanh_lane, x)
}

#[inline(always)]
fn tanh_lane<V: Value>(x: V) -> V {
    let a = x.abs();
    let z = x * x;
    let near = V::constant(0.625);
    let numerator = a.choose_lt(
        near,
        #[inline(always)]
        || z.mul_add(polynomial(z, V::Scalar::TANH_P), V::ZEROS),
        #[inline(always)]
        || V::constant(-2.0),
    );
    let denominator = a.choose_lt(
        near,
        #[inline(always)]
        || polynomial(z, V::Scalar::TANH_Q),
        #[inline(always)]
        || exp_normal((a + a).min(-V::splat(V::Scalar::EXP_NORMAL))) + V::ONE,
    );
    let q = numerator / denominator;
    let far = V::ONE + q;
    a.select_lt(near, x.mul_add(q, x), x.select_lt(V::ZEROS, -far, V::ZEROS.select_lt(x, far, x)))
}

/// The logistic function `1 / (1 + e^-x)`.
///
/// # Domain
/// All of R, subnormal results included. `-inf -> 0`, `+inf -> 1`, NaN -> NaN.
///
/// # Method
/// With `e = e^-|x|`, which never overflows: `1 / (1 + e)` on the right, `e / (1 + e)` on the left.
///
/// # Accuracy
/// At most 2.5 ULP, row `sigmoid` of `tests/ulp.rs`: 2.41 in f32 (every input), 1.73 in f64 (sampled).
///
/// # Gradient
/// `s (1 - s)`.
///
/// # Example
/// ```
/// use gaussflow::math::sigmoid;
/// assert_eq!(sigmoid(0.0f32), 0.5);
/// assert!(sigmoid(-100.0f32) > 0.0);
/// ```
#[inline(always)]
pub fn sigmoid<V: Value>(x: V) -> V {
    lanewise!(sigmoid_lane, x)
}

#[inline(always)]
fn sigmoid_lane<V: Value>(x: V) -> V {
    let e = exp(-x.abs());
    x.select_lt(V::ZEROS, e, V::ONE) / (V::ONE + e)
}

/// `log(1 + e^x)`.
///
/// # Domain
/// All of R, subnormal results included. `-inf -> 0`, `+inf -> +inf`, NaN -> NaN.
///
/// # Method
/// `max(x, 0) + log(1 + e^-|x|)`.
///
/// # Accuracy
/// At most 1.7 ULP, row `softplus` of `tests/ulp.rs`: 1.58 in f32 (every input), 1.32 in f64 (sampled).
///
/// # Gradient
/// [`sigmoid`].
///
/// # Example
/// ```
/// use gaussflow::math::softplus;
/// assert!((softplus(0.0f64) - core::f64::consts::LN_2).abs() < 2e-16);
/// assert_eq!(softplus(1e30f32), 1e30);
/// ```
#[inline(always)]
pub fn softplus<V: Value>(x: V) -> V {
    lanewise!(softplus_lane, x)
}

#[inline(always)]
fn softplus_lane<V: Value>(x: V) -> V {
    V::ZEROS.max(x) + ln_1p(exp(-x.abs()))
}
