//! Training by maximum likelihood, or by sampling towards a known density, without a heap.

mod adam;
mod fit;
mod loss;
mod reverse_kl;
mod schedule;
mod state;
mod trainer;

pub use adam::Adam;
pub use fit::{Copies, Fit, Outcome, Progress, fit, shuffle};
pub use loss::{add_nll_gradient, mean_nll, sum_nll};
pub use reverse_kl::add_reverse_kl_gradient;
pub use schedule::Schedule;
pub use state::FitState;
pub use trainer::{Step, Trainer};

use core::fmt;

/// Why training stopped. The parameters are those before the step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TrainError {
    /// There is no sample.
    Empty,
    /// There are not as many contexts as samples.
    ContextCount {
        /// How many samples there are.
        samples: usize,
        /// How many contexts there are.
        contexts: usize,
    },
    /// This sample, or its context, holds an infinity or a NaN.
    Sample(usize),
    /// The setting of this name is out of its domain.
    Setting(&'static str),
    /// The loss of this sample of the batch is not finite: the flow gives it no density that the type can hold.
    Loss {
        /// The step, counted from 0.
        step: u32,
        /// The sample's index in the batch.
        sample: usize,
    },
    /// The loss of this step, or its gradient, is not finite.
    Diverged {
        /// The step, counted from 0.
        step: u32,
    },
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::Empty => write!(f, "there is no sample to train on"),
            TrainError::ContextCount { samples, contexts } => write!(f, "there are {samples} samples but {contexts} contexts"),
            TrainError::Sample(index) => write!(f, "sample {index} is not finite"),
            TrainError::Setting(name) => write!(f, "the setting `{name}` is out of its domain"),
            TrainError::Loss { step, sample } => write!(f, "step {step}: the loss of sample {sample} of the batch is not finite"),
            TrainError::Diverged { step } => {
                write!(f, "step {step}: the loss or its gradient is not finite; try a lower learning rate or clipping")
            }
        }
    }
}

impl core::error::Error for TrainError {}
