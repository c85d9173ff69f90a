//! The training loop.

use core::ops::ControlFlow;

use rand_core::Rng;

use crate::bijector::DifferentiableBijector;
use crate::flow::rows::contexts_of;
use crate::number::Real;
use crate::number::Value;
use crate::train::trainer::check_samples;
use crate::train::{Adam, FitState, Schedule, TrainError, Trainer, mean_nll};

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit<T> {
    /// Passes over the data, at least 1.
    pub epochs: u32,
    /// Samples a step, at least 1; the last step of an epoch takes what is left.
    pub batch: usize,
    /// The optimizer.
    pub adam: Adam<T>,
    /// The largest norm of a step's gradient, above 0; infinity for no clipping.
    pub clip: T,
    /// The learning rate's factor at each step.
    pub schedule: Schedule,
    /// The decay a step of the averaged weights, in `[0, 1)`.
    pub average: T,
    /// Epochs without a better validation loss after which to stop, at least 1.
    pub patience: u32,
}

impl<T: Real> Default for Fit<T> {
    fn default() -> Self {
        Fit {
            epochs: 100,
            batch: 256,
            adam: Adam::default(),
            clip: T::from_f64(10.0),
            schedule: Schedule::Constant,
            average: T::from_f64(0.99),
            patience: u32::MAX,
        }
    }
}

/// Copies of the parameters that a fit may keep; each that is `None` costs no memory.
#[derive(Debug)]
pub struct Copies<'a, B> {
    /// Holds the exponential moving average, which then is what is validated and returned.
    pub average: Option<&'a mut B>,
    /// Holds the parameters of the best validation loss, which then are returned.
    pub best: Option<&'a mut B>,
}

impl<B> Default for Copies<'_, B> {
    fn default() -> Self {
        Copies { average: None, best: None }
    }
}

impl<B> Copies<'_, B> {
    /// The parameters that a fit of `bijector` validates: the averaged ones, if they are kept.
    pub fn current<'a>(&'a self, bijector: &'a B) -> &'a B {
        self.average.as_deref().unwrap_or(bijector)
    }
}

/// Where a fit is, told after each epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<T> {
    /// Epochs done, from 1.
    pub epoch: u32,
    /// Epochs asked for.
    pub epochs: u32,
    /// The mean loss over the epoch's steps, each before its update, in nats.
    pub loss: T,
    /// The validation loss, in nats; NaN without validation samples.
    pub validation: T,
}

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<T> {
    /// Epochs done.
    pub epochs: u32,
    /// The mean loss of the last epoch, in nats.
    pub loss: T,
    /// The lowest validation loss, in nats; NaN without validation samples.
    pub best_validation: T,
    /// The epoch of that loss, from 1; the last epoch without validation samples.
    pub best_epoch: u32,
}

/// Fits a bijector to samples (and one context for each, none where `C = 0`) by maximum likelihood, shuffling the rows in place before each epoch.
///
/// With `validation` samples (and their contexts) the loss on them is told after each epoch and stops the fit after [`Fit::patience`] epochs without a better one. `progress` may stop it too.
/// At the end the bijector holds the best parameters, if `copies.best` was given; else the averaged ones, if `copies.average` was.
///
/// # Errors
/// As [`Trainer::step`], and [`TrainError::Setting`]. [`TrainError::Sample`] names the row as it was given: all are checked before the first is moved. After an error in a step
/// the bijector holds the parameters before that step.
pub fn fit<T, V, B, R, const D: usize, const C: usize, const P: usize>(
    bijector: &mut B,
    (samples, contexts): (&mut [[T; D]], &mut [[T; C]]),
    validation: (&[[T; D]], &[[T; C]]),
    settings: &Fit<T>,
    trainer: &mut Trainer<T, V, B, D, C, P>,
    mut copies: Copies<'_, B>,
    rng: &mut R,
    mut progress: impl FnMut(&Progress<T>) -> ControlFlow<()>,
) -> Result<Outcome<T>, TrainError>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
    R: Rng + ?Sized,
{
    check_samples(samples, contexts)?;
    let validates = !validation.0.is_empty();
    if validates {
        check_samples(validation.0, validation.1)?;
    }
    let mut state = FitState::start(bijector, settings, &mut copies)?;
    while !state.is_over(settings) {
        shuffle(samples, contexts, rng);
        for (index, batch) in samples.chunks(settings.batch).enumerate() {
            let given = contexts_of(contexts, index * settings.batch, batch.len());
            let total = trainer.nll_gradient(bijector, batch, given)?;
            state.step(bijector, trainer, total, batch.len(), settings, &mut copies)?;
        }
        let validation = validates.then(|| mean_nll::<T, V, B, D, C>(copies.current(bijector), validation.0, validation.1));
        let told = state.end_epoch(bijector, validation, settings, &mut copies);
        if progress(&told).is_break() {
            break;
        }
    }
    Ok(state.finish(bijector, &copies))
}

impl<T: Real> Fit<T> {
    /// Refuses settings out of their domain, NaN included.
    pub fn check(&self) -> Result<(), TrainError> {
        self.adam.check()?;
        match () {
            () if self.epochs == 0 => Err(TrainError::Setting("epochs")),
            () if self.batch == 0 => Err(TrainError::Setting("batch")),
            () if !(T::ZEROS < self.clip) => Err(TrainError::Setting("clip")),
            () if !(T::ZEROS <= self.average && self.average < T::ONE) => Err(TrainError::Setting("average")),
            () if self.patience == 0 => Err(TrainError::Setting("patience")),
            () => Ok(()),
        }
    }
}

/// Shuffles the rows in place, samples and contexts alike (Fisher and Yates; Durstenfeld 1964).
pub fn shuffle<T, R: Rng + ?Sized, const D: usize, const C: usize>(samples: &mut [[T; D]], contexts: &mut [[T; C]], rng: &mut R) {
    for i in (1..samples.len()).rev() {
        // The high part of a product of a 32-bit word and the count: uniform to 2^-32 of the count.
        let j = ((u64::from(rng.next_u32()) * (i as u64 + 1)) >> 32) as usize;
        samples.swap(i, j);
        if i < contexts.len() {
            contexts.swap(i, j);
        }
    }
}
