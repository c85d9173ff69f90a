//! Gradients against central differences.

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use super::tally::{Spot, Tally};
use super::{Limits, Place};
use crate::number::Real;
use crate::parameters::{Parameters, Role};

/// An error this far below the tolerance needs no narrower step.
const CLEAR: f64 = 0.1;

/// The noise of a step, relative to the loss, above which a difference tells nothing.
const DEAF: f64 = 5e-3;

/// Differences in more doubt than this, relative to themselves, tell no slope.
const SETTLED: f64 = 1e-2;

/// Slopes of both sides that differ by more than this, relative to their mean, meet at a corner.
const BENT: f64 = 0.1;

/// How much wider the steps are in `f32`: the fifth root of the ratio of both `EPSILON`, at which truncation and rounding balance, is 56.
const WIDER_IN_SINGLE: f64 = 64.0;

/// The rounding that the wider steps leave, in units of that in `f64`.
const SINGLE: f64 = 1e3;

/// What differences say of a derivative.
#[derive(Clone, Copy)]
pub(super) struct Slope {
    /// The central difference of fourth order: its truncation is `h^4 f''''' / 30`.
    value: f64,
    /// By how much those of second order differ, at this step and at twice that: much more than the truncation where the function is smooth, and of the slope's own size where it is not.
    doubt: f64,
    /// By how much the slopes of both sides differ: a corner at the point itself shows in nothing else.
    bend: f64,
}

/// The derivative at 0.
fn slope(step: f64, mut f: impl FnMut(f64) -> f64) -> Slope {
    let (low, middle, high) = (f(-step), f(0.0), f(step));
    let (narrow, wide) = (high - low, f(2.0 * step) - f(-2.0 * step));
    Slope {
        value: (8.0 * narrow - wide) / (12.0 * step),
        doubt: (2.0 * narrow - wide).abs() / (4.0 * step),
        bend: ((high - middle) - (middle - low)).abs() / step,
    }
}

/// How well the losses of a group and its gradient are known: beyond that an error is one.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// The sum of the sizes of the loss's terms.
    pub(super) size: f64,
    /// What roundings are worth in the loss, by its conditioning; more than what its size tells.
    pub(super) noise: f64,
    /// What they are worth in the gradient, relative.
    pub(super) relative: f64,
}

impl Known {
    /// Of terms that are well-conditioned.
    pub(super) const fn well(size: f64) -> Self {
        Known { size, noise: 0.0, relative: 0.0 }
    }
}

impl core::iter::Sum for Known {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Known::well(0.0), |a, b| Known { size: a.size + b.size, noise: a.noise + b.noise, relative: a.relative.max(b.relative) })
    }
}

/// `at + h` in its own type.
fn moved<T: Real>(at: T, h: f64) -> T {
    let wide: f64 = at.as_();
    T::from_f64(wide + h)
}

/// As [`slope`], by element `i` of `at`.
pub(super) fn slope_of_element<T: Real>(at: &[T], i: usize, step: f64, f: impl Fn(&[T]) -> f64) -> Slope {
    let mut near = at.to_vec();
    slope(step, |h| {
        near[i] = moved(at[i], h);
        f(&near)
    })
}

/// As [`slope`], by one of the parameters of `part`.
fn slope_of_parameter<T: Real, P: Parameters<T>>(part: &mut P, slice: usize, index: usize, step: f64, f: impl Fn(&P) -> f64) -> Slope {
    let Some(&at) = part.slice(slice).1.get(index) else { return Slope { value: f64::NAN, doubt: f64::NAN, bend: f64::NAN } };
    let numeric = slope(step, |h| {
        set(part, slice, index, moved(at, h));
        f(part)
    });
    set(part, slice, index, at);
    numeric
}

fn set<T, P: Parameters<T>>(part: &mut P, slice: usize, index: usize, value: T) {
    if let Some(place) = part.slice_mut(slice).1.get_mut(index) {
        *place = value;
    }
}

/// The steps for the scalar `T` that tell something.
fn steps<T: Real>(limits: &Limits) -> impl Iterator<Item = f64> + '_ {
    let wider = if T::BITS == 32 { WIDER_IN_SINGLE } else { 1.0 };
    let noise = limits.noise * T::EPSILON.as_();
    limits.steps.iter().map(move |step| wider * step).filter(move |step| noise / step <= DEAF)
}

/// What the differences at one step after the other say of one number.
struct Verdict {
    /// The least error, in units of what is allowed, with the difference and what is allowed there.
    best: (f64, f64, f64),
    /// The difference at the step before, where it told a slope.
    before: Option<f64>,
    /// Two steps told the same slope.
    told: bool,
    /// At each step that told a slope the error was beyond all doubt.
    beyond: bool,
}

