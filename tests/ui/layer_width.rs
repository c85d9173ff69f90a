//@ `gaussflow::Head<f32, gaussflow::MixtureCdf<gaussflow::TanhClamp<f32>, 4>, 16, 1>` is not a layer that takes `Width<8>`
//@ make its input width that of the layer before it
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 1, 8>, Relu, Head<f32, Mixture, 16, 1>);

fn main() {
    let flow = Flow::<f32, Coupling<FirstHalf, Mixture, Net, 1, 1>, 2>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0]));
}
