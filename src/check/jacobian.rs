//! Laws of the log-det: against the Jacobian by the backward pass, and by differences.

use super::local::{Given, Local, largest, wide};
use super::tally::{Spot, Tally};
use super::{Law, Place};
use crate::bijector::DifferentiableBijector;
use crate::number::Real;

/// Bounds above this tell nothing.
const TELLING: f64 = 1e-2;

/// `log |det|`, by elimination with pivots where there is something to eliminate.
pub(super) fn log_abs_det<const D: usize>(mut m: [[f64; D]; D]) -> f64 {
    let mut log = 0.0;
    for i in 0..D {
        // With nothing right of the diagonal a row takes part by its pivot alone, and there is nothing to round: a triangular map has only such rows.
        if m[i][i + 1..].iter().all(|v| *v == 0.0) {
            log += m[i][i].abs().ln();
            continue;
        }
        let pivot = (i..D).max_by(|&a, &b| m[a][i].abs().total_cmp(&m[b][i].abs())).unwrap_or(i);
        m.swap(i, pivot);
        log += m[i][i].abs().ln();
        for r in i + 1..D {
            let factor = m[r][i] / m[i][i];
            for c in i..D {
                m[r][c] -= factor * m[i][c];
            }
        }
    }
    log
}

/// [`Law::LogDetOfBackward`], [`Law::Jacobians`] and [`Law::LogDetOfDifferences`].
pub(super) fn log_det<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize>(
    given: Given<T, B, D, C>,
    x: &[T; D],
    point: usize,
    tally: &mut Tally,
) {
    let limits = *tally.limits;
    let local = Local::of(given, x, &limits);
    let (at, log_det): ([f64; D], f64) = (wide(x), local.log_det.as_());
    let each = || (0..D).flat_map(|i| (0..D).map(move |k| (i, k)));
    let condition: f64 = each().map(|(i, k)| (local.inverse[k][i] * local.jacobian[i][k]).abs()).sum();
    // A mixture's shares are ratios of exp(-t^2/2): relative errors grow as z^2.
    let reach = 1.0 + local.reach * local.reach;
    let worth = |terms: f64| limits.roundings * terms * reach * T::EPSILON.as_();
    let bound = worth(condition + log_det.abs());
    let place = || given.show(x);
    // In a gap, where the inverse has no finite slope, it is NaN.
    if bound <= TELLING {
        let spot = Spot::new(Law::LogDetOfBackward, Place::LogDet).at(point);
        tally.close(spot, log_det, log_abs_det(local.jacobian), bound + limits.softening, place);
        // The product of both Jacobians.
        let linear = (0..D).all(|k| local.is_linear(&at, k, &limits));
        for (i, j) in each() {
            let terms = || (0..D).map(|k| local.jacobian[i][k] * local.inverse[k][j]);
            let product: f64 = terms().sum();
            let spot = Spot::new(Law::Jacobians, Place::Entry(i, j)).at(point);
            // A conditioner's derivative is a sum of many terms of both signs, which the two passes add differently.
            let bound = bound.max(worth(terms().map(f64::abs).sum()));
            // In a gap the inverse's slopes are those of roundings.
            if bound <= TELLING && linear {
                tally.close(spot, product, f64::from(i == j), 16.0 * bound, place);
            }
        }
    }

    let mut numeric = [[0.0; D]; D];
    let mut bound = 1e-6 * condition;
    let step = if T::BITS == 32 { 1.0 / 64.0 } else { 1e-4 };
    for k in 0..D {
        let h = step * (1.0 + 0.01 * at[k].abs());
        let z_at = |step: f64| {
            let mut moved = *x;
            moved[k] = T::from_f64(at[k] + step);
            wide(&given.forward(&moved).0)
        };
        let (far_low, low, high, far_high) = (z_at(-2.0 * h), z_at(-h), z_at(h), z_at(2.0 * h));
        for i in 0..D {
            numeric[i][k] = (8.0 * (high[i] - low[i]) - (far_high[i] - far_low[i])) / (12.0 * h);
            bound += local.inverse[k][i].abs() * limits.roundings * local.z_unit(&at, i) / h;
            // Kinks and edges of gaps are seen by the next wider difference.
            let wider = (far_high[i] - far_low[i]) / (4.0 * h);
            bound += local.inverse[k][i].abs() * (wider - numeric[i][k]).abs();
        }
    }
    let spot = Spot::new(Law::LogDetOfDifferences, Place::LogDet).at(point);
    let numeric = log_abs_det(numeric);
    if bound <= TELLING {
        tally.close(spot, log_det, numeric, bound.max(limits.softening), place);
    }
    if limits.jacobian.is_finite() {
        tally.close(spot, log_det, numeric, limits.jacobian * largest(&wide(&local.z)), place);
    }
}
