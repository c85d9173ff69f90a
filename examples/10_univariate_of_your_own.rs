//! A univariate of one's own, in 40 lines with its gradient: a scale for each side of 0. On rows that lean to one side it beats one scale for both.
//!
//! ```text
//! cargo run --release --features check --example 10_univariate_of_your_own
//! ```

use std::error::Error;

use gaussflow::check::{self, Limits};
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Affine, Flow, Init, Marginal, NoClamp, Part, Univariate, Value, Zeros, math, parameters, standard_normal};
use rand_pcg::Pcg64;

/// `z = e^s x`, with one `s` for negative `x` and one for positive: the normal of two pieces (Fechner 1897).
#[derive(Clone, Debug, Default)]
struct TwoPiece;

parameters! { impl[] Parameters<f32> + Zeros for TwoPiece {} }

impl Univariate<f32> for TwoPiece {
    type Params<V: Value<Scalar = f32>> = [V; 2]; // of the negative side, of the positive side
    type Tape<V: Value<Scalar = f32>> = ();

    fn forward_and_log_det<V: Value<Scalar = f32>>(&self, [left, right]: &[V; 2], x: V) -> (V, V) {
        let s = x.select_lt(V::ZEROS, *left, *right);
        (math::exp(s) * x, s)
    }

    fn inverse_and_log_det<V: Value<Scalar = f32>>(&self, [left, right]: &[V; 2], z: V) -> (V, V) {
        let s = z.select_lt(V::ZEROS, *left, *right);
        (math::exp(-s) * z, -s)
    }

    /// `dz/dx = e^s`, `dz/ds = z`, `dl/ds = 1`, on the side where `x` is.
    fn backward<V: Value<Scalar = f32>>(&self, params: &[V; 2], x: V, (): &(), dz: V, d_log_det: V, d_params: &mut [V; 2]) -> V {
        let (z, s) = self.forward_and_log_det(params, x);
        let ds = dz.mul_add(z, d_log_det);
        *d_params = [x.select_lt(V::ZEROS, ds, V::ZEROS), x.select_lt(V::ZEROS, V::ZEROS, ds)];
        dz * math::exp(s)
    }

    fn identity(&self) -> [f32; 2] {
        [0.0; 2]
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("two_piece"));
    }
}

/// The mean NLL of rows after a fit of `U`, in nats.
fn fitted<U: Univariate<f32> + Clone>(rows: &[[f32; 1]]) -> Result<f32, Box<dyn Error>> {
    let mut flow = Flow::<f32, Marginal<f32, U, 1>, 1>::ZEROS;
    flow.init(&mut Pcg64::new(1, 1));
    let settings = Settings { epochs: 60, learning_rate: 1e-2, ..Settings::default() };
    let mut trainer = Trainer::<_>::ZEROS;
    flow.fit(rows).settings(settings).run(&mut trainer, &mut Pcg64::new(2, 2))?;
    Ok(flow.mean_nll(rows))
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", check::univariate(&TwoPiece, &[0.7, -0.4], &[[-3.0], [-0.2], [0.5], [40.0]], &Limits::DEFAULT)?);
    let mut rng = Pcg64::new(3, 3);
    let rows: Vec<[f32; 1]> = (0..4000)
        .map(|_| {
            let x: f32 = standard_normal(&mut rng);
            [if x < 0.0 { 0.3 * x } else { 2.0 * x }]
        })
        .collect();
    println!("NLL of one scale {:.3}, of two {:.3} nats", fitted::<Affine<NoClamp>>(&rows)?, fitted::<TwoPiece>(&rows)?);
    Ok(())
}
