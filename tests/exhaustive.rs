//! Every `f32` input of every one-argument function, against the `f64` path, and of the maps of eight mixtures.
//!
//! `cargo test --release --test exhaustive -- --ignored --nocapture` takes about a minute a function on one core and one to five a mixture, but an hour for the comb of 64
//! components; a name after `--ignored` picks one, and `SWEEP_STRIDE=17` takes every 17th block of 16 inputs (the count of steps back is then of that sample).
//!
//! Lanes do the sweep: `tests/ulp.rs` shows that they have the bits of the scalar functions. The `f64` path is off by less than `2^-26` of an
//! `f32` unit in the last place (`tests/ulp.rs` again). The bounds are those of its table.

#[path = "common/ulp.rs"]
mod units;

use gaussflow::{Fused, Pack, Real, Value, math};
use units::Unit;

const LANES: usize = 16;
type Wide = Pack<f64, LANES>;

/// The unit in the last place of the `f32` numbers at `y`.
fn ulp(y: f64) -> f64 {
    units::ulp(y, 24, -126)
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

/// Every this many blocks of inputs are taken.
fn stride() -> i64 {
    std::env::var("SWEEP_STRIDE").map_or(1, |s| s.parse().expect("a whole number"))
}

/// Sweeps the inputs from `lo` to `hi` and returns the largest error and the count of steps against `direction`.
fn sweep<V: Value<Scalar = f32>>(
    name: &str,
    narrow: impl Fn(V) -> V,
    wide: impl Fn(Wide) -> Wide,
    (lo, hi): (f32, f32),
    unit: Unit,
    direction: f32,
) -> (f64, u64) {
    let (mut worst, mut at, mut against, mut deepest) = (0.0f64, 0.0f32, 0u64, 0.0f64);
    let mut last = f32::NAN;
    let (first, end) = (lo.to_order(), hi.to_order());
    let stride = stride();
    let mut rank = first;
    while rank <= end {
        let x = V::from_lanes(|i| f32::from_order((rank + i as i64).min(end)));
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

/// `name: domain, unit, direction => bounds on the error, unfused and fused; ordered`, if it never steps against the direction.
macro_rules! exhaustive {
    ($($name:ident: $domain:expr, $unit:ident, $direction:literal => $bound:literal, $fused_bound:literal $(, $ordered:ident)?;)+) => {
        mod scalar {
            use super::*;
            $(
                #[test]
                #[ignore = "sweeps all f32 inputs"]
                fn $name() {
                    let name = stringify!($name);
                    let (worst, _against) = sweep::<Pack<f32, LANES>>(name, math::$name, math::$name, $domain, Unit::$unit, $direction);
                    hold(worst, $bound);
                    $(assert_eq!(_against, 0, "{name} is {}", stringify!($ordered));)?
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
                    let (worst, _against) = sweep::<Pack<Fused<f32>, LANES>>(name, math::$name, math::$name, $domain, Unit::$unit, $direction);
                    hold(worst, $fused_bound);
                    $(assert_eq!(_against, 0, "{name} is {}", stringify!($ordered));)?
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
    exp: ALL, Ulp, 1.0 => 1.0, 1.0, ordered;
    expm1: ALL, Ulp, 1.0 => 1.2, 1.2;
    ln: ALL, Ulp, 1.0 => 1.0, 1.0, ordered;
    ln_1p: ALL, Ulp, 1.0 => 1.0, 1.0, ordered;
    tanh: ALL, Ulp, 1.0 => 1.5, 1.5, ordered;
    sigmoid: ALL, Ulp, 1.0 => 2.5, 2.5;
    softplus: ALL, Ulp, 1.0 => 1.7, 1.7;
    mills: (0.0, f32::INFINITY), Ulp, -1.0 => 1.2, 1.2;
    log_pdf: ALL, Ulp, 0.0 => 1.2, 1.2;
    pdf: ALL, Ulp, 0.0 => 1.6, 1.2;
    cdf: ALL, Ulp, 1.0 => 1.3, 1.3;
    sf: ALL, Ulp, -1.0 => 1.3, 1.3;
    log_cdf: ALL, Ulp, 1.0 => 1.5, 1.5;
    log_sf: ALL, Ulp, -1.0 => 1.5, 1.5;
    quantile_log_tail: (f32::NEG_INFINITY, -core::f32::consts::LN_2), Eps, -1.0 => 2.0, 2.0, ordered;
    quantile_log_sf: ALL, Eps, -1.0 => 2.8, 2.8, ordered;
    quantile_log_cdf: ALL, Eps, 1.0 => 2.8, 2.8, ordered;
    quantile: ALL, Eps, 1.0 => 2.5, 2.5, ordered;
}

/// Every finite `f32` through the map of a mixture and every 251st back, and the inverse of every `z` that it tells apart, on unfused and on fused lanes.
mod mixture {
    use std::time::Instant;

    use gaussflow::Mixture;

    use super::*;

    /// Every this many inputs are inverted, which costs about five times the forward map.
    const INVERSE_STRIDE: i64 = 251;

    /// `EPSILON * max(1, |z|)`.
    fn unit(z: f32) -> f64 {
        f64::from(f32::EPSILON * z.abs().max(1.0))
    }

    /// The map and its inverse, in the machine's vector instructions.
    fn forward<V: Value, const K: usize>(mixture: &Mixture<V, K>, x: V) -> (V, V) {
        V::outline_elementwise(
            #[inline(always)]
            || mixture.forward_and_log_det(x),
        )
    }

    /// Sixteen of the finite inputs from the rank `first`, `stride` apart; the last one repeats.
    fn inputs<V: Value<Scalar = f32>>(first: i64, stride: i64) -> V {
        V::from_lanes(|i| f32::from_order((first + i as i64 * stride).min(f32::MAX.to_order())))
    }

    /// The next float of each lane.
    fn next<V: Value<Scalar = f32>>(x: V) -> V {
        V::from_lanes(|i| f32::from_order(x.lane(i).to_order() + 1))
    }

    /// Counts the `y` that are below one before them.
    struct Falls {
        top: f32,
        count: u64,
        at: f32,
    }

    impl Falls {
        fn none() -> Self {
            Falls { top: f32::NEG_INFINITY, count: 0, at: f32::NAN }
        }

        fn add<V: Value<Scalar = f32>>(&mut self, x: V, y: V) {
            for i in 0..LANES {
                if y.lane(i) < self.top {
                    (self.count, self.at) = (self.count + 1, x.lane(i));
                }
                self.top = self.top.max(y.lane(i));
            }
        }
    }

    /// Where `z` falls as `x` grows.
    fn falls_of_z<V: Value<Scalar = f32>, const K: usize>(mixture: &Mixture<V, K>) -> Falls {
        let (mut first, stride) = (f32::MIN.to_order(), stride());
        let mut falls = Falls::none();
        while first <= f32::MAX.to_order() {
            let x = inputs(first, 1);
            let (z, log_det) = forward(mixture, x);
            assert!(!z.any(|z| !z.is_finite()) && !log_det.any(|l| !l.is_finite()), "{z:?}, {log_det:?} at {x:?}");
            falls.add(x, z);
            first += LANES as i64 * stride;
        }
        falls
    }

    /// Where the inverse's `x` falls as `z` grows, and how far `z(x)` is off where `z` does not pass between `x` and the next float: at every point of the grid that `z` is
    /// rounded to, out to where it is held.
    fn falls_of_x<V: Value<Scalar = f32>, const K: usize>(mixture: &Mixture<V, K>) -> (Falls, f64) {
        let step = 8.0 * f32::EPSILON;
        // Every eighth float from 1 to 2^50, each multiple of 8 epsilons below.
        let (outer, inner) = ((2f32.powi(50).to_order() - 1f32.to_order()) / 8, 1.0 / step);
        let point = |n: i64| {
            let size = n.abs() as f32 - inner;
            let z = if size < 0.0 { n.abs() as f32 * step } else { f32::from_order(1f32.to_order() + 8 * (n.abs() - inner as i64)) };
            if n < 0 { -z } else { z }
        };
        let end = outer + inner as i64;
        let (mut first, stride) = (-end, stride());
        let (mut falls, mut worst) = (Falls::none(), 0.0f64);
        while first <= end {
            let z = V::from_lanes(|i| point((first + i as i64).min(end)));
            let (x, _) = mixture.inverse_and_log_det(z);
            falls.add(z, x);
            let (here, above) = (forward(mixture, x).0, forward(mixture, next(x)).0);
            for i in 0..LANES {
                let (z, here, above) = (z.lane(i), here.lane(i), above.lane(i));
                if !(here <= z && z < above) {
                    worst = f64::max(worst, f64::from((here - z).abs()) / unit(z));
                }
            }
            first += LANES as i64 * stride;
        }
        (falls, worst)
    }

    /// How far `z` is off at the inverse's `x`, where that is more than two floats from one that gave `z` and from where `z` passes it.
    fn round_trip<const K: usize>(single: &Mixture<f32, K>, mixture: &Mixture<Pack<f32, LANES>, K>) -> (f64, f32) {
        let (mut worst, mut at) = (0.0, 0.0);
        let (mut first, stride) = (f32::MIN.to_order(), stride());
        while first <= f32::MAX.to_order() {
            let x = inputs(first, INVERSE_STRIDE);
            let (z, _) = forward(mixture, x);
            let (back, inverse_log_det) = mixture.inverse_and_log_det(z);
            let (again, log_det) = forward(mixture, back);
            for i in 0..LANES {
                let (z, again, back) = (z.lane(i), again.lane(i), back.lane(i));
                assert!(back.is_finite() && log_det.lane(i) == -inverse_log_det.lane(i), "{z:e} comes from {back:e}, {inverse_log_det:?}");
                let error = f64::from((z - again).abs()) / unit(z);
                if error > worst && back.to_order().abs_diff(x.lane(i).to_order()) > 2 {
                    let across = f32::from_order(back.to_order() + if again < z { 2 } else { -2 });
                    if (single.forward_and_log_det(across).0 < z) == (again < z) {
                        (worst, at) = (error, x.lane(i));
                    }
                }
            }
            // The lanes have the bits of single samples.
            assert_eq!(single.forward_and_log_det(x.lane(0)), (z.lane(0), forward(mixture, x).1.lane(0)));
            assert_eq!(single.inverse_and_log_det(z.lane(0)), (back.lane(0), inverse_log_det.lane(0)));
            first += LANES as i64 * INVERSE_STRIDE * stride;
        }
        (worst, at)
    }

    /// Bisection finds the largest `x` with `z(x) <= z`: for sixteen neighbours at every 20,011th place.
    fn bisection_is_exact<V: Value<Scalar = f32>, const K: usize>(mixture: &Mixture<V, K>) {
        // Beyond it is held.
        let limit = 2f32.powi(50);
        for first in (-limit.to_order()..limit.to_order()).step_by(20_011 * LANES) {
            let z: V = inputs(first, 1);
            let (x, _) = mixture.bisect_and_log_det(z);
            let (here, _) = forward(mixture, x);
            let (above, _) = forward(mixture, next(x));
            for i in 0..LANES {
                let (z, x) = (z.lane(i), x.lane(i));
                assert!(here.lane(i) <= z && z < above.lane(i), "{x:e} is not the largest below z = {z:e}");
            }
        }
    }

    fn wide<V: Value<Scalar = f32>, const K: usize>([logits, means, log_scales]: [[f32; K]; 3]) -> Mixture<V, K> {
        Mixture::from_raw(&logits.map(V::splat), &means.map(V::splat), &log_scales.map(V::splat))
    }

    /// Neither `z` nor `x` ever falls, and every inverse is within [`tolerance`](gaussflow::root::tolerance).
    fn check_order<V: Value<Scalar = f32>, const K: usize>(name: &str, mixture: &Mixture<V, K>) {
        let start = Instant::now();
        let of_z = falls_of_z(mixture);
        println!("{name}: z falls {} times, last at {:e}; {:.0?}", of_z.count, of_z.at, start.elapsed());
        let (of_x, residual) = falls_of_x(mixture);
        println!("{name}: x falls {} times, last at z = {:e}; its z is within {residual:.2}; {:.0?}", of_x.count, of_x.at, start.elapsed());
        bisection_is_exact(mixture);
        println!("{name}: bisection is exact; {:.0?}", start.elapsed());
        assert_eq!(of_z.count + of_x.count, 0);
        assert!(residual <= 3.97, "{residual}");
    }

    fn check<const K: usize>(name: &str, parameters: [[f32; K]; 3]) {
        let [logits, means, log_scales] = parameters;
        let single = Mixture::new(&logits, &means, &log_scales).expect("finite parameters");
        let start = Instant::now();
        let (error, at) = round_trip(&single, &wide(parameters));
        println!("{name}: z comes back within {error:.3}, at {at:e}; {:.0?}", start.elapsed());
        check_order::<Pack<f32, LANES>, K>(name, &wide(parameters));
        hold(error, 8.0);
    }

    /// `name: logits, means, log-scales`.
    macro_rules! mixtures {
        ($($(#[$doc:meta])* $name:ident: $logits:expr, $means:expr, $log_scales:expr;)+) => {
            mod scalar {
                use super::*;
                $(
                    $(#[$doc])*
                    #[test]
                    #[ignore = "sweeps all f32 inputs"]
                    fn $name() {
                        check(stringify!($name), [$logits, $means, $log_scales]);
                    }
                )+
            }

            mod fused {
                use super::*;
                $(
                    #[test]
                    #[ignore = "sweeps all f32 inputs"]
                    fn $name() {
                        check_order::<Pack<Fused<f32>, LANES>, _>(concat!("fused ", stringify!($name)), &wide([$logits, $means, $log_scales]));
                    }
                )+
            }
        };
    }

    /// `from`, `from + step`, ..
    fn range<const K: usize>(from: f32, step: f32) -> [f32; K] {
        std::array::from_fn(|k| from + step * k as f32)
    }

    mixtures! {
        /// An affine map.
        one: [0.0], [0.3], [0.7];
        /// The identity.
        equal: [0.0; 8], [0.0; 8], [0.0; 8];
        everyday: [0.3, -1.2, 0.8, 0.1, -0.4], [-2.1, -0.3, 0.4, 1.7, 3.2], [-0.5, 0.2, -1.1, 0.4, -0.2];
        /// Narrow components far apart, a plateau between them.
        gap: [0.0, 1.0], [-10.0, 12.0], [-3.0, -3.0];
        /// Each component seen only far out in the tail of the one before.
        logits_apart: [0.0, -40.0, -300.0, -2000.0], [0.0, 3.0, -9.0, 40.0], [0.0, 0.5, -1.0, 2.0];
        /// A needle on a broad hill.
        needle: [0.0, -2.0, 1.0], [0.0, 0.7, -1.5], [3.0, -3.0, 0.5];
        /// A comb of needles.
        comb: range::<64>(-1.0, 0.03), range::<64>(-32.0, 1.0), [-3.0; 64];
        /// Up to the ends of the domain; the second component is narrower than a float.
        wild: [1e4, 9999.0, 1e4, -1e30], [-1e18, 1e-3, 3e17, 3e37], [40.0, -40.0, 39.0, 7.0];
    }
}
