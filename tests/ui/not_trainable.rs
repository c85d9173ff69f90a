//@ has a gradient
//@ implement `DifferentiableLayer` for it, or use the flow for inference only
use gaussflow::Relu;
use gaussflow::*;
use gaussflow::train::{Adam, Trainer};

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;

struct Mine;
impl Zeros for Mine {
    const ZEROS: Self = Mine;
}
impl Layer<f32, Width<1>> for Mine {
    type Out = Each<Mixture, 1>;
    fn apply<V: Value<Scalar = f32>>(&self, _: &[V; 1], _: &[V; 0]) -> [MixtureParams<V, 4>; 1] {
        [MixtureParams::ZEROS]
    }
}

type Blocks = Coupling<FirstHalf, Mixture, Mine, 1, 1>;

fn main() {
    let mut blocks = Blocks::ZEROS;
    let mut trainer = Trainer::<f32, f32, Blocks, 2>::ZEROS;
    let _ = trainer.step(&mut blocks, &[[0.0, 1.0]], &[], &Adam::default(), 1.0, 1.0);
}
