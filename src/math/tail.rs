//! The normal's density and tail for mixtures: without their constants, and monotone to the last bit.

use super::exp::exp_parts;
use super::{half_square, mills, mills_plain, polynomial};
use crate::number::{BRANCHES, Coefficients, Value};

/// `(d, s)` with `d = e^(-t^2/2)` and `s = M(t) d = sqrt(2 pi) (1 - Phi(t))`, for `t >= 0`; both 0 from `DENSITY_END` on.
///
/// `s` never rises: in `f32` for all inputs, fused or not. Past 1 its steps from float to float are larger than its error. Up to 1 they are not; there it is `sqrt(pi/2) - (t - c)`, where `c`
/// is so small that its rounding is less than a step of `t`, and the rest are roundings of monotone differences.
///
/// # Accuracy
/// `s`: 3 epsilons of itself; in f64 proved up to `t = 1` (2.3: `tools/proofs/tail.gappa`) and sampled past it.
#[inline(always)]
pub(crate) fn density_and_tail<V: Value>(t: V) -> (V, V) {
    let end = V::splat(V::Scalar::DENSITY_END);
    if BRANCHES && V::LANES == 1 && end.lane(0) <= t.lane(0) {
        return (V::ZEROS, V::ZEROS);
    }
    let inside = end.min(t);
    let (h, l) = half_square(inside);
    let (n, high, low) = exp_parts(-h, -l);
    let density = t.select_lt(end, (high + low).scale2(n), V::ZEROS);
    let tail = t.choose_lt(
        V::ONE,
        #[inline(always)]
        || {
            let square = t * t;
            let core = (t * square).mul_add(-polynomial(square, V::Scalar::CORE), t);
            V::constant(SQRT_HALF_PI) - core
        },
        // Without its residual the ratio is monotone enough on fused lanes only.
        #[inline(always)]
        || density * if V::FUSED { mills_plain(t) } else { mills(t) },
    );
    (density, tail)
}

/// `sqrt(pi / 2)`.
const SQRT_HALF_PI: f64 = 1.253_314_137_315_500_3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::sf;
    use crate::number::{Fused, Pack, Real};

    const SQRT_TAU: f64 = 2.506_628_274_631_000_5;

    /// Every `by`-th `f32` and the one after it.
    fn falls<V: Value<Scalar = f32>>(by: usize) {
        let mut worst = 0.0f64;
        for first in (0..15f32.to_order()).step_by(by * (V::LANES - 1)) {
            let t = V::from_lanes(|i| f32::from_order(first + i as i64));
            let (_, s) = V::outline(
                #[inline(always)]
                || density_and_tail(t),
            );
            for i in 1..V::LANES {
                assert!(s.lane(i) <= s.lane(i - 1), "the tail rises to {:e} at {:e}", s.lane(i), t.lane(i));
            }
            let truth = SQRT_TAU * sf(f64::from(t.lane(0)));
            if t.lane(0) < 13.0 {
                worst = worst.max((f64::from(s.lane(0)) - truth).abs() / truth);
            }
        }
        std::println!("error {:.2} eps", worst / f64::from(f32::EPSILON));
        assert!(worst < 3.0 * f64::from(f32::EPSILON), "{worst:e}");
    }

    #[test]
    fn never_rises() {
        falls::<Pack<f32, 16>>(1009);
        falls::<Pack<Fused<f32>, 16>>(1009);
    }

    #[test]
    #[ignore = "all f32 inputs, a minute with --release"]
    fn never_rises_for_any_input() {
        falls::<Pack<f32, 16>>(1);
        falls::<Pack<Fused<f32>, 16>>(1);
    }

    /// Runs of neighbours all along the line, as every `f64` cannot be had.
    fn falls_in_f64<V: Value<Scalar = f64>>() {
        let mut worst = 0.0f64;
        for start in 0..20_000 {
            let start = 1e-3 * 1.000_55f64.powi(start);
            let mut last = f64::INFINITY;
            for n in 0..64 {
                let t = f64::from_order(start.to_order() + n);
                let s = density_and_tail(V::splat(t)).1.lane(0);
                assert!(s <= last, "the tail rises to {s:e} at {t:e}");
                last = s;
            }
            if start < 36.9 {
                let truth = SQRT_TAU * sf(start);
                worst = worst.max((density_and_tail(V::splat(start)).1.lane(0) - truth).abs() / truth);
            }
        }
        std::println!("error {:.2} eps", worst / f64::EPSILON);
        assert!(worst < 3.0 * f64::EPSILON, "{worst:e}");
    }

    #[test]
    fn never_rises_in_f64() {
        falls_in_f64::<f64>();
        falls_in_f64::<Fused<f64>>();
    }
}
