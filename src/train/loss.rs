//! The negative log-likelihood of rows and its gradient.

use crate::bijector::DifferentiableBijector;
use crate::flow::rows::{Rows, gather};
use crate::flow::{Total, log_base};
use crate::number::{Real, Value, Zeros};
use crate::train::Order;
use crate::train::noise::Seeded;

/// Some places of an order of rows.
pub(super) struct Batch<'a, T, const D: usize, const C: usize> {
    pub(super) rows: Rows<'a, T, D, C>,
    pub(super) order: Order,
    pub(super) start: usize,
    pub(super) count: usize,
    pub(super) noise: Option<Seeded<T, D>>,
}

impl<'a, T: Real, const D: usize, const C: usize> Batch<'a, T, D, C> {
    /// All rows as they are.
    pub(super) fn of(rows: Rows<'a, T, D, C>) -> Self {
        Batch { rows, order: Order::given(rows.len()), start: 0, count: rows.len(), noise: None }
    }

    /// The part from `start` on, of `count` places at most.
    pub(super) fn part(&self, start: usize, count: usize) -> Self {
        let start = start.min(self.count);
        Batch { start: self.start + start, count: count.min(self.count - start), ..*self }
    }

    /// The rows of one pack from place `first` on: samples, contexts and weights; lanes without a row have no weight. A row without weight is not
    /// looked at, since its loss may be infinite: its lane repeats one that has some.
    #[inline(always)]
    fn pack<V: Value<Scalar = T>>(&self, first: usize) -> ([V; D], [V; C], V) {
        let count = (self.count - first).min(V::LANES);
        let row = |n: usize| self.order.row(self.start + first + n);
        let weight = |n: usize| match self.rows.weights() {
            [] => T::ONE,
            weights => weights.get(row(n)).copied().unwrap_or(T::ZEROS),
        };
        let counted = (0..count).find(|n| T::ZEROS < weight(*n)).unwrap_or(0);
        let row = |n: usize| row(if T::ZEROS < weight(n) { n } else { counted });
        let mut samples = gather(count, |n| self.rows.samples().get(row(n)));
        if let Some(noise) = &self.noise {
            for n in 0..count {
                noise.add(row(n), n, &mut samples);
            }
        }
        (samples, gather(count, |n| self.rows.contexts().get(row(n))), V::from_lanes(|n| if n < count { weight(n) } else { T::ZEROS }))
    }
}

/// The total of `-log p(x | c)`, in nats, with its gradient added to `gradient`. Runs on the lanes `V`.
///
/// # Errors
/// The index of the first row whose loss is not finite; `gradient` then holds a part of the sum.
pub(super) fn add_nll_gradient<T, V, B, const D: usize, const C: usize>(
    bijector: &B,
    batch: &Batch<T, D, C>,
    tape: &mut B::Tape<V>,
    gradient: &mut B,
) -> Result<Total<T>, usize>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    let mut total = Total::ZEROS;
    for first in (0..batch.count).step_by(V::LANES) {
        let (mut state, context, weight) = batch.pack::<V>(first);
        if !weight.any(|weight| T::ZEROS < weight) {
            continue;
        }
        let loss = V::outline(
            #[inline(always)]
            || add_pack_gradient::<T, V, B, D, C>(bijector, &mut state, &context, weight, tape, gradient),
        );
        for n in 0..(batch.count - first).min(V::LANES) {
            let (loss, weight) = (loss.lane(n), weight.lane(n));
            if weight == T::ZEROS {
                continue;
            }
            if !loss.is_finite() {
                return Err(batch.order.row(batch.start + first + n));
            }
            total += Total { loss: weight * loss, weight };
        }
    }
    Ok(total)
}

/// The loss of each lane; their gradient, by `weight`, is added unless one of them is not finite.
#[inline(always)]
fn add_pack_gradient<T, V, B, const D: usize, const C: usize>(
    bijector: &B,
    state: &mut [V; D],
    context: &[V; C],
    weight: V,
    tape: &mut B::Tape<V>,
    gradient: &mut B,
) -> V
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    let log_det = bijector.forward_tape(state, context, tape);
    let loss = -(log_base(state) + log_det);
    if loss.any(|loss| !loss.is_finite()) {
        return loss;
    }
    // d(z^2 / 2 - log_det).
    for z in &mut *state {
        *z = weight * *z;
    }
    let mut d_context = [V::ZEROS; C];
    bijector.backward(tape, context, state, -weight, &mut d_context, Some(gradient));
    loss
}
