//! A fit between its steps.

use crate::bijector::DifferentiableBijector;
use crate::flow::Flow;
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Role};
use crate::train::{Settings, Step, Total, TrainError, Trainer};

/// Places for copies of the flow that a fit may keep; each that is `None` costs no memory.
#[derive(Debug)]
pub struct Copies<'a, F> {
    /// Holds the exponential moving average, which then is what is validated and returned.
    pub average: Option<&'a mut F>,
    /// Holds the flow of the best validation loss, which then is returned.
    pub best: Option<&'a mut F>,
}

impl<F> Default for Copies<'_, F> {
    fn default() -> Self {
        Copies { average: None, best: None }
    }
}

impl<F> Copies<'_, F> {
    /// What a fit of `flow` validates: the averaged one, if it is kept.
    pub fn current<'a>(&'a self, flow: &'a F) -> &'a F {
        self.average.as_deref().unwrap_or(flow)
    }
}

/// Where a fit is, told after each epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress<T> {
    /// Epochs done, from 1.
    pub epoch: u32,
    /// Epochs asked for.
    pub epochs: u32,
    /// The mean loss over the epoch's steps, each before its update, in nats.
    pub loss: T,
    /// The validation loss, in nats; NaN without validation samples.
    pub validation: T,
    /// The epoch of the best validation loss so far; 0 for the start.
    pub best_epoch: u32,
}

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome<T> {
    /// Epochs done.
    pub epochs: u32,
    /// The mean loss of the last epoch, in nats.
    pub loss: T,
    /// The lowest validation loss, in nats, the start's included; NaN without validation samples.
    pub best_validation: T,
    /// The epoch of that loss, 0 for the start; the last epoch without validation samples.
    pub best_epoch: u32,
}

/// What a [`Fit`](crate::train::Fit) remembers from step to step, as plain data: the same fit for a loop of one's own, whose samples are spread over machines or come from a stream, and
/// that can be kept and gone on with.
///
/// All that the next step depends on are this state, the flow, the [`Copies`], and the trainer's [`moments`](Trainer::moments) and [`steps`](Trainer::steps).
///
/// ```
/// use gaussflow::train::{Copies, FitState, Settings, Trainer};
/// use gaussflow::{Flow, Householder, Marginal, MixtureCdf, NoClamp, Parameters, Zeros};
///
/// type Small = Flow<f64, (Householder<f64, 2, 2>, Marginal<f64, MixtureCdf<NoClamp, 4>, 2>), 2>;
/// let mut small = Small::ZEROS;
/// let [mut here, mut there] = [const { Trainer::<Small>::ZEROS }; 2]; // on two machines, say
/// let (settings, mut copies) = (Settings { epochs: 3, ..Settings::default() }, Copies::default());
///
/// let mut state = FitState::start(&small, None, &settings, &mut copies)?;
/// while !state.is_over(&settings) {
///     let mut total = here.nll_gradient(&small, &[[0.5, -1.0], [2.0, 0.0]])?;
///     total += there.nll_gradient(&small, &[[1.0, 1.0]])?;
///     here.gradient_mut().zip(there.gradient(), &mut |_, sum, g| sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += g));
///     state.step(&mut small, &mut here, total, &settings, &mut copies)?;
///     state.end_epoch(&small, None, &settings, &mut copies);
/// }
/// let outcome = state.finish(&mut small, &copies);
/// assert_eq!((outcome.epochs, here.steps()), (3, 3));
/// # Ok::<(), gaussflow::train::TrainError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FitState<T> {
    /// Steps done.
    pub step: u32,
    /// The total of this epoch so far, the loss of each row before its step.
    pub total: Total<T>,
    /// What the fit has come to at the end of the last epoch.
    pub outcome: Outcome<T>,
}

impl<T: Real> FitState<T> {
    /// The start of a fit, told the mean validation loss of the flow as it is, if there are validation samples: it counts as an epoch. The averaged flow starts at that one.
    ///
    /// # Errors
    /// [`TrainError::Setting`].
    pub fn start<F: Parameters<T>>(
        flow: &F,
        validation: Option<T>,
        settings: &Settings<T>,
        copies: &mut Copies<'_, F>,
    ) -> Result<Self, TrainError> {
        settings.check()?;
        if let Some(average) = copies.average.as_deref_mut() {
            average.copy_from(flow);
        }
        let outcome = Outcome { epochs: 0, loss: T::NAN, best_validation: T::NAN, best_epoch: 0 };
        let mut state = FitState { step: 0, total: Total::ZEROS, outcome };
        state.validate(flow, validation, copies);
        Ok(state)
    }

