//! Fixed rotations.

use core::fmt;

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::linalg::{orthonormalize, with_room};
use crate::math::fill_standard_normal;
use crate::number::{Real, Value};
use crate::parameters::{Init, Part};

/// `z = x q` for rows `x` and a fixed orthogonal matrix `q`.
///
/// | | |
/// |---|---|
/// | forward | `z_o = sum_i x_i q[i][o]` |
/// | log-det | 0 |
/// | inverse | `x_i = sum_o z_o q[i][o]`: the transpose |
/// | inverse log-det | 0 |
///
/// A trainable rotation is [`Householder`](crate::Householder); [`Householder::from_orthogonal`](crate::Householder::from_orthogonal) turns one into the other.
///
/// # Parameters
/// `matrix[i][o]` multiplies input `i` into output `o`, as in a dense layer; column `o` is the direction that becomes dimension `o`. Fixed: training leaves it alone.
/// [`Init`] draws it; [`Orthogonal::fit_principal_axes`] takes it from data.
///
/// # Accuracy
/// A round trip is as exact as `q q^T = I`: some `eps` for matrices made here, 1e-7 for one that was rounded to `f32` and is used in `f64`.
///
/// # Cost
/// `D^2` multiplications; no transcendental.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(transparent)]
pub struct Orthogonal<T, const D: usize> {
    /// The matrix `q`, `[input][output]`.
    pub matrix: [[T; D]; D],
}

/// A matrix is refused because these two columns (one, if they are the same) are not orthonormal within 1e-5, or not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotOrthogonal(pub usize, pub usize);

impl fmt::Display for NotOrthogonal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOrthogonal(i, j) if i == j => write!(f, "column {i} is not of unit length within 1e-5"),
            NotOrthogonal(i, j) => write!(f, "columns {i} and {j} are not orthogonal within 1e-5"),
        }
    }
}

impl core::error::Error for NotOrthogonal {}

/// How far `q^T q` may be from the identity: room for a matrix that was rounded to `f32`, none for one that is no rotation.
const TOLERANCE: f64 = 1e-5;

impl<T: Real, const D: usize> Orthogonal<T, D> {
    /// A rotation by a matrix whose columns are orthonormal within 1e-5.
    ///
    /// # Errors
    /// [`NotOrthogonal`] with the first two columns that are not.
    pub fn new(matrix: [[T; D]; D]) -> Result<Self, NotOrthogonal> {
        check(&matrix)?;
        Ok(Orthogonal { matrix })
    }
}

/// Refuses a matrix whose columns are not orthonormal within [`TOLERANCE`].
pub(crate) fn check<T: Real, const D: usize>(q: &[[T; D]; D]) -> Result<(), NotOrthogonal> {
    for j in 0..D {
        for i in 0..=j {
            let mut off = if i == j { -T::ONE } else { T::ZEROS };
            for row in q {
                off += row[i] * row[j];
            }
            if !(Value::abs(off) <= T::from_f64(TOLERANCE)) {
                return Err(NotOrthogonal(i, j));
            }
        }
    }
    Ok(())
}

/// The largest entry of `q^T q - I`.
#[cfg(test)]
pub(crate) fn off_orthogonal<T: Real, const D: usize>(q: &[[T; D]; D]) -> T {
    let mut worst = T::ZEROS;
    for i in 0..D {
        for j in 0..D {
            let mut off = if i == j { -T::ONE } else { T::ZEROS };
            for row in q {
                off += row[i] * row[j];
            }
            worst = if Value::abs(off) <= worst { worst } else { Value::abs(off) };
        }
    }
    worst
}

crate::parameters! { impl[T: Real, const D: usize] Parameters<T> + Zeros for Orthogonal<T, D> { fixed matrix: [[T; D]; D] } }

/// Uniform over all rotations and reflections (Haar): the factor `q` of a normal matrix `q r` whose `r` has a positive diagonal (Mezzadri 2007).
impl<T: Real, const D: usize> Init<T> for Orthogonal<T, D> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        fill_standard_normal(rng, self.matrix.as_flattened_mut());
        orthonormalize(&mut self.matrix);
    }
}

impl<T: Real, const D: usize, const C: usize> Bijector<T, D, C> for Orthogonal<T, D> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        with_room(
            x,
            #[inline(always)]
            |x| {
                let mut z = [V::ZEROS; D];
                for i in 0..D {
                    for o in 0..D {
                        z[o] = V::splat(self.matrix[i][o]).mul_add(x[i], z[o]);
                    }
                }
                *x = z;
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
                let mut x = [V::ZEROS; D];
                for i in 0..D {
                    for o in 0..D {
                        x[i] = V::splat(self.matrix[i][o]).mul_add(z[o], x[i]);
                    }
                }
                *z = x;
            },
        );
        V::ZEROS
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("orthogonal"));
        visit(Part::Tensor("q", &[D, D]));
    }
}

