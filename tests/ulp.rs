//! How far every function of `math` is from the truth: one table, a row per function.
//!
//! In `f64` the truth is `tests/data/math/*.bin`, made by `tools/truth.py` with 60 digits; the `golden_` files come from an independent
//! table of the normal distribution. In `f32` the truth is the `f64` function at the `f32` input, which the first part of this test has just
//! shown to be right to `2^-26` of an `f32` unit. `tests/exhaustive.rs` takes every `f32`; here an even sample has to do.

#[path = "common/ulp.rs"]
mod units;

use gaussflow::{Fused, Pack, Real, Value};
use units::{Unit, ulp};

/// The functions, those of the upper tail reflected: they share the truth of the lower one.
mod math {
    use gaussflow::Value;
    pub use gaussflow::math::*;

    pub fn sf<V: Value>(x: V) -> V {
        gaussflow::math::sf(-x)
    }

    pub fn log_sf<V: Value>(x: V) -> V {
        gaussflow::math::log_sf(-x)
    }
}

type Function<T> = fn(T) -> T;
type Lanes<L, const N: usize> = Function<Pack<L, N>>;

struct Row {
    name: &'static str,
    unit: Unit,
    /// True values, `golden_` ones last.
    data: &'static [&'static [u8]],
    /// The `f32` inputs to sample.
    domain: (f32, f32),
    narrow: (Function<f32>, f64),
    narrow_fused: (Function<Fused<f32>>, f64),
    wide: (Function<f64>, f64),
    wide_fused: (Function<Fused<f64>>, f64),
    /// Several lanes, whose bits must be those of one.
    narrow_lanes: Lanes<f32, 16>,
    narrow_fused_lanes: Lanes<Fused<f32>, 16>,
    wide_lanes: Lanes<f64, 8>,
    wide_fused_lanes: Lanes<Fused<f64>, 8>,
}

macro_rules! data {
    ($file:literal) => {
        include_bytes!(concat!("data/math/", $file, ".bin"))
    };
}

macro_rules! rows {
    ($($name:ident, $unit:ident, [$($file:literal),+], $domain:expr, $f32:literal, $f32_fused:literal, $f64:literal, $f64_fused:literal;)+) => {
        &[$(Row {
            name: stringify!($name),
            unit: Unit::$unit,
            data: &[$(data!($file)),+],
            domain: $domain,
            narrow: (math::$name, $f32),
            narrow_fused: (math::$name, $f32_fused),
            wide: (math::$name, $f64),
            wide_fused: (math::$name, $f64_fused),
            narrow_lanes: math::$name,
            narrow_fused_lanes: math::$name,
            wide_lanes: math::$name,
            wide_fused_lanes: math::$name,
        }),+]
    };
}

const ALL: (f32, f32) = (f32::NEG_INFINITY, f32::INFINITY);
const LN_HALF: f32 = -core::f32::consts::LN_2;

