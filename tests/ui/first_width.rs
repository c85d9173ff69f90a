//@ `gaussflow::Dense<f32, 2, 8>` is not a layer that takes `Width<1>`
//@ the first one takes the identity half
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 2, 8>, Relu, Head<f32, Mixture, 8, 1>);

fn main() {
    let flow = Flow::<f32, Coupling<FirstHalf, Mixture, Net, 1, 1>, 2>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0]));
}
