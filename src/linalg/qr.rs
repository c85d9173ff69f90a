//! Orthonormal columns.

use crate::number::{Real, Value};

/// Replaces `a = q r` by `q`, where `q` is orthogonal and `r` upper triangular with a positive diagonal.
///
/// A column that depends on those before it, or whose square is not a normal number, gives way to a unit vector that does not, so that any `a` ends in an orthogonal matrix.
///
/// # Method
/// Gram-Schmidt, each column projected twice: after that it is orthogonal to rounding (Giraud, Langou and Rozloznik 2005). In place, and the sign convention comes by itself:
/// the diagonal of `r` are the lengths that are divided by.
pub(crate) fn orthonormalize<T: Real, const D: usize>(a: &mut [[T; D]; D]) {
    for j in 0..D {
        let before = length(a, j);
        project(a, j);
        // What rounding leaves of a column that depends on the others is below D eps of it.
        let mut least = before * T::from_f64(8.0 * D as f64) * T::EPSILON;
        let mut left = length(a, j);
        for unit in 0..D {
            if least < left && left.is_finite() {
                break;
            }
            for i in 0..D {
                a[i][j] = if i == unit { T::ONE } else { T::ZEROS };
            }
            project(a, j);
            left = length(a, j);
            // The squares of what is left of all D unit vectors sum to D - j >= 1, so one is longer than this.
            least = Value::sqrt(T::from_f64(0.5 / D as f64));
        }
        scale(a, j, left);
        project(a, j);
        let left = length(a, j);
        scale(a, j, left);
    }
}

/// Takes from column `j` its parts along the orthonormal columns before it.
fn project<T: Real, const D: usize>(a: &mut [[T; D]; D], j: usize) {
    for k in 0..j {
        let mut along = T::ZEROS;
        for row in &*a {
            along += row[k] * row[j];
        }
        for row in &mut *a {
            row[j] -= along * row[k];
        }
    }
}

fn length<T: Real, const D: usize>(a: &[[T; D]; D], j: usize) -> T {
    let mut squares = T::ZEROS;
    for row in a {
        squares += row[j] * row[j];
    }
    Value::sqrt(squares)
}

fn scale<T: Real, const D: usize>(a: &mut [[T; D]; D], j: usize, by: T) {
    for row in a {
        row[j] /= by;
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::orthonormalize;
    use crate::bijector::orthogonality;
    use crate::math::standard_normal;

    #[test]
    fn orthogonal_to_rounding() {
        let mut rng = Pcg64::new(1, 1);
        for _ in 0..100 {
            let mut a: [[f32; 12]; 12] = core::array::from_fn(|_| core::array::from_fn(|_| standard_normal(&mut rng)));
            orthonormalize(&mut a);
            assert!(orthogonality(&a) < 4.0 * f32::EPSILON);
        }
        // Hilbert's matrix is singular to f64.
        let mut a: [[f64; 16]; 16] = core::array::from_fn(|i| core::array::from_fn(|j| 1.0 / (i + j + 1) as f64));
        orthonormalize(&mut a);
        assert!(orthogonality(&a) < 4.0 * f64::EPSILON);
    }

    #[test]
    fn dependent_columns_are_replaced() {
        for fill in [0.0, 1.0, 1e-300, 1e300, f64::NAN] {
            let mut a = [[fill; 5]; 5];
            orthonormalize(&mut a);
            assert!(orthogonality(&a) < 4.0 * f64::EPSILON, "{fill}: {a:?}");
        }
    }
}