// Largest error allowed: f32, f32 fused, f64, f64 fused. No bound may be above twice what is observed.
#[rustfmt::skip]
const TABLE: &[Row] = rows![
    exp,               Ulp, ["exp"],                     ALL,                    1.0, 1.0, 1.0, 1.0;
    expm1,             Ulp, ["expm1"],                   ALL,                    1.2, 1.2, 1.2, 1.2;
    ln,                Ulp, ["ln"],                      ALL,                    1.0, 1.0, 1.0, 1.0;
    ln_1p,             Ulp, ["ln_1p"],                   ALL,                    1.0, 1.0, 1.0, 1.0;
    tanh,              Ulp, ["tanh"],                    ALL,                    1.5, 1.5, 1.5, 1.5;
    sigmoid,           Ulp, ["sigmoid"],                 ALL,                    2.5, 2.5, 2.5, 2.5;
    softplus,          Ulp, ["softplus"],                ALL,                    1.7, 1.7, 1.7, 1.7;
    mills,             Ulp, ["mills", "golden_mills"],   (0.0, f32::INFINITY),   1.2, 1.2, 1.5, 1.5;
    log_pdf,           Ulp, ["log_pdf"],                 ALL,                    1.2, 1.2, 1.2, 1.2;
    pdf,               Ulp, ["pdf"],                     ALL,                    1.6, 1.2, 1.6, 1.2;
    cdf,               Ulp, ["cdf", "golden_cdf"],       ALL,                    1.3, 1.3, 1.5, 1.5;
    sf,                Ulp, ["cdf", "golden_cdf"],       ALL,                    1.3, 1.3, 1.5, 1.5;
    log_cdf,           Ulp, ["log_cdf", "golden_log_cdf"], ALL,                  1.5, 1.5, 1.5, 1.5;
    log_sf,            Ulp, ["log_cdf", "golden_log_cdf"], ALL,                  1.5, 1.5, 1.5, 1.5;
    quantile_log_tail, Eps, ["quantile_log_tail"],       (f32::NEG_INFINITY, LN_HALF), 2.0, 2.0, 2.0, 2.0;
    quantile_log_sf,   Eps, ["quantile_log_sf"],         ALL,                    2.8, 2.8, 2.8, 2.8;
    quantile_log_cdf,  Eps, ["golden_quantile_log_cdf"], ALL,                    2.8, 2.8, 1.9, 1.9;
    quantile,          Eps, ["quantile"],                ALL,                    2.5, 2.5, 2.5, 2.5;
];

/// `(x, high, low)`: the function of `x` is `high + low`.
fn truths(data: &[u8]) -> impl Iterator<Item = [f64; 3]> + '_ {
    let number = |b: &[u8]| f64::from_le_bytes(b.try_into().expect("eight bytes"));
    data.chunks_exact(24).map(move |row| [number(&row[..8]), number(&row[8..16]), number(&row[16..])])
}

