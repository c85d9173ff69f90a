//! A layer's laws.

use std::boxed::Box;
use std::format;
use std::vec::Vec;

use super::bijector::usable;
use super::differences::Known;
use super::draws::Draws;
use super::pulled::{self, Four, WayBack};
use super::stack::on_large_stack;
use super::tally::{Spot, Tally};
use super::{Law, Limits, Place, Report, Violation, parameters};
use crate::conditioner::{Activation, DifferentiableLayer, Identity, Layer, Shape, Tanh, Width};
use crate::flow::IntoRows;
use crate::number::{Flat, Real, Value, Zeros};

/// Checks a layer of a conditioner at `points`: `&points`, or `(&points, &contexts)` where it takes a context.
///
/// # Errors
/// The first law that is broken.
///
/// ```
/// use gaussflow::check::{self, Law, Limits};
/// use gaussflow::{Dense, Tanh};
///
/// let part = (Dense { weights: [[0.3, -0.4, 0.1], [0.2, 0.9, -1.1]], bias: [0.5, 0.0, -0.2] }, Tanh);
/// let report = check::layer(&part, &[[0.3, -0.7], [2.0, 0.1]], &Limits::DEFAULT)?;
/// assert!(report.compared(Law::Gradient) > 9);
/// # Ok::<(), check::Violation>(())
/// ```
pub fn layer<'a, T, L, const I: usize, const C: usize>(
    part: &L,
    points: impl IntoRows<'a, T, I, C>,
    limits: &Limits,
) -> Result<Report, Violation>
where
    T: Real,
    L: DifferentiableLayer<T, Width<I>, C> + Clone,
{
    let points = points.into_rows();
    on_large_stack(|| {
        let mut tally = Tally::new(limits);
        parameters::counts(part, &mut tally);
        let rows = usable(&points, &mut tally);
        values(part, &rows, &mut tally);

        let mut draws = Draws(3);
        let outputs = <OutOf<T, L, T, I, C> as Flat<T>>::LEN;
        let cotangents: Vec<Vec<T>> = rows.iter().map(|_| (0..outputs).map(|_| draws.cotangent()).collect()).collect();
        let way = Way { part, rows: &rows, cotangents };
        let terms = |part: &L, n: usize, x: &[T; I], context: &[T; C]| -> Vec<f64> {
            let y = apply::<T, T, L, Identity, I, C>(part, x, context);
            y.flat().iter().zip(&way.cotangents[n]).map(|(y, d)| y.as_() * d.as_()).collect()
        };
        let known = |n: usize| Known::well(terms(part, n, &rows[n].0, &rows[n].1).into_iter().map(f64::abs).sum());
        let loss = |part: &L, n: usize, x: &[T; I], context: &[T; C]| terms(part, n, x, context).into_iter().sum();
        let spot = Spot::new(Law::Gradient, Place::Whole);
        let samples = pulled::samples(part, &way, rows.len(), spot, &mut tally);
        pulled::packs(part, &way, &samples, spot, &mut tally);
        pulled::differences(part, &samples, &rows, known, loss, spot, &mut tally);
        tally.outcome()
    })
}

/// What the layer `L` gives on the lanes `V`.
type OutOf<T, L, V, const I: usize, const C: usize> = <<L as Layer<T, Width<I>, C>>::Out as Shape<T>>::Of<V>;

#[inline(never)]
fn apply<T, V, L, F, const I: usize, const C: usize>(part: &L, x: &[V; I], context: &[V; C]) -> OutOf<T, L, V, I, C>
where
    T: Real,
    V: Value<Scalar = T>,
    L: Layer<T, Width<I>, C>,
    F: Activation,
{
    let mut y = Zeros::ZEROS;
    part.apply::<V, F>(x, context, &mut y);
    y
}

