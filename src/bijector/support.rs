//! Columns that are positive or bounded.

use core::fmt;

use crate::bijector::coupling::{map_each, map_each_apart, map_present};
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::math::{exp, ln, ln_1p, sigmoid};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Part};
use crate::univariate::held;

/// Opens the ranges of columns to all of R, the first layer of a flow on values that are positive or bounded: logarithms and logits.
///
/// | bounds of a dimension | forward | log-det | inverse |
/// |---|---|---|---|
/// | `lower < x` | `z = ln(x - lower)` | `-z` | `x = lower + e^z` |
/// | `x < upper` | `z = -ln(upper - x)` | `z` | `x = upper - e^-z` |
/// | `lower < x < upper` | `z = ln(x - lower) - ln(upper - x)` | `ln(upper - lower) - ln(x - lower) - ln(upper - x)` | `x = lower + (upper - lower) / (1 + e^-z)` |
/// | none | `z = x` | 0 | `x = z` |
///
/// # Domain
/// A sample on a bound or outside of it has the density 0: a log-density of minus infinity, and NaN for `z`. What the inverse gives lies strictly inside and is finite: where it would
/// round to a bound, it is the next number.
///
/// # Parameters
/// Fixed ones: `lower` and `upper`, finite, as files ask for; the type's largest number, with either sign, is no bound, and a dimension whose `lower` is not below its `upper` has
/// none, so that zeros are the identity. [`Support::new`] takes infinities.
///
/// # Cost
/// A logarithm (two where both ends are bounded) or an exponential a bounded dimension.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct Support<T, const D: usize> {
    /// The lower bound of each dimension, in units of `x`.
    pub lower: [T; D],
    /// The upper bound.
    pub upper: [T; D],
}

/// The bounds of this dimension are NaN, or enclose no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoSupport(pub usize);

impl fmt::Display for NoSupport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bounds of dimension {} enclose no number", self.0)
    }
}

impl core::error::Error for NoSupport {}

/// What bounds a dimension.
enum Bounds<T> {
    Below(T),
    Above(T),
    Both(T, T),
    Neither,
}

impl<T: Real, const D: usize> Support<T, D> {
    /// The support of columns that lie strictly between their bounds; an infinity is no bound.
    ///
    /// # Errors
    /// [`NoSupport`] of the first dimension whose bounds are NaN or have no number between them.
    ///
    /// ```
    /// use gaussflow::{Flow, Support};
    ///
    /// // A temperature, a pressure, a duty cycle.
    /// let open = (f64::NEG_INFINITY, f64::INFINITY);
    /// let flow = Flow::<_, _, 3>::new(Support::new([open, (0.0, f64::INFINITY), (0.0, 1.0)])?);
    /// assert_eq!(flow.forward(&[21.5, 1.0, 0.5]), [21.5, 0.0, 0.0]);
    /// assert_eq!(flow.log_prob(&[21.5, -1.0, 0.5]), f64::NEG_INFINITY);
    /// # Ok::<(), gaussflow::NoSupport>(())
    /// ```
    pub fn new(bounds: [(T, T); D]) -> Result<Self, NoSupport> {
        let mut support = Self::ZEROS;
        for (d, (lower, upper)) in bounds.into_iter().enumerate() {
            let (lower, upper) = (lower.max(-T::MAX), upper.min(T::MAX));
            // Of a NaN, the other bound is what those give.
            let told = bounds[d].0 <= lower && upper <= bounds[d].1;
            if !(told && next(lower, 1) < upper) {
                return Err(NoSupport(d));
            }
            (support.lower[d], support.upper[d]) = (lower, upper);
        }
        Ok(support)
    }

    /// Whether `x` lies strictly inside of all bounds.
    #[must_use]
    pub fn contains(&self, x: &[T; D]) -> bool {
        (0..D).all(|d| match self.bounds(d) {
            Bounds::Neither => x[d].is_finite(),
            Bounds::Below(lower) => lower < x[d] && x[d] <= T::MAX,
            Bounds::Above(upper) => -T::MAX <= x[d] && x[d] < upper,
            Bounds::Both(lower, upper) => lower < x[d] && x[d] < upper,
        })
    }

    #[inline(always)]
    fn bounds(&self, d: usize) -> Bounds<T> {
        let (lower, upper) = (self.lower[d], self.upper[d]);
        match (-T::MAX < lower, upper < T::MAX) {
            _ if !(lower < upper) => Bounds::Neither,
            (true, true) => Bounds::Both(lower, upper),
            (true, false) => Bounds::Below(lower),
            (false, true) => Bounds::Above(upper),
            (false, false) => Bounds::Neither,
        }
    }

    /// `z` and the log-det of a dimension at `x`.
    #[inline(always)]
    fn open<V: Value<Scalar = T>>(&self, d: usize, x: V) -> (V, V) {
        match self.bounds(d) {
            Bounds::Neither => (x, V::ZEROS),
            Bounds::Below(lower) => {
                let z = ln_inside(x - V::splat(lower));
                (z, -z)
            }
            Bounds::Above(upper) => {
                let z = -ln_inside(V::splat(upper) - x);
                (z, z)
            }
            Bounds::Both(lower, upper) => {
                let (above, below) = (ln_inside(x - V::splat(lower)), ln_inside(V::splat(upper) - x));
                (above - below, V::splat(log_width(lower, upper)) - (above + below))
            }
        }
    }

