//! A fit between its steps.

use crate::bijector::DifferentiableBijector;
use crate::number::Real;
use crate::number::Value;
use crate::parameters::{Parameters, Role};
use crate::train::{Copies, Fit, Outcome, Progress, Step, TrainError, Trainer};

/// What [`fit`](crate::train::fit) remembers from step to step, as plain data: the same fit for a loop of one's own, whose samples are spread over machines or come from a stream, and
/// that can be kept and gone on with.
///
/// All that the next step depends on are this state, the bijector, the [`Copies`], and the trainer's [`moments`](Trainer::moments) and [`steps`](Trainer::steps).
///
/// ```
/// use gaussflow::train::{Copies, Fit, FitState, Trainer};
/// use gaussflow::{Householder, Marginal, MixtureCdf, NoClamp, Parameters, Zeros};
///
/// type Small = (Householder<f64, 2, 2>, Marginal<f64, MixtureCdf<NoClamp, 4>, 2>);
/// let mut small = Small::ZEROS;
/// let [mut here, mut there] = [const { Trainer::<f64, f64, Small, 2>::ZEROS }; 2]; // on two machines, say
/// let (settings, mut copies) = (Fit { epochs: 3, ..Fit::default() }, Copies::default());
///
/// let mut state = FitState::start(&small, &settings, &mut copies)?;
/// while !state.is_over(&settings) {
///     let mut total = here.nll_gradient(&small, &[[0.5, -1.0], [2.0, 0.0]], &[])?;
///     total += there.nll_gradient(&small, &[[1.0, 1.0]], &[])?;
///     Small::zip([here.gradient_mut()], [there.gradient()], &mut |_, [sum], [g]| sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += g));
///     state.step(&mut small, &mut here, total, 3, &settings, &mut copies)?;
///     state.end_epoch(&small, None, &settings, &mut copies);
/// }
/// let outcome = state.finish(&mut small, &copies);
/// assert_eq!((outcome.epochs, here.steps()), (3, 3));
/// # Ok::<(), gaussflow::train::TrainError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitState<T> {
    /// Steps done.
    pub step: u32,
    /// Samples of this epoch so far.
    pub count: usize,
    /// Their summed loss, each before its step, in nats.
    pub total: T,
    /// What the fit has come to at the end of the last epoch.
    pub outcome: Outcome<T>,
}

impl<T: Real> FitState<T> {
    /// The start of a fit; the averaged weights start at those of the bijector.
    ///
    /// # Errors
    /// [`TrainError::Setting`].
    pub fn start<B: Parameters<T>>(bijector: &B, settings: &Fit<T>, copies: &mut Copies<'_, B>) -> Result<Self, TrainError> {
        settings.check()?;
        if let Some(average) = copies.average.as_deref_mut() {
            average.copy_from(bijector);
        }
        let outcome = Outcome { epochs: 0, loss: T::NAN, best_validation: T::NAN, best_epoch: 0 };
        Ok(FitState { step: 0, count: 0, total: T::ZEROS, outcome })
    }

    /// One step, by [`Trainer::apply`], on the gradient that the trainer holds: the sum over `count` samples, whose losses sum to `total`.
    ///
    /// # Errors
    /// As [`Trainer::apply`], with the flow, the copies and this state unchanged.
    pub fn step<V, B, const D: usize, const C: usize, const P: usize>(
        &mut self,
        bijector: &mut B,
        trainer: &mut Trainer<T, V, B, D, C, P>,
        total: T,
        count: usize,
        settings: &Fit<T>,
        copies: &mut Copies<'_, B>,
    ) -> Result<Step<T>, TrainError>
    where
        V: Value<Scalar = T>,
        B: DifferentiableBijector<T, D, C>,
    {
        let factor = settings.schedule.factor(self.step);
        let done = trainer.apply(bijector, total, count, &settings.adam, settings.clip, factor)?;
        self.total += done.loss * T::from_f64(count as f64);
        self.count += count;
        if let Some(average) = copies.average.as_deref_mut() {
            follow(average, bijector, settings.average, self.step);
        }
        self.step += 1;
        Ok(done)
    }

    /// Ends an epoch, told the mean validation loss of [`Copies::current`], if there are validation samples; keeps the weights if they are the best so far.
    pub fn end_epoch<B: Parameters<T>>(
        &mut self,
        bijector: &B,
        validation: Option<T>,
        settings: &Fit<T>,
        copies: &mut Copies<'_, B>,
    ) -> Progress<T> {
        let outcome = &mut self.outcome;
        outcome.epochs += 1;
        outcome.loss = self.total / T::from_f64(self.count as f64);
        (self.total, self.count) = (T::ZEROS, 0);
        let loss = validation.unwrap_or(T::NAN);
        if !(outcome.best_validation <= loss) && loss.is_finite() {
            outcome.best_validation = loss;
            outcome.best_epoch = outcome.epochs;
            if let Some(best) = &mut copies.best {
                best.copy_from(copies.average.as_deref().unwrap_or(bijector));
            }
        } else if validation.is_none() {
            outcome.best_epoch = outcome.epochs;
        }
        Progress { epoch: outcome.epochs, epochs: settings.epochs, loss: outcome.loss, validation: loss }
    }

    /// Whether all epochs are done, or [`Fit::patience`] is at its end.
    pub fn is_over(&self, settings: &Fit<T>) -> bool {
        let Outcome { epochs, best_epoch, .. } = self.outcome;
        epochs >= settings.epochs || epochs - best_epoch >= settings.patience
    }

    /// Gives the bijector the best parameters, if they were kept, else the averaged ones, if those were.
    pub fn finish<B: Parameters<T>>(self, bijector: &mut B, copies: &Copies<'_, B>) -> Outcome<T> {
        match (&copies.best, &copies.average) {
            (Some(best), _) if self.outcome.best_validation.is_finite() => bijector.copy_from(best),
            (_, Some(average)) => bijector.copy_from(average),
            _ => {}
        }
        self.outcome
    }
}

/// Moves the average towards the parameters; the decay rises from 0.1 to `decay`, so that the start is soon forgotten.
fn follow<T: Real, B: Parameters<T>>(average: &mut B, parameters: &B, decay: T, step: u32) {
    let n = f64::from(step);
    let keep = decay.min(T::from_f64((1.0 + n) / (10.0 + n)));
    let take = T::ONE - keep;
    B::zip([average], [parameters], &mut |role, [a], [p]| {
        if role == Role::Trainable {
            for (a, p) in a.iter_mut().zip(p) {
                *a += take * (*p - *a);
            }
        }
    });
}
