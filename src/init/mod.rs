//! Starting values from data: quantiles, principal axes, mixtures by expectation-maximisation, rotations as reflections.
//!
//! All of it runs without a heap: what has to be sorted is sorted in a slice of the caller's.

mod decompose;
mod eigen;
mod em;
mod gaussianize;
mod marginal;
mod moments;
mod principal;
mod qr;
mod univariate;
mod warm_start;

pub use crate::bijector::NotOrthogonal;
pub use em::{Em, MixtureFit, fit_mixture};
pub use gaussianize::Gaussianize;
pub use univariate::FitUnivariate;
pub use warm_start::{Rotation, WarmStart};

pub(crate) use eigen::symmetric_eigen;
pub(crate) use moments::moments;
pub(crate) use qr::orthonormalize;

use core::fmt;

use crate::real::Real;

/// Why data cannot be fitted. What was to be fitted is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataError {
    /// There is no sample.
    Empty,
    /// This sample holds an infinity or a NaN.
    Sample(usize),
    /// This sample holds a value beyond the square root of the type's largest number.
    Large(usize),
    /// There are fewer samples than `needed`, one a component.
    TooFew {
        /// How many there have to be.
        needed: usize,
    },
    /// The scratch slice is shorter than `needed`.
    Scratch {
        /// How long it has to be.
        needed: usize,
    },
    /// The setting of this name is out of its domain.
    Setting(&'static str),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataError::Empty => write!(f, "there is no sample to fit"),
            DataError::Sample(index) => write!(f, "sample {index} is not finite"),
            DataError::Large(index) => write!(f, "sample {index} holds a value beyond the square root of the type's largest number"),
            DataError::TooFew { needed } => write!(f, "there must be at least {needed} samples, one a component"),
            DataError::Scratch { needed } => write!(f, "the scratch slice must hold {needed} values"),
            DataError::Setting(name) => write!(f, "the setting `{name}` is out of its domain"),
        }
    }
}

impl core::error::Error for DataError {}

/// Refuses an empty set and the first row that is not finite.
pub(crate) fn check_rows<T: Real, const D: usize>(samples: &[[T; D]]) -> Result<(), DataError> {
    if samples.is_empty() {
        return Err(DataError::Empty);
    }
    match samples.iter().position(|row| row.iter().any(|x| !x.is_finite())) {
        Some(index) => Err(DataError::Sample(index)),
        None => Ok(()),
    }
}