    /// `dz/dx` and `dlog_det/dx` of a dimension at `x`; of one without bounds, none.
    #[inline(always)]
    fn slopes<V: Value<Scalar = T>>(&self, d: usize, x: V) -> Option<[V; 2]> {
        let reciprocal = |y: V| V::ONE / y;
        match self.bounds(d) {
            Bounds::Neither => None,
            Bounds::Below(lower) => Some(reciprocal(x - V::splat(lower))).map(|slope| [slope, -slope]),
            Bounds::Above(upper) => Some(reciprocal(V::splat(upper) - x)).map(|slope| [slope, slope]),
            Bounds::Both(lower, upper) => {
                let (a, b) = (reciprocal(x - V::splat(lower)), reciprocal(V::splat(upper) - x));
                Some([a + b, b - a])
            }
        }
    }
}

/// The number `steps` further in the order of the floats.
#[inline(always)]
fn next<T: Real>(x: T, steps: i64) -> T {
    T::from_order(x.to_order() + steps)
}

/// `ln y`, and NaN where `y` is not positive.
#[inline(always)]
fn ln_inside<V: Value>(y: V) -> V {
    V::ZEROS.select_lt(y, ln(y), V::splat(V::Scalar::NAN))
}

crate::parameters! {
    impl[T: Real, const D: usize] Parameters<T> + Zeros for Support<T, D> { fixed lower: [T; D], fixed upper: [T; D] }
}

impl<T: Real, const D: usize> Init<T> for Support<T, D> {
    /// Keeps the bounds: they are settings.
    fn init<R: rand_core::Rng + ?Sized>(&mut self, _: &mut R) {}
}

impl<T: Real, const D: usize, const C: usize> Bijector<T, D, C> for Support<T, D> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        map_each(
            x,
            #[inline(always)]
            |d, x| self.open(d, x),
        )
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        let mut log_det = V::ZEROS;
        for d in 0..D {
            match self.bounds(d) {
                Bounds::Neither => {}
                Bounds::Below(lower) => {
                    log_det += z[d];
                    z[d] = inside(V::splat(lower) + exp(held(z[d]).or_nan_of(z[d])), lower, T::MAX);
                }
                Bounds::Above(upper) => {
                    log_det -= z[d];
                    z[d] = inside(V::splat(upper) - exp(held(-z[d]).or_nan_of(z[d])), -T::MAX, upper);
                }
                Bounds::Both(lower, upper) => {
                    // From the nearer bound, with its digits.
                    let near = sigmoid(-z[d].abs());
                    let away = ln_1p(exp(-z[d].abs()));
                    log_det += V::splat(log_width(lower, upper)) - (away + away + z[d].abs());
                    let width = V::splat(upper - lower);
                    let x = z[d].select_lt(V::ZEROS, near.mul_add(width, V::splat(lower)), V::splat(upper) - near * width);
                    z[d] = inside(x, lower, upper);
                }
            }
        }
        log_det
    }

    #[inline(always)]
    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C], log_dets: &mut [V; D]) -> bool {
        map_each_apart(x, log_dets, |d, x| self.open(d, x));
        true
    }

    fn log_det_of_present(&self, x: &mut [Option<T>; D], _: &[T; C]) -> Option<T> {
        Some(map_present(x, |d, x| self.open(d, x)))
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("support"));
        visit(Part::Tensor("lower", &[D]));
        visit(Part::Tensor("upper", &[D]));
    }
}

/// `ln(upper - lower)`, also where the difference overflows.
#[inline(always)]
fn log_width<T: Real>(lower: T, upper: T) -> T {
    let half = T::from_f64(0.5);
    ln(upper * half - lower * half) + T::from_f64(core::f64::consts::LN_2)
}

/// `x` held strictly between two numbers.
#[inline(always)]
fn inside<V: Value>(x: V, lower: V::Scalar, upper: V::Scalar) -> V {
    let (least, most) = (next(lower, 1), next(upper, -1));
    x.max(V::splat(least)).min(V::splat(most)).or_nan_of(x)
}

