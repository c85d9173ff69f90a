//! The rational-quadratic spline univariate.

use crate::math::{exp, ln};
use crate::number::{Mask, Real, Value, Zeros};
use crate::parameters::{Parameters, Part};
use crate::univariate::{KnotMap, TanhKnots, Univariate};

/// A monotone spline of `K` rational-quadratic bins on `[-bound, bound]`, continued by straight lines; once continuously differentiable.
///
/// With `xi` in `[0, 1]` the position in a bin of width `w` and height `h`, `eta = 1 - xi`, `s = h / w`, and slopes `d_0`, `d_1` at its ends:
///
/// | | |
/// |---|---|
/// | forward | `z = y_0 + h N / Q` with `N = xi (s xi + d_0 eta)` and `Q = s (xi^2 + eta^2) + (d_0 + d_1) xi eta` |
/// | log-det | `log(s^2 A / Q^2)` with `A = d_1 xi^2 + 2 s xi eta + d_0 eta^2` |
/// | inverse | a quadratic in `xi`, in closed form |
/// | inverse log-det | minus the log-det at `x` |
///
/// `N`, `Q`, `A` and the inverse's position are made of positive terms, so nothing cancels: increasing and finite for any finite parameters. (Where extreme parameters make the
/// slope fall to 1e-9, neighbouring floats share an image.)
///
/// # Domain
/// Every finite `x` up to `MAX` over the slope of the tails; NaN gives NaN.
///
/// # Parameters
/// [`SplineParams`], of which the knots' map `M` makes bins and slopes; by [`TanhKnots`] all zero is the identity. `bound`, above 0, is fixed.
///
/// # Cost
/// `2 K + 6` exponentials, independent of where `x` lies; the inverse one square root more.
///
/// # Source
/// Durkan, Bekasov, Murray and Papamakarios (2019), Neural Spline Flows, 3.1; Gregory and Delbourgo (1982). Theirs has tails of slope 1; here the slope is a parameter, and the
/// discriminant is rearranged.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct RationalQuadraticSpline<T, const K: usize, M = TanhKnots> {
    /// Where the bins end and the tails begin, in both `x` and `z`; above 0.
    pub bound: T,
    /// From raw parameters to bins and slopes.
    pub knots: M,
}

/// Raw widths, heights and slopes of `K` bins: unnormalised log-widths and log-heights, and log-slopes, of the tails first, then at the knots between bins. By [`TanhKnots`]:
///
/// | | |
/// |---|---|
/// | width of bin `k` | `2 bound (m + (1 - K m) softmax(widths)_k)`, with the least part `m = 0.001` |
/// | height of bin `k` | the same of `heights` |
/// | slope at the knot between bins `k - 1` and `k` | `e^(l tanh(slopes[k] / l))` with `l = log 1000` |
/// | slope of both tails | the same of `slopes[0]` |
pub type SplineParams<V, const K: usize> = [[V; K]; 3];

/// The bound by default.
const BOUND: f64 = 3.0;

/// The interval `[-3, 3]`.
impl<T: Real, const K: usize, M: Default> Default for RationalQuadraticSpline<T, K, M> {
    fn default() -> Self {
        RationalQuadraticSpline { bound: T::from_f64(BOUND), knots: M::default() }
    }
}

impl<T: Real, const K: usize, M: Zeros> Zeros for RationalQuadraticSpline<T, K, M> {
    const ZEROS: Self = RationalQuadraticSpline { bound: T::ZEROS, knots: M::ZEROS };
}

crate::parameters! {
    impl[T: Real, const K: usize, M: Parameters<T>] Parameters<T> for RationalQuadraticSpline<T, K, M> { fixed bound: T, part knots: M }
}

/// An end of a bin: the number of the bin that begins here, the point, and the raw slope.
#[derive(Clone, Copy)]
struct Knot<V> {
    index: V,
    x: V,
    y: V,
    raw: V,
}

impl<V: Value> Knot<V> {
    /// `self` in the lanes of `mask`, `other` in the rest.
    #[inline(always)]
    fn where_or(self, mask: Mask<V>, other: Self) -> Self {
        Knot {
            index: mask.select(self.index, other.index),
            x: mask.select(self.x, other.x),
            y: mask.select(self.y, other.y),
            raw: mask.select(self.raw, other.raw),
        }
    }
}

