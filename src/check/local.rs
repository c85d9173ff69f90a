//! A bijector near a point: how far roundings carry.

use std::boxed::Box;
use std::format;
use std::string::String;

use super::differences::Known;
use super::jacobian::log_abs_det;
use super::{Direction, Limits, Order};
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::{Real, Zeros};

pub(super) fn wide<T: Real, const D: usize>(x: &[T; D]) -> [f64; D] {
    x.map(|v| v.as_())
}

/// `EPSILON * max(1, |v|)`.
pub(super) fn unit<T: Real>(v: f64) -> f64 {
    T::EPSILON.as_() * v.abs().max(1.0)
}

/// Up to which bound, relative to the value, bounds of first order tell the truth.
const FIRST_ORDER: f64 = 1e-2;

/// The larger of 1 and the largest coordinate.
pub(super) fn largest<const D: usize>(x: &[f64; D]) -> f64 {
    x.iter().fold(1.0, |m, v| v.abs().max(m))
}

/// A bijector at one context.
pub(super) struct Given<'a, T, B, const D: usize, const C: usize> {
    pub(super) part: &'a B,
    pub(super) context: &'a [T; C],
}

impl<T, B, const D: usize, const C: usize> Clone for Given<'_, T, B, D, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, B, const D: usize, const C: usize> Copy for Given<'_, T, B, D, C> {}

impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Given<'_, T, B, D, C> {
    /// The image of `x` (or, the other way, of `z`) and the log-det.
    #[inline(never)]
    pub(super) fn map(&self, direction: Direction, x: &[T; D]) -> ([T; D], T) {
        let mut state = *x;
        let log_det = match direction {
            Direction::Forward => self.part.forward_and_log_det(&mut state, self.context),
            Direction::Inverse => self.part.inverse_and_log_det(&mut state, self.context),
        };
        (state, log_det)
    }

    pub(super) fn forward(&self, x: &[T; D]) -> ([T; D], T) {
        self.map(Direction::Forward, x)
    }

    pub(super) fn inverse(&self, z: &[T; D]) -> ([T; D], T) {
        self.map(Direction::Inverse, z)
    }

    /// `x` and the context, for a message.
    pub(super) fn show(&self, x: &[T; D]) -> String {
        if C == 0 { format!("at {x:?}") } else { format!("at {x:?} given {:?}", self.context) }
    }
}

/// A bijector near `x`, to first order.
pub(super) struct Local<T: Real, const D: usize> {
    pub(super) z: [T; D],
    pub(super) log_det: T,
    /// `jacobian[i][k] = dz_i / dx_k`.
    pub(super) jacobian: [[f64; D]; D],
    /// `inverse[i][k] = dx_i / dz_k`.
    pub(super) inverse: [[f64; D]; D],
    /// `slope[k] = d log_det / dx_k`.
    slope: [f64; D],
    /// The largest `|value|` of a state between elementary bijectors, `z` included.
    pub(super) reach: f64,
    /// The same for maps that turn, which spread the roundings of the largest dimension over all; 0 for those that treat each dimension by itself.
    spread: f64,
}

impl<T: Real, const D: usize> Local<T, D> {
    pub(super) fn of<B: DifferentiableBijector<T, D, C>, const C: usize>(given: Given<T, B, D, C>, x: &[T; D], limits: &Limits) -> Self {
        let Given { part, context } = given;
        let mut tape = Box::new(B::Tape::<T>::ZEROS);
        let mut z = *x;
        let log_det = part.forward_tape(&mut z, context, &mut tape);
        let back = |mut d: [T; D], d_log_det: T, inverse: bool| {
            if inverse {
                part.inverse_backward(&tape, context, &mut d, d_log_det, &mut [T::ZEROS; C], None);
            } else {
                part.backward(&tape, context, &mut d, d_log_det, &mut [T::ZEROS; C], None);
            }
            wide(&d)
        };
        let one = |i: usize| std::array::from_fn(|k| if i == k { T::ONE } else { T::ZEROS });
        let jacobian = std::array::from_fn(|i| back(one(i), T::ZEROS, false));
        let inverse = std::array::from_fn(|i| back(one(i), T::ZEROS, true));
        let slope = back([T::ZEROS; D], T::ONE, false);
        let mut reach = 0.0f64;
        let mut see = |state: &[T; D]| reach = wide(state).iter().fold(reach, |m, v| m.max(v.abs()));
        part.forward_states(&mut x.clone(), context, &mut see);
        Local { z, log_det, jacobian, inverse, slope, reach, spread: if limits.order == Order::Any { reach } else { 0.0 } }
    }

