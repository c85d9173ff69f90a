//! Roots of increasing functions, with a bound on the evaluations that is known at compile time.

use crate::math::ln_1p;
use crate::real::Real;
use crate::value::{Value, Zeros};

/// Evaluations during which [`newton`] may step without halving its bracket.
const FREE_STEPS: u32 = 12;

/// The most evaluations that [`newton`] makes for any function and bracket: 76 (`f32`) or 140 (`f64`).
///
/// After 12 every second step halves the number of floats inside the bracket, and there are fewer than `2^BITS`.
pub const fn max_iterations<T: Real>() -> u32 {
    FREE_STEPS + 2 * T::BITS
}

/// The `x` in `[low, high]` with `f(x) = target`, for an increasing `f` that returns its value `y`, its slope `e > 0`, `b = d log e / dx` and anything that belongs to `x`, which comes back beside the root; begins at `start`, if that is inside.
///
/// Newton's method on a kept bracket, with steps for a slope that changes exponentially: `e exp(b h)` integrates to the residual at `h = log(1 - b r / e) / b`, where Newton's step
/// is `-r / e`. It converges cubically, and crosses the edge of a plateau in one step. Where it leaves the bracket Newton's is tried. A step that leaves the bracket, or follows one that did not halve the residual, becomes a bisection; one that is shorter than that goes to the next
/// float. Ends where the residual is within `4 eps max(1, |target|)`, or on neighbouring floats. Total for any `f`, NaN included.
///
/// # Source
/// The safeguard is the classical one (Dekker 1969; Press et al., Numerical Recipes, `rtsafe`). The first 12 bisections halve the bracket's length, later ones the
/// number of floats inside.
#[inline(always)]
pub fn newton<V: Value>(mut low: V, mut high: V, start: V, target: V, f: impl Fn(V) -> (V, V, V, V)) -> (V, V) {
    let half = V::splat(V::Scalar::from_f64(0.5));
    let eps = V::splat(V::Scalar::EPSILON);
    let tolerance = target.abs().max(V::ONE) * (eps * V::splat(V::Scalar::from_f64(4.0)));
    let last_place = eps * V::splat(V::Scalar::from_f64(0.75));
    let (mut x, mut beside) = (start.max(low).min(high), V::ZEROS);
    let mut next = x;
    let mut last = V::splat(V::Scalar::INFINITY);
    let mut active = V::ONE;
    for i in 0..max_iterations::<V::Scalar>() {
        x = next;
        let (value, slope, bend, more) = f(x);
        beside = more;
        let residual = value - target;
        low = residual.select_lt(V::ZEROS, x, low);
        high = V::ZEROS.select_lt(residual, x, high);
        let size = residual.abs();
        let within = |step: V| low.select_lt(step, step.select_lt(high, V::ONE, V::ZEROS), V::ZEROS);
        // The next float towards the root: `x` has between 1 and 2 times `1 / eps` units in the last place.
        let nudge = (x.abs() * last_place).max(V::splat(V::Scalar::from_order(1)));
        let nudged = x + V::ZEROS.select_lt(residual, -nudge, nudge);
        active = tolerance.select_lt(size, active, V::ZEROS);
        active = V::ZEROS.select_lt(within(nudged), active, V::ZEROS);
        let free = i < FREE_STEPS;
        let middle = if free { half.mul_add(low, half * high) } else { low.midpoint(high) };
        let change = residual / slope;
        let bent = x - change * exponential(change * bend);
        let step = V::ZEROS.select_lt(within(bent), bent, x - change);
        // A shorter step would end on `x` again and leave the bracket open beyond the root.
        let step = (step - x).abs().select_lt(nudge, nudged, step);
        let gained = size.select_lt(half * last, within(step), V::ZEROS);
        let newton = if free || i % 2 == 0 { gained } else { V::ZEROS };
        last = V::ZEROS.select_lt(newton, size, V::splat(V::Scalar::INFINITY));
        next = V::ZEROS.select_lt(newton, step, middle);
        next = V::ZEROS.select_lt(active, next, x);
        if !active.any(|a| a > V::Scalar::ZEROS) {
            break;
        }
    }
    (x, beside)
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
        // A call keeps the loop small: as one block it costs the compiler minutes.
        let value = V::outline(
            #[inline(always)]
            || f(middle),
        );
        let above = target.select_lt(value, V::ONE, V::ZEROS);
        low = V::ZEROS.select_lt(above, low, middle);
        high = V::ZEROS.select_lt(above, middle, high);
    }
    low
}

/// `-log(1 - w) / w`: by its series near 0, and held where the model has no root (`w` near 1 and beyond).
#[inline(always)]
fn exponential<V: Value>(w: V) -> V {
    let w = w.min(V::splat(V::Scalar::from_f64(1.0 - 1e-6)));
    let half = V::splat(V::Scalar::from_f64(0.5));
    let third = V::splat(V::Scalar::from_f64(1.0 / 3.0));
    let near = V::splat(V::Scalar::from_f64(1e-2));
    let series = V::ONE + w * (half + w * third);
    w.abs().select_lt(near, series, -ln_1p(-w) / w)
}