/// One bin: its index, its lower corner, its sides, and the raw slopes at its ends.
pub(super) struct Bin<V> {
    index: V,
    pub(super) x: V,
    pub(super) width: V,
    pub(super) y: V,
    pub(super) height: V,
    raw_0: V,
    raw_1: V,
}

/// The terms of the map at `xi`.
pub(super) struct Point<V> {
    s: V,
    xi: V,
    eta: V,
    pub(super) n: V,
    pub(super) q: V,
    /// `Q - N`, of positive terms too.
    pub(super) rest: V,
    a: V,
}

impl<V: Value> Point<V> {
    #[inline(always)]
    fn new(s: V, d_0: V, d_1: V, xi: V, eta: V) -> Self {
        let two = V::ONE + V::ONE;
        let n = xi * (s * xi + d_0 * eta);
        let q = s * (xi * xi + eta * eta) + (d_0 + d_1) * (xi * eta);
        let a = d_1 * (xi * xi) + two * s * (xi * eta) + d_0 * (eta * eta);
        let rest = eta * (s * eta + d_1 * xi);
        Point { s, xi, eta, n, q, rest, a }
    }

    /// `dz/dx`.
    #[inline(always)]
    pub(super) fn slope(&self) -> V {
        let ratio = self.s / self.q;
        self.a * ratio * ratio
    }
}

/// Of the first `count` values; the others have no part.
#[inline(always)]
fn softmax<V: Value, const K: usize>(raw: &[V; K], count: usize) -> [V; K] {
    let mut largest = V::splat(-V::Scalar::MAX);
    for k in 0..count {
        largest = largest.max(raw[k]);
    }
    let mut parts = [V::ZEROS; K];
    let mut total = V::ZEROS;
    for k in 0..count {
        parts[k] = exp(raw[k] - largest);
        total += parts[k];
    }
    for k in 0..count {
        parts[k] = parts[k] / total;
    }
    parts
}

impl<T: Real, const K: usize, M: KnotMap<T>> RationalQuadraticSpline<T, K, M> {
    /// How many bins there are: with slopes of their own at both ends of the interval, one fewer than slopes.
    pub(crate) const BINS: usize = K - M::FREE_ENDS as usize;

    /// What the least parts leave of the interval.
    #[inline(always)]
    fn free(&self) -> f64 {
        1.0 - Self::BINS as f64 * self.knots.least_part()
    }

    /// The bins' shares of what is free.
    #[inline(always)]
    fn shares<V: Value<Scalar = T>>(&self, raw: &[V; K]) -> [V; K] {
        softmax(&raw.map(|raw| self.knots.log_share(raw).0), Self::BINS)
    }

