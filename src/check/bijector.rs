//! A bijector's laws.

use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::differences::Known;
use super::draws::Draws;
use super::local::{Given, Local, wide};
use super::pulled::{self, WayBack};
use super::stack::on_large_stack;
use super::tally::{Spot, Tally};
use super::{Direction, Law, Limits, Place, Report, Violation, jacobian, lanes, map, parameters};
use crate::bijector::DifferentiableBijector;
use crate::flow::{IntoRows, Rows};
use crate::number::{Real, Value, Zeros};

/// Checks a bijector at `points`: `&points`, or `(&points, &contexts)` where it takes a context.
///
/// Parameters and points are better drawn than chosen, and not at a start where much is 0: [`perturb`](super::perturb).
///
/// # Errors
/// The first law that is broken.
///
/// ```
/// use gaussflow::ActNorm;
/// use gaussflow::check::{self, Law, Limits, Order};
///
/// let part = ActNorm { log_scale: [0.7, -1.2], shift: [3.0, 0.2] };
/// let report = check::bijector(&part, &[[0.3, -0.7], [40.0, 1e-3]], &Limits { order: Order::Exact, ..Limits::DEFAULT })?;
/// assert!(report.compared(Law::Gradient) > 0);
/// # Ok::<(), check::Violation>(())
/// ```
pub fn bijector<'a, T, B, const D: usize, const C: usize>(
    part: &B,
    points: impl IntoRows<'a, T, D, C>,
    limits: &Limits,
) -> Result<Report, Violation>
where
    T: Real,
    B: DifferentiableBijector<T, D, C> + Clone,
{
    let points = points.into_rows();
    on_large_stack(|| {
        let mut tally = Tally::new(limits);
        parameters::counts(part, &mut tally);
        let rows = usable(&points, &mut tally);
        laws(part, &rows, &mut tally);
        for direction in Direction::BOTH {
            gradients(part, direction, &rows, &mut tally);
        }
        tally.outcome()
    })
}

/// The rows that can be compared at: [`Law::Points`].
pub(super) fn usable<T: Real, const D: usize, const C: usize>(points: &Rows<T, D, C>, tally: &mut Tally) -> Vec<([T; D], [T; C])> {
    let spot = Spot::new(Law::Points, Place::Whole);
    let count = points.len();
    tally.judged(spot, 0.0, count > 0, count as f64, 1.0, 0.0, || String::from("no point"));
    if C > 0 {
        tally.count(spot, "contexts, for as many points", points.contexts().len(), count);
    }
    let mut rows = Vec::new();
    for (n, x) in points.samples().iter().enumerate() {
        let Some(context) = (if C == 0 { Some([T::ZEROS; C]) } else { points.contexts().get(n).copied() }) else { break };
        let finite = x.iter().chain(&context).all(|v| v.is_finite());
        tally.judged(spot.at(n), 0.0, finite, if finite { 1.0 } else { f64::NAN }, 1.0, 0.0, || format!("{x:?} given {context:?}"));
        if finite {
            rows.push((*x, context));
        }
    }
    rows
}

/// The laws of the map.
pub(super) fn laws<T, B, const D: usize, const C: usize>(part: &B, rows: &[([T; D], [T; C])], tally: &mut Tally)
where
    T: Real,
    B: DifferentiableBijector<T, D, C>,
{
    for (n, (x, context)) in rows.iter().enumerate() {
        let given = Given { part, context };
        if map::round_trip(given, x, n, tally) {
            jacobian::log_det(given, x, n, tally);
        }
        map::order(given, x, &rows[(n + 1) % rows.len()].0, n, tally);
        map::promises(given, x, n, tally);
    }
    for direction in Direction::BOTH {
        lanes::lanes(part, direction, rows, tally);
    }
}

/// The rows in one direction, each with the cotangents of its image and log-det.
struct Way<'a, T, B, const D: usize, const C: usize> {
    part: &'a B,
    direction: Direction,
    rows: &'a [([T; D], [T; C])],
    cotangents: Vec<([T; D], T)>,
}

