//! How long the densities of 1,024 samples take: on one core for each size of flow, on all cores for the reference's.

mod common;
#[path = "common/of_peak.rs"]
mod of_peak;

use std::hint::black_box;

use common::{flops, normals, stirred};
use criterion::Criterion;
use gaussflow::Real;
use of_peak::{OfPeak, criterion, operations};

const SAMPLES: usize = 1024;

fn batch<T: Real, const D: usize, const A: usize, const B: usize, const K: usize>(c: &mut Criterion<OfPeak>) {
    let (flow, points) = (stirred::<T, D, A, B, K, 64>(), normals::<T, D>(SAMPLES));
    let mut log_probs = vec![T::ZEROS; SAMPLES];
    let mut group = c.benchmark_group(format!("batch/{} D={D} K={K}", core::any::type_name::<T>()));
    group.throughput(operations(flops(D, K, 64) * SAMPLES as f64));
    group.bench_function("log_prob", |b| b.iter(|| flow.log_probs(black_box(&points), &mut log_probs).expect("buffers of one length")));
    if D == 2 {
        // Of the peak of one core: more than 100 % is possible.
        group.bench_function("log_prob, all cores", |b| {
            b.iter(|| flow.par_log_probs(black_box(&points), &mut log_probs).expect("buffers of one length"))
        });
    }
    group.finish();
}

fn main() {
    let c = &mut criterion::<f32>();
    batch::<f32, 2, 1, 1, 4>(c);
    batch::<f32, 2, 1, 1, 8>(c);
    batch::<f32, 2, 1, 1, 16>(c);
    batch::<f32, 8, 4, 4, 8>(c);
    batch::<f32, 32, 16, 16, 8>(c);
    batch::<f32, 64, 32, 32, 8>(c);
    let c = &mut criterion::<f64>();
    batch::<f64, 2, 1, 1, 8>(c);
    batch::<f64, 32, 16, 16, 8>(c);
    c.final_summary();
}
