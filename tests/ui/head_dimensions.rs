//@ expected `2`, found `1`
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 1, 8>, Relu, Head<f32, Mixture, 8, 1>);

fn main() {
    let flow = Flow::<f32, Coupling<FirstHalf, Mixture, Net, 1, 2>, 3>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0, 2.0]));
}
