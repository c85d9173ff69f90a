//! Training with a validation set: averaged weights, the best epoch kept, an early stop; against the entropy, below which no model gets.
//!
//! ```text
//! cargo run --release --example 04_training_with_validation
//! ```

use std::ops::ControlFlow;

use gaussflow::factory::CouplingFlow;
use gaussflow::toy::circles;
use gaussflow::train::{Adam, Copies, Fit, TrainError, Trainer, fit, mean_nll};
use gaussflow::{Wide, Zeros};
use rand_pcg::Pcg64;

const ENTROPY: f32 = 1.0709;

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let [mut train, mut validation, mut test] = [2000, 1000, 10_000].map(|count| vec![[0.0f32; 2]; count]);
    for set in [&mut train, &mut validation, &mut test] {
        circles(set, 0.5, 0.08, &mut rng);
    }
    let mut flow = Box::new(CouplingFlow::<f32, 2, 1, 1>::drawn(&mut rng));
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, _, 2>::ZEROS);
    let (mut average, mut best) = (flow.bijector.clone(), flow.bijector.clone());
    let copies = Copies { average: Some(&mut average), best: Some(&mut best) };
    let settings = Fit { epochs: 200, adam: Adam { learning_rate: 3e-3, ..Adam::default() }, patience: 20, ..Fit::default() };
    let told = |p: &gaussflow::train::Progress<f32>| {
        if p.epoch == 1 || p.epoch.is_multiple_of(20) {
            println!("epoch {:3}: training {:.3}, validation {:.3}", p.epoch, p.loss, p.validation);
        }
        ControlFlow::Continue(())
    };
    let outcome = fit(&mut flow.bijector, (&mut train, &mut []), (&validation, &[]), &settings, &mut trainer, copies, &mut rng, told)?;
    println!("stopped after epoch {}, kept epoch {}", outcome.epochs, outcome.best_epoch);
    println!("test NLL {:.3} nats, entropy {ENTROPY}", mean_nll::<f32, Wide<f32>, _, 2, 0>(&flow.bijector, &test, &[]));
    Ok(())
}
