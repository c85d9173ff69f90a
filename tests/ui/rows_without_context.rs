//@ does not hold samples of 1 values with contexts of 2
//@ a flow without context takes `&samples`, a flow with one takes `(&samples, &contexts)`
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Given = Flow<f32, Conditional<Mixture, (ContextDense<f32, 0, 2, 8>, Tanh, Head<f32, Mixture, 8, 1>), 1>, 1, 2>;

fn main() {
    let flow = Given::ZEROS;
    println!("{}", flow.mean_nll(&[[0.5], [1.0]]));
}
