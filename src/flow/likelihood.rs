//! The negative log-likelihood of rows.

use core::ops::AddAssign;

use crate::bijector::Bijector;
use crate::flow::log_prob;
use crate::flow::rows::{Rows, contexts_of, load};
use crate::number::{Real, Value, Zeros};

/// A loss summed over rows, each by its weight, in nats, and the sum of the weights: totals add up over any split of the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total<T> {
    /// The summed loss.
    pub loss: T,
    /// The summed weights: the number of rows, where all count alike.
    pub weight: T,
}

impl<T: Zeros> Zeros for Total<T> {
    const ZEROS: Self = Total { loss: T::ZEROS, weight: T::ZEROS };
}

impl<T: Real> AddAssign for Total<T> {
    fn add_assign(&mut self, other: Self) {
        self.loss += other.loss;
        self.weight += other.weight;
    }
}

impl<T: Real> Total<T> {
    /// The mean loss; NaN without a row.
    pub fn mean(&self) -> T {
        self.loss / self.weight
    }
}

/// The total of `-log p(x | c)`, in nats, on the lanes `V`; without a mean where contexts or weights are not as many as samples.
pub(crate) fn sum_nll<T, V, B, const D: usize, const C: usize>(bijector: &B, rows: Rows<T, D, C>) -> Total<T>
where
    T: Real,
    V: Value<Scalar = T>,
    B: Bijector<T, D, C>,
{
    let weights = rows.weights();
    if !rows.has_contexts() || !(weights.is_empty() || weights.len() == rows.len()) {
        return Total { loss: T::NAN, weight: T::NAN };
    }
    let mut total = Total::ZEROS;
    let mut lost = T::ZEROS;
    for (pack, samples) in rows.samples().chunks(V::LANES).enumerate() {
        let first = pack * V::LANES;
        let context = load::<V, C>(contexts_of(rows.contexts(), first, samples.len()));
        let log_prob = log_prob(bijector, load::<V, D>(samples), &context);
        for n in 0..samples.len() {
            let weight = weights.get(first + n).copied().unwrap_or(T::ONE);
            if weight == T::ZEROS {
                continue;
            }
            // Compensated (Kahan 1965): a sum over many samples keeps the digits of its type.
            let term = -log_prob.lane(n) * weight - lost;
            let sum: T = total.loss + term;
            // After an infinite loss the mean is infinite, not NaN.
            lost = if sum.is_finite() { (sum - total.loss) - term } else { T::ZEROS };
            total = Total { loss: sum, weight: total.weight + weight };
        }
    }
    if weights.is_empty() {
        // Exact where a sum of ones would stop growing.
        total.weight = T::from_f64(rows.len() as f64);
    }
    total
}
