//! From a table to a normalizing flow on a microcontroller: what the tool `gaussflow` and the projects that it writes are made of.
//!
//! A project's `main.rs` calls `project::run` with the types of its `shape.rs`; everything else is the tool's.

pub mod columns;
mod error;
pub mod measure;
pub mod new;
pub mod plan;
pub mod propose;
pub mod table;
mod template;

#[cfg(feature = "train")]
mod apply;
#[cfg(feature = "train")]
mod baseline;
#[cfg(feature = "train")]
mod data;
#[cfg(feature = "train")]
#[allow(missing_docs)]
mod figures;
#[cfg(feature = "train")]
mod kept;
#[cfg(feature = "train")]
mod model;
#[cfg(feature = "train")]
pub mod project;
#[cfg(feature = "train")]
mod report;
#[cfg(feature = "train")]
mod select;

pub use error::{Error, Result};
