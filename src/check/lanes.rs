//! Packs against single samples.

use std::boxed::Box;
use std::format;

use super::local::Given;
use super::pulled::Four;
use super::tally::{Spot, Tally};
use super::{Direction, Law, Place};
use crate::bijector::DifferentiableBijector;
use crate::number::{Real, Value, Zeros};

/// Packs give the bits of single samples. Where there are fewer rows than lanes, turned and scaled ones are added.
pub(super) fn lanes<T, B, const D: usize, const C: usize>(part: &B, direction: Direction, rows: &[([T; D], [T; C])], tally: &mut Tally)
where
    T: Real,
    B: DifferentiableBijector<T, D, C>,
{
    for chunk in rows.chunks(Four::<T>::LANES) {
        let row = |n: usize| {
            chunk.get(n).copied().unwrap_or_else(|| {
                let (x, context) = chunk[0];
                (std::array::from_fn(|d| x[(d + n) % D] * T::from_f64(1.0 - 0.5 * n as f64)), context)
            })
        };
        let mut state: [Four<T>; D] = std::array::from_fn(|d| Four::from_lanes(|n| row(n).0[d]));
        let context: [Four<T>; C] = std::array::from_fn(|c| Four::from_lanes(|n| row(n).1[c]));
        let start = state;
        let log_det = match direction {
            Direction::Forward => part.forward_and_log_det(&mut state, &context),
            Direction::Inverse => part.inverse_and_log_det(&mut state, &context),
        };
        let (mut taped, mut tape) = (start, Box::new(B::Tape::<Four<T>>::ZEROS));
        let taped_log_det = part.forward_tape(&mut taped, &context, &mut tape);
        for lane in 0..Four::<T>::LANES {
            let (x, context) = row(lane);
            let mut same = |place, what: &str, found: T, expected: T| {
                let spot = Spot::new(Law::Lanes, place).going(direction);
                let details = || format!("{what} of lane {lane}, beside that of the sample, at {x:?} given {context:?}");
                tally.judged(spot, 0.0, found.to_order() == expected.to_order(), found.as_(), expected.as_(), 0.0, details);
            };
            let (single, single_log_det) = Given { part, context: &context }.map(direction, &x);
            for d in 0..D {
                same(Place::Dimension(d), "the image", state[d].lane(lane), single[d]);
            }
            same(Place::LogDet, "the log-det", log_det.lane(lane), single_log_det);
            if direction == Direction::Forward {
                let (mut single, mut tape) = (x, Box::new(B::Tape::<T>::ZEROS));
                let single_log_det = part.forward_tape(&mut single, &context, &mut tape);
                for d in 0..D {
                    same(Place::Dimension(d), "the image with a tape", taped[d].lane(lane), single[d]);
                }
                same(Place::LogDet, "the log-det with a tape", taped_log_det.lane(lane), single_log_det);
            }
        }
    }
}
