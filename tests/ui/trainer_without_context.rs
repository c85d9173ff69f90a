//@ the flow's type names it, `Flow<T, B, D, C>`, also in `Trainer::<Flow<T, B, D, C>>`
use gaussflow::train::Trainer;
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Given = Conditional<Mixture, (ContextDense<f32, 0, 2, 8>, Tanh, Head<f32, Mixture, 8, 1>), 1>;

fn main() {
    let trainer = Trainer::<Flow<f32, Given, 1>>::ZEROS;
    println!("{trainer:?}");
}
