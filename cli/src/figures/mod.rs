//! Figures of flows as SVG, and one page that shows them all. Shared by the tool and the examples.
#![allow(dead_code, unused_imports, reason = "each program draws some of the figures")]

mod curve;
mod heat;
mod histogram;
mod pairs;
mod plot;
mod report;
mod scatter;
mod states;

pub use curve::loss_curves;
pub use heat::{Grid, densities, density};
pub use histogram::{histogram, latents};
pub use pairs::pairs;
pub use plot::{Span, central_spans};
pub use report::Report;
pub use scatter::{joint, side_by_side};
pub use states::states;
