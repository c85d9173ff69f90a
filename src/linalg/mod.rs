//! Small dense matrices: orthonormal columns, eigenvectors, room for large numbers.

mod eigen;
mod qr;
mod room;

pub(crate) use eigen::symmetric_eigen;
pub(crate) use qr::orthonormalize;
pub(crate) use room::{moderate, with_room, within_floats};
