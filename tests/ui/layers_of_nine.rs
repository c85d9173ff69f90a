//@ a tuple has two to eight layers
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (Dense<f32, 1, 8>, Relu, Relu, Relu, Relu, Relu, Relu, Relu, Head<f32, Mixture, 8, 1>);

fn density<B: Bijector<f32, 2>>(flow: &Flow<f32, B, 2>) -> f32 {
    flow.log_prob(&[0.0, 1.0])
}

fn main() {
    let net = (Dense { weights: [[0.0; 8]], bias: [0.0; 8] }, Relu, Relu, Relu, Relu, Relu, Relu, Relu, Head { weights: [[Zeros::ZEROS]; 8], bias: [Zeros::ZEROS] });
    println!("{}", density(&Flow::new(Coupling::<FirstHalf, Mixture, Net, 1, 1>::new(Mixture::ZEROS, net))));
}
