//! A vote over the last samples.

use crate::number::Real;
use crate::stream::StreamError;

/// An alarm that is on while at least `least` of the last `window` log-densities are below a threshold: a single odd sample does not raise it, a single sound one does not end it.
///
/// Samples before the first count as sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm<T> {
    threshold: T,
    least: u32,
    window: u32,
    /// Whether each of the last samples was below, the last one in the lowest bit.
    below: u64,
}

impl<T: Real> Alarm<T> {
    /// The longest window.
    pub const LONGEST: u32 = u64::BITS;

    /// An alarm at `threshold`, in nats, for `least` of the last `window` samples; 1 of 1 asks each sample alone.
    ///
    /// # Errors
    /// [`StreamError::Setting`]: `threshold` is NaN, `window` is not in 1 to [`LONGEST`](Self::LONGEST), or `least` not in 1 to `window`.
    pub fn new(threshold: T, least: u32, window: u32) -> Result<Self, StreamError> {
        match () {
            () if !(threshold <= T::INFINITY) => Err(StreamError::Setting("threshold")),
            () if window == 0 || Self::LONGEST < window => Err(StreamError::Setting("window")),
            () if least == 0 || window < least => Err(StreamError::Setting("least")),
            () => Ok(Alarm { threshold, least, window, below: 0 }),
        }
    }

    /// Takes the next log-density and tells whether the alarm is on. NaN counts as below, as in [`Given::is_below`](crate::Given::is_below).
    pub fn push(&mut self, log_prob: T) -> bool {
        let below = !(self.threshold <= log_prob);
        self.below = (self.below << 1 | u64::from(below)) & (u64::MAX >> (Self::LONGEST - self.window));
        self.is_on()
    }

    /// Whether the alarm is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.least <= self.below.count_ones()
    }

    /// Whether the last sample by itself was below.
    #[must_use]
    pub fn last_is_below(&self) -> bool {
        self.below & 1 == 1
    }

    /// Forgets what was seen, as after a change of the machine that is watched.
    pub fn reset(&mut self) {
        self.below = 0;
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;
    use rand_pcg::Pcg32;

    use super::{Alarm, StreamError};

    /// Against a count over the last samples, for windows of all lengths.
    #[test]
    fn counts_the_last_samples() {
        let mut rng = Pcg32::new(1, 2);
        for window in 1..=Alarm::<f32>::LONGEST {
            for least in [1, window.div_ceil(2), window] {
                let mut alarm = Alarm::new(-1.0f32, least, window).unwrap();
                let mut seen = std::vec::Vec::new();
                for _ in 0..300 {
                    let log_prob = if rng.next_u32().is_multiple_of(2) { -2.0 } else { -0.5 };
                    seen.push(log_prob < -1.0);
                    let last = seen.iter().rev().take(window as usize).filter(|below| **below).count();
                    assert_eq!(alarm.push(log_prob), last >= least as usize, "{least} of {window}");
                    assert_eq!(alarm.last_is_below(), log_prob < -1.0);
                }
                alarm.reset();
                assert!(!alarm.is_on() && !alarm.last_is_below());
            }
        }
    }

    #[test]
    fn odd_numbers_and_the_threshold_itself() {
        let mut alarm = Alarm::new(-1.0f64, 1, 1).unwrap();
        let on = [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0].map(|x| alarm.push(x));
        assert_eq!(on, [false, true, false, true, false]);
    }

    #[test]
    fn refuses_settings_by_name() {
        let refused = |threshold, least, window| Alarm::new(threshold, least, window).unwrap_err();
        assert_eq!(refused(f32::NAN, 1, 1), StreamError::Setting("threshold"));
        for window in [0, 65, u32::MAX] {
            assert_eq!(refused(0.0, 1, window), StreamError::Setting("window"));
        }
        for least in [0, 4, u32::MAX] {
            assert_eq!(refused(0.0, least, 3), StreamError::Setting("least"));
        }
    }
}