impl Verdict {
    const NONE: Self = Verdict { best: (f64::INFINITY, f64::NAN, f64::NAN), before: None, told: false, beyond: true };

    /// Whether a narrower step is needed, after one at which `analytic` may be off by `allowed`, `noise` of which the size of the loss explains, and `ill` what is ill-conditioned.
    fn goes_on(&mut self, analytic: f64, slope: Slope, allowed: f64, noise: f64, ill: f64) -> bool {
        let Slope { value, doubt, bend } = slope;
        let apart = if analytic == value { 0.0 } else { (analytic - value).abs() };
        if apart / allowed < self.best.0 || self.best.2.is_nan() {
            self.best = (apart / allowed, value, allowed);
        }
        let smooth = doubt <= SETTLED * value.abs() + noise && bend <= BENT * value.abs().max(apart) + noise;
        let same = |before: f64| (before - value).abs() <= SETTLED * value.abs().max(before.abs()) + noise;
        self.told |= smooth && self.before.is_some_and(same);
        self.before = smooth.then_some(value);
        // A NaN is beyond all doubt.
        self.beyond &= !smooth || !(apart <= allowed + 2.0 * doubt + ill);
        !(apart <= CLEAR * allowed)
    }
}

impl Tally<'_> {
    /// Compares the gradient of one group, such as a row of `x` or a slice of parameters, with differences: `numeric(i, step)` for component `i` at its place.
    ///
    /// A component is decided where it agrees at one step, or disagrees by more than what the differences are in doubt at each step at which they tell a slope at all.
    pub(super) fn group<T: Real>(
        &mut self,
        spot: Spot,
        components: &[(Place, f64)],
        known: Known,
        mut numeric: impl FnMut(usize, f64) -> Slope,
        details: impl Fn() -> String,
    ) {
        let limits = *self.limits;
        let steps: Vec<f64> = steps::<T>(&limits).collect();
        let (Some(&first), true) = (steps.first(), limits.gradient.is_finite()) else { return };
        let relative = limits.gradient * if T::BITS == 32 { SINGLE } else { 1.0 };
        let wide: Vec<Slope> = (0..components.len()).map(|i| numeric(i, first)).collect();
        let largest = wide.iter().fold(0.0, |m: f64, v| m.max(v.value.abs()));
        for (i, &(place, analytic)) in components.iter().enumerate() {
            let mut verdict = Verdict::NONE;
            for (n, &step) in steps.iter().enumerate() {
                let slope = if n == 0 { wide[i] } else { numeric(i, step) };
                let size = slope.value.abs();
                let noise = limits.noise * T::EPSILON.as_() * known.size / step;
                let allowed = relative * size.max(limits.small * largest) + noise;
                let ill = limits.roundings * (known.noise / step + known.relative * size.max(largest));
                if !verdict.goes_on(analytic, slope, allowed, noise, ill) {
                    break;
                }
            }
            let (error, numeric, allowed) = verdict.best;
            let holds = error <= 1.0;
            // Infinite is the noise in a gap, where an inverse has no finite slope.
            let decided = known.noise != f64::INFINITY && (!analytic.is_finite() || (verdict.told && verdict.beyond));
            if holds || decided || steps.len() == 1 {
                self.judged(spot.of(place), error, holds, analytic, numeric, allowed, &details);
            } else {
                self.report.undecided += 1;
            }
        }
    }

    /// Compares the slices of a part's gradient with the differences of `loss`.
    pub(super) fn parameters<T: Real, P: Parameters<T> + Clone>(
        &mut self,
        spot: Spot,
        part: &P,
        gradient: &[Vec<f64>],
        known: Known,
        loss: impl Fn(&P) -> f64,
    ) {
        let mut near = Box::new(part.clone());
        for (slice, gradient) in gradient.iter().enumerate() {
            if part.slice(slice).0 == Role::Fixed {
                continue;
            }
            let chosen: Vec<usize> = spread(gradient.len(), self.limits.parameters).collect();
            let components: Vec<(Place, f64)> = chosen.iter().map(|&index| (Place::Parameter { slice, index }, gradient[index])).collect();
            let numeric = |i: usize, step: f64| slope_of_parameter(&mut *near, slice, chosen[i], step, &loss);
            self.group::<T>(spot, &components, known, numeric, String::new);
        }
    }
}

/// `count` of the first `len` indices, evenly.
fn spread(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(len);
    (0..count).map(move |i| ((2 * i + 1) * len) / (2 * count))
}