    /// The slope of the tails, and its derivative by the raw one.
    #[inline(always)]
    fn tail<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>) -> (V, V) {
        if M::FREE_ENDS { (V::ONE, V::ZEROS) } else { self.knots.slope(params[2][0]) }
    }

    /// The lower ends of the bins.
    #[inline(always)]
    fn ends<V: Value<Scalar = T>>(&self, raw: &[V; K]) -> [V; K] {
        const {
            assert!(
                K > M::FREE_ENDS as usize,
                "a spline needs at least one bin: raise K to 1 or more, to 2 where the ends have slopes of their own"
            );
            assert!(K < 500, "the least widths of this many bins fill half of the interval: lower K below 500");
        }
        let parts = self.shares(raw);
        let bound = V::splat(self.bound);
        let mut ends = [bound; K];
        ends[0] = -bound;
        let mut sum = V::ZEROS;
        for k in 1..Self::BINS {
            sum += V::constant(self.free()).mul_add(parts[k - 1], V::constant(self.knots.least_part()));
            ends[k] = (bound + bound).mul_add(sum, -bound);
        }
        ends
    }

    /// The bin that holds `x`, or `z` where `inverse`; `value` lies in `[-bound, bound]`.
    #[inline(always)]
    pub(super) fn bin<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>, value: V, inverse: bool) -> Bin<V> {
        let (x, y) = (self.ends(&params[0]), self.ends(&params[1]));
        let bound = V::splat(self.bound);
        // The upper end of the last bin is that of the interval, where the slope is that of the other end.
        let knot = |k: usize| Knot {
            index: V::constant(k as f64),
            x: x.get(k).copied().unwrap_or(bound),
            y: y.get(k).copied().unwrap_or(bound),
            raw: params[2][k % K],
        };
        let (mut lower, mut upper) = (knot(0), knot(1));
        for k in 1..Self::BINS {
            let before = Mask::less(value, if inverse { y[k] } else { x[k] });
            lower = lower.where_or(before, knot(k));
            upper = upper.where_or(before, knot(k + 1));
        }
        Bin {
            index: lower.index,
            x: lower.x,
            width: upper.x - lower.x,
            y: lower.y,
            height: upper.y - lower.y,
            raw_0: lower.raw,
            raw_1: upper.raw,
        }
    }

    #[inline(always)]
    fn inside<V: Value<Scalar = T>>(&self, value: V) -> V {
        value.max(V::splat(-self.bound)).min(V::splat(self.bound))
    }

    #[inline(always)]
    pub(super) fn point<V: Value<Scalar = T>>(&self, bin: &Bin<V>, x: V) -> Point<V> {
        let xi = (x - bin.x) / bin.width;
        Point::new(bin.height / bin.width, self.knots.slope(bin.raw_0).0, self.knots.slope(bin.raw_1).0, xi, V::ONE - xi)
    }

    /// The position in a bin at a part `t` of its height, which leaves `rest`, and the slope there.
    ///
    /// With `m = d_1 t - d_0 (1 - t)` and the root `r` of `m^2 + 4 s^2 t (1 - t)`: `xi : eta = 2 s t : (r - m) = (r + m) : 2 s (1 - t)`, of which the one without a difference is taken.
    #[inline(always)]
    pub(super) fn position<V: Value<Scalar = T>>(&self, bin: &Bin<V>, t: V, rest: V) -> (V, V) {
        let two = V::ONE + V::ONE;
        let (s, d_0, d_1) = (bin.height / bin.width, self.knots.slope(bin.raw_0).0, self.knots.slope(bin.raw_1).0);
        let m = d_1 * t - d_0 * rest;
        let r = (m * m + (two * s) * (two * s) * (t * rest)).sqrt();
        let left = m.select_lt(V::ZEROS, two * s * t, r + m);
        let right = m.select_lt(V::ZEROS, r - m, two * s * rest);
        let (xi, eta) = (left / (left + right), right / (left + right));
        (xi, Point::new(s, d_0, d_1, xi, eta).slope())
    }

    /// `inner` where `value` is inside the interval, else `outer`.
    #[inline(always)]
    fn select<V: Value<Scalar = T>>(&self, value: V, inner: V, outer: V) -> V {
        V::splat(self.bound).select_lt(value.abs(), outer, inner)
    }
}

