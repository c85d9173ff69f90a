//! Fits a flow to a density that is known up to a constant, without data: by sampling from the flow (reverse KL).
//!
//! ```text
//! cargo run --release --example 07_reverse_kl
//! ```
//!
//! The target is a banana: `x_0 ~ N(0, 1)`, `x_1 | x_0 ~ N(x_0^2 - 1, 1/4)`, without its constant `pi`. Against the truth stand the divergence, the effective sample
//! size of importance weights, and the constant that they estimate.

use gaussflow::factory::CouplingFlow;
use gaussflow::train::{Schedule, Settings, TrainError, Trainer};
use gaussflow::{Zeros, log_base, standard_normal};
use rand_pcg::Pcg64;

type Banana = CouplingFlow<f32, 2, 1, 1, 2>;

/// `log p(x)` up to its constant, and its gradient.
fn banana(x: &[f32; 2]) -> (f32, [f32; 2]) {
    let off = x[1] - (x[0] * x[0] - 1.0);
    (-0.5 * x[0] * x[0] - 2.0 * off * off, [-x[0] + 8.0 * off * x[0], -4.0 * off])
}

/// `log` of the integral of `exp(banana)`: `2 pi` times the deviations 1 and 1/2.
const LOG_CONSTANT: f64 = 1.144_729_885_849_400_2;

const STEPS: u32 = 1000;
const BATCH: usize = 256;

/// The divergence from the target in nats, the effective sample size as a part, and the logarithm of the constant, by `count` draws.
fn measure(flow: &Banana, count: usize, rng: &mut Pcg64) -> (f64, f64, f64) {
    let log_weight = |_| {
        let z = [standard_normal(rng), standard_normal(rng)];
        let (x, log_det) = flow.inverse_and_log_det(&z);
        f64::from(banana(&x).0) - f64::from(log_base(&z) - log_det)
    };
    let log_weights: Vec<f64> = (0..count).map(log_weight).collect();
    let n = count as f64;
    let mean = log_weights.iter().fold(0.0, |sum, l| sum + l) / n;
    let weights = log_weights.iter().map(|l| (l - mean).exp());
    let (sum, squares) = weights.fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    (LOG_CONSTANT - mean, sum * sum / squares / n, mean + (sum / n).ln())
}

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut flow = Box::new(Banana::random(&mut rng));
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let schedule = Schedule::Cosine { warmup: 25, steps: STEPS, last: 0.01 };
    let settings = Settings { learning_rate: 5e-3, schedule, ..Settings::default() };
    for step in 0..STEPS {
        if step % 250 == 0 {
            let (divergence, ess, _) = measure(&flow, 20_000, &mut rng);
            println!("step {step:3}            KL {divergence:.4} nats, effective sample size {:.1} %", 100.0 * ess);
        }
        let z: [[f32; 2]; BATCH] = std::array::from_fn(|_| [standard_normal(&mut rng), standard_normal(&mut rng)]);
        trainer.step_reverse_kl(&mut flow, &z, |x, _| banana(x), &settings)?;
    }
    let (divergence, ess, log_constant) = measure(&flow, 100_000, &mut rng);
    println!("step {STEPS}           KL {divergence:.5} nats, effective sample size {:.2} %", 100.0 * ess);
    println!("log constant        {log_constant:.5}, exactly {LOG_CONSTANT:.5}");
    Ok(())
}
