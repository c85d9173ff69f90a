//! How long one training step of 512 samples takes on one core: for each size of flow, and on each kind of lanes.

mod common;
#[path = "common/of_peak.rs"]
mod of_peak;

use common::{normals, stirred, training_flops};
use criterion::Criterion;
use gaussflow::factory::CouplingFlow;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Pack, Real, Value, Wide, Zeros};
use of_peak::{OfPeak, criterion, operations};

const SAMPLES: usize = 512;

fn train_step<V: Value, const D: usize, const A: usize, const B: usize, const K: usize>(c: &mut Criterion<OfPeak>, lanes: &str) {
    let (mut flow, points) = (stirred::<V::Scalar, D, A, B, K, 64>(), normals::<V::Scalar, D>(SAMPLES));
    let mut trainer = Box::new(Trainer::<CouplingFlow<V::Scalar, D, A, B, 4, K>, V>::ZEROS);
    let settings = Settings { learning_rate: V::Scalar::from_f64(1e-6), ..Settings::default() };
    let mut group = c.benchmark_group(format!("train_step/{} D={D} K={K}", core::any::type_name::<V::Scalar>()));
    group.throughput(operations(training_flops(D, K, 64) * SAMPLES as f64));
    group.bench_function(lanes, |b| b.iter(|| trainer.step(&mut flow, &points, &settings).expect("the points have a density")));
    group.finish();
}

fn main() {
    let c = &mut criterion::<f32>();
    train_step::<f32, 2, 1, 1, 8>(c, "one sample at a time");
    train_step::<Pack<f32, 16>, 2, 1, 1, 8>(c, "packs");
    train_step::<Wide<f32>, 2, 1, 1, 8>(c, "wide");
    train_step::<Wide<f32>, 2, 1, 1, 16>(c, "wide");
    train_step::<Wide<f32>, 8, 4, 4, 8>(c, "wide");
    train_step::<Wide<f32>, 64, 32, 32, 8>(c, "wide");
    let c = &mut criterion::<f64>();
    train_step::<Wide<f64>, 2, 1, 1, 8>(c, "wide");
    c.final_summary();
}
