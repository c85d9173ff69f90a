//! A density from points, in a dozen lines; the truth beside it.
//!
//! ```text
//! cargo run --release --example 01_density
//! ```

use std::ops::ControlFlow;

use gaussflow::factory::CouplingFlow;
use gaussflow::toy::{two_moons, two_moons_log_density};
use gaussflow::train::{Copies, Fit, TrainError, Trainer, fit};
use gaussflow::{Wide, Zeros};
use rand_pcg::Pcg64;

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut points = vec![[0.0; 2]; 5000];
    two_moons(&mut points, 0.1, &mut rng);
    let mut flow = Box::new(CouplingFlow::<f32, 2, 1, 1>::drawn(&mut rng));
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, _, 2>::ZEROS);
    let settings = Fit { epochs: 40, ..Fit::default() };
    let go_on = |_: &_| ControlFlow::Continue(());
    fit(&mut flow.bijector, (&mut points, &mut []), (&[], &[]), &settings, &mut trainer, Copies::default(), &mut rng, go_on)?;
    for x in [[0.0, 1.0], [1.0, -0.5], [0.5, 0.25]] {
        println!("log p({x:?}) = {:.2}, in truth {:.2}", flow.log_prob(&x), two_moons_log_density(&x.map(f64::from), 0.1));
    }
    Ok(())
}
