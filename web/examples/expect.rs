//! What this machine computes, for the page to compare: a flow after some steps, points, and their log-densities as single samples.
//!
//! ```text
//! cargo run --release --example expect -- DIRECTORY
//! ```
//!
//! Writes `flow.bin`, `points.f32` and `log_probs.f32`.

use std::error::Error;
use std::{env, fs};

use flows::{DENSITIES, Scaled, start};
use gaussflow::boxed;

const STEPS: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args().nth(1).ok_or("a directory is missing")?;
    let mut training = start(8, 8, DENSITIES[0].draw(5000, 1), 1)?.ok_or("no such size")?;
    for _ in 0..STEPS {
        training.step(3e-3)?;
    }
    let bytes = training.model().encode()?;
    let mut flow = boxed::<Scaled<8, 8>>();
    flow.decode(&bytes)?;
    // Those of the density, and as many far out.
    let mut points = DENSITIES[0].draw(500, 2);
    points.extend(DENSITIES[3].draw(500, 3).iter().map(|x| x.map(|x| 5.0 * x)));
    let log_probs: Vec<f32> = points.iter().map(|x| flow.log_prob(x)).collect();
    let bits = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>();
    fs::create_dir_all(&directory)?;
    fs::write(format!("{directory}/flow.bin"), bytes)?;
    fs::write(format!("{directory}/points.f32"), bits(points.as_flattened()))?;
    fs::write(format!("{directory}/log_probs.f32"), bits(&log_probs))?;
    Ok(())
}
