//! What the registries of `tests/` run: the checks of `gaussflow::check` on drawn parts, and what only this crate has to show of its own.

pub mod compose;
pub mod distribution;
pub mod gradients;
pub mod laws;
pub mod parts;
pub mod planted;
