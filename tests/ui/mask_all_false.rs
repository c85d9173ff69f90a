//@ the mask is all false: a coupling needs at least one identity dimension, or a context, whose value sets the map of the others
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 0, 8>, Relu, Head<f32, Mixture, 8, 2>);

struct None;
impl Mask<2> for None {
    const IDENTITY: [bool; 2] = [false; 2];
}

fn main() {
    let flow = Flow::<f32, Coupling<None, Mixture, Net, 0, 2>, 2>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0]));
}
