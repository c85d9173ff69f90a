//! Products of Householder reflections: trainable rotations.

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::linalg::{moderate, with_room};
use crate::math::{fill_standard_normal, sum_in_two, sum_of};
use crate::number::kernels::reflect_here;
use crate::number::{Real, Value};
use crate::parameters::{Init, Part};

/// `z = H_R .. H_1 x` with `H_r = I - 2 v_r v_r^T / (|v_r|^2 + 1e-12)`.
///
/// | | |
/// |---|---|
/// | forward | `H_R .. H_1 x` |
/// | log-det | 0 |
/// | inverse | `H_1^-1 .. H_R^-1 z` |
/// | inverse log-det | 0 |
///
/// # Parameters
/// `reflectors[r]` is `v_r`, of any length up to the largest float. One shorter than `3e-5`, zero included, is the identity.
///
/// # Domain
/// Every finite `x`; what a rotation takes beyond the floats becomes the largest one.
///
/// # Accuracy
/// The 1e-12, which keeps weights exchangeable with Keras flows, makes `H_r` orthogonal to `2e-12 / |v_r|^2` only. The inverse accounts for it and undoes the forward
/// map to rounding; the log-det does not.
///
/// # Cost
/// `4 R D` multiplications; no transcendental.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Householder<T, const D: usize, const R: usize> {
    /// The normals of the mirrors, in the order in which they act on `x`.
    pub reflectors: [[T; D]; R],
}

const SOFTENING: f64 = 1e-12;
const SHORTEST_SQUARED: f64 = 1e-9;

impl<T: Real, const D: usize, const R: usize> Householder<T, D, R> {
    /// `v_r` and the factor of `v v^T` as a sum of two numbers: `2 / (|v|^2 + e)` forwards, `2 / (|v|^2 - e)` for its inverse.
    ///
    /// To twice the digits, because what the factor is off by turns up in every sample alike.
    #[inline(always)]
    fn mirror(&self, r: usize, softening: f64) -> ([T; D], [T; 2]) {
        let (v, long) = moderate(&self.reflectors[r]);
        // Beside the square of a long one it is nothing.
        let softening = if long { 0.0 } else { softening };
        let (mut squares, mut errors) = ([T::ZEROS; D], [T::ZEROS; D]);
        for d in 0..D {
            squares[d] = v[d] * v[d];
            errors[d] = T::product_error(v[d], v[d], squares[d]);
        }
        let (squared, low) = sum_in_two(&squares);
        let low = low + sum_of(&errors) + T::from_f64(softening);
        let two = T::from_f64(2.0);
        let factor = two / (squared + low);
        let product = factor * squared;
        let rest = ((two - product) - T::product_error(factor, squared, product)) - factor * low;
        let longer = |x| T::from_f64(SHORTEST_SQUARED).select_lt(squared, x, T::ZEROS);
        (v, [longer(factor), longer(rest / squared)])
    }
}

/// `x - (factor v x) v`.
#[inline(always)]
fn reflect<V: Value, const D: usize>(v: &[V::Scalar; D], factor: [V::Scalar; 2], x: &mut [V; D]) {
    if V::LANES == 1 { reflect_here(v, factor, x) } else { V::reflect(v, factor, x) }
}

crate::parameters! { impl[T: Real, const D: usize, const R: usize] Parameters<T> + Zeros for Householder<T, D, R> { trainable reflectors: [[T; D]; R] } }

/// Standard-normal reflectors: uniform directions.
impl<T: Real, const D: usize, const R: usize> Init<T> for Householder<T, D, R> {
    fn init<G: Rng + ?Sized>(&mut self, rng: &mut G) {
        fill_standard_normal(rng, self.reflectors.as_flattened_mut());
    }
}

impl<T: Real, const D: usize, const R: usize, const C: usize> Bijector<T, D, C> for Householder<T, D, R> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        with_room(
            x,
            #[inline(always)]
            |x| {
                for r in 0..R {
                    let (v, factor) = self.mirror(r, SOFTENING);
                    reflect(&v, factor, x);
                }
            },
        );
        V::ZEROS
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        with_room(
            z,
            #[inline(always)]
            |z| {
                for r in (0..R).rev() {
                    let (v, factor) = self.mirror(r, -SOFTENING);
                    reflect(&v, factor, z);
                }
            },
        );
        V::ZEROS
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("householder"));
        visit(Part::Tensor("v", &[R, D]));
    }
}

