#![no_std]
#![deny(missing_docs)]
#![doc = include_str!("../README.md")]

#[cfg(feature = "std")]
extern crate std;

pub mod bijector;
pub mod conditioner;
mod flow;
pub mod init;
mod lanes;
mod mask;
pub mod math;
mod pack;
mod params;
mod quantize;
mod real;
pub mod root;
mod sample;
mod shape;
mod source;
pub mod toy;
pub mod train;
pub mod univariate;
mod value;

pub use bijector::{
    ActNorm, Bijector, Coupling, DifferentiableBijector, Householder, Inverse, Linear, Marginal, Order, Orthogonal, Permutation, Reverse,
    Reversed,
};
pub use conditioner::{ContextDense, Dense, DifferentiableLayer, Head, Int8Dense, Int8Head, Layer, Residual, SharedHead};
pub use flow::{Flow, Given, log_base};
pub use lanes::{Lanes, Wide, WideLanes};
pub use mask::{Alternating, FirstHalf, Mask, Swap};
pub use pack::{Fused, Pack};
pub use params::{Init, Parameters, Role};
pub use quantize::Quantize;
pub use real::Real;
pub use sample::standard_normal;
pub use shape::{Each, Shape, Width};
pub use source::Source;
pub use univariate::{
    Affine, AffineParams, Mixture, MixtureCdf, MixtureError, MixtureParams, NoClamp, RationalQuadraticSpline, SigmoidClamp, SplineParams,
    TanhClamp, Univariate,
};
pub use value::{Value, Zeros};
