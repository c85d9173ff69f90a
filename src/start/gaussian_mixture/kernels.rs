//! The sums over rows of an iteration: on slices, so that they are compiled once for the lanes they run on, and not for each `D` and `K`.

use crate::math::{exp, ln};
use crate::number::{Value, Zeros};

use super::data::{Column, SIDE};

/// A component as the kernels read it.
pub(super) struct Shape<'a> {
    /// The logarithm of weight and rates, without that of `2 pi`.
    pub constant: f64,
    pub mean: &'a [f64],
    pub rates: &'a [f64],
    /// Rows of as many numbers as dimensions, of which row `i` has `i` that count; none where all are 0.
    pub coefficients: &'a [f64],
}

/// How rows are shared among components.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Share {
    /// By their densities.
    Soft,
    /// Each row to the component of largest density; the first of several.
    Hard,
}

#[inline(always)]
fn centre<V: Value<Scalar = f64>>(x: &[Column<V>], mean: &[f64], y: &mut [Column<V>]) {
    for ((y, x), mean) in y.iter_mut().zip(x).zip(mean) {
        let mean = V::splat(*mean);
        for g in 0..SIDE {
            for p in 0..SIDE {
                y[g][p] = x[g][p] - mean;
            }
        }
    }
}

/// The logarithm of weight and density at each row; `y` is room for as many columns as `x`.
#[inline(never)]
pub(super) fn log_density<V: Value<Scalar = f64>>(shape: &Shape, x: &[Column<V>], y: &mut [Column<V>], to: &mut Column<V>) {
    V::outline(
        #[inline(always)]
        || {
            centre(x, shape.mean, y);
            for g in 0..SIDE {
                let mut squares = [V::ZEROS; SIDE];
                for (i, (own, rate)) in y.iter().zip(shape.rates).enumerate() {
                    let mut t = own[g];
                    let from = i * shape.mean.len();
                    for (b, y) in shape.coefficients.get(from..from + i).unwrap_or(&[]).iter().zip(y.iter()) {
                        let b = V::splat(-*b);
                        for p in 0..SIDE {
                            t[p] = b.mul_add(y[g][p], t[p]);
                        }
                    }
                    let rate = V::splat(*rate);
                    for p in 0..SIDE {
                        let t = t[p] * rate;
                        squares[p] = t.mul_add(t, squares[p]);
                    }
                }
                for p in 0..SIDE {
                    to[g][p] = V::constant(-0.5).mul_add(squares[p], V::splat(shape.constant));
                }
            }
        },
    );
}

/// Turns the log-densities of all components into their shares of the rows' weights; returns the weighted sum of the rows' log-densities.
#[inline(never)]
pub(super) fn share_out<V: Value<Scalar = f64>>(terms: &mut [Column<V>], weights: &Column<V>, share: Share) -> f64 {
    V::outline(
        #[inline(always)]
        || {
            let mut total = V::ZEROS;
            for g in 0..SIDE {
                for p in 0..SIDE {
                    let mut largest = V::splat(-f64::MAX);
                    for term in terms.iter() {
                        largest = term[g][p].max(largest);
                    }
                    let weight = weights[g][p];
                    if share == Share::Hard {
                        let mut left = weight;
                        for term in terms.iter_mut() {
                            let won = term[g][p].select_lt(largest, V::ZEROS, left);
                            left -= won;
                            term[g][p] = won;
                        }
                        total = weight.mul_add(largest, total);
                    } else {
                        let mut density = V::ZEROS;
                        for term in terms.iter_mut() {
                            let part = exp(term[g][p] - largest);
                            term[g][p] = part;
                            density += part;
                        }
                        let factor = weight / density;
                        for term in terms.iter_mut() {
                            term[g][p] = term[g][p] * factor;
                        }
                        total = weight.mul_add(largest + ln(density), total);
                    }
                }
            }
            total.sum()
        },
    )
}

/// Adds the shares and the first and second powers of distances to the mean; of the latter, where `coefficients` are none, the squares alone. `y` as in [`log_density`].
#[inline(never)]
pub(super) fn add_moments<V: Value<Scalar = f64>>(
    shares: &Column<V>,
    x: &[Column<V>],
    shape: &Shape,
    y: &mut [Column<V>],
    share: &mut f64,
    first: &mut [f64],
    second: &mut [f64],
) {
    V::outline(
        #[inline(always)]
        || {
            let shares = shares.as_flattened();
            let sum = shares.iter().fold(V::ZEROS, |sum, share| sum + *share).sum();
            // Far components have no share in most blocks.
            if sum == 0.0 {
                return;
            }
            *share += sum;
            centre(x, shape.mean, y);
            let diagonal = shape.coefficients.is_empty();
            let mut weighted = [V::ZEROS; SIDE * SIDE];
            let width = shape.mean.len().max(1);
            for (i, ((own, first), row)) in y.iter().zip(first).zip(second.chunks_exact_mut(width)).enumerate() {
                let mut sum = V::ZEROS;
                for ((weighted, own), share) in weighted.iter_mut().zip(own.as_flattened()).zip(shares) {
                    *weighted = *own * *share;
                    sum += *weighted;
                }
                *first += sum.sum();
                let from = if diagonal { i } else { 0 };
                let (Some(others), Some(row)) = (y.get(from..=i), row.get_mut(from..=i)) else { continue };
                let ((fours, rest), (row_of_fours, row_of_rest)) = (others.as_chunks::<4>(), row.as_chunks_mut::<4>());
                for (to, y) in row_of_fours.iter_mut().zip(fours) {
                    add_products(&weighted, y, to);
                }
                for (to, y) in row_of_rest.iter_mut().zip(rest) {
                    add_products(&weighted, core::array::from_ref(y), core::array::from_mut(to));
                }
            }
        },
    );
}

/// Adds the sums over all rows of the products with `N` columns.
#[inline(always)]
fn add_products<V: Value<Scalar = f64>, const N: usize>(weighted: &[V; SIDE * SIDE], y: &[Column<V>; N], to: &mut [f64; N]) {
    let mut sums: [V; N] = Zeros::ZEROS;
    for p in 0..SIDE * SIDE {
        for n in 0..N {
            sums[n] = weighted[p].mul_add(y[n][p / SIDE][p % SIDE], sums[n]);
        }
    }
    for n in 0..N {
        to[n] += sums[n].sum();
    }
}
