//! Why training stops.

use core::fmt;

use crate::bijector::Bijector;
use crate::flow::Rows;
use crate::number::Real;

/// Why training stopped. The parameters are those before the step that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TrainError {
    /// There is no sample, or none with a weight above 0.
    Empty,
    /// There are not as many contexts as samples.
    ContextCount {
        /// How many samples there are.
        samples: usize,
        /// How many contexts there are.
        contexts: usize,
    },
    /// There are not as many weights as samples.
    WeightCount {
        /// How many samples there are.
        samples: usize,
        /// How many weights there are.
        weights: usize,
    },
    /// This sample, or its context, holds an infinity or a NaN.
    Sample(usize),
    /// The weight of this sample is negative, infinite or NaN.
    Weight(usize),
    /// All samples have the same value in this dimension: no density has it.
    Constant(usize),
    /// Networks see this context variable with a root mean square above 50: it is to be standardised ([`ContextNorm`](crate::ContextNorm)), or allowed ([`Fit::allow_raw_contexts`](crate::train::Fit::allow_raw_contexts)).
    RawContext(usize),
    /// The setting of this name is out of its domain.
    Setting(&'static str),
    /// The loss of this sample of the batch is not finite: the flow gives it no density that the type can hold.
    Loss {
        /// The step, counted from 0.
        step: u32,
        /// The sample's index among the rows.
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
            TrainError::WeightCount { samples, weights } => write!(f, "there are {samples} samples but {weights} weights"),
            TrainError::Sample(index) => write!(f, "sample {index}, or its context, is not finite"),
            TrainError::Weight(index) => write!(f, "the weight of sample {index} is not a finite number of at least 0"),
            TrainError::Constant(d) => write!(f, "all samples have the same value in dimension {d}, which no density has: leave it out"),
            TrainError::RawContext(variable) => {
                write!(
                    f,
                    "networks see context variable {variable} with a root mean square above {LARGEST_CONTEXT}: standardise it (`ContextNorm`), or allow it"
                )
            }
            TrainError::Setting(name) => write!(f, "the setting `{name}` is out of its domain"),
            TrainError::Loss { step, sample } => write!(f, "step {step}: the loss of sample {sample} is not finite"),
            TrainError::Diverged { step } => {
                write!(f, "step {step}: the loss or its gradient is not finite; try a lower learning rate or clipping")
            }
        }
    }
}

impl core::error::Error for TrainError {}

/// Refuses what [`check_rows`] refuses, and a set without a sample that counts.
pub(super) fn check_samples<T: Real, const D: usize, const C: usize>(rows: &Rows<T, D, C>) -> Result<(), TrainError> {
    if rows.is_empty() {
        return Err(TrainError::Empty);
    }
    check_rows(rows)?;
    let weights = rows.weights();
    if !weights.is_empty() && weights.iter().all(|weight| *weight == T::ZEROS) { Err(TrainError::Empty) } else { Ok(()) }
}

/// Refuses a dimension in which all samples that count are equal.
pub(super) fn check_varied<T: Real, const D: usize, const C: usize>(rows: &Rows<T, D, C>) -> Result<(), TrainError> {
    let weights = rows.weights();
    let counted = || rows.samples().iter().enumerate().filter(|(n, _)| weights.get(*n).is_none_or(|weight| T::ZEROS < *weight));
    let Some((_, first)) = counted().next() else { return Ok(()) };
    match (0..D).find(|d| counted().all(|(_, row)| row[*d] == first[*d])) {
        Some(d) => Err(TrainError::Constant(d)),
        None => Ok(()),
    }
}

/// The largest root mean square of a context variable that a network is trained on unasked.
///
/// Weights start for inputs of about 1. `tests/contexts.rs` measures what larger ones cost: less than 0.1 nats up to here, 0.4 (tanh) at 100, 1.6 (ReLU) to 1.9 (tanh) at 1,000.
pub(super) const LARGEST_CONTEXT: f64 = 50.0;

/// Refuses a context variable that reaches networks raw.
pub(super) fn check_contexts<T, B, const D: usize, const C: usize>(bijector: &B, contexts: &[[T; C]]) -> Result<(), TrainError>
where
    T: Real,
    B: Bijector<T, D, C>,
{
    let (mut squares, mut count) = ([0.0; C], 0.0);
    for context in contexts {
        bijector.visit_contexts(context, &mut |seen| {
            count += 1.0;
            for (sum, value) in squares.iter_mut().zip(seen) {
                let value: f64 = value.as_();
                *sum += value * value;
            }
        });
    }
    match squares.iter().position(|sum| LARGEST_CONTEXT * LARGEST_CONTEXT * count < *sum) {
        Some(variable) => Err(TrainError::RawContext(variable)),
        None => Ok(()),
    }
}

/// Refuses too few contexts or weights, and the first row that is not finite.
pub(super) fn check_rows<T: Real, const D: usize, const C: usize>(rows: &Rows<T, D, C>) -> Result<(), TrainError> {
    let samples = rows.len();
    if !rows.has_contexts() {
        return Err(TrainError::ContextCount { samples, contexts: rows.contexts().len() });
    }
    if !rows.weights().is_empty() && rows.weights().len() != samples {
        return Err(TrainError::WeightCount { samples, weights: rows.weights().len() });
    }
    let bad = |row: &[T]| row.iter().any(|x| !x.is_finite());
    if let Some(index) = rows.samples().iter().position(|row| bad(row)).or(rows.contexts().iter().position(|row| bad(row))) {
        return Err(TrainError::Sample(index));
    }
    match rows.weights().iter().position(|weight| !(T::ZEROS <= *weight && weight.is_finite())) {
        Some(index) => Err(TrainError::Weight(index)),
        None => Ok(()),
    }
}
