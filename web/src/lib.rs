//! What the page computes: flows of two dimensions, their training, and known densities.
//!
//! [`page`] is what JavaScript sees of it; all else runs on any machine.

mod density;
mod mixture;
mod model;
mod outlined;
pub mod page;
mod training;

pub use density::{DENSITIES, Density};
pub use mixture::{GAUSSIANS, mixture_nll};
pub use model::{BLOCKS, COMPONENTS, Lanes, Model, Scaled, decode};
pub use training::{BATCH, Training, start};
