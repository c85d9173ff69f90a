//! A mixture where densities or tails are too small to be summed as they are: far out, in wide gaps, and where a weight is next to nothing.

use super::point::{Point, least};
use super::{Mixture, SQRT_TAU, small_part};
use crate::math::{density_and_tail, exp, exp_falling, exp_normal, half_square, largest_of, ln, mills, sum, sum_of, two_sum};
use crate::number::{Lanewise, Real, Value, Zeros};

/// What [`Mixture::deepen`] finds: densities and masses with units of their own.
struct Deep<V, const K: usize> {
    density: [V; K],
    total_density: V,
    density_shift: V,
    tail: [V; K],
    total_tail: V,
    shift: V,
    log_tail: V,
}

impl<V: Value, const K: usize> Mixture<V, K> {
    /// Gives densities and tails below [`least`] a unit of their own, and returns the logarithm of the tail, which is `log_tail` where the tail is not below.
    #[inline(always)]
    pub(super) fn deepen(&self, point: &mut Point<V, K>, log_tail: V) -> V {
        let deep = self.deep(point.t, point.side);
        let (least_tail, least_density) = least();
        let (least_tail, least_density) = (V::splat(least_tail), V::splat(least_density));
        // Both together, so that their units cancel in the log-det.
        let shallow = point.total_tail.select_lt(least_tail, V::ZEROS, point.total_density.select_lt(least_density, V::ZEROS, V::ONE));
        let choose = |deep: V, before: V| V::ZEROS.select_lt(shallow, before, deep);
        for k in 0..K {
            point.density[k] = choose(deep.density[k], point.density[k]);
            point.tail[k] = choose(deep.tail[k], point.tail[k]);
        }
        point.total_density = choose(deep.total_density, point.total_density);
        point.density_shift = choose(deep.density_shift, V::ZEROS);
        point.shift = choose(deep.shift, V::ZEROS);
        // No more than that of the least tail, so that `z` does not fall where the two ways meet.
        let most = ln(least_tail / (self.total * V::constant(SQRT_TAU)));
        let log_tail = point.total_tail.select_lt(least_tail, deep.log_tail.min(most), log_tail);
        point.total_tail = choose(deep.total_tail, point.total_tail);
        log_tail
    }

    /// A function of its own: it is seldom called, and large.
    fn deep(&self, t: [V; K], side: V) -> Deep<V, K> {
        V::outline(
            #[inline(always)]
            || self.deep_inside(&t, side),
        )
    }

    #[inline(always)]
    fn deep_inside(&self, t: &[V; K], side: V) -> Deep<V, K> {
        let root = V::constant(SQRT_TAU);
        let (mut log_density, mut low, mut log_mass, mut ratio) = ([V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            [log_density[k], low[k], log_mass[k], ratio[k]] =
                V::map::<Logarithms, 4, 4>([t[k], side, self.log_weights[k], self.log_weights_low[k]]);
        }
        let (density_shift, largest) = (largest_of(&log_density), largest_of(&log_mass));
        // The masses' unit: a component that the point has not passed has about its whole weight.
        let mut unit = [V::ZEROS; K];
        for k in 0..K {
            unit[k] = (side * t[k]).select_lt(V::ZEROS, self.log_weights[k], log_density[k]);
        }
        let shift = largest_of(&unit);
        let scale = exp(density_shift - shift);
        let (mut density, mut by_scale, mut tail, mut share) = ([V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            density[k] = exp_falling((log_density[k] - density_shift) + low[k]);
            by_scale[k] = density[k] * self.inverse_scales[k];
            tail[k] = density[k] * ratio[k] * scale;
            let passed = side * t[k];
            if passed.any(|passed| passed < V::Scalar::ZEROS) {
                let whole = exp_normal((self.log_weights[k] - shift) + self.log_weights_low[k]) * root;
                tail[k] = passed.select_lt(V::ZEROS, whole - tail[k], tail[k]);
            }
            share[k] = exp_falling(log_mass[k] - largest);
        }
        Deep {
            total_density: sum_of(&by_scale),
            total_tail: sum(&tail),
            // Where the largest term moves it moves by more than the rounding of the sum.
            log_tail: largest + ln(sum_of(&share) / (self.total * root)),
            density,
            density_shift,
            tail,
            shift,
        }
    }
}

/// Distance from the mean, side, and logarithm of the weight in two parts to the logarithm of the density in two parts, that of the mass, and the Mills ratio.
///
/// The first carries what its rounding lost, as long as that is small: at a crossing of components the log-det sees it. The second never rises on its way out.
struct Logarithms;
impl Lanewise<4, 4> for Logarithms {
    #[inline(always)]
    fn of<L: Value>([t, side, log_weight, log_weight_low]: [L; 4]) -> [L; 4] {
        let (square, square_low) = half_square(t);
        let (sum, rounding) = two_sum(log_weight, -square);
        let log_density = sum - square_low;
        let lost = ((sum - log_density) - square_low) + (rounding + log_weight_low);
        let (distance, far) = (t.abs(), L::constant(8.0));
        let ratio = mills(distance);
        // From 9 on it is nothing beside the whole.
        let near = if distance.any(|t| t < L::Scalar::from_f64(9.0)) { density_and_tail(distance).1 } else { L::ZEROS };
        let inner = L::constant(SQRT_TAU) - near;
        let beyond = distance.select_lt(far, near, ratio);
        let fall = distance.select_lt(far, L::ZEROS, distance * distance * L::constant(-0.5));
        let passed = side * t;
        let log_mass = passed.select_lt(L::ZEROS, L::ZEROS, fall) + ln(passed.select_lt(L::ZEROS, inner, beyond));
        [log_density, small_part(log_density, lost), log_weight + log_mass, ratio]
    }
}
