//! A flow of two dimensions that trains in a moment.

use gaussflow::{Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Real, Relu, Swap, TanhClamp, Zeros};
use rand_pcg::Pcg32;

type Mixture<T> = MixtureCdf<TanhClamp<T>, 4>;
type Net<T> = (Dense<T, 1, 16>, Relu, Dense<T, 16, 16>, Relu, Head<T, Mixture<T>, 16, 1>);
type Half<T, M> = Coupling<M, Mixture<T>, Net<T>, 1, 1>;

pub type Small<T> = Flow<T, [(Householder<T, 2, 2>, Half<T, FirstHalf>, Half<T, Swap<FirstHalf>>); 2], 2>;

/// One with its starting values, and the generator after them.
pub fn start<T: Real>() -> (Box<Small<T>>, Pcg32) {
    let mut rng = Pcg32::new(3, 1);
    let mut flow = Box::new(Small::ZEROS);
    flow.init(&mut rng);
    (flow, rng)
}
