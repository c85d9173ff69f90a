//! Roots of increasing functions, with a bound on the evaluations that is known at compile time.

use crate::math::ln_1p;
use crate::number::{Mask, Real, Value};

/// Evaluations during which [`newton`] may step without halving its bracket.
const FREE_STEPS: u32 = 12;

/// The most evaluations that [`newton`] makes for any function and bracket: 77 (`f32`) or 141 (`f64`).
///
/// After 12 every second one halves the bracket, which has fewer than `2^BITS` floats. The last one is at its lower end.
pub const fn max_iterations<T: Real>() -> u32 {
    FREE_STEPS + 2 * T::BITS + 1
}

/// The `x` in `[bottom, top]` with `f(x) = target`, for an increasing `f` that returns its value `y`, its slope `e > 0`, `b = d log e / dx` and anything that belongs to `x`,
/// which comes back beside the root; begins at `start`, if that is inside.
///
/// Newton's method on a kept bracket, with steps for a slope that changes exponentially: `e exp(b h)` integrates to the residual at `h = log(1 - b r / e) / b`, where Newton's step
/// is `-r / e`. It converges cubically, and crosses the edge of a plateau in one step. Where it leaves the bracket Newton's is tried. A step that leaves the bracket, or follows one
/// that did not halve the residual, becomes a bisection; one that is too short to reach the next float goes there. Total for any `f`, NaN included.
///
/// Ends where the residual is within [`tolerance`]; else at the lower one of the neighbouring floats between which `f` passes `target`, or at an end of the interval if it does not
/// pass there. So for an `f` that never falls, targets [`on_grid`] keep their order: `target1 < target2` gives `x1 <= x2`.
///
/// # Source
/// The safeguard is the classical one (Dekker 1969; Press et al., Numerical Recipes, `rtsafe`). The first 12 bisections halve the bracket's length, later ones the
/// number of floats inside.
#[inline(always)]
pub fn newton<V: Value>(bottom: V, top: V, start: V, target: V, f: impl Fn(V) -> (V, V, V, V)) -> (V, V) {
    let (half, infinity) = (V::constant(0.5), V::splat(V::Scalar::INFINITY));
    let tolerance = tolerance(target);
    // The ends of the bracket are outside: points below and above the root.
    let (mut low, mut high) = (bottom - last_place(bottom), top + last_place(top));
    let (mut x, mut beside) = (start.max(bottom).min(top), V::ZEROS);
    let (mut next, mut last) = (x, infinity);
    let mut active = Mask::ALL;
    for i in 0..max_iterations::<V::Scalar>() {
        x = next;
        let (value, slope, bend, more) = f(x);
        beside = more;
        let residual = value - target;
        let size = residual.abs();
        let beyond = Mask::less(V::ZEROS, residual);
        low = Mask::less(residual, V::ZEROS).select(x, low);
        high = beyond.select(x, high);
        let inside = |step: V| Mask::less(low, step) & Mask::less(step, high);

        let change = residual / slope;
        let bent = x - change * exponential(change * bend);
        let step = inside(bent).select(bent, x - change);
        // A shorter step would end on `x` again and leave the bracket open beyond the root.
        let nudge = last_place(x);
        let nudged = x + beyond.select(-nudge, nudge);
        let step = Mask::less((step - x).abs(), nudge).select(nudged, step);

        let free = i < FREE_STEPS;
        let halved = Mask::less(size, half * last);
        let newton = (halved & inside(step)).only_if(free || i % 2 == 1);
        last = newton.select(size, infinity);
        let between = low.float_between(high);
        let middle = if free { half.mul_add(low, half * high) } else { between };
        // With no float left inside, the lower end of the bracket is the root.
        let open = Mask::less(low, between).select(newton.select(step, middle), low).max(bottom).min(top);
        let off = active & Mask::less(tolerance, size);
        next = off.select(open, x);
        active = off & Mask::less(V::ZEROS, (next - x).abs());
        if !active.any() {
            break;
        }
    }
    (x, beside)
}

/// The largest residual that [`newton`] ends on: `1.98 eps max(2, |target|)`.
#[inline(always)]
pub fn tolerance<V: Value>(target: V) -> V {
    target.abs().max(V::constant(2.0)) * (V::splat(V::Scalar::EPSILON) * V::constant(1.98))
}

/// The nearest point to `target` of a grid whose points are further apart than both their [`tolerance`]s: `8 eps` times the power of two at `max(1, |target|)`.
#[inline(always)]
pub fn on_grid<V: Value>(target: V) -> V {
    let (m, e) = target.abs().max(V::ONE).split_exponent();
    let power = V::ONE.scale2(m.select_lt(V::ONE, e - V::ONE, e));
    // The sum is between 8 and 16 powers.
    let lift = power * V::constant(12.0);
    (target + lift) - lift
}

