//! How to train.

use crate::number::Real;
use crate::train::{Adam, Schedule, TrainError};

/// How to fit, and how to make one step: name what differs from the default.
///
/// ```
/// use gaussflow::train::Settings;
///
/// let settings = Settings { epochs: 40, learning_rate: 3e-3, ..Settings::<f32>::default() };
/// assert!(settings.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings<T> {
    /// Passes over the data, at least 1.
    pub epochs: u32,
    /// Samples a step, at least 1; the last step of an epoch takes what is left.
    pub batch: usize,
    /// The step size, above 0.
    pub learning_rate: T,
    /// The learning rate's factor at each step.
    pub schedule: Schedule,
    /// The decoupled decay of the parameters, at least 0; above 0 the optimizer is AdamW.
    pub weight_decay: T,
    /// The largest norm of a step's gradient, above 0; infinity for no clipping.
    pub clip: T,
    /// The decays of the optimizer.
    pub adam: Adam<T>,
    /// The decay a step of the averaged weights, in `[0, 1)`.
    pub average: T,
    /// Epochs without a better validation loss after which to stop, at least 1.
    pub patience: u32,
}

impl<T: Real> Default for Settings<T> {
    fn default() -> Self {
        Settings {
            epochs: 100,
            batch: 256,
            learning_rate: T::from_f64(1e-3),
            schedule: Schedule::Constant,
            weight_decay: T::ZEROS,
            clip: T::from_f64(10.0),
            adam: Adam::default(),
            average: T::from_f64(0.99),
            patience: u32::MAX,
        }
    }
}

impl<T: Real> Settings<T> {
    /// Refuses settings out of their domain, NaN included.
    ///
    /// # Errors
    /// [`TrainError::Setting`], with the name of the first.
    pub fn check(&self) -> Result<(), TrainError> {
        let positive = |x: T| T::ZEROS < x && x.is_finite();
        let fraction = |x: T| T::ZEROS <= x && x < T::ONE;
        let allowed = [
            ("epochs", self.epochs > 0),
            ("batch", self.batch > 0),
            ("learning_rate", positive(self.learning_rate)),
            ("schedule", self.schedule.is_sound()),
            ("weight_decay", T::ZEROS <= self.weight_decay && self.weight_decay.is_finite()),
            ("clip", T::ZEROS < self.clip),
            ("adam.beta1", fraction(self.adam.beta1)),
            ("adam.beta2", fraction(self.adam.beta2)),
            ("adam.epsilon", positive(self.adam.epsilon)),
            ("average", fraction(self.average)),
            ("patience", self.patience > 0),
        ];
        match allowed.iter().find(|(_, allowed)| !allowed) {
            Some((name, _)) => Err(TrainError::Setting(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every setting has values that are refused by its name.
    #[test]
    fn each_setting_is_refused_by_its_name() {
        type Spoil = (&'static str, fn(&mut Settings<f32>));
        let spoils: [Spoil; 24] = [
            ("epochs", |s| s.epochs = 0),
            ("batch", |s| s.batch = 0),
            ("learning_rate", |s| s.learning_rate = 0.0),
            ("learning_rate", |s| s.learning_rate = -1.0),
            ("learning_rate", |s| s.learning_rate = f32::NAN),
            ("learning_rate", |s| s.learning_rate = f32::INFINITY),
            ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 9, last: f32::NAN }),
            ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 9, last: f32::INFINITY }),
            ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 9, last: -0.1 }),
            ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 9, last: 1.1 }),
            ("weight_decay", |s| s.weight_decay = -1e-9),
            ("weight_decay", |s| s.weight_decay = f32::NAN),
            ("clip", |s| s.clip = 0.0),
            ("clip", |s| s.clip = -1.0),
            ("clip", |s| s.clip = f32::NAN),
            ("adam.beta1", |s| s.adam.beta1 = 1.0),
            ("adam.beta1", |s| s.adam.beta1 = f32::NAN),
            ("adam.beta2", |s| s.adam.beta2 = 1.0),
            ("adam.beta2", |s| s.adam.beta2 = -0.5),
            ("adam.epsilon", |s| s.adam.epsilon = 0.0),
            ("adam.epsilon", |s| s.adam.epsilon = f32::NAN),
            ("average", |s| s.average = 1.0),
            ("average", |s| s.average = f32::NAN),
            ("patience", |s| s.patience = 0),
        ];
        assert!(Settings { clip: f32::INFINITY, ..Settings::<f32>::default() }.check().is_ok());
        for (name, spoil) in spoils {
            let mut settings = Settings::default();
            spoil(&mut settings);
            assert_eq!(settings.check(), Err(TrainError::Setting(name)), "{settings:?}");
        }
    }
}
