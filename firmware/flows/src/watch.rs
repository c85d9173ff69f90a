//! A stream of motion, watched by a flow that knows one exercise.

use gaussflow::stream::Alarm;
use shapes::{PreparedAxes, Watch};

use crate::Hash;

/// Trained by `train` on the first half of the recording.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
pub static WATCH: Watch = include!(concat!(env!("OUT_DIR"), "/watch.rs"));

/// The log-density below which a sample is no rowing, in nats.
pub const THRESHOLD: f32 = include!("../../weights/watch_threshold.rs");

/// Fitted by `train` to the same, without a network.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
pub static AXES: PreparedAxes = include!(concat!(env!("OUT_DIR"), "/axes.rs"));

/// As [`THRESHOLD`], of [`AXES`].
pub const AXES_THRESHOLD: f32 = include!("../../weights/axes_threshold.rs");

/// The rest of the recording with pieces of other exercises, and whether a sample is of another; see `data/make.py`.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
pub static STREAM: &[([f32; 6], bool)] = include!(concat!(env!("OUT_DIR"), "/stream.rs"));

/// Alarms in a row that make an event worth telling: a tenth of a second.
pub const EVENT: u32 = 5;

/// What was seen in a stream.
#[derive(Default)]
pub struct Seen {
    /// Of every log-density, so that the decisions are the same where it is.
    pub hash: Hash,
    /// Alarms in pieces of other exercises.
    pub hits: u32,
    /// Alarms elsewhere.
    pub false_alarms: u32,
    /// Samples of other exercises without an alarm.
    pub misses: u32,
}

/// Watches the stream by [`WATCH`]; calls `event` with the sample at which [`EVENT`] alarms in a row began.
pub fn watch(event: impl FnMut(u32)) -> Seen {
    watch_by(|x| WATCH.log_prob(x), THRESHOLD, event)
}

/// As [`watch`], by [`AXES`].
pub fn watch_axes(event: impl FnMut(u32)) -> Seen {
    watch_by(|x| AXES.log_prob(x), AXES_THRESHOLD, event)
}

fn watch_by(log_prob: impl Fn(&[f32; 6]) -> f32, threshold: f32, mut event: impl FnMut(u32)) -> Seen {
    let mut seen = Seen::default();
    // Settings out of their domain would see nothing, which the counts tell.
    let Ok(mut alarm) = Alarm::new(threshold, EVENT, EVENT) else { return seen };
    for (number, (x, other)) in (0..).zip(STREAM) {
        let log_prob = log_prob(x);
        seen.hash.add(log_prob);
        let was_on = alarm.is_on();
        if alarm.push(log_prob) && !was_on {
            event(number + 1 - EVENT);
        }
        match (alarm.last_is_below(), other) {
            (true, true) => seen.hits += 1,
            (true, false) => seen.false_alarms += 1,
            (false, true) => seen.misses += 1,
            (false, false) => {}
        }
    }
    seen
}
