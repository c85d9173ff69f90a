//! Roots of increasing functions, with a bound on the evaluations that is known at compile time.

use crate::real::Real;
use crate::value::{Value, Zeros};

/// Evaluations during which [`newton`] may step without halving its bracket.
const FREE_STEPS: u32 = 12;

/// The most evaluations that [`newton`] makes for any function and bracket: 76 (`f32`) or 140 (`f64`).
///
/// After [`FREE_STEPS`] every second step halves the number of floats inside the bracket, and there are fewer than `2^BITS`.
pub const fn max_iterations<T: Real>() -> u32 {
    FREE_STEPS + 2 * T::BITS
}

/// The `x` in `[low, high]` with `f(x) = target`, for an increasing `f` that returns its value and slope.
///
/// Newton's method on a kept bracket: a step that leaves the bracket, or follows one that did not halve the residual, becomes a bisection in the order
/// of the floats. Ends where the residual is within `2 eps max(1, |target|)`, or on neighbouring floats. Total for any `f`, NaN included.
///
/// # Source
/// The safeguard is the classical one (Dekker 1969; Press et al., Numerical Recipes, `rtsafe`), bisecting ranks instead of values.
#[inline(always)]
pub fn newton<V: Value>(mut low: V, mut high: V, target: V, f: impl Fn(V) -> (V, V)) -> V {
    let half = V::splat(V::Scalar::from_f64(0.5));
    let tolerance = target.abs().max(V::ONE) * V::splat(V::Scalar::EPSILON + V::Scalar::EPSILON);
    let mut x = half.mul_add(low, half * high);
    let mut last = V::splat(V::Scalar::INFINITY);
    let mut active = V::ONE;
    for i in 0..max_iterations::<V::Scalar>() {
        let (value, slope) = f(x);
        let residual = value - target;
        low = residual.select_lt(V::ZEROS, x, low);
        high = V::ZEROS.select_lt(residual, x, high);
        let size = residual.abs();
        active = tolerance.select_lt(size, active, V::ZEROS);
        let middle = low.midpoint(high);
        let step = x - residual / slope;
        let inside = low.select_lt(step, step.select_lt(high, V::ONE, V::ZEROS), V::ZEROS);
        let gained = size.select_lt(half * last, inside, V::ZEROS);
        let newton = if i < FREE_STEPS || i % 2 == 0 { gained } else { V::ZEROS };
        last = V::ZEROS.select_lt(newton, size, V::splat(V::Scalar::INFINITY));
        let next = V::ZEROS.select_lt(newton, step, middle);
        // A step that stays in place: the bracket's ends are neighbours.
        active = next.select_lt(x, active, x.select_lt(next, active, V::ZEROS));
        if !active.any(|a| a > V::Scalar::ZEROS) {
            break;
        }
        x = V::ZEROS.select_lt(active, next, x);
    }
    x
}

/// The largest finite `x` with `f(x) <= target`, to one float: `BITS` evaluations, always the same midpoints.
///
/// For an increasing `f` it is the root. Because the midpoints do not depend on `target`, `target1 <= target2` never gives `x1 > x2`, even where rounding makes `f` step back.
#[inline(always)]
pub fn bisect<V: Value>(target: V, f: impl Fn(V) -> V) -> V {
    let mut low = V::splat(-V::Scalar::MAX);
    let mut high = V::splat(V::Scalar::MAX);
    for _ in 0..V::Scalar::BITS {
        let middle = low.midpoint(high);
        let above = target.select_lt(f(middle), V::ONE, V::ZEROS);
        low = V::ZEROS.select_lt(above, low, middle);
        high = V::ZEROS.select_lt(above, middle, high);
    }
    low
}
