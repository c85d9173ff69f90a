#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]
#![doc = include_str!("../README.md")]

// The maths rounds by adding and subtracting constants, which extra precision undoes.
#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!(
    "gaussflow needs SSE2 on 32-bit x86, whose old floating-point unit rounds differently: take an i686 target, or build with `-C target-feature=+sse2`"
);

#[cfg(any(test, feature = "std", feature = "safetensors", feature = "check"))]
extern crate std;

/// The generators that draws take: of version 0.10 of this crate, `gaussflow::rand_core::Rng`. One of another version (`rand` 0.9 has `rand_core` 0.9) does not implement it; `rand_pcg` 0.10 and
/// `rand` 0.10 do.
pub use rand_core;

mod bijector;
#[cfg(any(test, feature = "check"))]
pub mod check;
mod conditioner;
pub mod factory;
mod flow;
mod linalg;
pub mod math;
mod mixture;
mod number;
mod parameters;
#[doc(hidden)]
pub mod root;
pub mod start;
pub mod store;
pub mod stream;
pub mod toy;
pub mod train;
mod univariate;

pub use bijector::{
    ActNorm, AllTransformed, Alternating, Autoregressive, Bijector, Conditional, ContextNorm, Coupling, CovarianceError,
    DifferentiableBijector, FirstHalf, GaussianMixture, Householder, Inverse, Linear, Marginal, Mask, NoSupport, NotOrthogonal, Order,
    Orthogonal, Permutation, PreparedMarginal, Reverse, Reversed, Support, Swap,
};
pub use conditioner::{
    Activation, ConstantOutput, ContextDense, Degrees, Dense, DifferentiableLayer, Each, Gelu, Head, Identity, Int8ContextDense, Int8Dense,
    Int8Head, Int8SharedHead, Int16ContextDense, Int16Dense, Int16Head, Int16SharedHead, IntegerContextDense, IntegerDense, IntegerHead,
    IntegerSharedHead, Layer, LeakyRelu, Masked, MaskedDense, MaskedHead, MaskedInput, Ordered, Relu, Residual, Shape, SharedHead, Sigmoid,
    Silu, Softplus, Tanh, Width,
};
pub use flow::{Attribution, BatchError, Flow, Given, IntoRows, NoMarginal, Rows, WithoutContext, log_base};
pub use math::draw::standard_normal;
pub use mixture::{Mixture, MixtureError};
#[doc(hidden)]
pub use number::Lanewise;
#[cfg(feature = "bytemuck")]
pub use number::boxed;
pub use number::{Flat, Fused, Pack, Real, Value, Weight, Wide, Zeros};
pub use parameters::{Init, Parameters, Part, Role};
pub use univariate::{
    Affine, AffineParams, CircularSpline, ClampedMixture, KnotMap, LogScaleClamp, MixtureCdf, MixtureParams, MixtureTape, NoClamp,
    RationalQuadraticSpline, SigmoidClamp, SoftClamp, SoftplusClamp, SoftplusKnots, SplineParams, TanhClamp, TanhKnots, Univariate,
};
