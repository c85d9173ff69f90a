//! What the maths runs on: scalars, lanes of them, and the instructions of the machine.

#[cfg(feature = "bytemuck")]
mod boxed;
mod coefficients;
pub(crate) mod fixed;
mod flat;
mod fused;
pub(crate) mod kernels;
mod mask;
pub(crate) mod outline;
mod pack;
mod real;
mod soft;
mod value;

#[cfg(feature = "bytemuck")]
pub use boxed::boxed;
pub(crate) use coefficients::Coefficients;
pub use fixed::Weight;
pub use flat::Flat;
pub use fused::Fused;
pub(crate) use mask::Mask;
pub use outline::Wide;
pub use pack::Pack;
pub use real::Real;
pub use value::{Lanewise, Value, Zeros};

/// Whether this is a microcontroller: one sample at a time and no vectors, so that a branch is cheaper than both of its ways.
pub(crate) const BRANCHES: bool = cfg!(any(target_arch = "arm", target_arch = "riscv32"));

/// Whether it has no floating-point unit, so that integers are cheaper: an addition takes a hundred instructions on a Cortex-M0.
pub(crate) const SOFT: bool = cfg!(any(all(target_arch = "arm", not(target_abi = "eabihf")), target_arch = "riscv32"));
