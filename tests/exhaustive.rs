//! Every `f32` input of every one-argument function, against the `f64` path.
//!
//! `cargo test --release --test exhaustive -- --ignored --nocapture` takes about a minute a function on one core; a name after `--ignored`
//! picks one, and `SWEEP_STRIDE=17` takes every 17th block of 16 inputs (the count of steps back is then of that sample).
//!
//! Lanes do the sweep: `tests/ulp.rs` shows that they have the bits of the scalar functions. The `f64` path is off by less than `2^-26` of an
//! `f32` unit in the last place (`tests/ulp.rs` again). The bounds are those of its table.

use gaussflow::{Fused, Pack, Real, Value, math};

const LANES: usize = 16;
type Wide = Pack<f64, LANES>;

/// How the distance of `f(x)` from the truth is counted.
#[derive(Clone, Copy)]
enum Unit {
    /// In units in the last place of the truth.
    Ulp,
    /// In `EPSILON * max(1, |truth|)`.
    Eps,
}

/// The unit in the last place of the `f32` numbers at `y`, subnormals included.
fn ulp(y: f64) -> f64 {
    let exponent = ((y.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    f64::from_bits(((exponent.max(-126) - 23 + 1023) as u64) << 52)
}

fn distance(y: f32, truth: f64, unit: Unit) -> f64 {
    let limit = truth as f32;
    if y.is_nan() != truth.is_nan() || y.is_infinite() != limit.is_infinite() {
        // At the edge of overflow the neighbours are MAX and infinity.
        let step = (y.abs() == f32::MAX && limit.is_infinite()) || (limit.abs() == f32::MAX && y.is_infinite());
        return if step && y.is_sign_positive() == (limit > 0.0) { 1.0 } else { f64::INFINITY };
    }
    if y.is_nan() || y.is_infinite() {
        return if y.is_nan() || y == limit { 0.0 } else { f64::INFINITY };
    }
    let scale = match unit {
        Unit::Ulp => ulp(truth),
        Unit::Eps => f64::from(f32::EPSILON) * truth.abs().max(1.0),
    };
    (f64::from(y) - truth).abs() / scale
}

/// Sweeps the inputs from `lo` to `hi` and returns the largest error and the count of steps against `direction`.
fn sweep<L: Value<Scalar = f32, Lane = L>>(
    name: &str,
    narrow: impl Fn(Pack<L, LANES>) -> Pack<L, LANES>,
    wide: impl Fn(Wide) -> Wide,
    (lo, hi): (f32, f32),
    unit: Unit,
    direction: f32,
) -> (f64, u64) {
    let (mut worst, mut at, mut against, mut deepest) = (0.0f64, 0.0f32, 0u64, 0.0f64);
    let mut last = f32::NAN;
    let (first, end) = (lo.to_order(), hi.to_order());
    let stride: i64 = std::env::var("SWEEP_STRIDE").map_or(1, |s| s.parse().expect("a whole number"));
    let mut rank = first;
    while rank <= end {
        let x = Pack::from_lanes(|i| f32::from_order((rank + i as i64).min(end)));
        let y = narrow(x);
        let truth = wide(Wide::from_lanes(|i| f64::from(x.lane(i))));
        for i in 0..LANES {
            let y = y.lane(i);
            let error = distance(y, truth.0[i], unit);
            if error > worst {
                (worst, at) = (error, x.lane(i));
            }
            let back = (last - y) * direction;
            if back > 0.0 {
                against += 1;
                deepest = deepest.max(f64::from(back) / ulp(truth.0[i]));
            }
            last = y;
        }
        rank += LANES as i64 * stride;
    }
    println!("{name}: {worst:.3} at {at:e} of {} inputs; steps back {against}, deepest {deepest:.2} ulp", end - first + 1);
    (worst, against)
}

/// `name: domain, unit, direction => bounds on the error, unfused and fused`.
macro_rules! exhaustive {
    ($($name:ident: $domain:expr, $unit:ident, $direction:literal => $bound:literal, $fused_bound:literal;)+) => {
        mod scalar {
            use super::*;
            $(
                #[test]
                #[ignore = "sweeps all f32 inputs"]
                fn $name() {
                    let name = stringify!($name);
                    let (worst, _) = sweep::<f32>(name, math::$name, math::$name, $domain, Unit::$unit, $direction);
                    hold(worst, $bound);
                }
            )+
        }

        /// Fast where the compiler may use the instruction: `RUSTFLAGS="-C target-cpu=x86-64-v3"` and `--features std`.
        mod fused {
            use super::*;
            $(
                #[test]
                #[ignore = "sweeps all f32 inputs"]
                fn $name() {
                    let name = concat!("fused ", stringify!($name));
                    let (worst, _) = sweep::<Fused<f32>>(name, math::$name, math::$name, $domain, Unit::$unit, $direction);
                    hold(worst, $fused_bound);
                }
            )+
        }
    };
}

fn hold(worst: f64, bound: f64) {
    assert!(worst <= bound, "{worst} exceeds the bound {bound}");
    assert!(worst >= bound / 2.0, "{worst} is less than half of the bound {bound}");
}

const ALL: (f32, f32) = (f32::NEG_INFINITY, f32::INFINITY);

exhaustive! {
    exp: ALL, Ulp, 1.0 => 1.0, 1.0;
    expm1: ALL, Ulp, 1.0 => 1.2, 1.2;
    ln: ALL, Ulp, 1.0 => 1.0, 1.0;
    ln_1p: ALL, Ulp, 1.0 => 1.0, 1.0;
    tanh: ALL, Ulp, 1.0 => 1.5, 1.5;
    sigmoid: ALL, Ulp, 1.0 => 2.5, 2.5;
    softplus: ALL, Ulp, 1.0 => 1.7, 1.7;
    mills: (0.0, f32::INFINITY), Ulp, -1.0 => 1.2, 1.2;
    log_pdf: ALL, Ulp, 0.0 => 1.2, 1.2;
    pdf: ALL, Ulp, 0.0 => 1.6, 1.2;
    cdf: ALL, Ulp, 1.0 => 1.3, 1.3;
    log_cdf: ALL, Ulp, 1.0 => 1.5, 1.5;
    quantile_log_tail: (f32::NEG_INFINITY, -core::f32::consts::LN_2), Eps, -1.0 => 2.0, 2.0;
    quantile_log_cdf: ALL, Eps, 1.0 => 2.8, 2.8;
    quantile: ALL, Eps, 1.0 => 2.5, 2.5;
}
