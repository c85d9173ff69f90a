//! How long one sample takes: density, sampling, and the inverse alone.

mod common;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gaussflow::Real;
use rand_pcg::Pcg32;

fn one_sample<T: Real>(c: &mut Criterion, scalar: &str) {
    let (flow, points) = common::moons::<T>(256);
    let mut group = c.benchmark_group(format!("one_sample/{scalar}"));
    let mut next = points.iter().cycle();
    group.bench_function("log_prob", |b| b.iter(|| flow.log_prob(black_box(next.next().unwrap_or(&points[0])))));
    group.bench_function("inverse", |b| b.iter(|| flow.inverse(black_box(next.next().unwrap_or(&points[0])))));
    let mut rng = Pcg32::new(2, 2);
    group.bench_function("sample", |b| b.iter(|| flow.sample(&mut rng)));
    group.finish();
}

fn all(c: &mut Criterion) {
    one_sample::<f32>(c, "f32");
    one_sample::<f64>(c, "f64");
}

criterion_group!(benches, all);
criterion_main!(benches);
