//! How long one training step of 512 samples takes, on each kind of lanes.

mod common;

use common::Blocks;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gaussflow::train::{Adam, Trainer};
use gaussflow::{Pack, Value, Wide, Zeros};

fn train_step<V: Value<Scalar = f32>>(c: &mut Criterion, lanes: &str) {
    let (mut flow, points) = common::moons::<f32>(512);
    let mut trainer = Box::new(Trainer::<f32, V, Blocks<f32>, 2>::ZEROS);
    let adam = Adam { learning_rate: 1e-6, ..Adam::default() };
    let mut group = c.benchmark_group("train_step");
    group.sample_size(10).throughput(Throughput::Elements(points.len() as u64));
    group.bench_function(lanes, |b| b.iter(|| trainer.step(&mut flow.bijector, &points, &[], &adam, 10.0, 1.0)));
    group.finish();
}

fn all(c: &mut Criterion) {
    train_step::<f32>(c, "one sample at a time");
    train_step::<Pack<f32, 16>>(c, "packs");
    train_step::<Wide<f32>>(c, "wide");
}

criterion_group!(benches, all);
criterion_main!(benches);