/// What takes `x` to its neighbours, if it is not nearly subnormal: it has between 1 and 2 times `1 / eps` units in the last place.
#[inline(always)]
fn last_place<V: Value>(x: V) -> V {
    (x.abs() * (V::splat(V::Scalar::EPSILON) * V::constant(0.625))).max(V::splat(V::Scalar::from_order(1)))
}

/// The largest finite `x` with `f(x) <= target`, to one float: `BITS` evaluations, always the same midpoints.
///
/// For an increasing `f` it is the root. Because the midpoints do not depend on `target`, `target1 <= target2` never gives `x1 > x2`, even where rounding makes `f` step back.
#[inline(always)]
pub fn bisect<V: Value>(target: V, f: impl Fn(V) -> V) -> V {
    let mut low = V::splat(-V::Scalar::MAX);
    let mut high = V::splat(V::Scalar::MAX);
    for _ in 0..V::Scalar::BITS {
        let middle = low.float_between(high);
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
    let w = w.min(V::constant(1.0 - 1e-6));
    let half = V::constant(0.5);
    let third = V::constant(1.0 / 3.0);
    let near = V::constant(1e-2);
    let series = V::ONE + w * (half + w * third);
    w.abs().select_lt(near, series, -ln_1p(-w) / w)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sampled neighbours over all magnitudes that a mixture's `z` has.
    fn points_are_apart<T: Real>(limit: f64) {
        let (mut n, mut distinct) = (0, 0);
        while f64::powf(1.0001, f64::from(n)) * 1e-8 < limit {
            let z = T::from_f64(f64::powf(1.0001, f64::from(n)) * 1e-8);
            for z in [z, -z] {
                let point = on_grid(z);
                let error = (point - z).abs();
                assert!(error <= T::from_f64(4.0) * T::EPSILON * Value::max(z.abs(), T::ONE), "{z:e} goes to {point:e}");
                assert_eq!(on_grid(point), point);
                // Beyond half a step lies the next point.
                let other = on_grid(point + T::from_f64(8.0 + 1e-4) * T::EPSILON * Value::max(point.abs(), T::ONE));
                assert!(tolerance(point) + tolerance(other) < other - point, "{point:e} and {other:e}");
                let next = on_grid(T::from_order(z.to_order() + 1));
                assert!(point <= next, "{z:e} goes to {point:e}, its neighbour to {next:e}");
                distinct += i32::from(point < next);
            }
            n += 1;
        }
        assert!(distinct > 1000, "{distinct}");
    }

    #[test]
    fn points_of_the_grid_are_further_apart_than_their_tolerances() {
        points_are_apart::<f32>(1e15);
        points_are_apart::<f64>(1e150);
    }

    /// The step's factor is `-log(1 - w) / w` to what its series leaves out, and held finite where that has no value.
    #[test]
    fn exponential_steps() {
        for i in -4000..4000 {
            let w = f64::from(i) / 4001.0;
            let w = w * if i < 0 { 1e3 } else { 1.0 };
            let truth = if w == 0.0 { 1.0 } else { -libm::log1p(-w) / w };
            // The first term that the series leaves out is w^3 / 4, at most 2.5e-7; past it come 1.0 % of that and so on.
            assert!((exponential(w) - truth).abs() <= 2.6e-7 * truth, "{w}");
        }
        fn held<T: Real>() {
            let most = exponential(T::from_f64(1.0 - 1e-6));
            assert!((most - T::from_f64(13.8155)).abs() < T::from_f64(0.05), "{most}");
            for w in
                [T::ONE - T::EPSILON, T::ONE, T::ONE + T::EPSILON, T::from_f64(1.0 + 1e-6), T::from_f64(3.0), T::MAX, T::INFINITY, T::NAN]
            {
                assert_eq!(exponential(w), most, "{w}");
            }
        }
        held::<f32>();
        held::<f64>();
    }

    /// A step of the size of a float, at any of several places, seen from targets on either side of its edges.
    #[test]
    fn a_jump_ends_at_its_lower_side() {
        for edge in [-3.0f32, -1.0, -1e-30, 1e-45, 1e-38, 1.0, 7.3e20] {
            for start in [-1e30, -2.0, 0.0, edge, 5.0, 1e30] {
                let f = |x: f32| (if x < edge { -1.0 } else { 1.0 }, 0.0, 0.0, x);
                let (x, beside) = newton(-1e30, 1e30, start, 0.25, f);
                assert_eq!(x, f32::from_order(edge.to_order() - 1), "from {start:e}");
                assert_eq!(beside, x);
                // Outside of the interval.
                assert_eq!(newton(edge, 1e30, start, 0.25, f).0, edge);
                assert_eq!(newton(-1e30, f32::from_order(edge.to_order() - 9), start, 0.25, f).0, f32::from_order(edge.to_order() - 9));
            }
        }
    }
}