impl<T, B, const D: usize, const C: usize> WayBack<T, B, D, C> for Way<'_, T, B, D, C>
where
    T: Real,
    B: DifferentiableBijector<T, D, C>,
{
    #[inline(never)]
    fn back<V: Value<Scalar = T>>(&self, rows: &[usize], d_context: &mut [V; C], gradient: Option<&mut B>) -> [V; D] {
        let Way { part, direction, rows: inputs, cotangents } = self;
        let last = rows.len() - 1;
        let row = |n: usize| &inputs[rows[n.min(last)]];
        let mut state: [V; D] = std::array::from_fn(|d| V::from_lanes(|n| row(n).0[d]));
        let context: [V; C] = std::array::from_fn(|c| V::from_lanes(|n| row(n).1[c]));
        let cotangent = |n: usize| &cotangents[rows[n.min(last)]];
        let of = |n: usize, value: T| if n <= last { value } else { T::ZEROS };
        let mut d: [V; D] = std::array::from_fn(|i| V::from_lanes(|n| of(n, cotangent(n).0[i])));
        let d_log_det = V::from_lanes(|n| of(n, cotangent(n).1));
        let mut tape = Box::new(B::Tape::<V>::ZEROS);
        match direction {
            Direction::Forward => {
                part.forward_tape(&mut state, &context, &mut tape);
                part.backward(&tape, &context, &mut d, d_log_det, d_context, gradient);
            }
            Direction::Inverse => {
                part.inverse_and_log_det(&mut state, &context);
                part.forward_tape(&mut state, &context, &mut tape);
                part.inverse_backward(&tape, &context, &mut d, d_log_det, d_context, gradient);
            }
        }
        d
    }
}

/// Gradients of `d . y + d_log_det * log_det` for cotangents that are drawn: forward at the rows, inverse at their images.
fn gradients<T, B, const D: usize, const C: usize>(part: &B, direction: Direction, rows: &[([T; D], [T; C])], tally: &mut Tally)
where
    T: Real,
    B: DifferentiableBijector<T, D, C> + Clone,
{
    let limits = *tally.limits;
    let image = |(x, context): &([T; D], [T; C])| (Given { part, context }.forward(x).0, *context);
    let inputs: Vec<([T; D], [T; C])> = if direction == Direction::Forward { rows.to_vec() } else { rows.iter().map(image).collect() };
    let mut draws = Draws(1);
    let cotangents: Vec<([T; D], T)> = rows.iter().map(|_| (std::array::from_fn(|_| draws.cotangent()), draws.cotangent())).collect();
    let way = Way { part, direction, rows: &inputs, cotangents };
    let terms = |part: &B, n: usize, x: &[T; D], context: &[T; C]| {
        let (y, log_det) = Given { part, context }.map(direction, x);
        let (d, d_log_det) = &way.cotangents[n];
        std::array::from_fn::<f64, D, _>(|i| y[i].as_() * d[i].as_()).into_iter().chain([log_det.as_() * d_log_det.as_()])
    };
    let known = |n: usize| {
        let (x, context) = &inputs[n];
        let (d, d_log_det) = &way.cotangents[n];
        let given = Given { part, context };
        let base = if direction == Direction::Forward { *x } else { given.inverse(x).0 };
        let known = Local::of(given, &base, &limits).known(direction, &wide(&base), &wide(d), d_log_det.as_());
        Known { size: terms(part, n, x, context).map(f64::abs).sum(), ..known }
    };
    let loss = |part: &B, n: usize, x: &[T; D], context: &[T; C]| terms(part, n, x, context).sum();
    let spot = Spot::new(Law::Gradient, Place::Whole).going(direction);
    let samples = pulled::samples(part, &way, inputs.len(), spot, tally);
    pulled::packs(part, &way, &samples, spot, tally);
    pulled::differences(part, &samples, &inputs, known, loss, spot, tally);
}
