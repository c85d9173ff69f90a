//! Quantiles of the standard normal, from a log-probability and from a probability.

use super::normal::NormalCoefficients;
use super::{constant, expm1, half_square, ln, mills, polynomial};
use crate::value::Value;

/// The constants of the quantile.
pub trait QuantileCoefficients: Sized + 'static {
    /// `P` in `z = 2 r - P(r)/Q(r)`, `r = sqrt(-lp / 2)`.
    const QUANTILE_P: &'static [Self];
    /// `Q` in the same.
    const QUANTILE_Q: &'static [Self];
    /// From here on `z = 2 r`.
    const QUANTILE_FAR: Self;
    /// Whether the rational is a start only.
    const QUANTILE_REFINE: bool;
}

impl QuantileCoefficients for f32 {
    const QUANTILE_P: &'static [f32] = &[3.6259513, 60.636692, 163.75436, 80.913475, 8.717015, 0.1920614, 0.0005908256, 2.6998386e-08];
    const QUANTILE_Q: &'static [f32] = &[1.0, 26.574148, 124.22026, 151.91019, 46.440395, 3.5497103, 0.058193214, 0.00013082894];
    const QUANTILE_FAR: f32 = 131072.0;
    const QUANTILE_REFINE: bool = false;
}

impl QuantileCoefficients for f64 {
    const QUANTILE_P: &'static [f64] =
        &[3.3458677162645527, 25.277966176760703, 21.8329480559307, 3.6167951087099506, 0.08112585630051795, 3.090386218988172e-05];
    const QUANTILE_Q: &'static [f64] =
        &[1.0, 14.013011055532, 29.394110262656344, 14.310489692937825, 1.5334029805541418, 0.022703910114439525];
    const QUANTILE_FAR: f64 = 1073741824.0;
    const QUANTILE_REFINE: bool = true;
}

/// The `z` with `log(1 - Phi(z)) = lp`, for `lp <= log(3/4)`.
#[inline(always)]
pub fn quantile_log_tail<V: Value>(lp: V) -> V {
    let r = (lp * constant(-0.5)).sqrt();
    let s = V::splat(V::Scalar::QUANTILE_FAR).min(r);
    let shift = polynomial(s, V::Scalar::QUANTILE_P) / polynomial(s, V::Scalar::QUANTILE_Q);
    let z = r.mul_add(constant(2.0), -shift);
    if !V::Scalar::QUANTILE_REFINE {
        return z;
    }
    let m = mills(z);
    let (h, l) = half_square(z);
    let g = ((ln(m) - V::splat(V::Scalar::LN_SQRT_2_PI)) - l) - (h + lp);
    let newton = g * m;
    let half = constant::<V>(0.5);
    let step = newton - newton * (g * half) * (V::ONE - z * m);
    V::splat(V::Scalar::QUANTILE_FAR).select_lt(r, z, z + step)
}

/// The `z` with `log(1 - Phi(z)) = lp`.
#[inline(always)]
pub fn quantile_log_sf<V: Value>(lp: V) -> V {
    let switch = constant::<V>(-0.287);
    let other = ln(-expm1(lp));
    let z = quantile_log_tail(lp.select_lt(switch, lp, other));
    lp.select_lt(switch, z, -z)
}

/// The `z` with `log Phi(z) = lp`.
#[inline(always)]
pub fn quantile_log_cdf<V: Value>(lp: V) -> V {
    -quantile_log_sf(lp)
}

/// The `z` with `Phi(z) = p`.
#[inline(always)]
pub fn quantile<V: Value>(p: V) -> V {
    let half = constant::<V>(0.5);
    let z = quantile_log_tail(ln(p.select_lt(half, p, V::ONE - p)));
    p.select_lt(half, -z, z)
}
