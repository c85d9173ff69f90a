//! Training with a validation set: averaged weights, the best epoch kept, an early stop, a time limit; against the entropy, below which no model gets.
//!
//! ```text
//! cargo run --release --example 04_training_with_validation
//! ```

use std::time::Instant;

use gaussflow::Zeros;
use gaussflow::factory::CouplingFlow;
use gaussflow::toy::circles;
use gaussflow::train::{Settings, TrainError, Trainer};
use rand_pcg::Pcg64;

const ENTROPY: f32 = 1.0709;

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let [mut train, mut validation, mut test] = [2000, 1000, 10_000].map(|count| vec![[0.0; 2]; count]);
    for set in [&mut train, &mut validation, &mut test] {
        circles(set, 0.5, 0.08, &mut rng);
    }
    let mut flow = Box::new(CouplingFlow::<f32, 2, 1, 1>::random(&mut rng));
    let (mut average, mut best) = (flow.clone(), flow.clone());
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let start = Instant::now();
    let outcome = flow
        .fit(&train)
        .settings(Settings { epochs: 200, learning_rate: 3e-3, patience: 20, ..Settings::default() })
        .validate(&validation)
        .average(&mut average)
        .best(&mut best)
        .each_epoch(|p| {
            if p.epoch == 1 || p.epoch.is_multiple_of(20) {
                println!("epoch {:3}: training {:.3}, validation {:.3}", p.epoch, p.loss, p.validation);
            }
        })
        .stop_if(|_| start.elapsed().as_secs() >= 60)
        .run(&mut trainer, &mut rng)?;
    println!("stopped after epoch {}, kept epoch {}", outcome.epochs, outcome.best_epoch);
    println!("test NLL {:.3} nats, entropy {ENTROPY}", flow.mean_nll(&test));
    Ok(())
}
