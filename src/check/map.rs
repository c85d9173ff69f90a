//! Laws of the map at one point: there and back, in order, the identity.

use std::boxed::Box;
use std::format;

use super::local::{Given, Local, around, largest, unit, wide};
use super::tally::{Spot, Tally};
use super::{Direction, Law, Order, Place};
use crate::bijector::DifferentiableBijector;
use crate::number::Real;

/// A spline's `x1 <= x2` gives `z1 <= z2` up to this many times what a rounding of `x` and of `z` is worth: twice the error of one `z`.
const STEP_BACK: f64 = 8.0;

/// Where the start is compared with the identity: `|x|` below this.
pub(super) const STARTING: f64 = 4.0;

/// Finite, and there and back from `x` and from `z`: `f(f^-1(z)) = z` always, `f^-1(f(x)) = x` where the map is well-conditioned. Whether the point is good for more.
pub(super) fn round_trip<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize>(
    given: Given<T, B, D, C>,
    x: &[T; D],
    point: usize,
    tally: &mut Tally,
) -> bool {
    let limits = *tally.limits;
    let (z, log_det) = given.forward(x);
    let finite = z.iter().all(|v| v.is_finite()) && log_det.is_finite();
    let spot = Spot::new(Law::Finite, Place::Whole).at(point).going(Direction::Forward);
    let details = || format!("{}: {z:?}, log-det {log_det:e}", given.show(x));
    tally.judged(spot, 0.0, finite, if finite { 1.0 } else { f64::NAN }, 1.0, 0.0, details);
    if !finite {
        return false;
    }

    let local = Local::of(given, x, &limits);
    tape(given, x, (&z, log_det), &local, point, tally);
    let (back, inverse_log_det) = given.inverse(&z);
    let (again, log_det_there) = given.forward(&back);
    let place = || format!("{} z is {z:?}, which comes from {back:?}, which gives {again:?}", given.show(x));
    let (x, z_wide, back_wide) = (wide(x), wide(&z), wide(&back));
    let around = around(given, &back);
    let jumps = |(low, high): (f64, f64)| high - low > 0.1 * high.abs().max(1.0);
    let there = Local::of(given, &back, &limits);
    // A mixture does not tell points apart whose `z` is beyond this (`Mixture`'s domain).
    let saturated = f64::powi(2.0, if T::BITS == 32 { 49 } else { 499 });
    for i in 0..D {
        let (ours, theirs): (f64, f64) = (again[i].as_(), z_wide[i]);
        let spot = Spot::new(Law::ForwardOfInverse, Place::Dimension(i)).at(point);
        if limits.round_trip.is_finite() {
            tally.close(spot, ours, theirs, limits.round_trip * largest(&z_wide), place);
        }
        let allowed = limits.roundings * local.z_unit(&x, i).max(there.z_unit(&back_wide, i));
        let (low, high) = around[i];
        let passed = jumps(around[i]) && low <= theirs && theirs <= high;
        tally.close(spot, if passed { theirs } else { ours }, theirs, allowed, place);

        let spot = Spot::new(Law::InverseOfForward, Place::Dimension(i)).at(point);
        if limits.round_trip.is_finite() {
            tally.close(spot, back_wide[i], x[i], limits.round_trip * largest(&x), place);
        }
        let allowed = limits.roundings * local.x_unit(&x, i);
        let lost = (0..D).any(|k| local.is_lost(&x, &back_wide, k, &limits));
        if local.is_linear(&x, i, &limits) && !lost && local.reach < saturated {
            tally.close(spot, back_wide[i], x[i], 2.0 * allowed, place);
        }
    }
    let spot = Spot::new(Law::OppositeLogDets, Place::LogDet).at(point);
    let (there_log_det, inverse_log_det): (f64, f64) = (log_det_there.as_(), inverse_log_det.as_());
    tally.report.saw_log_det(log_det.as_());
    if limits.log_det.is_finite() {
        tally.close(spot, -inverse_log_det, log_det.as_(), limits.log_det, place);
    }
    // To first order the log-det is as good as the step is small.
    if !around.into_iter().any(jumps) {
        let allowed = limits.roundings * (unit::<T>(there_log_det) + there.log_det_of_x(&back_wide));
        tally.close(spot, -inverse_log_det, there_log_det, allowed, place);
    }
    true
}

