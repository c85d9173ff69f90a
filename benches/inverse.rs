//! How long the inverse of 1,024 latents takes on one core.

mod common;
#[path = "common/of_peak.rs"]
mod of_peak;

use common::{flops, normals, stirred};
use criterion::{BatchSize, Criterion};
use gaussflow::Real;
use of_peak::{OfPeak, criterion, operations};

const LATENTS: usize = 1024;

/// The share of the peak counts the conditioners: the search of the roots comes on top.
fn inverse<T: Real, const D: usize, const A: usize, const B: usize, const K: usize>(c: &mut Criterion<OfPeak>) {
    let (flow, latents) = (stirred::<T, D, A, B, K, 64>(), normals::<T, D>(LATENTS));
    let mut log_dets = vec![T::ZEROS; LATENTS];
    let mut group = c.benchmark_group(format!("inverse/{} D={D} K={K}", core::any::type_name::<T>()));
    group.throughput(operations(flops(D, K, 64) * LATENTS as f64));
    group.bench_function("inverse", |b| {
        b.iter_batched_ref(
            || latents.clone(),
            |states| flow.inverse_batch(states, &[], &mut log_dets).expect("buffers of one length"),
            BatchSize::LargeInput,
        )
    });
    group.finish();
}

fn main() {
    let c = &mut criterion::<f32>();
    inverse::<f32, 2, 1, 1, 4>(c);
    inverse::<f32, 2, 1, 1, 8>(c);
    inverse::<f32, 2, 1, 1, 16>(c);
    inverse::<f32, 8, 4, 4, 8>(c);
    inverse::<f32, 64, 32, 32, 8>(c);
    let c = &mut criterion::<f64>();
    inverse::<f64, 2, 1, 1, 8>(c);
    c.final_summary();
}