impl<T: Real, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for Support<T, D> {
    /// The forward map's input.
    type Tape<V: Value<Scalar = T>> = [V; D];

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut [V; D]) -> V {
        *tape = *x;
        self.forward_and_log_det(x, context)
    }

    /// `dz/dx = 1 / (x - lower) + 1 / (upper - x)`, `dlog_det/dx = 1 / (upper - x) - 1 / (x - lower)`, without the terms of bounds that are none.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        _: Option<&mut Self>,
    ) {
        for i in 0..D {
            if let Some([slope, of_log_det]) = self.slopes(i, tape[i]) {
                d[i] = d[i].mul_add(slope, d_log_det * of_log_det);
            }
        }
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        _: Option<&mut Self>,
    ) {
        for i in 0..D {
            if let Some([slope, of_log_det]) = self.slopes(i, tape[i]) {
                d[i] = (d[i] - d_log_det * of_log_det) / slope;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NoSupport, Support};
    use crate::bijector::Bijector;
    use crate::check::{self, Limits, STRICT};
    use crate::flow::Flow;
    use crate::number::Zeros;

    const INFINITY: f64 = f64::INFINITY;
    const BOUNDS: [(f64, f64); 4] = [(-2.0, INFINITY), (-INFINITY, 3.0), (-1.0, 4.0), (-INFINITY, INFINITY)];
    // No nearer to a bound than central differences resolve.
    const POINTS: [[f64; 4]; 3] = [[0.3, -0.7, 2.0, 7.0], [1e3, -1e3, 3.3, -1e9], [-1.4, 2.4, -0.3, 0.0]];

    #[test]
    fn obeys_the_laws() {
        let support = Support::new(BOUNDS).unwrap();
        // `x` is the sum of a bound and a distance, whose rounding is that of the larger: the distance of 1e-3 to a bound of 3 keeps 12 digits.
        let limits = Limits { order: check::Order::Rounded, zeros: 0.0, round_trip: 1e-12, log_det: 1e-12, ..STRICT };
        check::bijector(&support, &POINTS, &limits).unwrap();
        check::single_precision(&support, &Support::ZEROS, &POINTS[..1], 1e-5).unwrap();
    }

    #[test]
    fn densities_are_those_of_the_log_normal_and_the_logit_normal() {
        let flow = Flow::<f64, _, 1>::new(Support::new([(0.0, INFINITY)]).unwrap());
        // Mode, median and a far tail of exp(N(0, 1)): -ln x - (ln x)^2 / 2 - ln sqrt(2 pi).
        for x in [0.36787944117144233f64, 1.0, 1e-30, 1e30] {
            let expected = -x.ln() - 0.5 * x.ln() * x.ln() - 0.918_938_533_204_672_8;
            assert!((flow.log_prob(&[x]) - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{x}");
        }
        let flow = Flow::<f64, _, 1>::new(Support::new([(-1.0, 1.0)]).unwrap());
        for x in [-0.999f64, -0.5, 0.0, 0.9] {
            let z = ((1.0 + x) / (1.0 - x)).ln();
            let expected = -0.5 * z * z - 0.918_938_533_204_672_8 + (2.0 / ((1.0 + x) * (1.0 - x))).ln();
            assert!((flow.log_prob(&[x]) - expected).abs() <= 1e-14, "{x}");
        }
    }

    #[test]
    fn no_density_on_a_bound_or_outside() {
        let flow = Flow::<f32, _, 3>::new(Support::new([(0.0, f32::INFINITY), (-f32::INFINITY, 1.0), (2.0, 3.0)]).unwrap());
        let inside = [1.0, 0.0, 2.5];
        assert!(flow.log_prob(&inside).is_finite());
        for (d, values) in [[0.0, -0.0, -1e-45, f32::MIN], [1.0, 2.0, 1e38, f32::MAX], [2.0, 3.0, 1.0, 4.0]].iter().enumerate() {
            for value in values {
                let mut x = inside;
                x[d] = *value;
                assert_eq!(flow.log_prob(&x), -f32::INFINITY, "{x:?}");
                assert!(flow.is_below(&x, -1e30) && flow.forward(&x)[d].is_nan(), "{x:?}");
            }
        }
    }

    #[test]
    fn inverses_are_finite_and_strictly_inside() {
        let support = Support::new([(1e6f32, f32::INFINITY), (-f32::INFINITY, -1e6), (0.0, 1.0)]).unwrap();
        for far in [17.0, 88.0, 1e4, f32::MAX] {
            for z in [[far; 3], [-far; 3]] {
                let mut x = z;
                let log_det = support.inverse_and_log_det(&mut x, &[]);
                assert!(!log_det.is_nan() && x.iter().all(|x| x.abs() <= f32::MAX), "{z:?}: {x:?}, {log_det}");
                assert!(1e6 < x[0] && x[1] < -1e6 && 0.0 < x[2] && x[2] < 1.0, "{z:?}: {x:?}");
                let mut back = x;
                support.forward_and_log_det(&mut back, &[]);
                assert!(back.iter().all(|z| z.abs() <= f32::MAX), "{x:?}: {back:?}");
            }
        }
    }

    #[test]
    fn bounds_are_checked() {
        for bounds in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::NAN), (0.0, f64::from_bits(1)), (INFINITY, INFINITY)] {
            assert_eq!(Support::new([(0.0, 1.0), bounds]), Err(NoSupport(1)), "{bounds:?}");
        }
        assert_eq!(Support::new([(-INFINITY, INFINITY)]).unwrap().lower, [-f64::MAX]);
        let mut x = [5.0, -7.0];
        assert_eq!(Support::<f64, 2>::ZEROS.forward_and_log_det(&mut x, &[]), 0.0);
        assert_eq!(x, [5.0, -7.0]);
    }
}