/// [`Law::Tape`]: `z` to the bit, the log-det to rounding, for an inverse's tape is filled on the way back.
fn tape<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize>(
    given: Given<T, B, D, C>,
    x: &[T; D],
    (z, log_det): (&[T; D], T),
    local: &Local<T, D>,
    point: usize,
    tally: &mut Tally,
) {
    let limits = *tally.limits;
    let spot = Spot::new(Law::Tape, Place::LogDet).at(point);
    for i in 0..D {
        tally.close(spot.of(Place::Dimension(i)), local.z[i].as_(), z[i].as_(), 0.0, || given.show(x));
    }
    let at = wide(x);
    let allowed = limits.roundings * (unit::<T>(log_det.as_()) + local.log_det_unit(|k| local.x_unit(&at, k)));
    let allowed = allowed.min(limits.tape * log_det.abs().as_().max(1.0));
    // In a gap the inverse has no finite slope.
    if allowed.is_finite() {
        tally.close(spot, local.log_det.as_(), log_det.as_(), allowed, || given.show(x));
    }
}

/// [`Law::Order`], where each dimension moves to the next float, and to that of `other`.
pub(super) fn order<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize>(
    given: Given<T, B, D, C>,
    x: &[T; D],
    other: &[T; D],
    point: usize,
    tally: &mut Tally,
) {
    let limits = *tally.limits;
    if limits.order == Order::Any {
        return;
    }
    for i in 0..D {
        for moved in [T::from_order(x[i].to_order() + 1), other[i]] {
            if !moved.is_finite() {
                continue;
            }
            let mut y = *x;
            y[i] = moved;
            let (low, high) = if x[i] <= moved { (*x, y) } else { (y, *x) };
            let spot = Spot::new(Law::Order, Place::Dimension(i)).at(point);
            let place = || format!("{} with {low:?} and {high:?}", given.show(x));
            for direction in Direction::BOTH {
                let (below, above) = (given.map(direction, &low).0[i].as_(), given.map(direction, &high).0[i].as_());
                let allowed = match (limits.order, direction) {
                    (Order::Exact, _) => 0.0,
                    (_, Direction::Forward) => STEP_BACK * Local::of(given, &high, &limits).z_unit(&wide(&high), i),
                    (_, Direction::Inverse) => continue,
                };
                // As far as the lower one is above; NaN is not in order.
                let above_or_equal = if below <= above { below } else { above };
                tally.close(spot.going(direction), below, above_or_equal, allowed, place);
            }
        }
    }
}

/// [`Law::Volume`], [`Law::Start`] and [`Law::Zeros`], where they are promised.
pub(super) fn promises<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize>(
    given: Given<T, B, D, C>,
    x: &[T; D],
    point: usize,
    tally: &mut Tally,
) {
    let limits = *tally.limits;
    let (z, log_det) = given.forward(x);
    let at = wide(x);
    if limits.volume {
        tally.close(Spot::new(Law::Volume, Place::LogDet).at(point), log_det.as_(), 0.0, 0.0, || given.show(x));
    }
    if limits.start.is_finite() && at.iter().all(|x| x.abs() < STARTING) {
        let spot = Spot::new(Law::Start, Place::LogDet).at(point);
        for i in 0..D {
            tally.close(spot.of(Place::Dimension(i)), z[i].as_(), at[i], limits.start, || given.show(x));
        }
    }
    if limits.zeros.is_finite() {
        let zeros = Box::new(B::ZEROS);
        let spot = Spot::new(Law::Zeros, Place::LogDet).at(point);
        let (z, log_det) = Given { part: &*zeros, context: given.context }.forward(x);
        for i in 0..D {
            tally.close(spot.of(Place::Dimension(i)), z[i].as_(), at[i], limits.zeros * unit::<T>(at[i]), || given.show(x));
        }
        tally.close(spot, log_det.as_(), 0.0, limits.zeros * D as f64 * unit::<T>(0.0), || given.show(x));
    }
}
