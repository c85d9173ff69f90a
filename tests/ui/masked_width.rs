//@ a hidden layer of a masked network needs a value of each degree: D - 1 or more of them, D where there is a context
use gaussflow::*;

type Map = Affine<NoClamp>;
type Net = (MaskedInput<f32, 6, 4>, Relu, MaskedHead<f32, Map, 4, 6>);

fn main() {
    let flow = Flow::<f32, Autoregressive<Map, Net, 6>, 6>::ZEROS;
    println!("{}", flow.log_prob(&[0.0; 6]));
}
