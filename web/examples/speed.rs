//! The time of a step on this machine, for the page's to be compared with: on the lanes of the page, and on the widest.
//!
//! ```text
//! cargo run --release --features std --example speed
//! ```

use std::time::Instant;

use flows::{BATCH, DENSITIES, Lanes, Scaled};
use gaussflow::train::{Settings, TrainError, Trainer};
use gaussflow::{Init, Value, Wide, boxed};
use rand_pcg::Pcg64;

/// The least of many, in microseconds a point.
fn step<V: Value<Scalar = f32>>() -> Result<f64, TrainError> {
    let (mut flow, mut trainer) = (boxed::<Scaled<8, 8>>(), Box::new(<Trainer<Scaled<8, 8>, V> as gaussflow::Zeros>::ZEROS));
    flow.init(&mut Pcg64::new(1, 1));
    let points = DENSITIES[0].draw(BATCH, 1);
    let mut least = f64::INFINITY;
    for _ in 0..1000 {
        let from = Instant::now();
        trainer.step(&mut flow, &points, &Settings::default())?;
        least = least.min(from.elapsed().as_secs_f64());
    }
    Ok(1e6 * least / BATCH as f64)
}

fn main() -> Result<(), TrainError> {
    println!("a step, on the page's lanes           {:.2} us a point", step::<Lanes>()?);
    println!("a step, on this machine's widest ones {:.2} us a point", step::<Wide<f32>>()?);
    Ok(())
}