/// Finite, with the tape as without, packs as samples, and the activation that follows.
fn values<T, L, const I: usize, const C: usize>(part: &L, rows: &[([T; I], [T; C])], tally: &mut Tally)
where
    T: Real,
    L: DifferentiableLayer<T, Width<I>, C>,
{
    for (chunk, rows) in rows.chunks(Four::<T>::LANES).enumerate() {
        let row = |n: usize| rows[n.min(rows.len() - 1)];
        let x: [Four<T>; I] = std::array::from_fn(|i| Four::from_lanes(|n| row(n).0[i]));
        let context: [Four<T>; C] = std::array::from_fn(|c| Four::from_lanes(|n| row(n).1[c]));
        let lanes = apply::<T, Four<T>, L, Identity, I, C>(part, &x, &context);
        let (mut taped_lanes, mut tape) = (Zeros::ZEROS, Box::new(L::Tape::<Four<T>>::ZEROS));
        part.apply_tape(&x, &context, &mut taped_lanes, &mut tape);
        for (lane, (x, context)) in rows.iter().enumerate() {
            let y = apply::<T, T, L, Identity, I, C>(part, x, context);
            let following = apply::<T, T, L, Tanh, I, C>(part, x, context);
            let (mut taped, mut tape) = (Zeros::ZEROS, Box::new(L::Tape::<T>::ZEROS));
            part.apply_tape(x, context, &mut taped, &mut tape);
            for (o, &expected) in y.flat().iter().enumerate() {
                let mut same = |law, what: &str, found: T, expected: T| {
                    let spot = Spot::new(law, Place::Output(o)).at(chunk * Four::<T>::LANES + lane);
                    let holds = found.to_order() == expected.to_order();
                    let details = || format!("{what} at {x:?} given {context:?}");
                    tally.judged(spot, 0.0, holds, found.as_(), expected.as_(), 0.0, details);
                };
                same(Law::Finite, "the value", if expected.is_finite() { T::ONE } else { T::NAN }, T::ONE);
                same(Law::Tape, "the value with a tape", taped.flat()[o], expected);
                same(Law::Lanes, "the value in a lane", lanes.flat()[o].lane(lane), expected);
                same(Law::Lanes, "the value with a tape in a lane", taped_lanes.flat()[o].lane(lane), taped.flat()[o]);
                same(Law::Following, "the value with tanh after it", following.flat()[o], Tanh::value(expected));
            }
        }
    }
}

/// The rows, each with the cotangents of its outputs.
struct Way<'a, T, L, const I: usize, const C: usize> {
    part: &'a L,
    rows: &'a [([T; I], [T; C])],
    cotangents: Vec<Vec<T>>,
}

impl<T, L, const I: usize, const C: usize> WayBack<T, L, I, C> for Way<'_, T, L, I, C>
where
    T: Real,
    L: DifferentiableLayer<T, Width<I>, C>,
{
    #[inline(never)]
    fn back<V: Value<Scalar = T>>(&self, rows: &[usize], d_context: &mut [V; C], gradient: Option<&mut L>) -> [V; I] {
        let Way { part, rows: inputs, cotangents } = self;
        let last = rows.len() - 1;
        let row = |n: usize| &inputs[rows[n.min(last)]];
        let x: [V; I] = std::array::from_fn(|i| V::from_lanes(|n| row(n).0[i]));
        let context: [V; C] = std::array::from_fn(|c| V::from_lanes(|n| row(n).1[c]));
        let (mut y, mut dy): (OutOf<T, L, V, I, C>, OutOf<T, L, V, I, C>) = (Zeros::ZEROS, Zeros::ZEROS);
        for (o, d) in dy.flat_mut().iter_mut().enumerate() {
            *d = V::from_lanes(|n| if n <= last { cotangents[rows[n]][o] } else { T::ZEROS });
        }
        let mut tape = Box::new(L::Tape::<V>::ZEROS);
        part.apply_tape(&x, &context, &mut y, &mut tape);
        // What is there is to be overwritten.
        let mut dx = [V::splat(T::from_f64(if gradient.is_some() { 0.5 } else { -0.5 })); I];
        part.backward(&x, &context, &y, &tape, &dy, &mut dx, d_context, gradient);
        dx
    }
}
