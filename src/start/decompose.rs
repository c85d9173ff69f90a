//! Rotations as products of reflections.

use crate::bijector::{Householder, NotOrthogonal, check_orthogonal};
use crate::number::{Real, Value, Zeros};

impl<T: Real, const D: usize> Householder<T, D, D> {
    /// `D` reflectors whose product is the rotation `z = x q` of [`Orthogonal`](crate::Orthogonal), and whether the last dimension comes out with the other sign.
    ///
    /// `D` reflections have determinant `(-1)^D`. A `q` of the other determinant is matched up to the sign of its last column (`true` is returned): to a density that
    /// sign means nothing, and every reflector can be trained. To have `q` itself, set the last reflector, which is then the last unit vector, to zero, the
    /// identity; it stays that in training.
    ///
    /// All reflectors have length `sqrt(D)`, as drawn ones have on average. The match is as good as `q` is orthogonal, and `2e-12 / D` a reflector for the layer's softening.
    ///
    /// # Errors
    /// [`NotOrthogonal`] if the columns are not orthonormal within 1e-5.
    ///
    /// # Method
    /// Reflection `j` takes column `j` of what is left to the unit vector `e_j`; where it is there already, none is needed. Reflectors left over come in pairs, which cancel, and
    /// the odd one turns the last column.
    pub fn from_orthogonal(q: &[[T; D]; D]) -> Result<(Self, bool), NotOrthogonal> {
        check_orthogonal(q)?;
        let mut layer = Self::ZEROS;
        let flipped = layer.turn_to(q);
        Ok((layer, flipped))
    }
}

impl<T: Real, const D: usize, const R: usize> Householder<T, D, R> {
    /// Sets the reflectors to those of [`Householder::from_orthogonal`], for any number `R` of them: fewer than `D` match the first columns of `q` that are not unit vectors in
    /// their place already, and the others are some orthonormal completion. Whether the last dimension comes out with the other sign.
    pub(crate) fn turn_to(&mut self, q: &[[T; D]; D]) -> bool {
        let mut left = *q;
        let mut used = 0;
        for j in 0..D {
            let Some(v) = self.reflectors.get_mut(used) else { break };
            if toward_unit(&left, j, v) {
                apply(v, &mut left);
                used += 1;
            }
        }
        let rest = R - used;
        let flipped = rest % 2 == 1;
        let root = Value::sqrt(T::from_f64(D as f64));
        for (i, v) in self.reflectors.iter_mut().skip(used).enumerate() {
            // Pairs of one direction each; the odd one is last.
            let direction = if flipped && i + 1 == rest { D - 1 } else { (i / 2) % D };
            *v = Zeros::ZEROS;
            v[direction] = root;
        }
        flipped
    }
}

/// Sets `v` to the normal, of length `sqrt(D)`, of the mirror that takes column `j` of `q` to `e_j`; `false` if it is there.
fn toward_unit<T: Real, const D: usize>(q: &[[T; D]; D], j: usize, v: &mut [T; D]) -> bool {
    let mut squares = T::ZEROS;
    for i in j + 1..D {
        squares += q[i][j] * q[i][j];
    }
    let on = q[j][j];
    if T::ZEROS < on && squares <= T::MIN_POSITIVE / T::EPSILON {
        return false;
    }
    for i in 0..D {
        v[i] = if i <= j { T::ZEROS } else { q[i][j] };
    }
    // on - 1, without the cancellation where on is near 1: the column has unit length.
    v[j] = if T::ZEROS < on { -squares / (T::ONE + on) } else { on - T::ONE };
    let factor = Value::sqrt(T::from_f64(D as f64) / (squares + v[j] * v[j]));
    for v in v.iter_mut() {
        *v *= factor;
    }
    true
}

