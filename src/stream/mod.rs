//! What watches a stream of log-densities on a device: an alarm that outlasts single odd samples, and a threshold that is learnt there.
//!
//! Both take one number at a time, hold a few words and never allocate. A log-density of minus infinity, which a flow gives to a sample that is not finite, is the oddest there is:
//! it counts for the alarm, and the quantile leaves it out.
//!
//! ```
//! use gaussflow::stream::{Alarm, Quantile};
//!
//! // While all is well: the log-density that one sample in a hundred is below.
//! let mut ordinary = Quantile::<f32>::new(0.01)?;
//! for n in 0..1000 {
//!     ordinary.push(-2.0 - (n * 7 % 100) as f32 / 50.0);
//! }
//! let threshold = ordinary.value().expect("samples were seen");
//! assert!((-4.0..-3.9).contains(&threshold));
//!
//! // From then on: three odd samples of the last five.
//! let mut alarm = Alarm::new(threshold, 3, 5)?;
//! let on = [-2.5, -9.0, -2.1, f32::NEG_INFINITY, -8.0, -2.2].map(|log_prob| alarm.push(log_prob));
//! assert_eq!(on, [false, false, false, false, true, true]);
//! # Ok::<(), gaussflow::stream::StreamError>(())
//! ```

mod alarm;
mod quantile;

pub use alarm::Alarm;
pub use quantile::Quantile;

use core::fmt;

/// Why a stream cannot be watched so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StreamError {
    /// The setting of this name is out of its domain.
    Setting(&'static str),
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamError::Setting(name) => write!(f, "the setting `{name}` is out of its domain"),
        }
    }
}

impl core::error::Error for StreamError {}
