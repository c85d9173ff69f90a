//! What a way back gives, by samples and by packs: the laws that bijectors and layers share.

use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::differences::{Known, slope_of_element};
use super::parameters::slices;
use super::tally::{Spot, Tally};
use super::{Law, Limits, Place};
use crate::number::{Pack, Real, Value, Zeros};
use crate::parameters::{Parameters, Role};

/// The packs that the lanes' side of each check runs on.
pub(super) type Four<T> = Pack<T, 4>;

/// What a gradient starts from, to see that it is added to: a value that sums hold exactly enough.
const BEFORE: f64 = 0.25;

/// How many times `EPSILON` the order of a sum's terms may be worth.
const REORDERED: f64 = 64.0;

/// A way back to `I` inputs and `C` context variables, from cotangents that it holds.
pub(super) trait WayBack<T: Real, P, const I: usize, const C: usize> {
    /// Pulls back one pack or sample whose lane `n` is the row `rows[n]`, adding to `d_context` and to the gradient; lanes past the last row have no cotangent.
    fn back<V: Value<Scalar = T>>(&self, rows: &[usize], d_context: &mut [V; C], gradient: Option<&mut P>) -> [V; I];
}

/// One row pulled back.
pub(super) struct Pulled<T, const I: usize, const C: usize> {
    pub(super) x: [T; I],
    pub(super) context: [T; C],
}

/// The gradient of each row, and of all.
pub(super) struct Gradients<T, const I: usize, const C: usize> {
    pub(super) rows: Vec<Pulled<T, I, C>>,
    /// The slices of the summed gradient.
    pub(super) sum: Vec<Vec<f64>>,
    /// The sums of the sizes of their terms.
    size: Vec<Vec<f64>>,
}

fn bits<T: Real, const N: usize>(x: &[T; N]) -> [i64; N] {
    x.map(|v| v.to_order())
}

/// Pulls each row back by itself: [`Law::Added`], [`Law::Fixed`], [`Law::WithoutGradient`].
pub(super) fn samples<T, P, W, const I: usize, const C: usize>(
    part: &P,
    way: &W,
    count: usize,
    spot: Spot,
    tally: &mut Tally,
) -> Gradients<T, I, C>
where
    T: Real,
    P: Parameters<T> + Clone,
    W: WayBack<T, P, I, C>,
{
    let mut gradients = Gradients { rows: Vec::new(), sum: Vec::new(), size: Vec::new() };
    let (mut fresh, mut added) = (Box::new(part.clone()), Box::new(part.clone()));
    for row in 0..count {
        let spot = |law| Spot { law, ..spot.at(row) };
        fresh.set_all(T::ZEROS);
        let mut context = [T::ZEROS; C];
        let x = way.back(&[row], &mut context, Some(&mut *fresh));

        let mut context_alone = [T::ZEROS; C];
        let alone = way.back::<T>(&[row], &mut context_alone, None);
        let details = |what: &str| format!("{what} with a gradient to add to, and without");
        for i in 0..I {
            let spot = spot(Law::WithoutGradient).of(Place::Dimension(i));
            tally.judged(spot, 0.0, bits(&alone)[i] == bits(&x)[i], alone[i].as_(), x[i].as_(), 0.0, || details("the cotangent"));
        }
        for c in 0..C {
            let spot = spot(Law::WithoutGradient).of(Place::Context(c));
            let same = bits(&context_alone)[c] == bits(&context)[c];
            tally.judged(spot, 0.0, same, context_alone[c].as_(), context[c].as_(), 0.0, || details("the context's cotangent"));
        }

        let before = T::from_f64(BEFORE);
        added.set_all(before);
        let mut context_added = [before; C];
        let again = way.back(&[row], &mut context_added, Some(&mut *added));
        let roundings = |terms: f64| REORDERED * T::EPSILON.as_() * (BEFORE + terms);
        for i in 0..I {
            let (spot, same) = (spot(Law::Added).of(Place::Dimension(i)), bits(&again)[i] == bits(&x)[i]);
            tally.judged(spot, 0.0, same, again[i].as_(), x[i].as_(), 0.0, || String::from("the cotangent, again"));
        }
        for c in 0..C {
            let (found, expected): (f64, f64) = (context_added[c].as_(), context[c].as_());
            let details = || format!("the context's cotangent, added to {BEFORE}");
            // In a gap the inverse has no finite slope.
            if expected.is_finite() {
                tally.close(spot(Law::Added).of(Place::Context(c)), found, BEFORE + expected, roundings(expected.abs()), details);
            }
        }
        for slice in 0..P::SLICES {
            let (role, fresh) = fresh.slice(slice);
            for (index, (found, expected)) in added.slice(slice).1.iter().zip(fresh).enumerate() {
                let place = Place::Parameter { slice, index };
                let (found, expected): (f64, f64) = (found.as_(), expected.as_());
                if role == Role::Fixed {
                    tally.close(spot(Law::Fixed).of(place), found, BEFORE, 0.0, || format!("added to {BEFORE}"));
                } else if expected.is_finite() {
                    let details = || format!("a gradient of {expected:e}, added to {BEFORE}");
                    tally.close(spot(Law::Added).of(place), found, BEFORE + expected, roundings(expected.abs()), details);
                }
            }
        }

        let fresh = slices(&*fresh);
        let add = |to: &mut Vec<Vec<f64>>, of: fn(f64) -> f64| {
            to.resize_with(fresh.len(), Vec::new);
            for (to, from) in to.iter_mut().zip(&fresh) {
                to.resize(from.len(), 0.0);
                to.iter_mut().zip(from).for_each(|(to, from)| *to += of(*from));
            }
        };
        add(&mut gradients.sum, |g| g);
        add(&mut gradients.size, f64::abs);
        gradients.rows.push(Pulled { x, context });
    }
    gradients
}