/// Reflects every column of `q`.
fn apply<T: Real, const D: usize>(v: &[T; D], q: &mut [[T; D]; D]) {
    let mut squares = T::ZEROS;
    for v in v {
        squares += *v * *v;
    }
    for o in 0..D {
        let mut along = T::ZEROS;
        for i in 0..D {
            along += v[i] * q[i][o];
        }
        along *= T::from_f64(2.0) / squares;
        for i in 0..D {
            q[i][o] -= along * v[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use crate::bijector::{Bijector, Householder, Orthogonal};
    use crate::number::{Real, Zeros};
    use crate::parameters::Init;

    /// The largest difference between the layer and the rotation over the unit vectors, the sign of the last column being `flipped`.
    fn difference<T: Real, const D: usize>(q: &[[T; D]; D]) -> (f64, bool) {
        let (layer, flipped) = Householder::from_orthogonal(q).unwrap();
        for v in &layer.reflectors {
            let squares: f64 = v.iter().map(|v| v.as_() * v.as_()).sum();
            assert!((squares - D as f64).abs() < 1e-5 * D as f64, "every reflector is alive");
        }
        let mut worst = 0.0f64;
        for i in 0..D {
            let mut x: [T; D] = core::array::from_fn(|d| if d == i { T::ONE } else { T::ZEROS });
            Bijector::<T, D>::forward_and_log_det(&layer, &mut x, &[]);
            for o in 0..D {
                let sign = if flipped && o == D - 1 { -1.0 } else { 1.0 };
                worst = worst.max((x[o].as_() - sign * q[i][o].as_()).abs());
            }
        }
        (worst, flipped)
    }

    fn drawn<T: Real, const D: usize>() {
        let mut rng = Pcg64::new(4, 2);
        let mut flips = 0;
        let bound = if T::BITS == 64 { 1e-11 } else { 4e-6 };
        for _ in 0..200 {
            let mut q = Orthogonal::<T, D>::ZEROS;
            q.init(&mut rng);
            let (worst, flipped) = difference(&q.matrix);
            assert!(worst < bound, "{worst}");
            flips += u32::from(flipped);
        }
        // Half of all orthogonal matrices are proper rotations: 200 fair coins, 5 standard deviations.
        assert!((65..=135).contains(&flips), "{flips}");
    }

    #[test]
    fn computes_the_same_rotation() {
        drawn::<f64, 1>();
        drawn::<f64, 2>();
        drawn::<f64, 3>();
        drawn::<f64, 8>();
        drawn::<f32, 5>();
    }

    #[test]
    fn near_and_at_the_identity() {
        let identity = |turn: f64| {
            let (s, c) = (libm::sin(turn), libm::cos(turn));
            [[c, -s, 0.0, 0.0], [s, c, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
        };
        for turn in [0.0, 1e-300, 1e-160, 1e-12, 1e-6, 1e-3, 3.0, core::f64::consts::PI] {
            let (worst, flipped) = difference(&identity(turn));
            assert!(worst < 1e-11 && !flipped, "{turn}: {worst}");
        }
        assert!(difference(&[[1.0]]).1);
        assert!(!difference(&[[-1.0]]).1);
        let swap = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
        assert!(!difference(&swap).1);
        assert!(difference(&swap.map(|row| row.map(|v: f64| -v))).1);
    }

    #[test]
    fn without_the_flip() {
        let q = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]];
        let (mut layer, flipped) = Householder::<f64, 3, 3>::from_orthogonal(&q).unwrap();
        assert!(flipped);
        layer.reflectors[2] = [0.0; 3];
        let mut x = [0.3f64, 0.7, -1.1];
        Bijector::<f64, 3>::forward_and_log_det(&layer, &mut x, &[]);
        for (ours, exact) in x.into_iter().zip([0.3, -1.1, -0.7]) {
            assert!((ours - exact).abs() < 1e-11);
        }
    }

    /// The columns of `q` that `R` reflectors of a `D`-dimensional rotation match, from the first on, up to the sign of the last.
    fn matched<const D: usize, const R: usize>(q: &[[f64; D]; D]) -> usize {
        let mut layer = Householder::<f64, D, R>::ZEROS;
        let flipped = layer.turn_to(q);
        let mut images = [[0.0; D]; D];
        for (i, image) in images.iter_mut().enumerate() {
            image[i] = 1.0;
            Bijector::<f64, D>::forward_and_log_det(&layer, image, &[]);
        }
        let sign = |o| if flipped && o == D - 1 { -1.0 } else { 1.0 };
        (0..D).take_while(|o| (0..D).all(|i| (images[i][*o] - sign(*o) * q[i][*o]).abs() < 1e-11)).count()
    }

    #[test]
    fn any_number_of_reflectors() {
        let mut q = Orthogonal::<f64, 4>::ZEROS;
        q.init(&mut Pcg64::new(4, 2));
        assert_eq!(matched::<4, 0>(&q.matrix), 0);
        assert_eq!(matched::<4, 1>(&q.matrix), 1);
        assert_eq!(matched::<4, 2>(&q.matrix), 2);
        assert_eq!((matched::<4, 4>(&q.matrix), matched::<4, 5>(&q.matrix), matched::<4, 13>(&q.matrix)), (4, 4, 4));
    }
}
