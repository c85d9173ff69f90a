//! A conditioner with a layer of your own: bumps `exp(-(x - c_i)^2 / 2 s^2)` around trainable centres, with its gradient.
//!
//! ```text
//! cargo run --release --example 02_custom_conditioner
//! ```

use std::array::from_fn;

use gaussflow::math::exp;
use gaussflow::toy::two_moons;
use gaussflow::train::{Adam, TrainError, Trainer, mean_nll};
use gaussflow::{
    Coupling, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Parameters, Role, Swap, TanhClamp, Value, Wide, Width, Zeros,
};
use gaussflow::{DifferentiableLayer, Layer};
use rand_core::Rng;
use rand_pcg::Pcg64;

struct Bumps<const W: usize>([f32; W]);

const SHARPNESS: f32 = 4.0; // 1 / s^2

impl<const W: usize> Zeros for Bumps<W> {
    const ZEROS: Self = Bumps([0.0; W]);
}

impl<const W: usize> Init<f32> for Bumps<W> {
    fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {
        self.0 = from_fn(|i| 6.0 * (i as f32 + 0.5) / W as f32 - 3.0); // evenly on [-3, 3]
    }
}

impl<const W: usize> Parameters<f32> for Bumps<W> {
    const COUNT: usize = W;
    fn zip<const M: usize, const N: usize>(
        change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [f32]; M], [&[f32]; N]),
    ) {
        visit(Role::Trainable, change.map(|b| &mut b.0[..]), read.map(|b| &b.0[..]));
    }
}

impl<const W: usize> Layer<f32, Width<1>> for Bumps<W> {
    type Out = Width<W>;
    fn apply<V: Value<Scalar = f32>>(&self, x: &[V; 1], _: &[V; 0]) -> [V; W] {
        self.0.map(|c| exp((x[0] - V::splat(c)) * (x[0] - V::splat(c)) * V::splat(-0.5 * SHARPNESS)))
    }
}

impl<const W: usize> DifferentiableLayer<f32, Width<1>> for Bumps<W> {
    type Tape<V: Value<Scalar = f32>> = ();
    fn apply_tape<V: Value<Scalar = f32>>(&self, x: &[V; 1], context: &[V; 0], y: &mut [V; W], (): &mut ()) {
        *y = self.apply(x, context);
    }
    /// `dy_i/dx = -(x - c_i) y_i / s^2`, and the opposite for `c_i`; the sum over the lanes goes to the gradient.
    fn backward<V: Value<Scalar = f32>>(
        &self,
        x: &[V; 1],
        _: &[V; 0],
        y: &[V; W],
        (): &(),
        dy: &[V; W],
        dx: &mut [V; 1],
        _: &mut [V; 0],
        gradient: &mut Self,
    ) {
        dx[0] = V::ZEROS;
        for i in 0..W {
            let pull = dy[i] * y[i] * (V::splat(self.0[i]) - x[0]) * V::splat(SHARPNESS);
            dx[0] += pull;
            gradient.0[i] -= pull.sum();
        }
    }
}

type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
type Half<M> = Coupling<M, Mixture, (Bumps<24>, Head<f32, Mixture, 24, 1>), 1, 1>;
type Blocks = [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 4];

fn main() -> Result<(), TrainError> {
    let mut rng = Pcg64::new(1, 1);
    let mut points = vec![[0.0; 2]; 5000];
    two_moons(&mut points, 0.1, &mut rng);
    let mut flow = Flow::<f32, Blocks, 2>::drawn(&mut rng);
    let mut trainer = Box::new(Trainer::<f32, Wide<f32>, Blocks, 2>::ZEROS);
    let adam = Adam { learning_rate: 5e-3, ..Adam::default() };
    for epoch in 0..=60 {
        if epoch % 20 == 0 {
            println!("epoch {epoch:2}: NLL {:.3} nats", mean_nll::<f32, Wide<f32>, _, 2, 0>(&flow.bijector, &points, &[]));
        }
        gaussflow::train::shuffle::<_, _, 2, 0>(&mut points, &mut [], &mut rng);
        for batch in points.chunks(250) {
            trainer.step(&mut flow.bijector, batch, &[], &adam, 10.0, 1.0)?;
        }
    }
    Ok(())
}
