//! The types of the flows: for training, for the build script that makes source of the weights, and for the images.

#![no_std]

use gaussflow::factory::{CouplingBlock, CouplingFlow};
use gaussflow::{
    ActNorm, ClampedMixture, Coupling, FirstHalf, Flow, Householder, Int8Dense, Int8Head, Marginal, MixtureCdf, NoClamp, Orthogonal,
    PreparedMarginal, Relu, Swap,
};

/// The flow of the README, 46,800 parameters.
pub type Moons = CouplingFlow<f32, 2, 1, 1>;

/// Eight components a dimension.
pub type Mixture = ClampedMixture<f32, 8>;
/// The conditioner of the README's flow with weights of eight bits.
pub type Int8Net = (Int8Dense<f32, 1, 64>, Relu, Int8Dense<f32, 64, 64>, Relu, Int8Head<f32, Mixture, 64, 1, 24>);
/// The flow of the README in a quarter of the memory.
pub type Int8Moons = Flow<
    f32,
    [(Householder<f32, 2, 2>, Coupling<FirstHalf, Mixture, Int8Net, 1, 1>, Coupling<Swap<FirstHalf>, Mixture, Int8Net, 1, 1>); 4],
    2,
>;

/// Six axes of motion in raw units, which the first layer standardizes.
pub type Watch = Flow<f32, (ActNorm<f32, 6>, [CouplingBlock<f32, 6, 3, 3, 8, 16>; 2]), 6>;

/// The six axes without a network, for chips without a floating-point unit: principal axes, and a mixture of two on each.
pub type Axes = Flow<f32, (ActNorm<f32, 6>, Orthogonal<f32, 6>, Marginal<f32, MixtureCdf<NoClamp, 2>, 6>), 6>;
/// The same, prepared for the board.
pub type PreparedAxes = Flow<f32, (ActNorm<f32, 6>, Orthogonal<f32, 6>, PreparedMarginal<f32, 2, 6>), 6>;

/// The flow that learns on the board.
pub type Small = CouplingFlow<f32, 2, 1, 1, 2, 8, 16>;
