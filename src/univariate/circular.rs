//! Angles.

use crate::math::{cdf, exp, ln, quantile};
use crate::mixture::LOG_SQRT_TAU;
use crate::number::{Real, Value, Zeros};
use crate::parameters::Part;
use crate::univariate::spline::Bin;
use crate::univariate::{RationalQuadraticSpline, SplineParams, TanhKnots, Univariate};

/// The map of an angle to the standard normal: a monotone spline of `K` rational-quadratic bins from the circle to itself, then the normal's quantile. The density has the same value
/// and slope on both sides of the cut.
///
/// With `S` the [`RationalQuadraticSpline`] on `[-b, b]`, whose slopes at both ends are one parameter, and `u = (S(x) + b) / 2b`:
///
/// | | |
/// |---|---|
/// | forward | `z = Phi^-1(u)`, of the smaller of `u` and `1 - u` |
/// | log-det | `log S'(x) - log 2b - log phi(z)` |
/// | inverse | `x = S^-1(2b Phi(z) - b)` |
/// | inverse log-det | minus the log-det at `x` |
///
/// The density of one angle, `S'(x) / 2b`, is that of a wrapped variable; with all parameters zero it is even. In a coupling the *identity half* still sees the angle as a number with a
/// cut: give the network its sine and cosine as a context, or put the cut where there is no data.
///
/// # Domain
/// Any finite `x`, of which whole turns are taken off: outside of `[-b, b]` the map repeats, and `x` on the cut reads as the next number inside. The inverse lies strictly inside; beyond
/// `|z|` of 5.4 (`f32`) or 8.2 (`f64`) it stays at the last number before the cut. NaN gives NaN.
///
/// # Parameters
/// [`SplineParams`], as the spline's. `half_turn`, above 0, is fixed: pi by default, 180 for degrees, 12 for hours.
///
/// # Cost
/// That of the spline, and a quantile or a CDF.
///
/// # Source
/// Rezende et al. (2020), Normalizing Flows on Tori and Spheres, 3.1.3: circular splines.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct CircularSpline<T, const K: usize> {
    /// Half a turn, in units of `x`: angles run from minus this to this.
    pub half_turn: T,
}

/// Radians.
impl<T: Real, const K: usize> Default for CircularSpline<T, K> {
    fn default() -> Self {
        CircularSpline { half_turn: T::from_f64(core::f64::consts::PI) }
    }
}

crate::parameters! { impl[T: Real, const K: usize] Parameters<T> + Zeros for CircularSpline<T, K> { fixed half_turn: T } }

impl<T: Real, const K: usize> CircularSpline<T, K> {
    pub(crate) fn spline(&self) -> RationalQuadraticSpline<T, K> {
        RationalQuadraticSpline { bound: self.half_turn, knots: TanhKnots }
    }

    /// `x` without whole turns, strictly inside of the cut.
    #[inline(always)]
    fn turned<V: Value<Scalar = T>>(&self, x: V) -> V {
        let turn = self.half_turn + self.half_turn;
        let rest = x - V::splat(turn) * (x / V::splat(turn)).round_int();
        self.inside(rest).or_nan_of(x)
    }

    #[inline(always)]
    fn inside<V: Value<Scalar = T>>(&self, x: V) -> V {
        let most = V::splat(T::from_order(self.half_turn.to_order() - 1));
        x.max(-most).min(most)
    }

    /// The parts of the turn that lie before and after the point at `xi`, each without cancellation in the bin next to its end.
    #[inline(always)]
    fn parts<V: Value<Scalar = T>>(&self, bin: &Bin<V>, x: V) -> ([V; 2], V) {
        let point = self.spline().point(bin, x);
        let (bound, turn) = (V::splat(self.half_turn), V::splat(self.half_turn + self.half_turn));
        let before = bin.height.mul_add(point.n / point.q, bin.y + bound);
        let after = bin.height.mul_add(point.rest / point.q, (bound - bin.y) - bin.height);
        ([before / turn, after / turn], point.slope())
    }

    /// `z`, and the log-det at it.
    #[inline(always)]
    fn normal<V: Value<Scalar = T>>(&self, [before, after]: [V; 2], slope: V) -> (V, V) {
        let z = quantile(before.min(after));
        let z = before.select_lt(after, z, -z);
        (z, ln(slope) + self.log_odds(z))
    }

    /// `-log 2b - log phi(z)`.
    #[inline(always)]
    fn log_odds<V: Value<Scalar = T>>(&self, z: V) -> V {
        (z * V::constant(0.5)).mul_add(z, V::constant(LOG_SQRT_TAU) - V::splat(ln(self.half_turn + self.half_turn)))
    }
}

