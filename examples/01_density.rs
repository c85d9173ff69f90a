//! A density from points, in a dozen lines; the truth beside it.
//!
//! ```text
//! cargo run --release --example 01_density
//! ```

use gaussflow::Zeros;
use gaussflow::factory::CouplingFlow;
use gaussflow::toy::{two_moons, two_moons_log_density};
use gaussflow::train::{Settings, TrainError, Trainer};
use rand_pcg::Pcg64;

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut points = vec![[0.0; 2]; 5000];
    two_moons(&mut points, 0.1, &mut rng);
    let mut flow = Box::new(CouplingFlow::<f32, 2, 1, 1>::random(&mut rng));
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    flow.fit(&points).settings(Settings { epochs: 40, ..Settings::default() }).run(&mut trainer, &mut rng)?;
    for x in [[0.0, 1.0], [1.0, -0.5], [0.5, 0.25]] {
        println!("log p({x:?}) = {:.2}, in truth {:.2}", flow.log_prob(&x), two_moons_log_density(&x.map(f64::from), 0.1));
    }
    Ok(())
}
