//! Samples of a trained flow: one at a time, in batches, and how well they sit on eight Gaussians.
//!
//! ```text
//! cargo run --release --example 03_sampling
//! ```

use std::error::Error;
use std::ops::ControlFlow;

use gaussflow::factory::CouplingFlow;
use gaussflow::toy::{eight_gaussians, eight_gaussians_log_density};
use gaussflow::train::{Copies, Fit, Trainer, fit};
use gaussflow::{Wide, Zeros};
use rand_pcg::Pcg64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = Pcg64::new(1, 1);
    let mut points = vec![[0.0; 2]; 10_000];
    eight_gaussians(&mut points, &mut rng);
    let mut flow = Box::new(CouplingFlow::<f32, 2, 1, 1>::drawn(&mut rng));
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, _, 2>::ZEROS);
    let settings = Fit { epochs: 40, ..Fit::default() };
    let go_on = |_: &_| ControlFlow::Continue(());
    fit(&mut flow.bijector, (&mut points, &mut []), (&[], &[]), &settings, &mut trainer, Copies::default(), &mut rng, go_on)?;

    // The same seed gives the same sample.
    let [a, b] = [7, 7].map(|seed| flow.sample(&mut Pcg64::new(seed, 1)));
    println!("one sample          {a:.3?}, drawn again {b:.3?}");

    let (mut samples, mut log_dets) = (vec![[0.0; 2]; 20_000], vec![0.0; 20_000]);
    flow.sample_batch(&mut rng, &[], &mut samples, &mut log_dets)?;
    let mut counts = [0; 8];
    for [x, y] in &samples {
        let eighth = (y.atan2(*x) / std::f32::consts::FRAC_PI_4).round() as i32;
        counts[eighth.rem_euclid(8) as usize] += 1;
    }
    println!("at each of eight    {counts:?} of {}", samples.len());
    let nll = |rows: &[[f32; 2]]| -rows.iter().map(|x| eight_gaussians_log_density(&x.map(f64::from))).sum::<f64>() / rows.len() as f64;
    println!("true mean -log p    {:.3} nats of the samples, {:.3} of the data", nll(&samples), nll(&points));
    Ok(())
}
