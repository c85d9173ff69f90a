//! Small dense matrices: orthonormal columns, eigenvectors.

mod eigen;
mod qr;

pub(crate) use eigen::symmetric_eigen;
pub(crate) use qr::orthonormalize;
