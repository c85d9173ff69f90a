//@ `gaussflow::ContextDense<f32, 1, 3, 8>` is not a layer that takes `Width<1>` and 2 context variables
//@ its context width `C` that of the flow
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (ContextDense<f32, 1, 3, 8>, Relu, Head<f32, Mixture, 8, 1>);

fn main() {
    let flow = Flow::<f32, Coupling<FirstHalf, Mixture, Net, 1, 1>, 2, 2>::ZEROS;
    println!("{}", flow.given([0.0; 2]).log_prob(&[0.0, 1.0]));
}
