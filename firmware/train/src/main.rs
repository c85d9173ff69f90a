//! Trains the flows of the images on the host and writes their weights to `weights/`.
//!
//! ```text
//! cargo run --release -p train
//! ```

use std::ops::ControlFlow;
use std::{fs, io};

use gaussflow::toy::two_moons;
use gaussflow::train::{Adam, Copies, Fit, Trainer, fit, mean_nll};
use gaussflow::{DifferentiableBijector, Flow, Init, Parameters, Wide, Zeros};
use rand_pcg::Pcg32;

fn main() -> io::Result<()> {
    let moons = |count, seed| {
        let mut points = vec![[0.0; 2]; count];
        two_moons(&mut points, 0.05, &mut Pcg32::new(seed, 0x6d6f_6f6e));
        points
    };
    // The settings of the example `coupling_flow`.
    let adam = Adam { learning_rate: 3e-3, weight_decay: 0.1, ..Adam::default() };
    let settings = Fit { epochs: 200, batch: 512, adam, average: 0.9995, ..Fit::default() };
    let (train, test) = standardized(&moons(5000, 0), &moons(20_000, !0));
    let flow = learn::<shapes::Blocks<4, 2, 1, 1, 64>, 2>(train, &test, &settings);
    write("moons", &*flow)
}

/// Both sets in units of the first one's mean and standard deviation.
fn standardized<const D: usize>(train: &[[f64; D]], test: &[[f64; D]]) -> (Vec<[f32; D]>, Vec<[f32; D]>) {
    let n = train.len() as f64;
    let mean: [f64; D] = std::array::from_fn(|d| train.iter().map(|x| x[d]).sum::<f64>() / n);
    let deviation: [f64; D] = std::array::from_fn(|d| (train.iter().map(|x| (x[d] - mean[d]).powi(2)).sum::<f64>() / n).sqrt());
    let apply = |x: &[f64; D]| std::array::from_fn(|d| ((x[d] - mean[d]) / deviation[d]) as f32);
    (train.iter().map(apply).collect(), test.iter().map(apply).collect())
}

/// Fits by maximum likelihood and tells the loss on points it has not seen.
fn learn<B, const D: usize>(mut train: Vec<[f32; D]>, test: &[[f32; D]], settings: &Fit<f32>) -> Box<Flow<f32, B, D>>
where
    B: DifferentiableBijector<f32, D> + Init<f32> + Zeros,
{
    let mut rng = Pcg32::new(0, 0x666c_6f77);
    let mut flow = Box::new(Flow::ZEROS);
    flow.init(&mut rng);
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, B, D>::ZEROS);
    let mut average = Box::new(B::ZEROS);
    let copies = Copies { average: Some(&mut *average), best: None };
    let data = (&mut train[..], &mut [][..]);
    let done = fit(&mut flow.bijector, data, (&[], &[]), settings, &mut *trainer, copies, &mut rng, |_| ControlFlow::Continue(()));
    let loss = done.unwrap_or_else(|e| panic!("{e}")).loss;
    println!("loss {loss:.4} nats, held out {:.4}", mean_nll::<f32, Wide<f32>, B, D, 0>(&flow.bijector, test, &[]));
    flow
}

/// Every parameter in the order of [`Parameters::visit`], as little-endian `f32`.
fn write<F: Parameters<f32>>(name: &str, flow: &F) -> io::Result<()> {
    let mut bytes = Vec::new();
    flow.visit(&mut |_, slice| bytes.extend(slice.iter().flat_map(|x| x.to_le_bytes())));
    let path = format!("{}/../weights/{name}.f32", env!("CARGO_MANIFEST_DIR"));
    fs::write(&path, &bytes)?;
    println!("{path}: {} bytes", bytes.len());
    Ok(())
}
