//! How long a fit of a Gaussian mixture takes: `tools/gmm_em.py --times` calls it with sizes and prints scikit-learn's time beside it.

#[path = "../tests/common/mixture_rows.rs"]
#[allow(dead_code)]
mod mixture_rows;

use std::time::Instant;

use gaussflow::start::{Covariance, MixtureEm, MixtureWorkspace};
use gaussflow::{GaussianMixture, boxed};
use mixture_rows::rows;
use rand_pcg::Pcg64;

/// The best time of three fits after one that warms up, in seconds.
fn time<const D: usize, const K: usize>(count: usize, settings: &MixtureEm) -> f64 {
    let rows = rows::<D>("clusters", count, K, 1);
    let mut mixture = boxed::<GaussianMixture<f64, D, K>>();
    let mut workspace = boxed::<MixtureWorkspace<D, K>>();
    let mut best = f64::INFINITY;
    for _ in 0..4 {
        let start = Instant::now();
        mixture.fit(&rows, settings, &mut workspace, &mut Pcg64::new(1, 2)).expect("finite rows");
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [d, k, count, kind, steps] = &arguments[..] else { return println!("D K rows full|diag iterations") };
    let covariance = if kind == "diag" { Covariance::Diagonal } else { Covariance::Full };
    // A gain is never below this.
    let settings =
        MixtureEm { covariance, starts: 1, iterations: steps.parse().expect("a number"), tolerance: 0.0, ..MixtureEm::default() };
    let count = count.parse().expect("a number");
    let seconds = match (d.as_str(), k.as_str()) {
        ("2", "8") => time::<2, 8>(count, &settings),
        ("6", "4") => time::<6, 4>(count, &settings),
        ("8", "8") => time::<8, 8>(count, &settings),
        ("16", "16") => time::<16, 16>(count, &settings),
        _ => panic!("no case for D = {d}, K = {k}"),
    };
    println!("{seconds}");
}