/// NaN, sign and infinity first, then the distance of `y` from `high + low`.
fn distance(y: f64, [high, low]: [f64; 2], max: f64, scale: f64) -> f64 {
    if y.is_nan() || high.is_nan() {
        return if y.is_nan() && high.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if y.is_infinite() || high.abs() > max {
        // Past the largest number the nearest are it and infinity.
        let agree = y == high || (y.abs() >= max && high.abs() >= max && (y > 0.0) == (high > 0.0));
        return if agree { 0.0 } else { f64::INFINITY };
    }
    if y != 0.0 && high != 0.0 && y.is_sign_negative() != high.is_sign_negative() && (y - high).abs() > scale {
        return f64::INFINITY;
    }
    ((y - high) - low).abs() / scale
}

/// The largest error over `points`, and where.
fn worst(points: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    points.fold((0.0, f64::NAN), |worst, point| if point.0 > worst.0 { point } else { worst })
}

fn wide(row: &Row, f: impl Fn(f64) -> f64) -> (f64, f64) {
    worst(row.data.iter().flat_map(|data| truths(data)).map(|[x, high, low]| {
        let scale = match row.unit {
            Unit::Ulp => ulp(high, 53, -1022),
            Unit::Eps => f64::EPSILON * high.abs().max(1.0),
        };
        (distance(f(x), [high, low], f64::MAX, scale), x)
    }))
}

/// An even sample of the `f32` numbers in the domain, its ends and their neighbours included.
fn sample(row: &Row) -> impl Iterator<Item = f32> + use<> {
    // Odd, so that all residues of the significand come up.
    const STRIDE: i64 = 60_013;
    let (lo, hi) = (row.domain.0.to_order(), row.domain.1.to_order());
    let ends = [lo, lo + 1, lo + 2, hi - 2, hi - 1, hi, -3, -2, -1, 0, 1, 2];
    let even = (0..).map(move |k| lo + k * STRIDE).take_while(move |&rank| rank <= hi);
    ends.into_iter().filter(move |&rank| lo <= rank && rank <= hi).chain(even).map(f32::from_order)
}

fn narrow(row: &Row, f: impl Fn(f32) -> f32) -> (f64, f64) {
    worst(sample(row).map(|x| {
        let truth = row.wide.0(f64::from(x));
        let scale = match row.unit {
            Unit::Ulp => ulp(truth, 24, -126),
            Unit::Eps => f64::from(f32::EPSILON) * truth.abs().max(1.0),
        };
        (distance(f64::from(f(x)), [truth, 0.0], f64::from(f32::MAX), scale), f64::from(x))
    }))
}

#[test]
fn errors_stay_within_bounds() {
    let mut wrong = 0;
    for row in TABLE {
        let columns = [
            ("f64", wide(row, row.wide.0), row.wide.1),
            ("f64 fused", wide(row, |x| row.wide_fused.0(Fused(x)).0), row.wide_fused.1),
            ("f32", narrow(row, row.narrow.0), row.narrow.1),
            ("f32 fused", narrow(row, |x| row.narrow_fused.0(Fused(x)).0), row.narrow_fused.1),
        ];
        for (kind, (error, x), bound) in columns {
            let verdict = if !(error <= bound) {
                "EXCEEDS"
            } else if error < bound / 2.0 {
                "LOOSE"
            } else {
                "within"
            };
            wrong += usize::from(verdict != "within");
            println!("{:18} {kind:9} {error:.3} at {x:e} {verdict} {bound} {:?}", row.name, row.unit);
        }
    }
    assert!(wrong == 0, "{wrong} entries: see EXCEEDS and LOOSE in the output");
}

#[test]
fn lanes_have_the_bits_of_one() {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    for row in TABLE {
        let xs: Vec<f32> = sample(row).step_by(7).collect();
        for chunk in xs.chunks(16) {
            let x = |i: usize| chunk[i.min(chunk.len() - 1)];
            let wide_x = |i: usize| f64::from(x(i));
            let (a, b) = ((row.narrow_lanes)(Pack::from_lanes(x)), (row.narrow_fused_lanes)(Pack::from_lanes(x)));
            let (c, d) = ((row.wide_lanes)(Pack::from_lanes(wide_x)), (row.wide_fused_lanes)(Pack::from_lanes(wide_x)));
            for i in 0..16 {
                assert!(same(a.lane(i).into(), row.narrow.0(x(i)).into()), "{} f32 at {:e}", row.name, x(i));
                assert!(same(b.lane(i).into(), row.narrow_fused.0(Fused(x(i))).0.into()), "{} fused f32 at {:e}", row.name, x(i));
            }
            for i in 0..8 {
                assert!(same(c.lane(i), row.wide.0(wide_x(i))), "{} f64 at {:e}", row.name, x(i));
                assert!(same(d.lane(i), row.wide_fused.0(Fused(wide_x(i))).0), "{} fused f64 at {:e}", row.name, x(i));
            }
        }
    }
}

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
const TWO_100: f64 = (1u128 << 100) as f64;

/// `(function, input, output)` where the output is known to the bit, in both types.
const EXACT: &[(&str, &[(f64, f64)])] = &[
    ("exp", &[(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (-1e5, 0.0), (1e5, INF)]),
    ("expm1", &[(-INF, -1.0), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (-1e5, -1.0), (1e5, INF)]),
    ("ln", &[(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-1e-30, NAN), (-1.0, NAN), (-INF, NAN)]),
    ("ln_1p", &[(-1.0, -INF), (0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1.5, NAN), (-INF, NAN)]),
    ("tanh", &[(-INF, -1.0), (INF, 1.0), (0.0, 0.0), (-0.0, -0.0), (40.0, 1.0)]),
    ("sigmoid", &[(-INF, 0.0), (INF, 1.0), (0.0, 0.5), (-0.0, 0.5)]),
    ("softplus", &[(-INF, 0.0), (INF, INF), (1e5, 1e5)]),
    ("mills", &[(INF, 0.0), (TWO_100, 1.0 / TWO_100)]),
    ("log_pdf", &[(-INF, -INF), (INF, -INF)]),
    ("pdf", &[(-INF, 0.0), (INF, 0.0), (1e5, 0.0)]),
    ("cdf", &[(-INF, 0.0), (INF, 1.0), (0.0, 0.5), (-0.0, 0.5), (-1e5, 0.0)]),
    ("sf", &[(-INF, 0.0), (INF, 1.0), (0.0, 0.5), (-0.0, 0.5), (-1e5, 0.0)]),
    ("log_cdf", &[(-INF, -INF), (INF, -0.0), (1e5, -0.0)]),
    ("log_sf", &[(-INF, -INF), (INF, -0.0), (1e5, -0.0)]),
    ("quantile_log_tail", &[(-INF, INF)]),
    ("quantile_log_sf", &[(-INF, INF), (0.0, -INF), (-0.0, -INF), (0.5, NAN), (INF, NAN)]),
    ("quantile_log_cdf", &[(-INF, -INF), (0.0, INF), (-0.0, INF), (0.5, NAN), (INF, NAN)]),
    ("quantile", &[(0.0, -INF), (-0.0, -INF), (1.0, INF), (-0.1, NAN), (1.1, NAN), (-INF, NAN), (INF, NAN)]),
];

#[test]
fn edges_are_exact() {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    for row in TABLE {
        let (_, edges) = EXACT.iter().find(|(name, _)| *name == row.name).expect("every function has edges");
        for &(x, y) in *edges {
            let narrow = x as f32;
            let limit = f64::from(y as f32);
            assert!(same(row.wide.0(x), y), "{}({x}) = {} in f64", row.name, row.wide.0(x));
            assert!(same(row.wide_fused.0(Fused(x)).0, y), "{}({x}) in fused f64", row.name);
            assert!(same(row.narrow.0(narrow).into(), limit), "{}({x}) = {} in f32", row.name, row.narrow.0(narrow));
            assert!(same(row.narrow_fused.0(Fused(narrow)).0.into(), limit), "{}({x}) in fused f32", row.name);
        }
        // Quiet and signalling, both signs, payloads in the high and in the low bits.
        for bits in [0x7fc0_0000u32, 0xffc0_0000, 0x7f80_0001, 0xff80_0001, 0x7fff_ffff, 0x7fc0_1234] {
            assert!(row.narrow.0(f32::from_bits(bits)).is_nan(), "{} of f32 NaN {bits:x}", row.name);
            assert!(row.narrow_fused.0(Fused(f32::from_bits(bits))).0.is_nan(), "{} of fused f32 NaN {bits:x}", row.name);
            let wide = f64::from_bits((u64::from(bits) << 32) | 0x7ff0_0000_0000_0001);
            assert!(row.wide.0(wide).is_nan(), "{} of f64 NaN {:x}", row.name, wide.to_bits());
            assert!(row.wide_fused.0(Fused(wide)).0.is_nan(), "{} of fused f64 NaN {:x}", row.name, wide.to_bits());
        }
    }
}

#[test]
fn log_sum_exp_shifts_by_the_largest() {
    let f = |v: &[f64]| math::log_sum_exp(v);
    assert_eq!(f(&[]), -INF);
    assert_eq!(f(&[-INF, -INF]), -INF);
    assert_eq!(f(&[-INF, 3.5]), 3.5);
    assert_eq!(f(&[INF, 0.0]), INF);
    assert!(f(&[NAN, 0.0]).is_nan() && f(&[0.0, NAN]).is_nan() && f(&[-INF, NAN]).is_nan());
    // Three equal terms: log(3) above the term, wherever it lies. One rounding of the logarithm, one of its sum with the term.
    let log_3 = 1.098_612_288_668_109_8;
    for x in [-1e300, -2000.0, -1.0, 0.0, 700.0, 1e300] {
        let expected = x + log_3;
        assert!((f(&[x; 3]) - expected).abs() <= ulp(log_3, 53, -1022) + ulp(expected, 53, -1022), "at {x}");
    }
    let lanes = [Pack([0.0f32, -INF as f32, 5.0, 1e30]), Pack([1.0, -INF as f32, -5.0, -1e30])];
    let sums = math::log_sum_exp(&lanes);
    for i in 0..4 {
        assert_eq!(sums.0[i].to_bits(), math::log_sum_exp(&[lanes[0].0[i], lanes[1].0[i]]).to_bits());
    }
}
