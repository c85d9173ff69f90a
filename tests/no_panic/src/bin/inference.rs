//! Every layer, and the usual flows.

#![no_std]
#![no_main]

use gaussflow::factory::{CouplingBlock, GaussianizationBlock, SharedCouplingBlock};
use gaussflow::{
    ActNorm, Affine, Alternating, Conditional, ContextDense, Coupling, Dense, FirstHalf, Gelu, Head, Householder, Int8Dense, Int8Head,
    Int8SharedHead, Int16ContextDense, Inverse, LeakyRelu, Linear, Marginal, MixtureCdf, NoClamp, Orthogonal, Pack,
    RationalQuadraticSpline, Relu, Residual, Reverse, SharedHead, Sigmoid, SigmoidClamp, Silu, Softplus, Swap, Tanh, TanhClamp,
};
use no_panic::{batches, infer, infer_lanes, learn, mixture};

type Mixtures<T> = MixtureCdf<TanhClamp<T>, 5>;
type Sigmoids<T> = MixtureCdf<SigmoidClamp<T>, 64>;
type Scales<T> = Affine<TanhClamp<T>>;
type Splines<T> = RationalQuadraticSpline<T, 32>;
type Net<T> = (
    ContextDense<T, 2, 2, 17>,
    Gelu,
    Residual<(Dense<T, 17, 17>, Silu)>,
    (Dense<T, 17, 9>, LeakyRelu),
    (Softplus, Sigmoid),
    Head<T, Mixtures<T>, 9, 3>,
);
/// Five dimensions and two context variables.
type Every<T> = (
    (ActNorm<T, 5>, Linear<T, 5>, Householder<T, 5, 5>, Orthogonal<T, 5>, Reverse),
    Coupling<FirstHalf, Mixtures<T>, Net<T>, 2, 3>,
    Coupling<Alternating, Sigmoids<T>, (Dense<T, 3, 8>, Tanh, SharedHead<T, Sigmoids<T>, 8, 2>), 3, 2>,
    Inverse<Coupling<Swap<FirstHalf>, Scales<T>, (Dense<T, 3, 8>, Relu, Head<T, Scales<T>, 8, 2>), 3, 2>>,
    Coupling<Swap<Alternating>, Splines<T>, Head<T, Splines<T>, 2, 3>, 2, 3>,
    Conditional<Scales<T>, (ContextDense<T, 0, 2, 8>, Tanh, Head<T, Scales<T>, 8, 5>), 5>,
    [(Marginal<T, MixtureCdf<NoClamp, 3>, 5>, Householder<T, 5, 2>); 2],
);
/// Weights of 8 and 16 bits.
type Small = (
    Coupling<FirstHalf, Mixtures<f32>, (Int8Dense<f32, 1, 8>, Relu, Int8Head<f32, Mixtures<f32>, 8, 1, 15>), 1, 1>,
    Coupling<FirstHalf, Mixtures<f32>, (Int16ContextDense<f32, 1, 0, 8>, Relu, Int8SharedHead<f32, Mixtures<f32>, 8, 1, 15>), 1, 1>,
);
type Moons<T> = [CouplingBlock<T, 2, 1, 1>; 4];
type Shared<T> = [SharedCouplingBlock<T, 5, 2, 3>; 4];
type Marginals<T> = [GaussianizationBlock<T, 3>; 6];

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let mut finite = infer::<f32, Moons<f32>, 2, 0>() && infer::<f64, Moons<f64>, 2, 0>();
    finite &= infer::<f32, Shared<f32>, 5, 0>() && infer::<f64, Shared<f64>, 5, 0>();
    finite &= infer::<f32, Marginals<f32>, 3, 0>() && infer::<f64, Marginals<f64>, 3, 0>();
    finite &= infer::<f32, Every<f32>, 5, 2>() && infer::<f64, Every<f64>, 5, 2>();
    infer_lanes::<Pack<f32, 8>, Every<f32>, 5, 2>();
    mixture::<f32, 8>();
    mixture::<f64, 64>();
    batches::<f32, Every<f32>, 5, 2>(&mut [[0.0; 5]; 9], &[[0.0; 2]; 9], &mut [1.0; 9]);
    batches::<f32, Small, 2, 0>(&mut [[0.0; 2]; 9], &[], &mut [1.0; 9]);
    learn::<f32, Moons<f32>, 2>(&mut [0; 1 << 18], &[[0.0; 2]; 3]);
    i32::from(!finite)
}
