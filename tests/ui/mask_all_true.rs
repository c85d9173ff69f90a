//@ the mask is all true: a coupling needs at least one dimension to transform
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 2, 8>, Relu, Head<f32, Mixture, 8, 0>);

struct All;
impl Mask<2> for All {
    const IDENTITY: [bool; 2] = [true; 2];
}

fn main() {
    let flow = Flow::<f32, Coupling<All, Mixture, Net, 2, 0>, 2>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0]));
}
