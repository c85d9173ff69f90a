//! Flows outside of the program that made them: bytes, text, Rust source, fewer bits, other libraries' weights.

pub mod format;
mod integer;
#[cfg(feature = "safetensors")]
pub mod keras;
mod quantization;
mod rust_source;
#[cfg(feature = "serde")]
mod serde;

pub use quantization::Quantize;
pub use rust_source::RustSource;
