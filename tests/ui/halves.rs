//@ a coupling's identity half A and transformed half B must add up to the dimension D of the flow
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 1, 8>, Relu, Head<f32, Mixture, 8, 1>);

fn main() {
    let flow = Flow::<f32, Coupling<FirstHalf, Mixture, Net, 1, 1>, 3>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0, 2.0]));
}
