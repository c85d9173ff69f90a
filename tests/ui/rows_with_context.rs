//@ does not hold samples of 2 values with contexts of 0
use gaussflow::train::{Settings, Trainer};
use gaussflow::*;

fn main() {
    let mut flow = Flow::<f32, Householder<f32, 2, 1>, 2>::ZEROS;
    let _ = Trainer::<_, f32>::ZEROS.step(&mut flow, (&[[0.5, 1.0]], &[[1.0]]), &Settings::default());
}
