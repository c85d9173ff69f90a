//! What the maths runs on: scalars, lanes of them, and the instructions of the machine.

#[cfg(feature = "bytemuck")]
mod boxed;
mod coefficients;
mod flat;
mod fused;
pub(crate) mod kernels;
mod mask;
pub(crate) mod outline;
mod pack;
mod real;
mod value;

#[cfg(feature = "bytemuck")]
pub use boxed::boxed;
pub(crate) use coefficients::Coefficients;
pub use flat::Flat;
pub use fused::Fused;
pub(crate) use mask::Mask;
pub use outline::Wide;
pub use pack::Pack;
pub use real::Real;
pub use value::{Lanewise, Value, Zeros};
