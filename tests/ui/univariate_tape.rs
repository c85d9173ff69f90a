//@ a univariate with a tape must implement `forward_tape`, which fills it
use gaussflow::train::{Settings, Trainer};
use gaussflow::*;

/// `z = x + p`.
struct Shift;

parameters! { impl[] Parameters<f32> + Zeros for Shift {} }

impl Univariate<f32> for Shift {
    type Params<V: Value<Scalar = f32>> = [V; 1];
    type Tape<V: Value<Scalar = f32>> = [V; 1];

    fn forward_and_log_det<V: Value<Scalar = f32>>(&self, params: &[V; 1], x: V) -> (V, V) {
        (x + params[0], V::ZEROS)
    }

    fn inverse_and_log_det<V: Value<Scalar = f32>>(&self, params: &[V; 1], z: V) -> (V, V) {
        (z - params[0], V::ZEROS)
    }

    fn backward<V: Value<Scalar = f32>>(&self, _: &[V; 1], _: V, _: &[V; 1], dz: V, _: V, d_params: &mut [V; 1]) -> V {
        *d_params = [dz];
        dz
    }

    fn identity(&self) -> [f32; 1] {
        [0.0]
    }
}

fn main() {
    let mut flow = Flow::<f32, Marginal<f32, Shift, 1>, 1>::ZEROS;
    let mut trainer = Trainer::<_, f32>::ZEROS;
    let _ = trainer.step(&mut flow, &[[0.5]], &Settings::default());
}
