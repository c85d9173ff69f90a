//@ is not a bijector of 3 dimensions with 0 context variables over `f32`
use gaussflow::*;

fn main() {
    let flow = Flow::<f32, (Householder<f32, 3, 1>, Householder<f32, 2, 1>), 3>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0, 2.0]));
}
