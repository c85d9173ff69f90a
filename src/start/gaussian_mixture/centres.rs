//! Centres drawn among the rows.

use rand_core::Rng;

use crate::math::ln;
use crate::number::outline::on_lanes;
use crate::number::{Real, Value, Zeros};

use super::data::{Block, Column, Data, SIDE};
use super::expect::expect;
use super::kernels::{Share, log_density};
use super::workspace::{Component, Sums};

/// Squared distances, in robust scales a dimension, beyond which a row is no likelier to be drawn: an outlier counts as a row ten scales off.
const FAR: f64 = 100.0;

/// How centres are drawn: by turns, because each leads to other maxima.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Draw {
    /// Each centre the best of some candidates, then five passes of k-means, which have most of its gain: compact groups of rows, where there are such.
    Compact,
    /// A plain draw.
    Spread,
}

impl Draw {
    pub fn of(start: u32) -> Self {
        if start.is_multiple_of(2) { Draw::Compact } else { Draw::Spread }
    }

    /// Candidates for each centre but the first, of which the one is taken that leaves the least distances.
    fn candidates(self, components: usize) -> usize {
        if self == Draw::Compact { 2 + ln(components as f64) as usize } else { 1 }
    }

    fn passes(self) -> usize {
        if self == Draw::Compact { 5 } else { 0 }
    }
}

/// Draws centres among the rows with probabilities that grow with the squared distance to those before (k-means++, Arthur and Vassilvitskii 2007). The sums are those of the rows that are
/// nearest.
pub(super) fn draw<T: Real, R: Rng + ?Sized, const D: usize, const K: usize>(
    data: &Data<T, D>,
    components: &mut [Component<D>; K],
    sums: &mut [Sums<D>; K],
    draw: Draw,
    rng: &mut R,
) {
    let mut total = data.weight;
    for k in 0..K {
        // Without a distance the centres before hold every row already.
        let (used, weight) = if 0.0 < total { (k, total) } else { (0, data.weight) };
        let mut best = (f64::INFINITY, 0);
        for _ in 0..if k == 0 { 1 } else { draw.candidates(K) } {
            let (_, row) = pick(data, components.get(..used).unwrap_or(&[]), weight * f64::uniform(rng));
            components[k] = Component { rates: [1.0; D], mean: data.row(row), ..Component::ZEROS };
            let (left, _) = pick(data, components.get(..=k).unwrap_or(&[]), f64::INFINITY);
            if left < best.0 {
                best = (left, row);
            }
        }
        components[k].mean = data.row(best.1);
        total = best.0;
    }
    for pass in 0..=draw.passes() {
        expect(data, components, Share::Hard, true, sums);
        if pass < draw.passes() {
            for (component, sums) in components.iter_mut().zip(&*sums) {
                if 0.0 < sums.share {
                    for d in 0..D {
                        component.mean[d] += sums.first[d] / sums.share;
                    }
                }
            }
        }
    }
}

/// The sum over the rows of weight and squared distance to the nearest centre, up to where it reaches `target`, and the row there.
fn pick<T: Real, const D: usize>(data: &Data<T, D>, centres: &[Component<D>], target: f64) -> (f64, usize) {
    on_lanes!(T on f64, pick_on(data, centres, target) with D)
}

fn pick_on<T: Real, V: Value<Scalar = f64>, const D: usize>(data: &Data<T, D>, centres: &[Component<D>], target: f64) -> (f64, usize) {
    let mut block = Block::<V, D>::ZEROS;
    let mut y: [Column<V>; D] = Zeros::ZEROS;
    let (mut total, mut last) = (0.0, 0);
    for first in (0..data.len()).step_by(Block::<V, D>::ROWS) {
        data.load(first, &mut block);
        let mut chances = block.weights;
        if !centres.is_empty() {
            let mut nearest: Column<V> = [[V::splat(-0.5 * FAR * D as f64); SIDE]; SIDE];
            for centre in centres {
                let mut term = nearest;
                log_density(&centre.shape(true), &block.x, &mut y, &mut term);
                for (nearest, term) in nearest.as_flattened_mut().iter_mut().zip(term.as_flattened()) {
                    *nearest = term.max(*nearest);
                }
            }
            for (chance, nearest) in chances.as_flattened_mut().iter_mut().zip(nearest.as_flattened()) {
                *chance = *chance * -*nearest;
            }
        }
        let mut row = first;
        for chance in chances.as_flattened() {
            for lane in 0..V::LANES {
                let chance = chance.lane(lane);
                if 0.0 < chance {
                    (total, last) = (total + chance, row);
                    if target <= total {
                        return (total, last);
                    }
                }
                row += 1;
            }
        }
    }
    (total, last)
}
