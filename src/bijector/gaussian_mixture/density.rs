//! Densities of a Gaussian mixture: of the leading dimensions, of one given those before, and whose a point is.

use super::GaussianMixture;
use super::seen::Seen;
use crate::math::two_sum;
use crate::mixture::Mixture;
use crate::number::{Real, Value};

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// `log p(x_1 .. x_n)`, the log-density of the first `n` dimensions, in nats: all others are integrated out.
    ///
    /// # Shape
    /// `x` holds the first `n` coordinates; what is beyond `D` is left out. Without any it is 0.
    ///
    /// # Domain
    /// Any finite `x`; minus infinity where a coordinate is infinite or NaN. Parameters are held as those of [`Mixture`].
    ///
    /// # Accuracy
    /// For all `D` dimensions this is the flow's `log_prob`, which adds two numbers that may be large where the density is not; here nothing large cancels unseen. See
    /// `docs/numerics.md`.
    ///
    /// # Cost
    /// Half of the map's, or less: no tail and no quantile is computed.
    ///
    /// # Gradient
    /// [`Flow::score`](crate::Flow::score), and the trainer's.
    ///
    /// ```
    /// use gaussflow::{GaussianMixture, Zeros};
    ///
    /// let standard = GaussianMixture::<f64, 3, 2>::ZEROS; // both components are the standard normal
    /// assert!((standard.log_prob(&[0.0f64, 2.0]) + 2.0 + 1.8378770664093453).abs() < 1e-15);
    /// ```
    pub fn log_prob<V: Value<Scalar = T>>(&self, x: &[V]) -> V {
        V::outline(
            #[inline(always)]
            || {
                let count = V::constant(x.len().min(D) as f64);
                let before = Seen::<V, K>::nothing(&self.logits).log_sum();
                let after = self.seen(x).log_sum();
                let (log, first) = two_sum(after[0], -before[0]);
                let constant = count * V::splat(T::LN_SQRT_2_PI);
                let constant_low =
                    count.mul_add(V::splat(T::LN_SQRT_2_PI_LOW), V::product_error(count, V::splat(T::LN_SQRT_2_PI), constant));
                let (log, second) = two_sum(log, -constant);
                let log = log + ((first + second) + ((after[1] - before[1]) - constant_low));
                finite(x).select_lt(V::ONE, log, -V::splat(T::INFINITY))
            },
        )
    }

    /// `P(k | x_1 .. x_n)`: how likely it is that the point with these first `n` coordinates came from component `k`. Without any, the weights.
    ///
    /// # Domain
    /// Any finite `x`, what is beyond `D` left out; NaN where a coordinate is infinite or NaN. They add up to 1, but for rounding.
    ///
    /// # Accuracy
    /// A ratio of two of them is as far off as the logarithms of the likelihoods: `(x_i - m_ik)^2 / s_ik^2` epsilons at most a dimension.
    ///
    /// ```
    /// use gaussflow::{GaussianMixture, Zeros};
    ///
    /// let mut two = GaussianMixture::<f32, 2, 2>::ZEROS;
    /// two.offsets[0] = [-1e6, 1e6];
    /// assert_eq!(two.responsibilities(&[-1e6f32, 0.0]), [1.0, 0.0]);
    /// assert_eq!(two.responsibilities::<f32>(&[]), [0.5, 0.5]);
    /// ```
    pub fn responsibilities<V: Value<Scalar = T>>(&self, x: &[V]) -> [V; K] {
        V::outline(
            #[inline(always)]
            || {
                let nothing = finite(x);
                self.seen(x).shares().map(|share| share + nothing)
            },
        )
    }

    /// The mixture of the next dimension given those before, `p(x_n+1 | x_1 .. x_n)`: its density, distribution function and quantile are [`Mixture::log_pdf`], [`Mixture::cdf`]
    /// and [`Mixture::inverse_and_log_det`].
    ///
    /// Its means are rounded, which moves them by no more than a coordinate that is near them is rounded by.
    ///
    /// # Errors
    /// `None` where `before` holds all `D` dimensions already, or a number that is infinite or NaN.
    ///
    /// ```
    /// use gaussflow::{GaussianMixture, Zeros, math};
    ///
    /// let mut one = GaussianMixture::<f64, 2, 1>::ZEROS;
    /// one.coefficients[1][0] = [0.5]; // the mean of x_2 is x_1 / 2
    /// let given = one.conditional(&[3.0f64]).ok_or("too many")?;
    /// assert!((given.cdf(2.5) - math::cdf(1.0)).abs() < 1e-15);
    /// let (median, _) = given.inverse_and_log_det(0.0);
    /// assert!((median - 1.5).abs() < 1e-15);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn conditional<V: Value<Scalar = T>>(&self, before: &[V]) -> Option<Mixture<V, K>> {
        if before.len() >= D || finite(before).any(|nothing| !(nothing == T::ZEROS)) {
            return None;
        }
        Some(V::outline(
            #[inline(always)]
            || self.seen(before).mixture(&self.components(before.len(), before)),
        ))
    }

    /// The components after the coordinates of `x` are seen.
    #[inline(always)]
    fn seen<V: Value<Scalar = T>>(&self, x: &[V]) -> Seen<V, K> {
        let mut seen = Seen::nothing(&self.logits);
        for (i, x_i) in x.iter().take(D).enumerate() {
            seen.see(&self.components(i, x), *x_i);
        }
        seen
    }
}

/// 0 where all of `x` are finite, else NaN.
#[inline(always)]
fn finite<V: Value>(x: &[V]) -> V {
    let mut nothing = V::ZEROS;
    for x in x {
        nothing += *x * V::ZEROS;
    }
    nothing
}
