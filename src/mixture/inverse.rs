//! The inverse of the map: from `z` to the root of `F(x) = Phi(z)`.

use super::{Mixture, SQRT_TAU, limit};
use crate::math::{exp, largest_of, ln, mills, quantile_log_sf, sum_of};
use crate::number::{Real, Value};
use crate::root;

impl<V: Value, const K: usize> Mixture<V, K> {
    /// The most evaluations of an inverse: of an approximate map first, then of the map itself, by [`root::newton`].
    pub const MAX_EVALUATIONS: u32 = Self::APPROACH + root::max_iterations::<V::Scalar>();

    /// `(x, log dx/dz)` with `F(x) = Phi(z)`: Newton's method inside a bracket, at most [`Self::MAX_EVALUATIONS`] evaluations.
    ///
    /// # Accuracy
    /// `z(x)` is within 8 epsilons of `max(1, |z|)` of `z`, or the neighbour of `x` has a `z(x)` beyond it. For the same mixture `z1 <= z2` never gives `x1 > x2`: the method aims at the
    /// nearest of a grid of `z`, 4 to 8 epsilons apart, and ends so near that answers cannot cross.
    ///
    /// # Domain
    /// `|z|` is held to `LIMIT`, as is what the forward map returns; NaN gives NaN.
    #[inline(always)]
    pub fn inverse_and_log_det(&self, z: V) -> (V, V) {
        // A function of its own: the loop is long, and inlined into every coupling it takes minutes to compile.
        V::outline_elementwise(
            #[inline(always)]
            || {
                let (x, log_det) = self.solve(z, || ());
                (x.or_nan_of(z), -log_det)
            },
        )
    }

    /// The root of `F(x) = Phi(z)` with the log-det there; calls `evaluated` at each evaluation, of the approximate map too.
    #[inline(always)]
    fn solve(&self, z: V, evaluated: impl Fn()) -> (V, V) {
        let z = root::on_grid(self.held(z));
        let frame = self.frame(z);
        let near = self.approach(z, frame, &evaluated);
        root::newton(
            frame.low,
            frame.high,
            near,
            z,
            #[inline(always)]
            |x| {
                evaluated();
                let point = self.at(x);
                (point.z, point.slope(), point.bend(self), point.log_det())
            },
        )
    }

    /// As [`Mixture::inverse_and_log_det`], with the number of evaluations it took.
    #[doc(hidden)]
    pub fn inverse_counted(&self, z: V) -> (V, usize) {
        let count = core::cell::Cell::new(0);
        let (x, _) = self.solve(z, || count.set(count.get() + 1));
        (x, count.get())
    }

    /// As [`Mixture::inverse_and_log_det`], by bisection alone: exactly [`Real::BITS`] evaluations, to the largest `x` with `z(x) <= z`.
    #[inline(always)]
    pub fn bisect_and_log_det(&self, z: V) -> (V, V) {
        let x = root::bisect(
            self.held(z),
            #[inline(always)]
            |x| self.at(x).z,
        );
        (x.or_nan_of(z), -self.at(x).log_det())
    }

    /// An interval that holds the root of `F(x) = Phi(z)`, and the inverse's `x`: at its left end every `t_k <= z`, at its right end every `t_k >= z`.
    #[inline(always)]
    pub fn bracket(&self, z: V) -> (V, V) {
        let frame = self.frame(root::on_grid(self.held(z)));
        (frame.low, frame.high)
    }

    /// Where the inverse begins if it must do without an approach: the largest `x`, seen from the smaller tail `p`, that one component (with those on top of it) puts there; `z` is held.
    ///
    /// Components further out hold a part of `p`; the component is about its quantile at the share of what they leave. For narrow components far apart this is nearly the
    /// root; where they overlap it is near enough for Newton's method.
    #[inline(always)]
    pub(super) fn start(&self, z: V) -> V {
        V::outline_elementwise(
            #[inline(always)]
            || self.start_inside(z),
        )
    }

    #[inline(always)]
    fn start_inside(&self, z: V) -> V {
        let side = z.select_lt(V::ZEROS, -V::ONE, V::ONE);
        let root = V::constant(SQRT_TAU);
        let half = V::constant(0.5);
        let rounding = V::splat(V::Scalar::EPSILON * V::Scalar::from_f64(4.0));
        let log_tail = ln(mills(z.abs()) / root) - z * z * half;
        let p = exp(log_tail) * self.total;
        let log_p = log_tail + ln(self.total);
        let (nothing, none) = (V::splat(-V::Scalar::MAX), V::splat(V::Scalar::INFINITY));
        let mut scales = [V::ZEROS; K];
        for k in 0..K {
            scales[k] = self.scale(k);
        }
        let (mut further, mut here) = ([V::ZEROS; K], [V::ZEROS; K]);
        for k in 0..K {
            for j in 0..K {
                let apart = side * (self.means[j] - self.means[k]);
                // One narrower than `k` is a step at its mean.
                let near = scales[j].select_lt(scales[k], V::ZEROS, scales[k]);
                further[k] += near.select_lt(apart, self.weights[j], V::ZEROS);
                here[k] += near.select_lt(apart.abs(), V::ZEROS, self.weights[j]);
            }
        }
        let mut starts = [V::ZEROS; K];
        let mut blend = [V::ZEROS; K];
        for k in 0..K {
            let mean = side * self.means[k];
            // Between components `p` is what those further out hold, to rounding.
            let left = p - further[k];
            let left = (-rounding * p).select_lt(left, left.max(rounding * p), V::ZEROS);
            let log_share = V::ZEROS.select_lt(further[k], V::ZEROS, log_p) + ln(V::ZEROS.select_lt(further[k], left, V::ONE) / here[k]);
            let fits = log_share.select_lt(rounding, log_share, none);
            let share = V::ZEROS.select_lt(further[k], V::ZEROS.select_lt(left, fits, none), fits);
            // However little is left, the component alone holds no more than `p`.
            let alone = log_p - self.log_weights[k];
            let log_tail = share.min(alone.select_lt(V::ZEROS, alone, none));
            let x = scales[k].mul_add(quantile_log_sf(log_tail.min(-rounding)), mean);
            starts[k] = log_tail.select_lt(none, x, nothing);
            blend[k] = self.weights[k] * scales[k].mul_add(z.abs(), mean);
        }
        let start = largest_of(&starts);
        side * nothing.select_lt(start, start, sum_of(&blend) / self.total)
    }

    #[inline(always)]
    fn held(&self, z: V) -> V {
        z.max(V::splat(-limit::<V::Scalar>())).min(V::splat(limit::<V::Scalar>()))
    }
}