impl<T: Real, const K: usize, M: KnotMap<T>> Univariate<T> for RationalQuadraticSpline<T, K, M> {
    type Params<V: Value<Scalar = T>> = SplineParams<V, K>;
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>, x: V) -> (V, V) {
        let held = self.inside(x);
        let bin = self.bin(params, held, false);
        let point = self.point(&bin, held);
        let (tail, _) = self.tail(params);
        let z = bin.height.mul_add(point.n / point.q, bin.y);
        (self.select(x, z, tail.mul_add(x - held, held)).or_nan_of(x), ln(self.select(x, point.slope(), tail)))
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, params: &SplineParams<V, K>, z: V) -> (V, V) {
        let held = self.inside(z);
        let bin = self.bin(params, held, true);
        let t = (held - bin.y) / bin.height;
        let (xi, inner) = self.position(&bin, t, V::ONE - t);
        let (tail, _) = self.tail(params);
        let x = bin.width.mul_add(xi, bin.x);
        (self.select(z, x, held + (z - held) / tail).or_nan_of(z), -ln(self.select(z, inner, tail)))
    }

    /// `z = y_0 + h G` with `G = N / Q`, and `l = log_det`; `p = xi eta`:
    ///
    /// | | `dG/d.` | `dl/d.` |
    /// |---|---|---|
    /// | `xi` | `s A / Q^2` | `2 (d_1 xi - d_0 eta + s (eta - xi)) / A - 2 (d_0 + d_1 - 2 s) (eta - xi) / Q` |
    /// | `s` | `p (d_1 xi^2 - d_0 eta^2) / Q^2` | `2 p / A - 2 (xi^2 + eta^2) / Q + 2 / s` |
    /// | `d_0` | `p (s eta^2 + d_1 p) / Q^2` | `eta^2 / A - 2 p / Q` |
    /// | `d_1` | `-p (s xi^2 + d_0 p) / Q^2` | `xi^2 / A - 2 p / Q` |
    ///
    /// A bin's width moves its upper end, those of the bins before it both ends; the interval's end stays, for a constant added to all cancels in the softmax.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        params: &SplineParams<V, K>,
        x: V,
        (): &(),
        dz: V,
        d_log_det: V,
        d_params: &mut SplineParams<V, K>,
    ) -> V {
        let two = V::ONE + V::ONE;
        let held = self.inside(x);
        let bin = self.bin(params, held, false);
        let ((d_0, of_raw_0), (d_1, of_raw_1)) = (self.knots.slope(bin.raw_0), self.knots.slope(bin.raw_1));
        let (tail, of_tail) = self.tail(params);
        let Point { s, xi, eta, n, q, a, .. } = self.point(&bin, held);

        let (inner, outer) = (self.select(x, dz, V::ZEROS), self.select(x, V::ZEROS, dz));
        let (inner_log, outer_log) = (self.select(x, d_log_det, V::ZEROS), self.select(x, V::ZEROS, d_log_det));
        let (per_a, per_q) = (inner_log / a, two * inner_log / q);
        let per_g = inner * bin.height / (q * q);
        let (p, difference, squares) = (xi * eta, eta - xi, xi * xi + eta * eta);
        let d_xi = per_g * s * a + two * per_a * (d_1 * xi - d_0 * eta + s * difference) - per_q * (d_0 + d_1 - two * s) * difference;
        let d_s = per_g * p * (d_1 * (xi * xi) - d_0 * (eta * eta)) + two * per_a * p - per_q * squares + two * inner_log / s;
        let d_d_0 = per_g * p * (s * (eta * eta) + d_1 * p) + per_a * (eta * eta) - per_q * p;
        let d_d_1 = per_a * (xi * xi) - per_g * p * (s * (xi * xi) + d_0 * p) - per_q * p;

        let dx = d_xi / bin.width;
        let d_width = -(d_xi * xi + d_s * s) / bin.width;
        let d_height = inner * (n / q) + d_s / bin.width;
        self.backward_knots(&params[0], bin.index, -dx, d_width, &mut d_params[0]);
        self.backward_knots(&params[1], bin.index, inner, d_height, &mut d_params[1]);
        let d_slopes = &mut d_params[2];
        d_slopes.fill(V::ZEROS);
        d_slopes[0] = (outer * (x - held) + outer_log / tail) * of_tail;
        for k in 0..Self::BINS {
            let here = |d: V| (bin.index - V::constant(k as f64)).abs().select_lt(V::constant(0.5), d, V::ZEROS);
            d_slopes[k] += here(d_d_0 * of_raw_0);
            d_slopes[(k + 1) % K] += here(d_d_1 * of_raw_1);
        }
        dx + outer * tail
    }

    fn identity(&self) -> SplineParams<T, K> {
        [[T::ZEROS; K], [T::ZEROS; K], [T::from_f64(self.knots.raw_of_log_slope(0.0)); K]]
    }

    fn init(&mut self) {
        if self.bound == T::ZEROS {
            self.bound = T::from_f64(BOUND);
        }
        self.knots.init();
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("rational_quadratic_spline"));
        visit(Part::Setting("bound"));
        M::describe(visit);
    }
}

