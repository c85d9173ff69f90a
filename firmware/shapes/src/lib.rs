//! The types of the flows: for training, for the build script that makes source of the weights, and for the images.

#![no_std]

use gaussflow::Relu;
use gaussflow::{ActNorm, Coupling, Dense, FirstHalf, Flow, Head, Householder, Int8Dense, Int8Head, MixtureCdf, Swap, TanhClamp};

/// Eight components a dimension.
pub type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
/// From `A` identity dimensions through two hidden layers of `H` to mixtures of `B` dimensions.
pub type Net<const A: usize, const B: usize, const H: usize> = (Dense<f32, A, H>, Relu, Dense<f32, H, H>, Relu, Head<f32, Mixture, H, B>);
/// A rotation, then each half from the other.
pub type Block<const D: usize, const A: usize, const B: usize, const H: usize> =
    (Householder<f32, D, D>, Coupling<FirstHalf, Mixture, Net<A, B, H>, A, B>, Coupling<Swap<FirstHalf>, Mixture, Net<B, A, H>, B, A>);
/// `L` blocks.
pub type Blocks<const L: usize, const D: usize, const A: usize, const B: usize, const H: usize> = [Block<D, A, B, H>; L];
/// A flow of `L` blocks.
pub type Deep<const L: usize, const D: usize, const A: usize, const B: usize, const H: usize> = Flow<f32, Blocks<L, D, A, B, H>, D>;

/// The flow of the README, 46,800 parameters.
pub type Moons = Deep<4, 2, 1, 1, 64>;

/// [`Net`] with weights of eight bits.
pub type Int8Net<const H: usize> = (Int8Dense<f32, 1, H>, Relu, Int8Dense<f32, H, H>, Relu, Int8Head<f32, Mixture, H, 1, 24>);
/// The flow of the README in a quarter of the memory.
pub type Int8Moons = Flow<
    f32,
    [(Householder<f32, 2, 2>, Coupling<FirstHalf, Mixture, Int8Net<64>, 1, 1>, Coupling<Swap<FirstHalf>, Mixture, Int8Net<64>, 1, 1>); 4],
    2,
>;

/// Six axes of motion in raw units, which the first layer standardizes.
pub type WatchParts = (ActNorm<f32, 6>, Blocks<2, 6, 3, 3, 16>);
pub type Watch = Flow<f32, WatchParts, 6>;

/// The flow that learns on the board.
pub type SmallParts = Blocks<2, 2, 1, 1, 16>;
pub type Small = Flow<f32, SmallParts, 2>;
