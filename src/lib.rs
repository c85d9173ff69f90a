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

/// The generators that draws take: of version 0.10 of this crate.
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
pub mod toy;
pub mod train;
mod univariate;

pub use bijector::{
    ActNorm, AllTransformed, Alternating, Autoregressive, Bijector, Conditional, Coupling, DifferentiableBijector, FirstHalf,
    GaussianMixture, Householder, Inverse, Linear, Marginal, Mask, NotOrthogonal, Order, Orthogonal, Permutation, Reverse, Reversed, Swap,
};
pub use conditioner::{
    Activation, ConstantOutput, ContextDense, Degrees, Dense, DifferentiableLayer, Each, Gelu, Head, Identity, Int8Dense, Int8Head, Layer,
    LeakyRelu, Masked, MaskedDense, MaskedHead, MaskedInput, Ordered, Relu, Residual, Shape, SharedHead, Sigmoid, Silu, Softplus, Tanh,
    Width,
};
pub use flow::{BatchError, Flow, Given, IntoRows, Rows, log_base};
pub use math::draw::standard_normal;
pub use mixture::{Mixture, MixtureError};
#[doc(hidden)]
pub use number::Lanewise;
#[cfg(feature = "bytemuck")]
pub use number::boxed;
pub use number::{Flat, Fused, Pack, Real, Value, Wide, Zeros};
pub use parameters::{Init, Parameters, Part, Role};
pub use univariate::{
    Affine, AffineParams, ClampedMixture, KnotMap, LogScaleClamp, MixtureCdf, MixtureParams, MixtureTape, NoClamp, RationalQuadraticSpline,
    SigmoidClamp, SoftClamp, SoftplusClamp, SoftplusKnots, SplineParams, TanhClamp, TanhKnots, Univariate,
};
