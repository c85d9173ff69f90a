//@ `gaussflow::Dense<f32, 2, 8>` is not a layer that takes `Ordered<2>`
use gaussflow::*;

type Map = Affine<NoClamp>;
type Net = (Dense<f32, 2, 8>, Relu, Head<f32, Map, 8, 2>);

fn main() {
    let flow = Flow::<f32, Autoregressive<Map, Net, 2>, 2>::ZEROS;
    println!("{}", flow.log_prob(&[0.0, 1.0]));
}