    /// What a rounding of `x` and of `z` is worth in `z_i`.
    pub(super) fn z_unit(&self, x: &[f64; D], i: usize) -> f64 {
        unit::<T>(self.z[i].as_().abs().max(self.spread)) + (0..D).map(|k| self.jacobian[i][k].abs() * unit::<T>(x[k])).sum::<f64>()
    }

    /// The same in `x_i`.
    pub(super) fn x_unit(&self, x: &[f64; D], i: usize) -> f64 {
        unit::<T>(x[i].abs().max(self.spread)) + (0..D).map(|j| self.inverse[i][j].abs() * self.z_unit(x, j)).sum::<f64>()
    }

    /// How well the loss `d . y + d_log_det * log_det` of this direction and its gradients are known, but for its size.
    pub(super) fn known(&self, direction: Direction, x: &[f64; D], d: &[f64; D], d_log_det: f64) -> Known {
        let units: [f64; D] = match direction {
            Direction::Forward => std::array::from_fn(|i| self.z_unit(x, i)),
            Direction::Inverse => std::array::from_fn(|i| self.x_unit(x, i)),
        };
        let of_log_det = match direction {
            Direction::Forward => self.log_det_of_x(x),
            Direction::Inverse => self.log_det_unit(|k| units[k]),
        };
        let log_det = unit::<T>(self.log_det.as_()) + of_log_det;
        let noise = (0..D).map(|i| d[i].abs() * units[i]).sum::<f64>() + d_log_det.abs() * log_det;
        // A mixture's shares are ratios of exp(-t^2/2): relative errors grow as z^2.
        let relative = (1.0 + self.reach * self.reach) * T::EPSILON.as_();
        let lost = direction == Direction::Inverse && self.in_gap();
        Known { size: 0.0, noise: if lost { f64::INFINITY } else { noise }, relative }
    }

    /// Whether slopes are so small that those of the inverse overflow, or their products.
    fn in_gap(&self) -> bool {
        let (least, most): (f64, f64) = (T::MIN_POSITIVE.as_(), T::MAX.as_());
        let inverse = self.inverse.as_flattened();
        inverse.iter().any(|v| v.abs() > most.sqrt())
            || (inverse.iter().any(|v| v.is_nan()) && log_abs_det(self.jacobian) < 0.5 * least.ln())
    }

    /// Whether roundings of `z` are worth little in `x_i`, so that bounds of first order tell the truth.
    pub(super) fn is_linear(&self, x: &[f64; D], i: usize, limits: &Limits) -> bool {
        limits.roundings * self.x_unit(x, i) <= FIRST_ORDER * x[i].abs().max(1.0)
    }

    /// Whether dimension `i`, of which roundings are worth much, came back as another number: then nothing is known of the dimensions whose maps it sets either.
    pub(super) fn is_lost(&self, x: &[f64; D], back: &[f64; D], i: usize, limits: &Limits) -> bool {
        !(self.is_linear(x, i, limits) || (back[i] - x[i]).abs() <= FIRST_ORDER * x[i].abs().max(1.0))
    }

    /// What a rounding of `x` is worth in the log-det.
    pub(super) fn log_det_of_x(&self, x: &[f64; D]) -> f64 {
        self.log_det_unit(|k| unit::<T>(x[k].abs().max(self.spread)))
    }

    /// What errors of `x` are worth in the log-det.
    pub(super) fn log_det_unit(&self, errors: impl Fn(usize) -> f64) -> f64 {
        (0..D).map(|k| self.slope[k].abs() * errors(k)).sum()
    }
}

/// The least and the largest `z_i` within a few roundings of one dimension of `x`: far apart where a component is narrower than the floats are.
pub(super) fn around<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(
    given: Given<T, B, D, C>,
    x: &[T; D],
) -> [(f64, f64); D] {
    let mut ends = wide(&given.forward(x).0).map(|z| (z, z));
    for (k, roundings) in (0..D).flat_map(|k| [(k, -4.0), (k, 4.0)]) {
        let mut moved = *x;
        moved[k] = T::from_f64(x[k].as_() + roundings * unit::<T>(x[k].as_()));
        for (z, (low, high)) in wide(&given.forward(&moved).0).into_iter().zip(&mut ends) {
            (*low, *high) = (low.min(z), high.max(z));
        }
    }
    ends
}
