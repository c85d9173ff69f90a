//! Fits a flow to a density that is known up to a constant, without data: by sampling from the flow (reverse KL).
//!
//! ```text
//! cargo run --release --example reverse_kl
//! ```
//!
//! The target is a banana: `x_0 ~ N(0, 1)`, `x_1 | x_0 ~ N(x_0^2 - 1, 1/4)`, without its constant `pi`. Against the truth stand the divergence, the effective sample
//! size of importance weights, and the constant that they estimate.

use std::process::ExitCode;
use std::time::Instant;

use gaussflow::conditioner::Relu;
use gaussflow::train::{Adam, Schedule, TrainError, Trainer};
use gaussflow::{
    Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Swap, TanhClamp, Wide, Zeros, log_base, standard_normal,
};
use rand_pcg::Pcg64;

type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
type Net = (Dense<f32, 1, 64>, Relu, Dense<f32, 64, 64>, Relu, Head<f32, Mixture, 64, 1>);
type Half<M> = Coupling<M, Mixture, Net, 1, 1>;
type Blocks = [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 2];

/// `log p(x)` up to its constant, and its gradient.
fn banana(x: &[f32; 2]) -> (f32, [f32; 2]) {
    let off = x[1] - (x[0] * x[0] - 1.0);
    (-0.5 * x[0] * x[0] - 2.0 * off * off, [-x[0] + 8.0 * off * x[0], -4.0 * off])
}

/// `log` of the integral of `exp(banana)`: `2 pi` times the deviations 1 and 1/2.
const LOG_CONSTANT: f64 = 1.144_729_885_849_400_2;

const STEPS: u32 = 1000;
const BATCH: usize = 256;

fn latents<const N: usize>(rng: &mut Pcg64) -> [[f32; 2]; N] {
    std::array::from_fn(|_| [standard_normal(rng), standard_normal(rng)])
}

/// The divergence from the target in nats, the effective sample size as a part, and the logarithm of the constant, by `count` draws.
fn measure(flow: &Flow<f32, Blocks, 2>, count: usize, rng: &mut Pcg64) -> (f64, f64, f64) {
    let log_weights: Vec<f64> = (0..count)
        .map(|_| {
            let z = [standard_normal(rng), standard_normal(rng)];
            let (x, log_det) = flow.inverse_and_log_det(&z);
            f64::from(banana(&x).0) - f64::from(log_base(&z) - log_det)
        })
        .collect();
    let n = count as f64;
    let mean = log_weights.iter().sum::<f64>() / n;
    let (sum, squares) = log_weights.iter().fold((0.0, 0.0), |(sum, squares), l| {
        let w = (l - mean).exp();
        (sum + w, squares + w * w)
    });
    (LOG_CONSTANT - mean, sum * sum / squares / n, mean + (sum / n).ln())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut flow = Box::new(Flow::<f32, Blocks, 2>::ZEROS);
    flow.init(&mut rng);
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, Blocks, 2>::ZEROS);
    let adam = Adam { learning_rate: 5e-3, ..Adam::default() };
    let schedule = Schedule::Cosine { warmup: 25, steps: STEPS, last: 0.01 };
    let start = Instant::now();
    for step in 0..STEPS {
        if step % 250 == 0 {
            let (divergence, ess, _) = measure(&flow, 20_000, &mut rng);
            println!("step {step:5}          KL {divergence:.4} nats, effective sample size {:.1} %", 100.0 * ess);
        }
        let z = latents::<BATCH>(&mut rng);
        trainer.step_reverse_kl(&mut flow.bijector, &z, &[], |x, _| banana(x), &adam, 10.0, schedule.factor(step))?;
    }
    println!("training            {:.1} s, {STEPS} steps of {BATCH} draws", start.elapsed().as_secs_f64());
    let (divergence, ess, log_constant) = measure(&flow, 100_000, &mut rng);
    println!("KL                  {divergence:.5} nats");
    println!("effective samples   {:.2} %", 100.0 * ess);
    println!("log constant        {log_constant:.5}, exactly {LOG_CONSTANT:.5}");
    Ok(())
}
