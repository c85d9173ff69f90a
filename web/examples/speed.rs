//! The time of a step on this machine, for the page's to be compared with: on the lanes of the page, and on the widest.
//!
//! ```text
//! cargo run --release --features std --example speed
//! ```

use std::error::Error;
use std::time::Instant;

use flows::{BATCH, DENSITIES, Lanes, Scaled, start};
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Value, Wide, Zeros, boxed};

/// The least of many, in microseconds a point, of a flow after some steps.
fn step<V: Value<Scalar = f32>>(bytes: &[u8], points: &[[f32; 2]]) -> Result<f64, Box<dyn Error>> {
    let (mut flow, mut trainer) = (boxed::<Scaled<8, 8>>(), Box::new(<Trainer<Scaled<8, 8>, V> as Zeros>::ZEROS));
    flow.decode(bytes)?;
    let settings = Settings { learning_rate: 3e-3, ..Settings::default() };
    let mut least = f64::INFINITY;
    for batch in points.chunks_exact(BATCH).cycle().take(400) {
        let from = Instant::now();
        trainer.step(&mut flow, batch, &settings)?;
        least = least.min(from.elapsed().as_secs_f64());
    }
    Ok(1e6 * least / BATCH as f64)
}

fn main() -> Result<(), Box<dyn Error>> {
    let points = DENSITIES[0].draw(5000, 1);
    let mut training = start(8, 8, points.clone(), 1)?.ok_or("no such size")?;
    for _ in 0..50 {
        training.step(3e-3)?;
    }
    let bytes = training.model().encode()?;
    println!("a step, on the page's lanes           {:.2} us a point", step::<Lanes>(&bytes, &points)?);
    println!("a step, on this machine's widest ones {:.2} us a point", step::<Wide<f32>>(&bytes, &points)?);
    Ok(())
}
