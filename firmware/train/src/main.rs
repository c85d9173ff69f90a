//! Trains the flows of the images on the host and writes their weights to `weights/`. Those that are kept there saw their rows in another order:
//! a new run gives others.
//!
//! ```text
//! cargo run --release -p train
//! ```

mod data;

use std::path::Path;
use std::{fs, io};

use gaussflow::toy::two_moons;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{DifferentiableBijector, Flow, Init, Parameters, Zeros, standard_normal};
use rand_pcg::Pcg32;
use shapes::{Moons, Watch};

fn main() -> io::Result<()> {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weights");
    write(&weights.join("moons.f32"), &*moons())?;
    let (watch, threshold) = watch()?;
    write(&weights.join("watch.f32"), &*watch)?;
    fs::write(weights.join("watch_threshold.rs"), format!("{threshold:?}\n"))
}

/// The flow of the README on two moons, with the settings of the example `coupling_flow`.
fn moons() -> Box<Moons> {
    let points = |count, seed| {
        let mut points = vec![[0.0; 2]; count];
        two_moons(&mut points, 0.05, &mut Pcg32::new(seed, 0x6d6f_6f6e));
        points
    };
    let (train, test) = data::standardized(&points(5000, 0), &points(20_000, !0));
    let settings = Settings { epochs: 200, batch: 512, learning_rate: 3e-3, weight_decay: 0.1, average: 0.9995, ..Settings::default() };
    let mut flow = Box::new(Moons::ZEROS);
    flow.init(&mut Pcg32::new(0, 0x666c_6f77));
    learn("two moons", &mut flow, &train, &test, settings);
    flow
}

/// Alarms on a hundredth of what is normal.
const FALSE_ALARMS: f64 = 0.01;

/// The flow of the image `anomaly`, and the log-density below which it gives alarm.
///
/// It trains on each sample four times with noise of a fifth of an axis' standard deviation, and for few epochs, so that it does not fit single samples (the noise and the epochs are
/// those of the best held-out loss); the threshold is a quantile of the log-densities held out, every fifth half second.
fn watch() -> io::Result<(Box<Watch>, f32)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/row.csv");
    let rows: Vec<[f32; 6]> = data::read(&path)?;
    let (mut seen, mut held_out) = (Vec::new(), Vec::new());
    for (number, piece) in rows.chunks(25).enumerate() {
        if number % 5 == 4 { &mut held_out } else { &mut seen }.extend_from_slice(piece);
    }
    let mut rng = Pcg32::new(0, 0x7761_7463);
    let mut flow = Box::new(Watch::ZEROS);
    flow.init(&mut rng);
    flow.bijector.0.fit(&seen).expect("finite rows that vary");
    let scales = flow.bijector.0.log_scale.map(|l| (-l).exp());
    let mut train: Vec<[f32; 6]> = Vec::new();
    for row in seen.iter().cycle().take(4 * seen.len()) {
        train.push(std::array::from_fn(|d| row[d] + 0.2 * scales[d] * standard_normal::<f32, _>(&mut rng)));
    }
    let settings = Settings { epochs: 20, batch: 128, learning_rate: 3e-3, ..Settings::default() };
    learn("watch", &mut flow, &train, &held_out, settings);
    let mut log_probs: Vec<f32> = held_out.iter().map(|x| flow.log_prob(x)).collect();
    log_probs.sort_by(f32::total_cmp);
    let threshold = log_probs[(FALSE_ALARMS * log_probs.len() as f64) as usize];
    Ok((flow, threshold))
}

/// Fits by maximum likelihood and tells the loss on points it has not seen.
fn learn<B, const D: usize>(name: &str, flow: &mut Flow<f32, B, D>, train: &[[f32; D]], test: &[[f32; D]], settings: Settings<f32>)
where
    B: DifferentiableBijector<f32, D> + Zeros,
{
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let mut average = Box::new(Flow::<f32, B, D>::ZEROS);
    let fit = flow.fit(train).settings(settings).average(&mut average);
    let done = fit.run(&mut trainer, &mut Pcg32::new(1, 0x666c_6f77));
    let loss = done.unwrap_or_else(|e| panic!("{name}: {e}")).loss;
    println!("{name}: {} parameters, loss {loss:.4} nats, held out {:.4}", B::COUNT, flow.mean_nll(test));
}

/// Every parameter in the order of [`Parameters::visit`], as little-endian `f32`.
fn write<F: Parameters<f32>>(path: &Path, flow: &F) -> io::Result<()> {
    let mut bytes = Vec::new();
    flow.visit(&mut |_, slice| bytes.extend(slice.iter().flat_map(|x| x.to_le_bytes())));
    fs::write(path, bytes)
}
