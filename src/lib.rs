#![no_std]
#![deny(missing_docs)]
#![doc = include_str!("../README.md")]

#[cfg(any(feature = "std", feature = "safetensors"))]
extern crate std;

mod batch;
pub mod bijector;
pub mod conditioner;
pub mod factory;
mod flow;
pub mod format;
pub mod init;
#[cfg(feature = "safetensors")]
pub mod keras;
mod lanes;
mod mask;
pub mod math;
mod pack;
mod params;
mod quantize;
mod real;
pub mod root;
mod sample;
#[cfg(feature = "serde")]
mod serde;
mod shape;
mod source;
mod structure;
pub mod toy;
pub mod train;
pub mod univariate;
mod value;

pub use batch::BatchError;
pub use bijector::{
    ActNorm, Bijector, Conditional, Coupling, DifferentiableBijector, Householder, Inverse, Linear, Marginal, Order, Orthogonal,
    Permutation, Reverse, Reversed,
};
pub use conditioner::{ContextDense, Dense, DifferentiableLayer, Head, Int8Dense, Int8Head, Layer, Residual, SharedHead};
pub use flow::{Flow, Given, log_base};
pub use lanes::Wide;
pub use mask::{Alternating, FirstHalf, Mask, Swap};
pub use pack::{Fused, Pack};
pub use params::{Init, Parameters, Role};
pub use quantize::Quantize;
pub use real::Real;
pub use sample::standard_normal;
pub use shape::{Each, Shape, Width};
pub use source::Source;
pub use structure::Part;
pub use univariate::{
    Affine, AffineParams, Mixture, MixtureCdf, MixtureError, MixtureParams, MixtureTape, NoClamp, RationalQuadraticSpline, SigmoidClamp,
    SplineParams, TanhClamp, Univariate,
};
pub use value::{Lanewise, Value, Zeros};
