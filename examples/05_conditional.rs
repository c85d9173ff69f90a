//! A conditional flow `p(x | c)`: the value of a signal that has two branches, given its input; against the truth.
//!
//! ```text
//! cargo run --release --example 05_conditional
//! ```

use std::ops::ControlFlow;

use gaussflow::Tanh;
use gaussflow::train::{Copies, Fit, TrainError, Trainer, fit};
use gaussflow::{Conditional, ContextDense, Flow, Head, MixtureCdf, Real, TanhClamp, Wide, Zeros, standard_normal};
use rand_pcg::Pcg64;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (ContextDense<f32, 0, 1, 32>, Tanh, Head<f32, Mixture, 32, 1>);
type Branches = Conditional<Mixture, Net, 1>;

/// `x | c` is `+-c` with equal chances, and noise of this deviation.
fn deviation(c: f32) -> f32 {
    0.1 + 0.2 * c
}

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut contexts: Vec<[f32; 1]> = (0..5000).map(|_| [f32::uniform(&mut rng)]).collect();
    let draw = |(i, [c]): (usize, &[f32; 1])| [if i % 2 == 0 { *c } else { -c } + deviation(*c) * standard_normal::<f32, _>(&mut rng)];
    let mut samples: Vec<[f32; 1]> = contexts.iter().enumerate().map(draw).collect();
    let mut flow = Flow::<f32, Branches, 1, 1>::drawn(&mut rng);
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, Branches, 1, 1>::ZEROS);
    let settings = Fit { epochs: 100, ..Fit::default() };
    let go_on = |_: &_| ControlFlow::Continue(());
    fit(&mut flow.bijector, (&mut samples, &mut contexts), (&[], &[]), &settings, &mut trainer, Copies::default(), &mut rng, go_on)?;

    println!("         p(x = c)     p(x = 0)       spread of 10,000 samples, by the flow and in truth");
    for c in [0.1f32, 0.5, 0.9] {
        let s = deviation(c);
        let truth = |x: f32| [c, -c].map(|m| (-0.5 * ((x - m) / s).powi(2)).exp()).iter().sum::<f32>() / (2.0 * s * 2.506_628_3);
        let context = [c];
        let given = flow.given(&context);
        let [at, between] = [c, 0.0].map(|x| (given.log_prob(&[x]).exp(), truth(x)));
        let square: f32 = (0..10_000).map(|_| given.sample(&mut rng)[0].powi(2)).sum::<f32>() / 1e4;
        println!("c = {c}  {:.2} ({:.2})  {:.3} ({:.3})  {:.2} ({:.2})", at.0, at.1, between.0, between.1, square.sqrt(), c.hypot(s));
    }
    Ok(())
}
