//@ this flow has context variables
//@ say at which context
//@ write `flow.given(context).log_prob(&x)`
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Given = Flow<f32, Conditional<Mixture, (ContextDense<f32, 0, 2, 8>, Tanh, Head<f32, Mixture, 8, 1>), 1>, 1, 2>;

fn main() {
    println!("{}", Given::ZEROS.log_prob(&[0.5]));
}
