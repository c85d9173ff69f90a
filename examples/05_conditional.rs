//! A conditional flow `p(x | c)`: the value of a signal that has two branches, given its input; against the truth.
//!
//! ```text
//! cargo run --release --example 05_conditional
//! ```

use gaussflow::train::{Settings, TrainError, Trainer};
use gaussflow::{ClampedMixture, Conditional, ContextDense, Flow, Head, Real, Tanh, Zeros, standard_normal};
use rand_pcg::Pcg64;

type Mixture = ClampedMixture<f32, 4>;
type Net = (ContextDense<f32, 0, 1, 32>, Tanh, Head<f32, Mixture, 32, 1>);
type Branches = Flow<f32, Conditional<Mixture, Net, 1>, 1, 1>;

/// `x | c` is `+-c` with equal chances, and noise of this deviation.
fn deviation(c: f32) -> f32 {
    0.1 + 0.2 * c
}

/// Its density.
fn truth(x: f32, c: f32) -> f32 {
    let s = deviation(c);
    let bump = |mean: f32| (-0.5 * ((x - mean) / s).powi(2)).exp() / (s * std::f32::consts::TAU.sqrt());
    0.5 * (bump(c) + bump(-c))
}

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let (mut contexts, mut samples) = (Vec::new(), Vec::new());
    for i in 0..5000 {
        let c = f32::uniform(&mut rng);
        let noise: f32 = standard_normal(&mut rng);
        contexts.push([c]);
        samples.push([if i % 2 == 0 { c } else { -c } + deviation(c) * noise]);
    }
    let mut flow = Branches::random(&mut rng);
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    flow.fit((&samples, &contexts)).settings(Settings { epochs: 100, ..Settings::default() }).run(&mut trainer, &mut rng)?;

    println!("         p(x = c)     p(x = 0)       spread of 10,000 samples, by the flow and in truth");
    for c in [0.1, 0.5, 0.9] {
        let [at, between] = [c, 0.0].map(|x| (flow.given([c]).log_prob(&[x]).exp(), truth(x, c)));
        let mut drawn = vec![[0.0]; 10_000];
        flow.given([c]).fill(&mut rng, &mut drawn);
        let spread = (drawn.iter().fold(0.0, |sum, [x]| sum + x * x) / 1e4).sqrt();
        println!("c = {c}  {:.2} ({:.2})  {:.3} ({:.3})  {spread:.2} ({:.2})", at.0, at.1, between.0, between.1, c.hypot(deviation(c)));
    }
    Ok(())
}
