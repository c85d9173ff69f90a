//! A univariate's laws.

use std::format;
use std::vec::Vec;

use super::bijector::{laws, usable};
use super::differences::{Known, slope_of_element};
use super::draws::Draws;
use super::local::{Given, Local};
use super::map::STARTING;
use super::pulled::Four;
use super::stack::on_large_stack;
use super::tally::{Spot, Tally};
use super::{Direction, Law, Limits, Order, Place, Report, Violation, parameters};
use crate::bijector::Marginal;
use crate::flow::IntoRows;
use crate::number::{Flat, Real, Value, Zeros};
use crate::univariate::Univariate;

/// Checks a univariate with the parameters `params` at each of `points`, written `[x]`. It promises to rise, if only to rounding: [`Order::Any`] is read as [`Order::Rounded`].
///
/// The identity that it names is held to [`Limits::start`].
///
/// # Errors
/// The first law that is broken.
///
/// ```
/// use gaussflow::check::{self, Law, Limits};
/// use gaussflow::{MixtureCdf, TanhClamp};
///
/// let mixture = MixtureCdf::<TanhClamp<f64>, 2>::default();
/// let params = [[0.3, -0.4], [-1.5, 0.2], [-0.3, 0.4]]; // logits, means, raw log-scales
/// let report = check::univariate(&mixture, &params, &[[-40.0], [0.1], [2.0]], &Limits { start: 0.2, ..Limits::DEFAULT })?;
/// assert!(report.compared(Law::Order) > 0);
/// # Ok::<(), check::Violation>(())
/// ```
pub fn univariate<'a, T, U>(
    part: &U,
    params: &U::Params<T>,
    points: impl IntoRows<'a, T, 1, 0>,
    limits: &Limits,
) -> Result<Report, Violation>
where
    T: Real,
    U: Univariate<T> + Clone,
{
    let points = points.into_rows();
    on_large_stack(|| {
        // The start is that of the identity's parameters, not of these.
        let of_map = Limits { order: limits.order.max(Order::Rounded), start: f64::INFINITY, ..*limits };
        let mut tally = Tally::new(&of_map);
        parameters::counts(part, &mut tally);
        let rows = usable(&points, &mut tally);
        laws(&Marginal::<T, U, 1>::new(part.clone(), [*params]), &rows, &mut tally);
        let xs: Vec<T> = rows.iter().map(|row| row.0[0]).collect();
        start(part, &xs, limits.start, &mut tally);
        for direction in Direction::BOTH {
            gradients(part, params, direction, &xs, &mut tally);
        }
        tally.outcome()
    })
}

/// [`Law::Start`] of the identity that the univariate names.
fn start<T: Real, U: Univariate<T>>(part: &U, xs: &[T], limit: f64, tally: &mut Tally) {
    let params = part.identity();
    for (n, &x) in xs.iter().enumerate() {
        let (wide, z): (f64, f64) = (x.as_(), part.forward_and_log_det(&params, x).0.as_());
        if limit.is_finite() && wide.abs() < STARTING {
            tally.close(Spot::new(Law::Start, Place::Dimension(0)).at(n), z, wide, limit, || format!("{params:?}"));
        }
    }
}

fn apply<T: Real, U: Univariate<T>>(part: &U, params: &U::Params<T>, direction: Direction, v: T) -> (T, T) {
    match direction {
        Direction::Forward => part.forward_and_log_det(params, v),
        Direction::Inverse => part.inverse_and_log_det(params, v),
    }
}

/// A number in one direction, with the cotangents of its image and log-det.
#[derive(Clone, Copy)]
struct Row<T> {
    at: T,
    d: T,
    d_log_det: T,
}

