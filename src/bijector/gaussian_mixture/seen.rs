//! What a mixture's components are to the next dimension, once those before it are seen: likelihoods, means and scales, each in two parts.

use super::GaussianMixture;
use crate::math::{exp_falling, exp_in_two, half_square, largest_of, ln, sum_of, two_sum};
use crate::mixture::{Mixture, limit, max_logit, max_mean, within};
use crate::number::{Lanewise, Real, Value};

/// The logarithms of `w_k prod_j N(x_j; m_jk, s_jk)` over the dimensions seen, but for what all components share: rounded, and what rounding took.
///
/// Far out they are large and their differences are not: a plain sum would lose the components' weights to each other.
#[derive(Clone, Copy)]
pub(super) struct Seen<V, const K: usize> {
    log: [V; K],
    low: [V; K],
}

/// One dimension of the components, given those before: `N(means_k, 1 / inverse_scales_k^2)`.
pub(super) struct Components<V, const K: usize> {
    means: [V; K],
    means_low: [V; K],
    log_scales: [V; K],
    inverse_scales: [V; K],
    inverse_scales_low: [V; K],
}

impl<V: Value, const K: usize> Seen<V, K> {
    /// Nothing seen yet.
    #[inline(always)]
    pub(super) fn nothing(logits: &[V::Scalar; K]) -> Self {
        let mut log = [V::ZEROS; K];
        for k in 0..K {
            log[k] = V::splat(within(logits[k], max_logit()));
        }
        Seen { log, low: [V::ZEROS; K] }
    }