/// Pulls the rows back in packs: [`Law::Lanes`].
pub(super) fn packs<T, P, W, const I: usize, const C: usize>(part: &P, way: &W, samples: &Gradients<T, I, C>, spot: Spot, tally: &mut Tally)
where
    T: Real,
    P: Parameters<T> + Clone,
    W: WayBack<T, P, I, C>,
{
    let spot = Spot { law: Law::Lanes, ..spot };
    let mut gradient = Box::new(part.clone());
    gradient.set_all(T::ZEROS);
    let all: Vec<usize> = (0..samples.rows.len()).collect();
    for rows in all.chunks(Four::<T>::LANES) {
        let mut context = [Four::<T>::ZEROS; C];
        let x = way.back::<Four<T>>(rows, &mut context, Some(&mut *gradient));
        for (lane, &row) in rows.iter().enumerate() {
            let Pulled { x: expected, context: expected_context } = &samples.rows[row];
            let mut same = |place, found: T, expected: T| {
                let details = || format!("the cotangent in lane {lane}, and of the sample");
                let same = found.to_order() == expected.to_order();
                tally.judged(spot.at(row).of(place), 0.0, same, found.as_(), expected.as_(), 0.0, details);
            };
            for i in 0..I {
                same(Place::Dimension(i), x[i].lane(lane), expected[i]);
            }
            for c in 0..C {
                same(Place::Context(c), context[c].lane(lane), expected_context[c]);
            }
        }
    }
    let by_lanes = slices(&*gradient);
    for (slice, ((found, expected), size)) in by_lanes.iter().zip(&samples.sum).zip(&samples.size).enumerate() {
        for (index, ((found, expected), size)) in found.iter().zip(expected).zip(size).enumerate() {
            let allowed = REORDERED * T::EPSILON.as_() * size;
            let details = || String::from("the gradient summed over packs, and over samples");
            if size.is_finite() {
                tally.close(spot.of(Place::Parameter { slice, index }), *found, *expected, allowed, details);
            }
        }
    }
}

/// Compares what the rows were pulled back to with differences of their losses, each known as `known` tells.
pub(super) fn differences<T, P, const I: usize, const C: usize>(
    part: &P,
    samples: &Gradients<T, I, C>,
    inputs: &[([T; I], [T; C])],
    known: impl Fn(usize) -> Known,
    loss: impl Fn(&P, usize, &[T; I], &[T; C]) -> f64,
    spot: Spot,
    tally: &mut Tally,
) where
    T: Real,
    P: Parameters<T> + Clone,
{
    let Limits { gradient, .. } = *tally.limits;
    if !gradient.is_finite() {
        return;
    }
    let spot = Spot { law: Law::Gradient, ..spot };
    for (row, ((x, context), pulled)) in inputs.iter().zip(&samples.rows).enumerate() {
        let known = known(row);
        let details = || if C == 0 { format!("at {x:?}") } else { format!("at {x:?} given {context:?}") };
        let components: Vec<(Place, f64)> = (0..I).map(|i| (Place::Dimension(i), pulled.x[i].as_())).collect();
        let by_x = |i, step| slope_of_element(x, i, step, |x| x.first_chunk().map_or(f64::NAN, |x| loss(part, row, x, context)));
        tally.group::<T>(spot.at(row), &components, known, by_x, details);
        let components: Vec<(Place, f64)> = (0..C).map(|c| (Place::Context(c), pulled.context[c].as_())).collect();
        let by_context = |c, step| {
            slope_of_element(context, c, step, |context| context.first_chunk().map_or(f64::NAN, |context| loss(part, row, x, context)))
        };
        tally.group::<T>(spot.at(row), &components, known, by_context, details);
    }
    let sum = |moved: &P| inputs.iter().enumerate().map(|(row, (x, context))| loss(moved, row, x, context)).sum();
    tally.parameters(spot, part, &samples.sum, (0..inputs.len()).map(known).sum(), sum);
}
