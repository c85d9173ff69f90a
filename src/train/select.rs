//! The choice between candidates.

use rand_core::Rng;

use crate::number::Real;
use crate::train::Order;

/// The candidate that was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Selected<T> {
    /// Its number: the earliest of those that are best.
    pub index: usize,
    /// Its loss.
    pub loss: T,
}

/// Makes `count` candidates one after another, and leaves the one of the lowest loss in `best`; `None`, and `best` as it was, if no loss is finite.
///
/// `make` gets the number of a candidate and its place, which holds whatever came before, and returns its loss, of rows that it was not fitted to: a candidate that failed returns infinity.
/// Candidates are whatever the caller makes of them: another start, other settings, another part of a flow frozen; those of other types are compared by a [`Selection`].
///
/// ```
/// use gaussflow::factory::CouplingFlow;
/// use gaussflow::toy::two_moons;
/// use gaussflow::train::{Settings, Trainer, select};
/// use gaussflow::{Init, Zeros};
/// use rand_pcg::Pcg32;
///
/// type Moons = CouplingFlow<f32, 2, 1, 1, 1, 4, 16>;
///
/// let [mut train, mut validation] = [[[0.0; 2]; 256]; 2];
/// two_moons(&mut train, 0.1, &mut Pcg32::new(1, 1));
/// two_moons(&mut validation, 0.1, &mut Pcg32::new(2, 1));
/// let mut trainer = Trainer::<Moons>::ZEROS;
/// let [mut candidate, mut chosen] = [Moons::ZEROS; 2];
/// let rates = [1e-2, 1e-3];
/// let selected = select(rates.len(), &mut candidate, &mut chosen, |n, flow| {
///     let settings = Settings { epochs: 5, learning_rate: rates[n], ..Settings::default() };
///     flow.init(&mut Pcg32::new(3, 1));
///     match flow.fit(&train).settings(settings).run(&mut trainer, &mut Pcg32::new(4, 1)) {
///         Ok(_) => flow.mean_nll(&validation),
///         Err(_) => f32::INFINITY,
///     }
/// });
/// assert_eq!(selected.unwrap().index, 0);
/// ```
pub fn select<T: Real, F>(count: usize, candidate: &mut F, best: &mut F, mut make: impl FnMut(usize, &mut F) -> T) -> Option<Selected<T>> {
    let mut selection = Selection::default();
    for index in 0..count {
        if selection.offer(make(index, candidate)) {
            core::mem::swap(candidate, best);
        }
    }
    selection.best()
}

/// The lowest of the losses that were offered, for candidates of different types.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Selection<T> {
    best: Option<Selected<T>>,
    offered: usize,
}

impl<T: Real> Selection<T> {
    /// Takes the loss of the next candidate; whether it is lower than all before. One that is not finite never is.
    pub fn offer(&mut self, loss: T) -> bool {
        let index = self.offered;
        self.offered += 1;
        let better = loss.is_finite() && self.best.is_none_or(|best| loss < best.loss);
        if better {
            self.best = Some(Selected { index, loss });
        }
        better
    }

    /// The best candidate so far.
    pub const fn best(&self) -> Option<Selected<T>> {
        self.best
    }
}

/// A random division of rows into folds, for cross-validation where a tenth of the rows is too few to choose by: fold by fold as weights, so that no row moves.
///
/// ```
/// use gaussflow::train::Folds;
/// use rand_pcg::Pcg32;
///
/// let folds = Folds::random(10, 5, &mut Pcg32::new(1, 1));
/// let mut held_out = 0.0;
/// for fold in 0..5 {
///     let [mut train, mut validation] = [[0.0f32; 10]; 2];
///     folds.weights(fold, &mut train, &mut validation);
///     // fit to Rows weighted by `train`, score Rows weighted by `validation`
///     held_out += validation.iter().sum::<f32>();
/// }
/// assert_eq!(held_out, 10.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folds {
    order: Order,
    folds: usize,
}

impl Folds {
    /// A division of `rows` rows into `folds` folds, at least 1, whose sizes differ by 1 at most.
    pub fn random<R: Rng + ?Sized>(rows: usize, folds: usize, rng: &mut R) -> Self {
        Folds { order: Order::random(rows, rng), folds: folds.max(1) }
    }

    /// How many folds there are.
    pub const fn len(&self) -> usize {
        self.folds
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The rows of a fold; none of a fold past the end.
    pub fn rows(&self, fold: usize) -> impl Iterator<Item = usize> {
        let places = if fold < self.folds { fold..self.order.len() } else { 0..0 };
        places.step_by(self.folds).map(|place| self.order.row(place))
    }

    /// Writes 1 to the weights of the rows that a fold leaves for training and 0 to the others into `train`, and the opposite into `validation`; weights beyond the rows are 0.
    pub fn weights<T: Real>(&self, fold: usize, train: &mut [T], validation: &mut [T]) {
        train.fill(T::ZEROS);
        train.iter_mut().take(self.order.len()).for_each(|weight| *weight = T::ONE);
        validation.fill(T::ZEROS);
        for row in self.rows(fold) {
            if let Some(weight) = train.get_mut(row) {
                *weight = T::ZEROS;
            }
            if let Some(weight) = validation.get_mut(row) {
                *weight = T::ONE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;

    use rand_pcg::Pcg32;

    use super::{Folds, Selected, Selection, select};

    #[test]
    fn the_lowest_finite_loss_is_chosen_and_the_first_of_equals() {
        let losses = [f32::NAN, 3.0, 1.0, f32::NEG_INFINITY, 1.0, 2.0];
        let (mut candidate, mut best) = (99, 99);
        let selected = select(losses.len(), &mut candidate, &mut best, |n, place| {
            *place = n;
            losses[n]
        });
        assert_eq!((selected, best), (Some(Selected { index: 2, loss: 1.0 }), 2));
        let mut untouched = 7;
        assert_eq!(select(2, &mut candidate, &mut untouched, |_, _| f64::NAN), None);
        assert_eq!(untouched, 7);
        assert_eq!(Selection::<f64>::default().best(), None);
    }

    #[test]
    fn folds_hold_each_row_once() {
        for (rows, folds) in [(10, 5), (11, 4), (3, 5), (1, 1), (0, 3), (100, 0)] {
            let division = Folds::random(rows, folds, &mut Pcg32::new(1, 2));
            let mut held_out = vec![0.0; rows];
            for fold in 0..division.len() {
                let (mut train, mut validation) = (vec![7.0f64; rows + 2], vec![7.0f64; rows + 2]);
                division.weights(fold, &mut train, &mut validation);
                for row in 0..rows {
                    assert_eq!(train[row] + validation[row], 1.0);
                    held_out[row] += validation[row];
                }
                let size = division.rows(fold).count();
                assert!(rows / division.len() <= size && size <= rows.div_ceil(division.len()));
                assert_eq!((train[rows], validation[rows + 1]), (0.0, 0.0));
            }
            assert!(held_out.iter().all(|times| *times == 1.0));
        }
        assert_eq!(Folds::random(10, 2, &mut Pcg32::new(1, 2)).rows(2).count(), 0);
    }
}