impl<T: Real, const K: usize, M: KnotMap<T>> RationalQuadraticSpline<T, K, M> {
    /// From the cotangents of the bin's lower end (both ends moving) and of its side to those of the raw sides of all bins.
    #[inline(always)]
    fn backward_knots<V: Value<Scalar = T>>(&self, raw: &[V; K], index: V, d_end: V, d_side: V, d_raw: &mut [V; K]) {
        let parts = self.shares(raw);
        let mut mean = V::ZEROS;
        for k in 0..Self::BINS {
            let from_here = V::constant(k as f64 + 0.5).select_lt(index, d_end, d_side);
            d_raw[k] = index.select_lt(V::constant(k as f64 - 0.5), V::ZEROS, from_here);
            mean = parts[k].mul_add(d_raw[k], mean);
        }
        let whole = V::splat(self.bound + self.bound) * V::constant(self.free());
        d_raw[Self::BINS..].fill(V::ZEROS);
        for k in 0..Self::BINS {
            d_raw[k] = whole * parts[k] * (d_raw[k] - mean) * self.knots.log_share(raw[k]).1;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{RationalQuadraticSpline, SplineParams};
    use crate::bijector::{Coupling, FirstHalf, Marginal};
    use crate::check::{self, Limits, STRICT};
    use crate::conditioner::Head;
    use crate::math::standard_normal;
    use crate::number::{Flat, Real, Value, Zeros};
    use crate::parameters::Init;
    use crate::univariate::{KnotMap, SoftClamp, SoftplusKnots, TanhKnots, Univariate};

    type Spline<T, const K: usize> = Marginal<T, RationalQuadraticSpline<T, K>, 2>;

    fn drawn<const K: usize>(spread: f64) -> Spline<f64, K> {
        let mut spline = Spline::ZEROS;
        spline.univariate.init();
        check::perturb(&mut spline, spread, &mut Pcg64::new(11, 12));
        spline
    }

    const POINTS: [[f64; 2]; 6] = [[0.31, -0.72], [2.51, 1.13], [-2.9, 2.99], [-1.2, -2.3], [3.7, -3.1], [-1e3, 1e3]];

    #[test]
    fn obeys_the_laws() {
        // The log-slope changes by up to 30 over a bin, and the inverse is off by 4 eps.
        let limits = Limits { order: check::Order::Rounded, round_trip: 2e-15, log_det: 1.5e-14, ..STRICT };
        check::bijector(&drawn::<1>(1.0), &POINTS, &limits).unwrap();
        check::bijector(&drawn::<2>(1.0), &POINTS, &limits).unwrap();
        check::bijector(&drawn::<8>(1.0), &POINTS, &limits).unwrap();
        check::bijector(&drawn::<16>(0.5), &POINTS, &limits).unwrap();
        check::single_precision(&drawn::<8>(1.0), &Spline::<f32, 8>::ZEROS, &POINTS, 2e-5).unwrap();
    }

    #[test]
    fn in_a_coupling() {
        type Conditioner = Head<f64, RationalQuadraticSpline<f64, 4>, 1, 2>;
        let mut coupling = Coupling::<FirstHalf, _, Conditioner, 1, 2>::new(RationalQuadraticSpline::default(), Head::ZEROS);
        check::perturb(&mut coupling, 0.5, &mut Pcg64::new(11, 12));
        check::bijector(
            &coupling,
            &[[0.3, -0.71, 1.93], [-2.2, 20.0, -0.13]],
            &Limits { order: check::Order::Rounded, round_trip: 2e-15, log_det: 1.5e-14, ..STRICT },
        )
        .unwrap();
    }

    #[test]
    fn starts_as_the_identity() {
        let spline = RationalQuadraticSpline::<f64, 7>::default();
        for i in -500..=500 {
            let x = 0.01 * f64::from(i);
            let (z, log_det) = spline.forward_and_log_det(&spline.identity(), x);
            assert!((z - x).abs() <= 4.0 * f64::EPSILON && log_det.abs() <= 8.0 * f64::EPSILON, "{x} {z} {log_det}");
        }
    }

    /// Value and slope meet at every knot: the spline is once continuously differentiable.
    #[test]
    fn smooth_at_the_knots() {
        let spline = RationalQuadraticSpline::<f64, 5>::default();
        let params = drawn::<5>(1.0).params[0];
        let knots = spline.ends(&params[0]);
        for (k, at) in knots.into_iter().chain([3.0]).enumerate() {
            let ((z_0, l_0), (z_1, l_1)) = (
                spline.forward_and_log_det(&params, f64::from_order(at.to_order() - 2)),
                spline.forward_and_log_det(&params, f64::from_order(at.to_order() + 2)),
            );
            assert!((z_1 - z_0).abs() < 1e-13 && (l_1 - l_0).abs() < 1e-12, "knot {k}: {z_0} {z_1} {l_0} {l_1}");
        }
        assert_eq!(spline.forward_and_log_det(&params, -3.0).0, -3.0);
        assert!((spline.forward_and_log_det(&params, 3.0).0 - 3.0).abs() < 1e-15);
    }

    #[test]
    fn other_maps_of_knots_obey_the_laws() {
        fn holds<M: KnotMap<f64> + Copy + core::fmt::Debug>(spread: f64) {
            let mut table = Marginal::<f64, RationalQuadraticSpline<f64, 5, M>, 2>::ZEROS;
            table.init(&mut Pcg64::new(1, 1));
            for x in [-3.5, -3.0, -0.4, 0.0, 1.7, 20.0] {
                let (z, log_det) = table.univariate.forward_and_log_det(&table.univariate.identity(), x);
                assert!((z - x).abs() <= 1e-14 && log_det.abs() <= 1e-14, "{x} {z} {log_det}");
            }
            check::perturb(&mut table, spread, &mut Pcg64::new(11, 12));
            let limits = Limits { order: check::Order::Rounded, round_trip: 1e-14, log_det: 1e-13, ..STRICT };
            check::bijector(&table, &POINTS, &limits).unwrap();
        }
        holds::<SoftClamp<f64>>(1.0);
        holds::<SoftplusKnots<f64>>(1.0);
    }

    /// With slopes of their own at the ends: value meets there, the slope jumps to 1, and the last width and height are nothing.
    #[test]
    fn free_ends() {
        let spline = RationalQuadraticSpline::<f64, 4, SoftplusKnots<f64>>::default();
        let mut params = spline.identity();
        (params[2][0], params[2][3]) = (2.0, -1.0);
        params[0][1] = 0.7;
        for (x, raw) in [(-3.0, 2.0), (3.0, -1.0)] {
            let (z, log_det) = spline.forward_and_log_det(&params, x);
            let slope = (1.0 + f64::exp(raw)).ln() + 1e-3;
            assert!((z - x).abs() < 1e-14 && (log_det - slope.ln()).abs() < 1e-13, "{x} {z} {log_det}");
            assert_eq!(spline.forward_and_log_det(&params, 1.5 * x), (1.5 * x, 0.0));
        }
        let mut moved = params;
        (moved[0][3], moved[1][3]) = (9.0, -9.0);
        assert_eq!(spline.forward_and_log_det(&params, 0.9), spline.forward_and_log_det(&moved, 0.9));
        let mut d_params = [[f64::NAN; 4]; 3];
        spline.backward(&params, 0.9, &(), 1.0, 1.0, &mut d_params);
        assert!(d_params[0][3] == 0.0 && d_params[1][3] == 0.0 && d_params.as_flattened().iter().all(|d| d.is_finite()));
    }

    /// Any parameters: finite, increasing and inverted, in `T`.
    fn any_parameters<T: Real, M: KnotMap<T> + Default>() {
        let spline = RationalQuadraticSpline::<T, 6, M>::default();
        let mut rng = Pcg64::new(3, 3);
        for round in 0..100 {
            let size = [T::ONE, T::from_f64(30.0), T::from_f64(1e3), T::MAX * T::from_f64(0.1)][round % 4];
            let mut params = SplineParams::<T, 6>::ZEROS;
            for p in Flat::<T>::flat_mut(&mut params) {
                *p = size * standard_normal::<T, _>(&mut rng);
            }
            let mut last = -T::MAX;
            for i in -80..=80 {
                let x = T::from_f64(0.05 * f64::from(i));
                let (z, log_det) = spline.forward_and_log_det(&params, x);
                let (back, back_log_det) = spline.inverse_and_log_det(&params, z);
                assert!(z.is_finite() && log_det.is_finite() && back.is_finite() && back_log_det.is_finite());
                // The slope falls to 1e-9 where s is least and the slopes at the knots largest: there neighbours coincide, and `z`, a corner and a height, is off by roundings of both.
                let slack = if T::BITS == 64 { T::ZEROS } else { T::from_f64(8.0) * T::EPSILON * Value::abs(z).max(T::ONE) };
                assert!(last < z + slack || (T::BITS == 32 && last <= z + slack), "{x} {last} {z} {params:?}");
                last = z;
                let mut d_params = params;
                let dx = spline.backward(&params, x, &(), T::ONE, T::ONE, &mut d_params);
                assert!(dx.is_finite() && Flat::<T>::flat(&d_params).iter().all(|d| d.is_finite()), "{x} {dx} {d_params:?}");
                // z is known to eps, which the inverse's slope magnifies.
                let (again, _) = spline.forward_and_log_det(&params, back);
                assert!(Value::abs(again - z) <= T::from_f64(2e3) * T::EPSILON * Value::max(Value::abs(z), T::ONE), "{x} {z} {again}");
            }
        }
    }

    #[test]
    fn any_parameters_give_a_bijection() {
        any_parameters::<f64, TanhKnots>();
        any_parameters::<f32, TanhKnots>();
        any_parameters::<f64, SoftClamp<f64>>();
        any_parameters::<f32, SoftClamp<f32>>();
    }
}
