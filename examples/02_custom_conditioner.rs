//! A conditioner with a layer of your own and its gradient: steps `sigmoid(4 (x - c_i))` from a grid of centres that training moves.
//!
//! ```text
//! cargo run --release --example 02_custom_conditioner
//! ```

use gaussflow::train::{Settings, TrainError, Trainer};
use gaussflow::{Activation, ClampedMixture, Coupling, DifferentiableLayer, FirstHalf, Flow, Head, Householder, Layer, Swap};
use gaussflow::{Value, Width, Zeros, math::sigmoid, parameters, toy::two_moons};
use rand_pcg::Pcg64;

const W: usize = 24;
struct Steps([f32; W]); // how far the centres are from 0.25 i - 2.875
parameters! { impl[] Parameters<f32> + Zeros + Init for Steps { trainable 0: [f32; W] } }

impl Layer<f32, Width<1>> for Steps {
    type Out = Width<W>;
    fn apply<V: Value<Scalar = f32>, F: Activation>(&self, x: &[V; 1], _: &[V; 0], y: &mut [V; W]) {
        *y = std::array::from_fn(|i| F::value(sigmoid((x[0] - V::splat(0.25 * i as f32 - 2.875 + self.0[i])) * V::splat(4.0))));
    }
}

impl DifferentiableLayer<f32, Width<1>> for Steps {
    type Tape<V: Value<Scalar = f32>> = ();
    fn backward<V>(&self, _: &[V; 1], _: &[V; 0], y: &[V; W], _: &(), dy: &[V; W], dx: &mut [V; 1], _: &mut [V; 0], sum: Option<&mut Self>)
    where
        V: Value<Scalar = f32>,
    {
        let pull: [V; W] = std::array::from_fn(|i| dy[i] * V::splat(4.0) * y[i] * (V::ONE - y[i]));
        dx[0] = pull.iter().fold(V::ZEROS, |all, pull| all + *pull);
        if let Some(Steps(shifts)) = sum {
            shifts.iter_mut().zip(pull).for_each(|(shift, pull)| *shift -= pull.sum()); // over the lanes
        }
    }
}

type Half<M> = Coupling<M, ClampedMixture<f32, 8>, (Steps, Head<f32, ClampedMixture<f32, 8>, W, 1>), 1, 1>;
type Moons = Flow<f32, [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 4], 2>;

fn main() -> Result<(), TrainError> {
    let (mut rng, mut points) = (Pcg64::new(1, 1), vec![[0.0; 2]; 5000]);
    two_moons(&mut points, 0.1, &mut rng);
    let (mut flow, mut mean) = (Moons::random(&mut rng), Moons::ZEROS);
    println!("NLL before training {:.3} nats", flow.mean_nll(&points));
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    flow.fit(&points).settings(Settings { learning_rate: 5e-3, ..Settings::default() }).average(&mut mean).run(&mut trainer, &mut rng)?;
    println!("NLL after training  {:.3} nats", flow.mean_nll(&points));
    Ok(())
}