impl<T: Real, const D: usize, const R: usize, const C: usize> DifferentiableBijector<T, D, C> for Householder<T, D, R> {
    /// The input `x`; the states between the reflections are found again from it.
    type Tape<V: Value<Scalar = T>> = [V; D];

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut [V; D]) -> V {
        *tape = *x;
        self.forward_and_log_det(x, context)
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        context: &[V; C],
        d: &mut [V; D],
        _: V,
        _: &mut [V; C],
        mut gradient: Option<&mut Self>,
    ) {
        let mut x = *tape;
        self.forward_and_log_det(&mut x, context);
        for r in (0..R).rev() {
            let (v, factor) = self.mirror(r, -SOFTENING);
            reflect(&v, factor, &mut x);
            let (v, [factor, _]) = self.mirror(r, SOFTENING);
            V::reflect_backward(&v, factor, &x, d, gradient.as_deref_mut().map(|g| &mut g.reflectors[r][..]));
        }
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        _: V,
        _: &mut [V; C],
        mut gradient: Option<&mut Self>,
    ) {
        let mut z = *tape;
        for r in 0..R {
            let (v, factor) = self.mirror(r, SOFTENING);
            reflect(&v, factor, &mut z);
            let (v, [factor, _]) = self.mirror(r, -SOFTENING);
            V::reflect_backward(&v, factor, &z, d, gradient.as_deref_mut().map(|g| &mut g.reflectors[r][..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Householder;
    use crate::bijector::Bijector;
    use crate::number::{Pack, Real, Value};

    fn there_and_back<T: Real>(reflectors: [[f64; 2]; 2], x: [T; 2]) -> ([T; 2], [T; 2]) {
        let layer = Householder { reflectors: reflectors.map(|v| v.map(T::from_f64)) };
        let mut z = x;
        Bijector::<T, 2>::forward_and_log_det(&layer, &mut z, &[]);
        let mut back = z;
        Bijector::<T, 2>::inverse_and_log_det(&layer, &mut back, &[]);
        (z, back)
    }

    #[test]
    fn numbers_at_the_ends_of_the_floats() {
        let half_turn = [[2.0, 0.0], [0.0, 2.0]];
        for x in [[f32::MAX, 0.0], [-f32::MAX, f32::MAX], [1e38, -3.0]] {
            let (z, back) = there_and_back(half_turn, x);
            assert!(
                (0..2).all(|d| (z[d] + x[d]).abs() <= 1e-6 * x[0].abs() && (back[d] - x[d]).abs() <= 1e-6 * x[0].abs()),
                "{x:?}: {z:?}, {back:?}"
            );
        }
        let (z, _) = there_and_back(half_turn, [f64::MAX, -1e300]);
        assert!((z[0] / -f64::MAX - 1.0).abs() < 1e-12 && (z[1] / 1e300 - 1.0).abs() < 1e-12, "{z:?}");
        // Turned beyond the floats: the largest one.
        let (z, _) = there_and_back([[0.3826834323650898, -0.9238795325112867], [0.0, 0.0]], [f32::MAX, f32::MAX]);
        assert!(z.iter().all(|z| z.is_finite()) && z[0] == f32::MAX, "{z:?}");
    }

    /// A mirror is where its normal points, however long that is.
    #[test]
    fn reflectors_of_any_length() {
        let x = [0.3, -0.7];
        let (expected, _) = there_and_back([[3.0, 4.0], [-1.0, 2.0]], x);
        for length in [1e-3, 1e3, 1e19, 1e37] {
            let (z, back) = there_and_back([[3.0 * length, 4.0 * length], [-length, 2.0 * length]], x.map(|x| x as f32));
            assert!((0..2).all(|d| (f64::from(z[d]) - expected[d]).abs() < 1e-6), "{length:e}: {z:?}, not {expected:?}");
            assert!((0..2).all(|d| (f64::from(back[d]) - x[d]).abs() < 1e-6));
        }
        for length in [1e155, 1e300] {
            let (z, _) = there_and_back([[3.0 * length, 4.0 * length], [-length, 2.0 * length]], x);
            assert!((0..2).all(|d| (z[d] - expected[d]).abs() < 1e-11), "{length:e}: {z:?}, not {expected:?}");
        }
    }

    /// A far lane does not touch its neighbours.
    #[test]
    fn lanes_apart() {
        let layer = Householder { reflectors: [[0.4f32, -1.2], [2.0, 0.5]] };
        let rows = [[0.3f32, -0.7], [f32::MAX, 1e30]];
        let mut lanes: [Pack<f32, 2>; 2] = core::array::from_fn(|d| Pack::from_lanes(|n| rows[n][d]));
        Bijector::<f32, 2>::forward_and_log_det(&layer, &mut lanes, &[]);
        for (n, mut row) in rows.into_iter().enumerate() {
            Bijector::<f32, 2>::forward_and_log_det(&layer, &mut row, &[]);
            assert_eq!(lanes.map(|lane| lane.lane(n)), row);
        }
    }
}
