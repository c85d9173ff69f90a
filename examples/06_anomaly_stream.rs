//! Anomalies in a stream: a flow learns what is normal as it comes, a quantile of its log-density is the threshold, three samples in a row below it an alarm.
//!
//! ```text
//! cargo run --release --example 06_anomaly_stream
//! ```

use std::array::from_fn;
use std::error::Error;

use gaussflow::factory::CouplingFlow;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Zeros, standard_normal};
use rand_pcg::Pcg64;

/// Sample `t` of a machine's three sensors: a swing, its square and a mixture of both, with noise. `coupling` is 1 while the machine is sound.
fn sensors(t: usize, coupling: f32, rng: &mut Pcg64) -> [f32; 3] {
    let swing = (0.37 * t as f32).sin();
    [swing, coupling * swing * swing, swing * (1.0 - swing)].map(|x| {
        let noise: f32 = standard_normal(rng);
        x + 0.05 * noise
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = Pcg64::new(1, 1);
    let mut flow = Box::new(CouplingFlow::<f32, 3, 1, 2, 2, 8, 32>::random(&mut rng));
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let settings = Settings::default();
    // Each sample is seen once and forgotten.
    for step in 0..1000 {
        let batch: [_; 256] = from_fn(|n| sensors(256 * step + n, 1.0, &mut rng));
        trainer.step(&mut flow, &batch, &settings)?;
    }

    // The threshold is the lowest hundredth of samples that the flow has not seen.
    let (held_out, mut log_probs): ([_; 4000], _) = (from_fn(|t| sensors(t, 1.0, &mut rng)), [0.0; 4000]);
    flow.log_probs(&held_out, &mut log_probs)?;
    log_probs.sort_by(f32::total_cmp);
    let threshold = log_probs[log_probs.len() / 100];
    println!("threshold           {threshold:.2} nats");

    // From sample 600 to 700 one sensor loses a third of its swing: each value by itself stays in its usual range.
    let (mut below, mut low, mut alarms) = (0, [0, 0], Vec::new());
    for t in 0..1000 {
        let faulty = (600..700).contains(&t);
        let is_below = flow.is_below(&sensors(t, if faulty { 0.67 } else { 1.0 }, &mut rng), threshold);
        below = if is_below { below + 1 } else { 0 };
        low[usize::from(faulty)] += usize::from(is_below);
        if below == 3 {
            alarms.push(t);
        }
    }
    println!("below it            {} of 900 sound samples, {} of 100 faulty ones", low[0], low[1]);
    println!("alarms              at samples {alarms:?}; the fault lasts from 600 to 700");
    Ok(())
}