    /// A state that was kept: all of its numbers.
    pub fn restored(step: u32, total: Total<T>, outcome: [T; 2], epochs: [u32; 2]) -> Self {
        let ([loss, best_validation], [epochs, best_epoch]) = (outcome, epochs);
        FitState { step, total, outcome: Outcome { epochs, loss, best_validation, best_epoch } }
    }

    /// One step, by [`Trainer::apply`], on the gradient that the trainer holds: the sum over the rows of `total`.
    ///
    /// # Errors
    /// As [`Trainer::apply`], with the flow, the copies and this state unchanged.
    pub fn step<V, B, const D: usize, const C: usize, const P: usize>(
        &mut self,
        flow: &mut Flow<T, B, D, C>,
        trainer: &mut Trainer<Flow<T, B, D, C>, V, P>,
        total: Total<T>,
        settings: &Settings<T>,
        copies: &mut Copies<'_, Flow<T, B, D, C>>,
    ) -> Result<Step<T>, TrainError>
    where
        V: Value<Scalar = T>,
        B: DifferentiableBijector<T, D, C>,
    {
        let done = trainer.apply(flow, total, settings)?;
        self.total += total;
        if let Some(average) = copies.average.as_deref_mut() {
            follow(average, flow, settings.average, self.step);
        }
        self.step = self.step.saturating_add(1);
        Ok(done)
    }

    /// Ends an epoch, told the mean validation loss of [`Copies::current`], if there are validation samples; keeps the flow if it is the best so far.
    pub fn end_epoch<F: Parameters<T>>(
        &mut self,
        flow: &F,
        validation: Option<T>,
        settings: &Settings<T>,
        copies: &mut Copies<'_, F>,
    ) -> Progress<T> {
        self.outcome.epochs += 1;
        self.outcome.loss = self.total.mean();
        self.total = Total::ZEROS;
        self.validate(flow, validation, copies);
        let Outcome { epochs: epoch, loss, best_epoch, .. } = self.outcome;
        Progress { epoch, epochs: settings.epochs, loss, validation: validation.unwrap_or(T::NAN), best_epoch }
    }

    /// Keeps the flow if its validation loss is the best so far.
    fn validate<F: Parameters<T>>(&mut self, flow: &F, validation: Option<T>, copies: &mut Copies<'_, F>) {
        let outcome = &mut self.outcome;
        let Some(loss) = validation else {
            outcome.best_epoch = outcome.epochs;
            return;
        };
        if !(outcome.best_validation <= loss) && loss.is_finite() {
            (outcome.best_validation, outcome.best_epoch) = (loss, outcome.epochs);
            if let Some(best) = &mut copies.best {
                best.copy_from(copies.average.as_deref().unwrap_or(flow));
            }
        }
    }

    /// Whether all epochs are done, or [`Settings::patience`] is at its end.
    pub fn is_over(&self, settings: &Settings<T>) -> bool {
        let Outcome { epochs, best_epoch, .. } = self.outcome;
        epochs >= settings.epochs || epochs - best_epoch >= settings.patience
    }

    /// Gives the flow the best parameters, if they were kept, else the averaged ones, if those were.
    pub fn finish<F: Parameters<T>>(self, flow: &mut F, copies: &Copies<'_, F>) -> Outcome<T> {
        match (&copies.best, &copies.average) {
            (Some(best), _) if self.outcome.best_validation.is_finite() => flow.copy_from(best),
            (_, Some(average)) => flow.copy_from(average),
            _ => {}
        }
        self.outcome
    }
}

/// Moves the average towards the parameters; the decay rises from 0.1 to `decay`, so that the start is soon forgotten.
fn follow<T: Real, F: Parameters<T>>(average: &mut F, flow: &F, decay: T, step: u32) {
    let n = f64::from(step);
    let keep = decay.min(T::from_f64((1.0 + n) / (10.0 + n)));
    let take = T::ONE - keep;
    average.zip(flow, &mut |role, a, p| {
        if role == Role::Trainable {
            for (a, p) in a.iter_mut().zip(p) {
                *a += take * (*p - *a);
            }
        }
    });
}
