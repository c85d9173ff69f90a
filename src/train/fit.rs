//! A fit: what it is given, and its loop.

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::flow::rows::{IntoRows, Rows};
use crate::flow::{Flow, sum_nll};
use crate::number::{Real, Value, Zeros};
use crate::train::error::check_samples;
use crate::train::loss::Batch;
use crate::train::noise::Seeded;
use crate::train::{Copies, FitState, Noise, Order, Outcome, Progress, Settings, TrainError, Trainer};

/// A fit by maximum likelihood that waits to be run: [`Flow::fit`].
///
/// ```
/// use gaussflow::factory::CouplingFlow;
/// use gaussflow::toy::two_moons;
/// use gaussflow::train::{Settings, Trainer};
/// use gaussflow::{Value, Zeros};
/// use rand_pcg::Pcg32;
///
/// type Moons = CouplingFlow<f32, 2, 1, 1, 1, 4, 16>;
///
/// let mut rng = Pcg32::new(1, 1);
/// let [mut train, mut validation] = [[[0.0; 2]; 256]; 2];
/// two_moons(&mut train, 0.1, &mut rng);
/// two_moons(&mut validation, 0.1, &mut rng);
///
/// let mut flow = Moons::random(&mut rng);
/// let (before, mut best) = (flow.mean_nll(&validation), Moons::ZEROS);
/// let outcome = flow
///     .fit(&train)
///     .settings(Settings { epochs: 3, learning_rate: 3e-3, ..Settings::default() })
///     .validate(&validation)
///     .best(&mut best)
///     .each_epoch(|told| println!("{}: {}", told.epoch, told.validation))
///     .run(&mut Trainer::<_>::ZEROS, &mut rng)?;
/// assert!(outcome.best_validation < before && flow.mean_nll(&validation) <= before);
/// # Ok::<(), gaussflow::train::TrainError>(())
/// ```
#[must_use = "nothing is trained before `run`"]
pub struct Fit<'a, T, B, const D: usize, const C: usize, E = fn(&Progress<T>), S = fn(&Progress<T>) -> bool> {
    flow: &'a mut Flow<T, B, D, C>,
    train: Rows<'a, T, D, C>,
    validation: Option<Rows<'a, T, D, C>>,
    settings: Settings<T>,
    noise: Noise<T, D>,
    copies: Copies<'a, Flow<T, B, D, C>>,
    told: E,
    stop: S,
}

impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// A fit to samples, and one context for each where the flow has a context, by maximum likelihood; nothing happens before [`Fit::run`].
    pub fn fit<'a>(&'a mut self, rows: impl IntoRows<'a, T, D, C>) -> Fit<'a, T, B, D, C> {
        Fit {
            flow: self,
            train: rows.into_rows(),
            validation: None,
            settings: Settings::default(),
            noise: Noise::ZEROS,
            copies: Copies::default(),
            told: |_| (),
            stop: |_| false,
        }
    }
}

impl<'a, T: Real, B, const D: usize, const C: usize, E, S> Fit<'a, T, B, D, C, E, S> {
    /// How to fit, in place of the defaults.
    pub fn settings(mut self, settings: Settings<T>) -> Self {
        self.settings = settings;
        self
    }

    /// Tells the loss on these rows after each epoch, and stops after [`Settings::patience`] epochs without a better one. The flow as it is given counts as the first.
    pub fn validate(mut self, rows: impl IntoRows<'a, T, D, C>) -> Self {
        self.validation = Some(rows.into_rows());
        self
    }

    /// Adds noise to the training rows each time they are read; validation rows are taken as they are.
    pub fn noise(mut self, noise: Noise<T, D>) -> Self {
        self.noise = noise;
        self
    }

    /// Keeps the moving average of the weights in `place`, whatever it holds; the averaged flow then is what is validated and returned.
    pub fn average(mut self, place: &'a mut Flow<T, B, D, C>) -> Self {
        self.copies.average = Some(place);
        self
    }

    /// Keeps the flow of the best validation loss in `place`, whatever it holds, and returns that one: never worse on the validation rows than the flow was before.
    pub fn best(mut self, place: &'a mut Flow<T, B, D, C>) -> Self {
        self.copies.best = Some(place);
        self
    }

    /// Calls `told` after each epoch.
    pub fn each_epoch<G: FnMut(&Progress<T>)>(self, told: G) -> Fit<'a, T, B, D, C, G, S> {
        let Fit { flow, train, validation, settings, noise, copies, stop, .. } = self;
        Fit { flow, train, validation, settings, noise, copies, told, stop }
    }

    /// Ends the fit after the first epoch at which `stop` holds.
    pub fn stop_if<G: FnMut(&Progress<T>) -> bool>(self, stop: G) -> Fit<'a, T, B, D, C, E, G> {
        let Fit { flow, train, validation, settings, noise, copies, told, .. } = self;
        Fit { flow, train, validation, settings, noise, copies, told, stop }
    }

    /// Runs the fit. The trainer is reset first; the rows of each epoch come in a random [`Order`].
    ///
    /// At the end the flow is the best one, if there was a place for it; else the averaged one, if there was a place for that; else the last.
    ///
    /// # Errors
    /// [`TrainError`]. All rows and settings are checked before the first step; after an error in a step the flow has the parameters before that step.
    pub fn run<V, R, const P: usize>(self, trainer: &mut Trainer<Flow<T, B, D, C>, V, P>, rng: &mut R) -> Result<Outcome<T>, TrainError>
    where
        V: Value<Scalar = T>,
        B: DifferentiableBijector<T, D, C>,
        R: Rng + ?Sized,
        E: FnMut(&Progress<T>),
        S: FnMut(&Progress<T>) -> bool,
    {
        let Fit { flow, train, validation, settings, noise, mut copies, mut told, mut stop } = self;
        settings.check()?;
        noise.check()?;
        check_samples(&train)?;
        if let Some(rows) = &validation {
            check_samples(rows)?;
        }
        let loss = |flow: &Flow<T, B, D, C>| validation.map(|rows| sum_nll::<T, V, B, D, C>(&flow.bijector, rows).mean());
        trainer.reset();
        let mut state = FitState::start(flow, loss(flow), &settings, &mut copies)?;
        while !state.is_over(&settings) {
            let mut epoch = Batch { order: Order::random(train.len(), rng), ..Batch::of(train) };
            if noise != Noise::ZEROS {
                epoch.noise = Some(Seeded { noise, seed: rng.next_u64() });
            }
            // At least 1, as was checked; said again for the compiler, which then has no panic to link.
            for start in (0..epoch.count).step_by(settings.batch.max(1)) {
                let total = trainer.batch_gradient(flow, &epoch.part(start, settings.batch))?;
                // Rows without weight may fill a batch.
                if T::ZEROS < total.weight {
                    state.step(flow, trainer, total, &settings, &mut copies)?;
                }
            }
            let loss = loss(copies.current(flow));
            let progress = state.end_epoch(flow, loss, &settings, &mut copies);
            told(&progress);
            if stop(&progress) {
                break;
            }
        }
        Ok(state.finish(flow, &copies))
    }
}
