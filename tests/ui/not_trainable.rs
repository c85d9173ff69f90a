//@ `Mine` is not a layer that takes
//@ and has a gradient
//@ implement `DifferentiableLayer` for it, or use the flow for inference only
use gaussflow::train::{Settings, Trainer};
use gaussflow::*;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;

struct Mine;
impl Zeros for Mine {
    const ZEROS: Self = Mine;
}
impl Layer<f32, Width<1>> for Mine {
    type Out = Each<Mixture, 1>;
    fn apply<V: Value<Scalar = f32>, F: Activation>(&self, _: &[V; 1], _: &[V; 0], y: &mut [MixtureParams<V, 4>; 1]) {
        *y = [[[F::value(V::ZEROS); 4]; 3]];
    }
}

fn main() {
    let mut flow = Flow::<f32, Coupling<FirstHalf, Mixture, Mine, 1, 1>, 2>::ZEROS;
    let mut trainer = Trainer::<_, f32>::ZEROS;
    let _ = trainer.step(&mut flow, &[[0.0, 1.0]], &Settings::default());
}
