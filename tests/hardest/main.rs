//! The mixture where it is hardest: bounds that a search tried to break.
//!
//! ```text
//! MINUTES=60 cargo test --release --test hardest -- --ignored --nocapture   # tells the largest errors and writes their cases
//! ```
//!
//! The search climbs over parameters and points; what it has met stands in `tests/hardest/f32.txt` and `f64.txt`, from which it goes on. The tests hold the bounds of `docs/numerics.md` on
//! those cases: a search that finds more than a bound makes them fail.

mod double;
mod errors;
mod search;
#[path = "../common/tensors.rs"]
mod tensors;
mod truth;

use std::time::{Duration, Instant};
use std::{env, fs};

use errors::{Case, PROPERTIES};
use gaussflow::{Mixture, Real};
use search::Search;

/// The bounds of `f64` and of `f32`, in the order of [`PROPERTIES`] and in their units: what the search found, and about a half more. Evaluations have the one that the loop has.
const BOUNDS: [[f64; 2]; 15] = [
    [7.5, 7.0],
    [7.5, 8.5],
    [5.0, 6.0],
    [6.0, 5.5],
    [7.0, 6.0],
    [2.6, 2.6],
    [1.8, 1.8],
    [1.9, 1.9],
    [1.8, 1.4],
    [3.5, 2.8],
    [2.2, 1.4],
    [2.8, 2.4],
    [3.5, 2.9],
    [8.0, 8.0],
    [Mixture::<f64, 1>::MAX_EVALUATIONS as f64, Mixture::<f32, 1>::MAX_EVALUATIONS as f64],
];

fn path(bits: u32) -> String {
    format!("{}/tests/hardest/f{bits}.txt", env!("CARGO_MANIFEST_DIR"))
}

/// Cases as lines of numbers: logits, means, log-scales and the point. Shortest decimals give the same floats back.
fn read(bits: u32) -> Vec<Case> {
    let text = fs::read_to_string(path(bits)).unwrap_or_default();
    let line = |line: &str| {
        let numbers: Vec<f64> =
            line.split_once(':').expect("a property").1.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let (x, params) = numbers.split_last().expect("a point");
        let mut parts = params.chunks(params.len() / 3).map(<[f64]>::to_vec);
        Case { params: std::array::from_fn(|_| parts.next().expect("three parts")), x: *x }
    };
    text.lines().map(line).collect()
}

fn write<T: Real>(search: &Search<T>) {
    let mut text = String::new();
    for (property, (_, case)) in PROPERTIES.iter().zip(&search.hardest) {
        if let Some(case) = case {
            let numbers = case.params.iter().flatten().chain([&case.x]).map(f64::to_string).collect::<Vec<String>>();
            text += &format!("{property}: {}\n", numbers.join(" "));
        }
    }
    fs::write(path(T::BITS), text).expect("written");
}

fn search<T: Real>() {
    let minutes: f64 = env::var("MINUTES").map_or(1.0, |text| text.parse().expect("a number of minutes"));
    let seed = env::var("SEED").map_or(1, |text| text.parse().expect("a seed"));
    let (start, span) = (Instant::now(), Duration::from_secs_f64(60.0 * minutes));
    let mut search = Search::<T>::new(seed);
    for case in read(T::BITS) {
        search.look(&case);
    }
    while start.elapsed() < span {
        for property in 0..PROPERTIES.len() {
            search.climb(property);
        }
        write(&search);
    }
    println!("f{}: {} cases in {:.0} minutes", T::BITS, search.tried, start.elapsed().as_secs_f64() / 60.0);
    for (property, (error, case)) in PROPERTIES.iter().zip(&search.hardest) {
        let count = case.as_ref().map_or(0, |case| case.params[0].len());
        println!("f{} {property:<16} {error:8.3}  K = {count}, x = {:e}", T::BITS, case.as_ref().map_or(0.0, |case| case.x));
    }
}

#[test]
#[ignore = "a search, as long as MINUTES says"]
fn search_f32() {
    search::<f32>();
}

#[test]
#[ignore = "a search, as long as MINUTES says"]
fn search_f64() {
    search::<f64>();
}

fn hold<T: Real>() {
    let cases = read(T::BITS);
    assert!(cases.len() >= BOUNDS.len(), "{} cases", cases.len());
    let mut worst = [0.0f64; BOUNDS.len()];
    for case in &cases {
        for (worst, error) in worst.iter_mut().zip(errors::errors::<T>(case)) {
            *worst = worst.max(error);
        }
    }
    for ((property, bounds), worst) in PROPERTIES.iter().zip(BOUNDS).zip(worst) {
        let bound = bounds[usize::from(T::BITS == 32)];
        println!("f{} {property:<16} {worst:6.3}, bound {bound}", T::BITS);
        assert!(worst <= bound, "{property} in f{}: {worst}", T::BITS);
        assert!(*property == "evaluations" || bound <= LOOSE * worst, "the bound of {property} in f{} is far above {worst}", T::BITS);
    }
}

/// A bound is no more than this times what the search has found.
const LOOSE: f64 = 2.0;

#[test]
fn the_hardest_cases_hold_the_bounds_f32() {
    hold::<f32>();
}

#[test]
fn the_hardest_cases_hold_the_bounds_f64() {
    hold::<f64>();
}

/// The truth itself, where 60 digits are known.
#[test]
fn the_truth_is_true() {
    let known = tensors::read("mixture/f64");
    let get = |name: &str| &known.iter().find(|(tensor, ..)| tensor == name).unwrap_or_else(|| panic!("no tensor {name}")).2;
    let (counts, offsets, x) = (get("K"), get("offsets"), get("x"));
    let points = x.len() / counts.len();
    for i in 0..counts.len() {
        let (from, count) = (offsets[i] as usize, counts[i] as usize);
        let params = ["logits", "means", "log_scales"].map(|name| get(name)[from..from + count].to_vec());
        for n in i * points..(i + 1) * points {
            let truth = truth::at(&params, x[n]);
            // What cancels in a gradient is as large as the square of `z`.
            let reach = 1.0 + truth.z.high * truth.z.high;
            let check = |name: &str, found: double::Double, known: f64, size: f64| {
                let error = found.error_of(known, size.max(known.abs()));
                assert!(error < 0.51 * f64::EPSILON + 1e-23 * reach, "{name}: {found:?} for {known:e}, mixture {i}, x = {:e}", x[n]);
            };
            let values =
                [("z", truth.z), ("log_dzdx", truth.log_det), ("log_F", truth.log_cdf), ("log_S", truth.log_sf), ("log_f", truth.log_pdf)];
            for (name, found) in values {
                check(name, found, get(name)[n], 1.0);
            }
            check("dL_dx", truth.dl.0, get("dL_dx")[n], 1.0);
            for (pass, of) in [("dz", &truth.dz.1), ("dL", &truth.dl.1)] {
                for (part, found) in ["logits", "means", "logscales"].iter().zip(of) {
                    let name = format!("{pass}_d{part}");
                    let known = &get(&name)[points * from + (n % points) * count..][..count];
                    let size = known.iter().fold(1.0f64, |size, d| size.max(d.abs()));
                    found.iter().zip(known).for_each(|(found, known)| check(&name, *found, *known, size));
                }
            }
        }
    }
}
