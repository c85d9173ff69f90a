//! The expectation step: shares of the rows, and their sums.

use crate::math::ln;
use crate::number::outline::on_lanes;
use crate::number::{Real, Value, Zeros};

use super::data::{Block, Column, Data};
use super::kernels::{Shape, Share, add_moments, log_density, share_out};
use super::workspace::{Component, Sums};

impl<const D: usize> Component<D> {
    /// As the kernels read it; `diagonal` where all coefficients are 0.
    pub fn shape(&self, diagonal: bool) -> Shape<'_> {
        Shape {
            constant: self.log_weight + self.rates.iter().map(|rate| ln(*rate)).sum::<f64>(),
            mean: &self.mean,
            rates: &self.rates,
            coefficients: if diagonal { &[] } else { self.coefficients.as_flattened() },
        }
    }
}

/// Shares the rows among the components; returns the weighted sum of the rows' log-densities, without the constant of the normal.
pub(super) fn expect<T: Real, const D: usize, const K: usize>(
    data: &Data<T, D>,
    components: &[Component<D>; K],
    share: Share,
    diagonal: bool,
    sums: &mut [Sums<D>; K],
) -> f64 {
    on_lanes!(T on f64, expect_on(data, components, share, diagonal, sums) with D, K)
}

fn expect_on<T: Real, V: Value<Scalar = f64>, const D: usize, const K: usize>(
    data: &Data<T, D>,
    components: &[Component<D>; K],
    share: Share,
    diagonal: bool,
    sums: &mut [Sums<D>; K],
) -> f64 {
    let mut block = Block::<V, D>::ZEROS;
    let mut y: [Column<V>; D] = Zeros::ZEROS;
    let mut terms: [Column<V>; K] = Zeros::ZEROS;
    let shapes = components.each_ref().map(|component| component.shape(diagonal));
    for sums in sums.iter_mut() {
        *sums = Sums::ZEROS;
    }
    let mut total = 0.0;
    for first in (0..data.len()).step_by(Block::<V, D>::ROWS) {
        data.load(first, &mut block);
        for (shape, term) in shapes.iter().zip(&mut terms) {
            log_density(shape, &block.x, &mut y, term);
        }
        total += share_out(&mut terms, &block.weights, share);
        for ((shape, sums), shares) in shapes.iter().zip(sums.iter_mut()).zip(&terms) {
            add_moments(shares, &block.x, shape, &mut y, &mut sums.share, &mut sums.first, sums.second.as_flattened_mut());
        }
    }
    total
}
