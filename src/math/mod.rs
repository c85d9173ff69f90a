//! Elementary and normal-distribution functions for scalars and lanes.
//!
//! Each is one source for `f32`, `f64` and packs, branch-free, with no platform library behind it. Error bounds are rows of `tests/ulp.rs`
//! and hold on fused lanes too; the errors quoted beside them are those of unfused scalars, in `f32` from `tests/exhaustive.rs`. What is said to be proved, `tools/proofs/check` proves anew.
//!
//! A function `f` maps `f_lane` over the lanes: one loop around straight-line code, which compiles fast and to vector instructions.

/// The function of one lane `$f` on each lane of `$x`.
macro_rules! lanewise {
    ($f:ident, $x:expr) => {{
        struct Function;
        impl $crate::number::Lanewise<1, 1> for Function {
            #[inline(always)]
            fn of<L: $crate::number::Value>([x]: [L; 1]) -> [L; 1] {
                [$f(x)]
            }
        }
        let [y] = V::map::<Function, 1, 1>([$x]);
        y
    }};
}

pub(crate) mod draw;
mod exp;
mod ln;
mod log_space;
mod mills;
mod normal;
mod quantile;
mod sigmoid;
mod sums;
mod tail;

pub(crate) use draw::{fill_standard_normal, standard_normal};
pub use exp::{exp, expm1};
pub(crate) use exp::{exp_falling, exp_in_two, exp_normal, exp_normal_of_two};
pub(crate) use ln::ln_rough;
pub use ln::{ln, ln_1p};
pub use log_space::log_sum_exp;
pub use mills::mills;
pub(crate) use mills::{mills_plain, mills_rough};
pub use normal::{cdf, log_cdf, log_pdf, log_sf, pdf, sf};
pub(crate) use quantile::quantile_rough;
pub use quantile::{quantile, quantile_log_cdf, quantile_log_sf, quantile_log_tail};
pub use sigmoid::{sigmoid, softplus, tanh};
pub(crate) use sums::{largest_of, sum, sum_in_two, sum_of};
pub(crate) use tail::density_and_tail;

use crate::number::Value;

/// `c[0] + c[1] x + c[2] x^2 + ..`, by Horner's rule.
#[inline(always)]
fn polynomial<V: Value>(x: V, c: &[V::Scalar]) -> V {
    horner(x, c, V::splat)
}

/// [`polynomial`] with coefficients of `f32`, for results of few digits.
#[inline(always)]
fn polynomial_of<V: Value>(x: V, c: &[f32]) -> V {
    horner(
        x,
        c,
        #[inline(always)]
        |a| V::constant(f64::from(a)),
    )
}

/// [`polynomial`] with coefficients that `lift` reads.
#[inline(always)]
fn horner<V: Value, C: Copy>(x: V, c: &[C], lift: impl Fn(C) -> V) -> V {
    let Some((&last, rest)) = c.split_last() else { return V::ZEROS };
    let mut sum = lift(last);
    for &a in rest.iter().rev() {
        sum = sum.mul_add(x, lift(a));
    }
    sum
}

/// `(h, l)` with `h + l = x^2 / 2`, where `h` is exact and `l` small.
#[inline(always)]
pub(crate) fn half_square<V: Value>(x: V) -> (V, V) {
    let high = x.upper_half();
    let half = V::constant(0.5);
    ((high * half) * high, (x - high) * ((x + high) * half))
}

/// `(s, e)` with `s` the rounded `a + b` and `s + e` the exact one (D. E. Knuth, The Art of Computer Programming 2, 4.2.2).
#[inline(always)]
pub(crate) fn two_sum<V: Value>(a: V, b: V) -> (V, V) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the mixtures use inside, against the functions that they stand for.
    #[test]
    fn cheap_variants_are_near() {
        for i in 0..4000 {
            let t = f64::from(i) * 0.01;
            let near = |cheap: f64, exact: f64| (cheap - exact).abs() <= 3e-7 * exact.abs();
            assert!(near(mills_rough(t), mills(t)), "M({t})");
            assert!((mills_plain(t) - mills(t)).abs() <= 3.0 * f64::EPSILON * mills(t), "M({t})");
            assert!((mills_plain(t as f32) - mills(t as f32)).abs() <= 3.0 * f32::EPSILON * mills(t as f32), "M({t})");
            assert!((ln_rough(t + 0.1) - ln(t + 0.1)).abs() <= 3e-8, "log({t} + 0.1)");
            let lp = -core::f64::consts::LN_2 - t;
            assert!((quantile_rough(lp) - quantile_log_tail(lp)).abs() <= 3e-7 * Value::max(quantile_log_tail(lp), 1.0), "z({lp})");
        }
        // The same bits, subnormal results included.
        for i in -120_000..=1000 {
            let x = i as f32 * 1e-3;
            assert_eq!(exp_falling(x).to_bits(), exp(x).to_bits(), "e^{x}");
            let x = f64::from(i) * 7e-3;
            assert_eq!(exp_falling(x).to_bits(), exp(x).to_bits(), "e^{x}");
        }
    }
}
