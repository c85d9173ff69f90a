//! How long one sample takes: density, the inverse, and sampling.

mod common;
#[path = "common/of_peak.rs"]
mod of_peak;

use std::hint::black_box;

use common::{flops, normals, stirred};
use criterion::Criterion;
use gaussflow::Real;
use of_peak::{OfPeak, criterion, operations};
use rand_pcg::Pcg32;

/// One size of flow. The share of the peak counts the conditioners, which are the same in all three.
fn one_sample<T: Real, const D: usize, const A: usize, const B: usize, const K: usize>(c: &mut Criterion<OfPeak>) {
    let (flow, points) = (stirred::<T, D, A, B, K, 64>(), normals::<T, D>(256));
    let mut group = c.benchmark_group(format!("one_sample/{} D={D} K={K}", core::any::type_name::<T>()));
    group.throughput(operations(flops(D, K, 64)));
    let mut next = points.iter().cycle();
    group.bench_function("log_prob", |b| b.iter(|| flow.log_prob(black_box(next.next().unwrap_or(&points[0])))));
    group.bench_function("inverse", |b| b.iter(|| flow.inverse(black_box(next.next().unwrap_or(&points[0])))));
    let mut rng = Pcg32::new(3, 3);
    group.bench_function("sample", |b| b.iter(|| flow.sample(&mut rng)));
    group.finish();
}

fn main() {
    let c = &mut criterion::<f32>();
    one_sample::<f32, 2, 1, 1, 4>(c);
    one_sample::<f32, 2, 1, 1, 8>(c);
    one_sample::<f32, 2, 1, 1, 16>(c);
    one_sample::<f32, 8, 4, 4, 8>(c);
    one_sample::<f32, 32, 16, 16, 8>(c);
    one_sample::<f32, 64, 32, 32, 8>(c);
    let c = &mut criterion::<f64>();
    one_sample::<f64, 2, 1, 1, 8>(c);
    one_sample::<f64, 32, 16, 16, 8>(c);
    c.final_summary();
}
