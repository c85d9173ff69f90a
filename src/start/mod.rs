//! Starting values from data: quantiles, principal axes, mixtures of one and of several dimensions by expectation-maximisation, rotations as reflections.
//!
//! All of it runs without a heap: what has to be sorted is sorted in a slice of the caller's.
//!
//! # Warm start
//!
//! [`Flow::warm_start`](crate::Flow::warm_start) starts any flow from data by iterative Gaussianization: rotate to the principal axes, make each dimension normal by a mixture of
//! its own, and again. What is left to training is what rotations and single dimensions cannot see.
//!
//! ```
//! use gaussflow::factory::CouplingFlow;
//! use gaussflow::start::WarmStart;
//! use gaussflow::toy::two_moons;
//! use rand_pcg::Pcg32;
//!
//! let mut rng = Pcg32::new(1, 1);
//! let mut flow = CouplingFlow::<f32, 2, 1, 1>::random(&mut rng);
//! let (mut samples, mut scratch) = ([[0.0; 2]; 500], [0.0; 500]);
//! two_moons(&mut samples, 0.05, &mut rng);
//! let nll = flow.warm_start(&mut samples, &mut scratch, &WarmStart::default(), &rng)?; // the samples are latents now
//! assert!(nll < 1.2); // nats; 1.9 for the normal of the same moments
//! # Ok::<(), gaussflow::start::DataError>(())
//! ```
//!
//! # Columns that a density cannot have
//!
//! A constant column has no density, and a fit refuses it. Two values, whole numbers or a sensor's steps have one only if each value is spread over its step; a fit sharpens on such values as long
//! as it may. [`inspect`] tells of each column what it is, before anything is fitted.
//!
//! # A mixture first
//!
//! [`GaussianMixture::fit`](crate::GaussianMixture::fit) fits all dimensions together. In a warm start, the layers after a [`GaussianMixture`](crate::GaussianMixture) start at the identity:
//! the flow has the mixture's density, and training goes on from there.
//!
//! # A coupling flow that is a marginal flow
//!
//! Where the weights of its head are zero, a coupling's network gives the bias, whatever it sees: each dimension has a mixture of its own. A pair of couplings with exchanged
//! halves is then the [`Marginal`](crate::Marginal) layer with the same parameters: `z` has the same bits, and the log-det is the same sum (in another order where `D > 2`). So a
//! warm start gives a [`CouplingFlow`](crate::factory::CouplingFlow) the density of the [`GaussianizationFlow`](crate::factory::GaussianizationFlow) that the same data would
//! give, its log-scales held to the clamp's range; one training step moves the weights off zero, and the mixtures begin to depend on the other dimensions.

mod act_norm;
mod column;
mod context_norm;
mod decompose;
mod em;
mod gaussian_mixture;
mod gaussianize;
mod marginal;
mod moments;
mod principal;
mod robust;
mod univariate;
mod warm_start;

pub use crate::bijector::NotOrthogonal;
pub use column::{Column, Kind, inspect};
pub use em::{Em, MixtureFit, fit_mixture};
pub use gaussian_mixture::{Covariance, GaussianMixtureFit, MixtureEm, MixtureStart, MixtureWorkspace};
pub use gaussianize::Gaussianize;
pub use univariate::FitUnivariate;
pub use warm_start::{Rotation, WarmStart};

pub(crate) use moments::moments;

use core::fmt;

use crate::number::Real;

/// Why data cannot be fitted. What was to be fitted is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DataError {
    /// There is no sample, or none with a weight above 0.
    Empty,
    /// There are not as many weights as samples.
    WeightCount {
        /// How many samples there are.
        samples: usize,
        /// How many weights there are.
        weights: usize,
    },
    /// The weight of this sample is negative, infinite or NaN.
    Weight(usize),
    /// This sample holds an infinity or a NaN.
    Sample(usize),
    /// This sample holds a value beyond the square root of the type's largest number.
    Large(usize),
    /// This sample is on or outside of the bounds of a [`Support`](crate::Support).
    Support(usize),
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
    /// The values of this dimension, or context variable, have a deviation, or a mean in units of it, that the type cannot hold as a scale and a shift.
    Scale(usize),
    /// All samples have the same value in this dimension: no density has it.
    Constant(usize),
    /// There are not as many contexts as samples.
    ContextCount {
        /// How many samples there are.
        samples: usize,
        /// How many contexts there are.
        contexts: usize,
    },
    /// The setting of this name is out of its domain.
    Setting(&'static str),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataError::Empty => write!(f, "there is no sample to fit"),
            DataError::WeightCount { samples, weights } => write!(f, "there are {samples} samples but {weights} weights"),
            DataError::Weight(index) => write!(f, "the weight of sample {index} is not a finite number of at least 0"),
            DataError::Sample(index) => write!(f, "sample {index} is not finite"),
            DataError::Large(index) => write!(f, "sample {index} holds a value beyond the square root of the type's largest number"),
            DataError::Support(index) => write!(f, "sample {index} is not inside of the bounds of the flow's support"),
            DataError::TooFew { needed } => write!(f, "there must be at least {needed} samples, one a component"),
            DataError::Scratch { needed } => write!(f, "the scratch slice must hold {needed} values"),
            DataError::Scale(d) => {
                write!(f, "the values of dimension or context variable {d} have a deviation or a mean beyond what the type can standardise")
            }
            DataError::Constant(d) => write!(f, "all samples have the same value in dimension {d}, which no density has: leave it out"),
            DataError::ContextCount { samples, contexts } => write!(f, "there are {samples} samples but {contexts} contexts"),
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
