//! Flows outside of the program that made them: bytes, text, Rust source, fewer bits, other libraries' weights.

pub mod format;
mod integer;
#[cfg(feature = "safetensors")]
pub mod keras;
#[cfg(feature = "safetensors")]
mod load_error;
mod quantization;
mod rust_source;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "safetensors")]
pub mod tensors;

pub use quantization::Quantize;
pub use rust_source::RustSource;