impl<T: Real, const K: usize> Univariate<T> for CircularSpline<T, K> {
    type Params<V: Value<Scalar = T>> = SplineParams<V, K>;
    /// `z`.
    type Tape<V: Value<Scalar = T>> = V;

    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>, x: V) -> (V, V) {
        let angle = self.turned(x);
        let (parts, slope) = self.parts(&self.spline().bin(params, self.inside(angle), false), self.inside(angle));
        let (z, log_det) = self.normal(parts, slope);
        (z.or_nan_of(x), log_det.or_nan_of(x))
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>, z: V) -> (V, V) {
        let spline = self.spline();
        let (bound, turn) = (V::splat(self.half_turn), V::splat(self.half_turn + self.half_turn));
        // The part of the turn between the point and the nearer end.
        let near = turn * cdf(-z.abs());
        let bin = spline.bin(params, z.select_lt(V::ZEROS, near - bound, bound - near), true);
        let below = (near - (bin.y + bound)) / bin.height;
        let above = (near - ((bound - bin.y) - bin.height)) / bin.height;
        let t = z.select_lt(V::ZEROS, below, V::ONE - above);
        let rest = z.select_lt(V::ZEROS, V::ONE - below, above);
        let (xi, slope) = spline.position(&bin, t, rest);
        let x = self.inside(bin.width.mul_add(xi, bin.x));
        (x.or_nan_of(z), (-(ln(slope) + self.log_odds(z))).or_nan_of(z))
    }

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>, x: V, tape: &mut V) -> (V, V) {
        let (z, log_det) = self.forward_and_log_det(params, x);
        *tape = z;
        (z, log_det)
    }

    /// `dz/dS = 1 / (2b phi(z))`, and of the log-det's `-log phi(z)` the same times `z`; the rest is the spline's.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        params: &SplineParams<V, K>,
        x: V,
        z: &V,
        dz: V,
        d_log_det: V,
        d_params: &mut SplineParams<V, K>,
    ) -> V {
        let d_spline = d_log_det.mul_add(*z, dz) * exp(self.log_odds(*z));
        self.spline().backward(params, self.turned(x), &(), d_spline, d_log_det, d_params)
    }

    /// The even density on the circle.
    fn identity(&self) -> SplineParams<T, K> {
        Zeros::ZEROS
    }

    fn init(&mut self) {
        if self.half_turn == T::ZEROS {
            *self = Self::default();
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("circular_spline"));
        visit(Part::Setting("half_turn"));
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::CircularSpline;
    use crate::bijector::Marginal;
    use crate::check::{self, Limits, STRICT};
    use crate::flow::Flow;
    use crate::number::{Real, Zeros};
    use crate::univariate::Univariate;

    type Circle<T> = Marginal<T, CircularSpline<T, 6>, 2>;

    fn drawn(half_turn: f64) -> Circle<f64> {
        let mut circle = Circle::ZEROS;
        circle.univariate.half_turn = half_turn;
        check::perturb(&mut circle, 0.7, &mut Pcg64::new(11, 12));
        circle
    }

    #[test]
    fn obeys_the_laws() {
        // Near the cut the quantile's slope, 1 / phi(z), magnifies an ulp of the angle: 1e4 at 3 % of a bin from it.
        let limits = Limits { order: check::Order::Rounded, round_trip: 1e-13, log_det: 1e-12, ..STRICT };
        let points = [[0.31, -0.72], [2.51, 1.13], [-2.9, 3.0], [-1.2, -2.3]];
        check::bijector(&drawn(core::f64::consts::PI), &points, &limits).unwrap();
        check::bijector(&drawn(180.0), &[[17.0, -170.0], [100.0, 171.0]], &limits).unwrap();
        check::single_precision(&drawn(core::f64::consts::PI), &Circle::ZEROS, &points, 1e-4).unwrap();
    }

    /// The density has total 1 on the circle, meets itself at the cut, and repeats.
    #[test]
    fn the_density_is_one_of_the_circle() {
        let circle = drawn(180.0);
        let one = |x: f64| {
            let flow = Flow::<f64, _, 1>::new(Marginal::<f64, _, 1>::new(circle.univariate, [circle.params[0]]));
            flow.log_prob(&[x])
        };
        // The midpoint rule on a periodic function with a continuous slope: an error of h^2.
        let total: f64 = (0..36_000).map(|i| libm::exp(one(0.01 * f64::from(i) - 179.995)) * 0.01).sum();
        assert!((total - 1.0).abs() < 1e-6, "{total}");
        // Neighbours of the cut lose their digits in the distance to it, and the slope there is of 1e-2 a degree.
        assert!((one(-179.999_999) - one(179.999_999)).abs() < 1e-6);
        for x in [-170.0, -3.0, 55.5] {
            assert!((one(x) - one(x + 360.0)).abs() < 1e-11 && (one(x) - one(x - 720.0)).abs() < 1e-11, "{x}");
        }
        assert!(one(180.0).is_finite() && (one(180.0) - one(-180.0)).abs() < 1e-6);
        assert_eq!(one(f64::NAN), f64::NEG_INFINITY);
    }

    #[test]
    fn starts_even() {
        let circle = CircularSpline::<f32, 5>::default();
        for x in [-core::f32::consts::PI, -1.0, 0.0, 2.0, core::f32::consts::PI] {
            let (z, log_det) = circle.forward_and_log_det(&circle.identity(), x);
            let log_prob = log_det - 0.5 * z * z - 0.918_938_5;
            assert!((log_prob + (2.0 * core::f32::consts::PI).ln()).abs() < 1e-5, "{x}: {log_prob}");
        }
    }

    /// Whatever comes in, what comes out is finite and inside of the cut.
    #[test]
    fn far_latents_stay_on_the_circle() {
        fn hold<T: Real>() {
            let circle = CircularSpline::<T, 4>::default();
            let params = circle.identity();
            for z in [-1e30, -40.0, -9.0, -1e-30, 0.0, 6.0, 38.0, 1e30].map(T::from_f64) {
                let (x, log_det) = circle.inverse_and_log_det(&params, z);
                assert!(-circle.half_turn < x && x < circle.half_turn && !(log_det != log_det), "{z}: {x}, {log_det}");
                let (back, log_det) = circle.forward_and_log_det(&params, x);
                assert!(back.is_finite() && log_det.is_finite(), "{z}: {x}, {back}");
            }
            for x in [-T::MAX, T::from_f64(-1e9), T::MAX] {
                assert!(circle.forward_and_log_det(&params, x).0.is_finite(), "{x}");
            }
        }
        hold::<f32>();
        hold::<f64>();
    }
}
