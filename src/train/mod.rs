//! Training by maximum likelihood, or by sampling towards a known density, without a heap.

mod adam;
mod error;
mod fit;
mod loss;
mod noise;
mod order;
mod reverse_kl;
mod schedule;
mod select;
mod settings;
mod state;
mod trainer;

pub use crate::flow::Total;
pub use adam::Adam;
pub use error::TrainError;
pub use fit::Fit;
pub use noise::Noise;
pub use order::Order;
pub use schedule::Schedule;
pub use select::{Folds, Selected, Selection, select};
pub use settings::Settings;
pub use state::{Copies, FitState, Outcome, Progress};
pub use trainer::{Step, Trainable, Trainer};
