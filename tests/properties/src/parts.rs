//! Small parts of every kind, in f64.

use gaussflow::rand_core::Rng;
use gaussflow::{
    Activation, Alternating, Autoregressive, ContextDense, Coupling, Dense, DifferentiableLayer, FirstHalf, Head, Householder, Init, Layer,
    MaskedDense, MaskedHead, MaskedInput, MixtureCdf, NoClamp, Ordered, Real, Relu, Residual, SharedHead, SigmoidClamp, Silu, Swap, Tanh,
    TanhClamp, Value, Width, Zeros, parameters,
};

use crate::planted::Planted;

pub type Mix<const K: usize, S = TanhClamp<f64>> = MixtureCdf<S, K>;
pub type MixHead<const K: usize, const H: usize, const B: usize, S = TanhClamp<f64>> = Head<f64, Mix<K, S>, H, B>;

// Conditioners that end in tanh, or the far rows would part a mixture's components so far that the map is flat between them and no difference resolves its inverse.

pub type Net<const I: usize, const B: usize, A = Tanh> = (Dense<f64, I, 5>, A, Dense<f64, 5, 4>, Tanh, MixHead<3, 4, B>);
pub type Plain3 = Coupling<FirstHalf, Mix<3>, Net<1, 2>, 1, 2>;
pub type Swapped3 = Coupling<Swap<FirstHalf>, Mix<3>, Net<2, 1, Silu>, 2, 1>;
pub type Relu3 = Coupling<FirstHalf, Mix<3>, Net<1, 2, Relu>, 1, 2>;
pub type Given3 = Coupling<FirstHalf, Mix<3>, (ContextDense<f64, 1, 2, 5>, Tanh, MixHead<3, 5, 2>), 1, 2>;
pub type SwappedGiven3 = Coupling<Swap<FirstHalf>, Mix<3>, (ContextDense<f64, 2, 2, 5>, Tanh, MixHead<3, 5, 1>), 2, 1>;
pub type Shared4 = Coupling<Alternating, Mix<3>, (Dense<f64, 2, 5>, Tanh, SharedHead<f64, Mix<3>, 5, 2>), 2, 2>;
pub type Deep2 = Coupling<FirstHalf, Mix<4>, (Dense<f64, 1, 4>, Tanh, Residual<(Dense<f64, 4, 4>, Tanh)>, MixHead<4, 4, 1>), 1, 1>;
pub type Sigmoid3 = Coupling<FirstHalf, Mix<2, SigmoidClamp<f64>>, (Dense<f64, 1, 4>, Tanh, MixHead<2, 4, 2, SigmoidClamp<f64>>), 1, 2>;
pub type Linear2 = Coupling<FirstHalf, Mix<2, NoClamp>, (Tanh, MixHead<2, 1, 1, NoClamp>), 1, 1>;

pub type Masks<U, const D: usize, const C: usize = 0> =
    (MaskedInput<f64, D, 5, C>, Tanh, MaskedDense<f64, 5, 4, D, C>, Tanh, MaskedHead<f64, U, 4, D, C>);
pub type Before<U, const D: usize, const C: usize = 0> = Autoregressive<U, Masks<U, D, C>, D>;

/// The numbers it is given, as what a masked network takes: for checks of layers.
#[derive(Clone, Copy, Debug)]
pub struct InOrder;

impl Zeros for InOrder {
    const ZEROS: Self = InOrder;
}

impl<T> Init<T> for InOrder {
    fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {}
}

parameters! { impl[T] Parameters<T> for InOrder {} }

impl<T: Real, const D: usize, const C: usize> Layer<T, Width<D>, C> for InOrder {
    type Out = Ordered<D>;
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; D], _: &[V; C], y: &mut [V; D]) {
        *y = x.map(F::value);
    }
}

impl<T: Real, const D: usize, const C: usize> DifferentiableLayer<T, Width<D>, C> for InOrder {
    type Tape<V: Value<Scalar = T>> = ();
    fn backward<V: Value<Scalar = T>>(
        &self,
        _: &[V; D],
        _: &[V; C],
        _: &[V; D],
        (): &(),
        dy: &[V; D],
        dx: &mut [V; D],
        _: &mut [V; C],
        _: Option<&mut Self>,
    ) {
        *dx = *dy;
    }
}

// Parts of compositions: compiled once.
pub type T3 = Planted<Householder<f64, 3, 2>>;
pub type P3 = Planted<Plain3>;
pub type S3 = Planted<Swapped3>;
pub type G3 = Planted<Given3>;
pub type H3 = Planted<SwappedGiven3>;
pub type GivenFlow = [(T3, G3, H3); 2];
