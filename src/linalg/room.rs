//! Linear maps of numbers near the ends of the floats.

use crate::number::{Mask, Real, Value};

/// A scale at which sums of products with moderate numbers stay finite.
pub(crate) struct Room<V> {
    /// The powers of two that were taken and that are given back; none where all numbers are moderate.
    scales: Option<(V, V)>,
}

impl<V: Value> Room<V> {
    /// Scales `x` down where one of its numbers is beyond `2^60` (`f32`) or `2^500` (`f64`): exactly, by a power of two.
    #[inline(always)]
    pub(crate) fn make<const D: usize>(x: &mut [V; D]) -> Self {
        let power = |narrow: f64, wide: f64| V::ONE.scale2(V::constant(if V::Scalar::BITS == 32 { narrow } else { wide }));
        let mut largest = V::ZEROS;
        for d in 0..D {
            largest = x[d].abs().max(largest);
        }
        let far = Mask::less(power(60.0, 500.0), largest);
        if !far.any() {
            return Room { scales: None };
        }
        let (down, up) = (far.select(power(-68.0, -524.0), V::ONE), far.select(power(68.0, 524.0), V::ONE));
        for d in 0..D {
            x[d] = x[d] * down;
        }
        Room { scales: Some((down, up)) }
    }

    /// Scales the image back; what is beyond the floats becomes the largest one.
    #[inline(always)]
    pub(crate) fn give_back<const D: usize>(self, z: &mut [V; D]) {
        if let Some((_, up)) = self.scales {
            for d in 0..D {
                z[d] = within_floats(z[d] * up);
            }
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
