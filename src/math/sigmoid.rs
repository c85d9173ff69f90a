//! The hyperbolic tangent, the logistic function and softplus.

use super::{constant, exp, ln_1p, polynomial};
use crate::value::Value;

/// The constants of [`tanh`].
pub trait TanhCoefficients: Sized + 'static {
    /// `P` in `tanh x = x + x z P(z)/Q(z)`, `z = x^2`, `|x| <= 0.625`.
    const TANH_P: &'static [Self];
    /// `Q` in the same.
    const TANH_Q: &'static [Self];
}

impl TanhCoefficients for f32 {
    const TANH_P: &'static [f32] = &[-0.33333308, -0.0015413653];
    const TANH_Q: &'static [f32] = &[1.0, 0.40461153];
}

impl TanhCoefficients for f64 {
    const TANH_P: &'static [f64] = &[-0.33333333333333326, -0.020496980247284274, -0.00019909749966331885];
    const TANH_Q: &'static [f64] = &[1.0, 0.4614909407418399, 0.02328890689120046, 0.00020644748097673743];
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<V: Value>(x: V) -> V {
    let a = x.abs();
    let z = x * x;
    let near = constant::<V>(0.625);
    let numerator = a.select_lt(near, z * polynomial(z, V::Scalar::TANH_P), constant(-2.0));
    let denominator = a.select_lt(near, polynomial(z, V::Scalar::TANH_Q), exp(a + a) + V::ONE);
    let q = numerator / denominator;
    let far = V::ONE + q;
    a.select_lt(near, x.mul_add(q, x), x.select_lt(V::ZEROS, -far, far))
}

/// The logistic function `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<V: Value>(x: V) -> V {
    let e = exp(-x.abs());
    x.select_lt(V::ZEROS, e, V::ONE) / (V::ONE + e)
}

/// `log(1 + e^x)`.
#[inline(always)]
pub fn softplus<V: Value>(x: V) -> V {
    V::ZEROS.max(x) + ln_1p(exp(-x.abs()))
}