    /// The logarithms beside about the largest, which is the first result; in two parts.
    #[inline(always)]
    fn beside_largest(&self) -> (V, [V; K], [V; K]) {
        let (mut log, mut low) = ([V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            log[k] = self.log[k] + self.low[k];
        }
        let largest = largest_of(&log);
        for k in 0..K {
            [log[k], low[k]] = V::map::<Beside, 3, 2>([self.log[k], self.low[k], largest]);
        }
        (largest, log, low)
    }

    /// The logarithm of the sum of the likelihoods, in two parts.
    #[inline(always)]
    pub(super) fn log_sum(&self) -> [V; 2] {
        let (about, mut log, low) = self.beside_largest();
        let largest = largest_of(&log);
        for k in 0..K {
            log[k] = exp_falling((log[k] - largest) + low[k]);
        }
        [about, largest + ln(sum_of(&log))]
    }

    /// Each component's part of the sum of the likelihoods.
    #[inline(always)]
    pub(super) fn shares(&self) -> [V; K] {
        let (_, mut log, low) = self.beside_largest();
        let largest = largest_of(&log);
        for k in 0..K {
            log[k] = exp_falling((log[k] - largest) + low[k]);
        }
        let total = sum_of(&log);
        log.map(|part| part / total)
    }

    /// The mixture of the next dimension.
    #[inline(always)]
    pub(super) fn mixture(&self, next: &Components<V, K>) -> Mixture<V, K> {
        let (_, logits, low) = self.beside_largest();
        Mixture::from_held([&logits, &low], &next.means, &next.inverse_scales)
    }

    /// The mixture of the next dimension seen from `x`: that of the distances from it, in which `x` is 0. So the means are as exact as if they had twice the digits.
    #[inline(always)]
    pub(super) fn mixture_from(&self, next: &Components<V, K>, x: V) -> Mixture<V, K> {
        let (_, logits, low) = self.beside_largest();
        let mut means = [V::ZEROS; K];
        for k in 0..K {
            means[k] = -((x - next.means[k]) - next.means_low[k]);
        }
        Mixture::from_held([&logits, &low], &means, &next.inverse_scales)
    }

    /// Sees the next dimension at `x`.
    #[inline(always)]
    pub(super) fn see(&mut self, next: &Components<V, K>, x: V) {
        for k in 0..K {
            [self.log[k], self.low[k]] = V::map::<See, 8, 2>([
                x,
                next.means[k],
                next.means_low[k],
                next.inverse_scales[k],
                next.inverse_scales_low[k],
                next.log_scales[k],
                self.log[k],
                self.low[k],
            ]);
        }
    }
}

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// Dimension `i` of the components, given those before, the first `i` of `x`.
    #[inline(always)]
    pub(super) fn components<V: Value<Scalar = T>>(&self, i: usize, x: &[V]) -> Components<V, K> {
        let (mut means, mut means_low) = ([V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            means[k] = V::splat(self.offsets[i][k]);
        }
        for j in 0..i {
            for k in 0..K {
                let factor = V::splat(self.coefficients[i][j][k]);
                [means[k], means_low[k]] = V::map::<AddProduct, 4, 2>([factor, x[j], means[k], means_low[k]]);
            }
        }
        let mut nothing = V::ZEROS;
        for k in 0..K {
            nothing += (means[k] + means_low[k]) * V::ZEROS;
        }
        if nothing.any(|nothing| !(nothing == T::ZEROS)) {
            self.add_with_room(i, x, &mut means, &mut means_low);
        }
        // The same in all lanes, so of scalars.
        let (mut log_scales, mut inverse_scales, mut inverse_scales_low) = ([T::ZEROS; K], [T::ZEROS; K], [T::ZEROS; K]);
        for k in 0..K {
            log_scales[k] = within(self.log_scales[i][k], Mixture::<T, K>::max_log_scale());
            (inverse_scales[k], inverse_scales_low[k]) = exp_in_two(-log_scales[k]);
        }
        for k in 0..K {
            [means[k], means_low[k]] = V::map::<Settle, 2, 2>([means[k], means_low[k]]);
        }
        let splat = |scalars: [T; K]| scalars.map(V::splat);
        Components {
            means,
            means_low,
            log_scales: splat(log_scales),
            inverse_scales: splat(inverse_scales),
            inverse_scales_low: splat(inverse_scales_low),
        }
    }

    /// Replaces means whose sums of products overflowed by those of factors that a power of two has made smaller.
    #[inline(always)]
    fn add_with_room<V: Value<Scalar = T>>(&self, i: usize, x: &[V], means: &mut [V; K], means_low: &mut [V; K]) {
        V::outline(
            #[inline(always)]
            || {
                let power = |narrow: f64, wide: f64| V::ONE.scale2(V::constant(if T::BITS == 32 { narrow } else { wide }));
                let (down, up) = (power(-68.0, -524.0), power(68.0, 524.0));
                for k in 0..K {
                    let mut sum = V::splat(self.offsets[i][k]) * down * down;
                    for j in 0..i {
                        sum = (V::splat(self.coefficients[i][j][k]) * down).mul_add(x[j] * down, sum);
                    }
                    let nothing = (means[k] + means_low[k]) * V::ZEROS;
                    means[k] = nothing.select_lt(V::ONE, means[k], sum * up * up);
                    means_low[k] = nothing.select_lt(V::ONE, means_low[k], V::ZEROS);
                }
            },
        );
    }
}

/// Adds a product to a sum in two parts.
struct AddProduct;
impl Lanewise<4, 2> for AddProduct {
    #[inline(always)]
    fn of<L: Value>([factor, x, high, low]: [L; 4]) -> [L; 2] {
        let product = factor * x;
        let (sum, rounding) = two_sum(high, product);
        [sum, low + (rounding + L::product_error(factor, x, product))]
    }
}

/// The rounded sum of two parts and what rounding took, held to the means that are told apart.
struct Settle;
impl Lanewise<2, 2> for Settle {
    #[inline(always)]
    fn of<L: Value>([high, low]: [L; 2]) -> [L; 2] {
        let (sum, rest) = two_sum(high, low);
        [within(sum, max_mean()), sum.abs().select_lt(L::splat(max_mean()), rest, L::ZEROS)]
    }
}

/// Logarithm in two parts and the largest one to their difference, in two parts.
struct Beside;
impl Lanewise<3, 2> for Beside {
    #[inline(always)]
    fn of<L: Value>([log, low, largest]: [L; 3]) -> [L; 2] {
        let (difference, rounding) = two_sum(log, -largest);
        let (sum, rest) = two_sum(difference, rounding + low);
        [sum, rest]
    }
}

/// Takes `log s + ((x - m) / s)^2 / 2` from a logarithm; each but `x` and `log s` is in two parts.
struct See;
impl Lanewise<8, 2> for See {
    #[inline(always)]
    fn of<L: Value>([x, mean, mean_low, inverse, inverse_low, log_scale, log, low]: [L; 8]) -> [L; 2] {
        let (distance, first) = two_sum(x, -mean);
        let (distance, second) = two_sum(distance, -mean_low);
        let t = distance * inverse;
        let rest = L::product_error(distance, inverse, t) + distance.mul_add(inverse_low, (first + second) * inverse);
        // Where `t` is held nothing is known of the rest.
        let end = limit::<L::Scalar>();
        let rest = t.abs().select_lt(L::splat(end), rest, L::ZEROS);
        let t = within(t, end);
        let (square, square_low) = half_square(t);
        let (log, first) = two_sum(log, -log_scale);
        let (log, second) = two_sum(log, -square);
        [log, low + ((first + second) - t.mul_add(rest, square_low))]
    }
}
