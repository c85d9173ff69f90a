//! Linear maps of numbers near the ends of the floats.

use crate::number::{Mask, Real, Value};

/// Applies a linear map; where its sums of products overflow, once more on numbers that a power of two has made smaller, which is then given back: what is beyond the floats becomes the
/// largest one.
#[inline(always)]
pub(crate) fn with_room<V: Value, const D: usize>(x: &mut [V; D], linear: impl Fn(&mut [V; D])) {
    let power = |narrow: f64, wide: f64| V::ONE.scale2(V::constant(if V::Scalar::BITS == 32 { narrow } else { wide }));
    let from = *x;
    let mut far = Mask::ALL;
    for attempt in 0..2 {
        let again = attempt > 0;
        let mut z = from;
        for d in 0..D {
            z[d] = if again { z[d] * power(-68.0, -524.0) } else { z[d] };
        }
        linear(&mut z);
        let mut nothing = V::ZEROS;
        for d in 0..D {
            x[d] = if again { far.select(within_floats(z[d] * power(68.0, 524.0)), x[d]) } else { z[d] };
            nothing += z[d] * V::ZEROS;
        }
        // Not a number where something is infinite.
        far = !Mask::less(nothing, V::ONE);
        if !far.any() {
            break;
        }
    }
}

/// `x`, and the largest float of its sign where it is infinite; NaN stays.
#[inline(always)]
pub(crate) fn within_floats<V: Value>(x: V) -> V {
    let largest = V::splat(V::Scalar::MAX);
    largest.min((-largest).max(x))
}

/// `v`, and a power of two times it where its square would overflow, with whether that is so: what a mirror depends on is a direction.
#[inline(always)]
pub(crate) fn moderate<T: Real, const D: usize>(v: &[T; D]) -> ([T; D], bool) {
    let mut scaled = *v;
    let (far, down) = if T::BITS == 32 { (50.0, -77.0) } else { (500.0, -524.0) };
    let power = |n: f64| T::ONE.scale2(T::from_f64(n));
    let long = v.iter().any(|x| power(far) < Value::abs(*x));
    if long {
        for x in &mut scaled {
            *x *= power(down);
        }
    }
    (scaled, long)
}
