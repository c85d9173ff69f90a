//! The usual flows, as types.
//!
//! Each but the autoregressive ones has the parts, the order and the default sizes of the Keras library's factory, and takes its weights. Numbers that are left out are the defaults:
//!
//! ```
//! use gaussflow::factory::{CouplingFlow, GaussianizationFlow, MaskedAutoregressiveFlow, SharedCouplingFlow};
//! use gaussflow::{Init, Parameters, Zeros};
//! use rand_pcg::Pcg32;
//!
//! let mut rng = Pcg32::new(1, 1);
//! let flow = CouplingFlow::<f32, 2, 1, 1>::random(&mut rng); // `make_coupling_flow(2)`
//! assert!(flow.log_prob(&[0.5, -1.0]).is_finite());
//!
//! type Small = CouplingFlow<f32, 5, 2, 3, 2, 6, 16>; // `make_coupling_flow(5, num_blocks=2, num_components=6, hidden=(16, 16))`
//! let mut small = Box::new(Small::ZEROS); // in place, where it is too large for the stack
//! small.init(&mut rng);
//!
//! let shared = SharedCouplingFlow::<f32, 5, 2, 3>::random(&mut rng); // `make_coupling_flow(5, shared_mixture=True)`
//! let marginal = GaussianizationFlow::<f32, 3>::random(&mut rng); // `make_gaussianization_flow(3)`
//! let masked = MaskedAutoregressiveFlow::<f32, 3>::random(&mut rng);
//! # assert!(masked.log_prob(&[0.5; 3]).is_finite());
//! # assert!(shared.log_prob(&[0.5; 5]).is_finite() && marginal.log_prob(&[0.5; 3]).is_finite());
//! # assert_eq!(<CouplingFlow<f32, 2, 1, 1> as Parameters<f32>>::COUNT, 46_800);
//! ```

use crate::bijector::{Autoregressive, Coupling, FirstHalf, Householder, Marginal, Reverse, Swap};
use crate::conditioner::{Dense, Head, MaskedDense, MaskedHead, MaskedInput, Relu, SharedHead};
use crate::flow::Flow;
use crate::univariate::{ClampedMixture, MixtureCdf, NoClamp};

/// A conditioner: `I` values through two hidden ReLU layers of `H` to the head `L`.
pub type Mlp<T, L, const I: usize, const H: usize = 64> = (Dense<T, I, H>, Relu, Dense<T, H, H>, Relu, L);

/// A coupling with the mask `M` that maps each of `B` dimensions by its own mixture of `K` components, given `A` others.
pub type MixtureCoupling<T, M, const A: usize, const B: usize, const K: usize = 8, const H: usize = 64> =
    Coupling<M, ClampedMixture<T, K>, Mlp<T, Head<T, ClampedMixture<T, K>, H, B>, A, H>, A, B>;

/// A coupling with the mask `M` that maps `B` dimensions by one mixture of `K` components, given `A` others.
pub type SharedMixtureCoupling<T, M, const A: usize, const B: usize, const K: usize = 8, const H: usize = 64> =
    Coupling<M, ClampedMixture<T, K>, Mlp<T, SharedHead<T, ClampedMixture<T, K>, H, B>, A, H>, A, B>;

/// A rotation by `D` reflections and two [`MixtureCoupling`]s, which exchange their halves. `A` is `D / 2` and `B` the rest.
pub type CouplingBlock<T, const D: usize, const A: usize, const B: usize, const K: usize = 8, const H: usize = 64> =
    (Householder<T, D, D>, MixtureCoupling<T, FirstHalf, A, B, K, H>, MixtureCoupling<T, Swap<FirstHalf>, B, A, K, H>);

/// As [`CouplingBlock`], of [`SharedMixtureCoupling`]s.
pub type SharedCouplingBlock<T, const D: usize, const A: usize, const B: usize, const K: usize = 8, const H: usize = 64> =
    (Householder<T, D, D>, SharedMixtureCoupling<T, FirstHalf, A, B, K, H>, SharedMixtureCoupling<T, Swap<FirstHalf>, B, A, K, H>);

/// A rotation by `D` reflections and a mixture of `K` components for each dimension.
pub type GaussianizationBlock<T, const D: usize, const K: usize = 8> = (Householder<T, D, D>, Marginal<T, MixtureCdf<NoClamp, K>, D>);

/// The coupling flow: `BLOCKS` [`CouplingBlock`]s. One with another mask, network or order is a [`Flow`] of a tuple of your own.
pub type CouplingFlow<T, const D: usize, const A: usize, const B: usize, const BLOCKS: usize = 4, const K: usize = 8, const H: usize = 64> =
    Flow<T, [CouplingBlock<T, D, A, B, K, H>; BLOCKS], D>;

/// The coupling flow with one mixture for all dimensions that a coupling maps: `BLOCKS` [`SharedCouplingBlock`]s.
pub type SharedCouplingFlow<
    T,
    const D: usize,
    const A: usize,
    const B: usize,
    const BLOCKS: usize = 4,
    const K: usize = 8,
    const H: usize = 64,
> = Flow<T, [SharedCouplingBlock<T, D, A, B, K, H>; BLOCKS], D>;

/// The Gaussianization flow: `BLOCKS` [`GaussianizationBlock`]s.
pub type GaussianizationFlow<T, const D: usize, const BLOCKS: usize = 6, const K: usize = 8> =
    Flow<T, [GaussianizationBlock<T, D, K>; BLOCKS], D>;

/// A masked network for `D` dimensions: two hidden ReLU layers of `H` and a head of parameters of `U`.
pub type MaskedMlp<T, U, const D: usize, const H: usize = 64> =
    (MaskedInput<T, D, H>, Relu, MaskedDense<T, H, H, D>, Relu, MaskedHead<T, U, H, D>);

/// An autoregressive map of mixtures of `K` components and, after it, the dimensions in reverse.
pub type AutoregressiveBlock<T, const D: usize, const K: usize = 8, const H: usize = 64> =
    (Autoregressive<ClampedMixture<T, K>, MaskedMlp<T, ClampedMixture<T, K>, D, H>, D>, Reverse);

/// The masked autoregressive flow, of mixtures: `BLOCKS` [`AutoregressiveBlock`]s. Densities in one pass of each network, samples in `D`.
pub type MaskedAutoregressiveFlow<T, const D: usize, const BLOCKS: usize = 4, const K: usize = 8, const H: usize = 64> =
    Flow<T, [AutoregressiveBlock<T, D, K, H>; BLOCKS], D>;
