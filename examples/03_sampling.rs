//! Samples of a trained flow: one at a time, in batches, and how well they sit on eight Gaussians.
//!
//! ```text
//! cargo run --release --example 03_sampling
//! ```

use gaussflow::Zeros;
use gaussflow::factory::CouplingFlow;
use gaussflow::toy::{eight_gaussians, eight_gaussians_log_density};
use gaussflow::train::{Settings, TrainError, Trainer};
use rand_pcg::Pcg64;

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut points = vec![[0.0; 2]; 10_000];
    eight_gaussians(&mut points, &mut rng);
    let mut flow = Box::new(CouplingFlow::<f32, 2, 1, 1>::random(&mut rng));
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    flow.fit(&points).settings(Settings { epochs: 40, ..Settings::default() }).run(&mut trainer, &mut rng)?;

    // The same seed gives the same sample.
    let [a, b] = [7, 7].map(|seed| flow.sample(&mut Pcg64::new(seed, 1)));
    println!("one sample          {a:.3?}, drawn again {b:.3?}");

    let mut samples = vec![[0.0; 2]; 20_000];
    flow.fill(&mut rng, &mut samples);
    let mut counts = [0; 8];
    for [x, y] in &samples {
        let eighth = (y.atan2(*x) / std::f32::consts::FRAC_PI_4).round() as i32;
        counts[eighth.rem_euclid(8) as usize] += 1;
    }
    println!("at each of eight    {counts:?} of {}", samples.len());
    let nll = |rows: &[[f32; 2]]| rows.iter().fold(0.0, |sum, x| sum - eight_gaussians_log_density(&x.map(f64::from))) / rows.len() as f64;
    println!("true mean -log p    {:.3} nats of the samples, {:.3} of the data", nll(&samples), nll(&points));
    Ok(())
}
