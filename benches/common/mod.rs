//! The reference's two-moons flow, stirred so that no part of it is trivial.

use gaussflow::conditioner::Relu;
use gaussflow::{
    Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Parameters, Real, Role, Swap, TanhClamp, Zeros, standard_normal,
};
use rand_pcg::Pcg32;

pub type Mixture<T> = MixtureCdf<TanhClamp<T>, 8>;
pub type Net<T> = (Dense<T, 1, 64>, Relu, Dense<T, 64, 64>, Relu, Head<T, Mixture<T>, 64, 1>);
pub type Half<T, M> = Coupling<M, Mixture<T>, Net<T>, 1, 1>;
pub type Blocks<T> = [(Householder<T, 2, 2>, Half<T, FirstHalf>, Half<T, Swap<FirstHalf>>); 4];
pub type Moons<T> = Flow<T, Blocks<T>, 2>;

/// The flow, and points to evaluate it at.
pub fn moons<T: Real>(points: usize) -> (Box<Moons<T>>, Vec<[T; 2]>) {
    let mut rng = Pcg32::new(1, 1);
    let mut flow = Box::new(Moons::<T>::ZEROS);
    flow.init(&mut rng);
    flow.visit_mut(&mut |role, slice| {
        if role == Role::Trainable {
            slice.iter_mut().for_each(|p| *p += T::from_f64(0.05) * standard_normal::<T, _>(&mut rng));
        }
    });
    let points = (0..points).map(|_| [standard_normal(&mut rng), standard_normal(&mut rng)]).collect();
    (flow, points)
}