/// The transpose pulls cotangents back as it pulls points back, so either way back is the other way.
impl<T: Real, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for Orthogonal<T, D> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(&self, (): &(), context: &[V; C], d: &mut [V; D], _: V, _: &mut [V; C], _: Option<&mut Self>) {
        self.inverse_and_log_det(d, context);
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        (): &(),
        context: &[V; C],
        d: &mut [V; D],
        _: V,
        _: &mut [V; C],
        _: Option<&mut Self>,
    ) {
        self.forward_and_log_det(d, context);
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{NotOrthogonal, Orthogonal};
    use crate::bijector::{Bijector, Householder, Marginal};
    use crate::check::{self, Limits, STRICT};
    use crate::number::Zeros;
    use crate::parameters::{Init, Parameters};
    use crate::univariate::{Affine, NoClamp};

    const POINTS: [[f64; 3]; 3] = [[0.3, -0.7, 2.0], [1e3, -1e3, 0.0], [-40.0, 0.0, 1.0]];

    fn drawn<const D: usize>(seed: u128) -> Orthogonal<f64, D> {
        let mut q = Orthogonal::ZEROS;
        q.init(&mut Pcg64::new(seed, 1));
        q
    }

    #[test]
    fn obeys_the_laws() {
        let limits = Limits { round_trip: 1e-15, log_det: 0.0, ..STRICT };
        check::bijector(&drawn::<3>(1), &POINTS, &Limits { volume: true, ..limits }).unwrap();
        check::single_precision(&drawn::<3>(1), &Orthogonal::ZEROS, &POINTS, 1e-6).unwrap();
        // With a log-det that is not 0 beside it.
        let scale = Marginal::new(Affine { clamp: NoClamp }, [[0.5, 0.1], [-0.2, 1.0], [0.0, 0.0]]);
        check::bijector(&(drawn::<3>(2), scale, drawn::<3>(3)), &POINTS, &limits).unwrap();
        assert_eq!(<Orthogonal<f64, 3> as Parameters<f64>>::COUNT, 0);
    }

    #[test]
    fn refuses_what_is_no_rotation() {
        let mut matrix = drawn::<4>(7).matrix;
        assert!(Orthogonal::new(matrix).is_ok());
        matrix[2][3] += 1e-4;
        assert!(matches!(Orthogonal::new(matrix), Err(NotOrthogonal(_, 3))));
        matrix[0][1] = f64::NAN;
        assert_eq!(Orthogonal::new(matrix).err(), Some(NotOrthogonal(0, 1)));
        assert_eq!(Householder::from_orthogonal(&matrix).err(), Some(NotOrthogonal(0, 1)));
    }

    /// Column 0 of a Haar matrix is uniform on the sphere: over `n` draws each mean square is `1 / D` within 5 standard deviations of
    /// `sqrt(2 (D - 1) / (n D^2 (D + 2)))`, each mean entry 0 within 5 of `1 / sqrt(n D)`.
    #[test]
    fn draws_are_uniform() {
        const N: usize = 20_000;
        const D: usize = 3;
        let mut rng = Pcg64::new(5, 6);
        let (mut sums, mut squares) = ([[0.0; D]; D], [[0.0; D]; D]);
        let mut q = Orthogonal::<f64, D>::ZEROS;
        for _ in 0..N {
            q.init(&mut rng);
            for i in 0..D {
                for o in 0..D {
                    sums[i][o] += q.matrix[i][o] / N as f64;
                    squares[i][o] += q.matrix[i][o] * q.matrix[i][o] / N as f64;
                }
            }
        }
        let (n, d) = (N as f64, D as f64);
        let of_square = libm::sqrt(2.0 * (d - 1.0) / (n * d * d * (d + 2.0)));
        assert!(squares.as_flattened().iter().all(|s| (s - 1.0 / d).abs() < 5.0 * of_square), "{squares:?}");
        assert!(sums.as_flattened().iter().all(|s| s.abs() < 5.0 / libm::sqrt(n * d)), "{sums:?}");
    }

    #[test]
    fn rows_go_in_and_columns_come_out() {
        let q = Orthogonal { matrix: [[0.0, 1.0], [-1.0, 0.0]] };
        let mut x = [2.0, 3.0];
        Bijector::<f64, 2>::forward_and_log_det(&q, &mut x, &[]);
        assert_eq!(x, [-3.0, 2.0]);
    }
}