/// The cotangents of the input and of the parameters, which hold `before` before; lanes past the last row have no cotangent.
#[inline(never)]
fn back<T, V, U>(part: &U, params: &U::Params<T>, direction: Direction, rows: &[Row<T>], before: f64) -> (V, U::Params<V>)
where
    T: Real,
    V: Value<Scalar = T>,
    U: Univariate<T>,
{
    let last = rows.len() - 1;
    let of = |value: fn(&Row<T>) -> T| V::from_lanes(|n| if n <= last { value(&rows[n]) } else { T::ZEROS });
    let at = V::from_lanes(|n| rows[n.min(last)].at);
    let (mut lanes, mut d_params, mut tape): (U::Params<V>, U::Params<V>, U::Tape<V>) = (Zeros::ZEROS, Zeros::ZEROS, Zeros::ZEROS);
    for ((lane, d), p) in lanes.flat_mut().iter_mut().zip(d_params.flat_mut()).zip(params.flat()) {
        (*lane, *d) = (V::splat(*p), V::splat(T::from_f64(before)));
    }
    let x = if direction == Direction::Forward { at } else { part.inverse_and_log_det(&lanes, at).0 };
    part.forward_tape(&lanes, x, &mut tape);
    let pull = match direction {
        Direction::Forward => U::backward::<V>,
        Direction::Inverse => U::inverse_backward::<V>,
    };
    let dx = pull(part, &lanes, x, &tape, of(|r| r.d), of(|r| r.d_log_det), &mut d_params);
    (dx, d_params)
}

/// Gradients of `d z + d_log_det log_det` for cotangents that are drawn, forward at `xs`, inverse at their images.
fn gradients<T: Real, U: Univariate<T> + Clone>(part: &U, params: &U::Params<T>, direction: Direction, xs: &[T], tally: &mut Tally) {
    let mut draws = Draws(5);
    let image = |x: T| if direction == Direction::Forward { x } else { part.forward_and_log_det(params, x).0 };
    let rows: Vec<Row<T>> = xs.iter().map(|&x| Row { at: image(x), d: draws.cotangent(), d_log_det: draws.cotangent() }).collect();
    let spot = |law, place| Spot::new(law, place).going(direction);
    let parameter = |index| Place::Parameter { slice: 0, index };
    for (chunk, lanes) in rows.chunks(Four::<T>::LANES).enumerate() {
        let (lane_dx, lane_d_params) = back::<T, Four<T>, U>(part, params, direction, lanes, 0.0);
        for (lane, row) in lanes.iter().enumerate() {
            let point = chunk * Four::<T>::LANES + lane;
            let (dx, d_params) = back::<T, T, U>(part, params, direction, &[*row], 0.0);
            let (again, d_again) = back::<T, T, U>(part, params, direction, &[*row], 0.5);
            let details = || format!("at {}", row.at);
            let mut same = |law, place, found: T, expected: T| {
                let holds = found.to_order() == expected.to_order();
                tally.judged(spot(law, place).at(point), 0.0, holds, found.as_(), expected.as_(), 0.0, details);
            };
            same(Law::Lanes, Place::Dimension(0), lane_dx.lane(lane), dx);
            same(Law::Added, Place::Dimension(0), again, dx);
            for (index, (&d, (lanes, again))) in d_params.flat().iter().zip(lane_d_params.flat().iter().zip(d_again.flat())).enumerate() {
                same(Law::Lanes, parameter(index), lanes.lane(lane), d);
                same(Law::Added, parameter(index), *again, d);
            }

            let loss = |params: &U::Params<T>, v: T| {
                let (value, log_det) = apply(part, params, direction, v);
                let (first, second): (f64, f64) = (row.d.as_() * value.as_(), row.d_log_det.as_() * log_det.as_());
                (first + second, first.abs() + second.abs())
            };
            let marginal = Marginal::<T, U, 1>::new(part.clone(), [*params]);
            let given = Given { part: &marginal, context: &[] };
            let x = if direction == Direction::Forward { [row.at] } else { given.inverse(&[row.at]).0 };
            let known = Local::of(given, &x, tally.limits).known(direction, &[x[0].as_()], &[row.d.as_()], row.d_log_det.as_());
            let known = Known { size: loss(params, row.at).1, ..known };
            let spot = spot(Law::Gradient, Place::Whole).at(point);
            let by_x = |_, step| slope_of_element(&[row.at], 0, step, |v| loss(params, v[0]).0);
            tally.group::<T>(spot, &[(Place::Dimension(0), dx.as_())], known, by_x, details);
            // Each by itself: which belong together, a flat list does not tell.
            for (index, d) in d_params.flat().iter().enumerate() {
                let by_parameter = |_, step| {
                    slope_of_element(params.flat(), index, step, |values| {
                        let mut moved = *params;
                        moved.flat_mut().copy_from_slice(values);
                        loss(&moved, row.at).0
                    })
                };
                tally.group::<T>(spot, &[(parameter(index), d.as_())], known, by_parameter, details);
            }
        }
    }
}
