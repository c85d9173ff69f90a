//! Eigenvalues and eigenvectors of symmetric matrices.

use crate::number::{Real, Value};

/// Sweeps over all pairs. Convergence is quadratic: 6 to 10 do, whatever `D`, so that the bound is never met by finite matrices.
const SWEEPS: usize = 40;

/// Diagonalises the symmetric `a` in place: its diagonal becomes the eigenvalues, largest first, and column `o` of the result the unit eigenvector of the `o`-th.
///
/// The sign of an eigenvector makes its largest entry positive (the first of several that large), as scikit-learn's does.
///
/// # Domain
/// Finite entries whose squares, summed, are finite. Only the upper triangle is read.
///
/// # Method
/// Jacobi's: cyclic sweeps of plane rotations, each annihilating one pair by the smaller angle (Golub and Van Loan, Matrix Computations, 8.5). An entry that adds nothing to
/// either of its diagonal ones is set to 0; the sweeps end when all are.
pub(crate) fn symmetric_eigen<T: Real, const D: usize>(a: &mut [[T; D]; D]) -> [[T; D]; D] {
    let mut vectors = [[T::ZEROS; D]; D];
    for d in 0..D {
        vectors[d][d] = T::ONE;
    }
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..D {
            for q in p + 1..D {
                turned |= annihilate(a, &mut vectors, p, q);
            }
        }
        if !turned {
            break;
        }
    }
    sort(a, &mut vectors);
    for o in 0..D {
        let mut largest = T::ZEROS;
        for i in 0..D {
            // Entries that differ by rounding count as equal, so that the sign does not hang on it.
            if Value::abs(largest) * T::from_f64(1.0 + 1e-5) < Value::abs(vectors[i][o]) {
                largest = vectors[i][o];
            }
        }
        if largest < T::ZEROS {
            for row in &mut vectors {
                row[o] = -row[o];
            }
        }
    }
    vectors
}

/// Turns the plane `(p, q)`, `p < q`, so that `a[p][q]` vanishes; whether it had to.
fn annihilate<T: Real, const D: usize>(a: &mut [[T; D]; D], vectors: &mut [[T; D]; D], p: usize, q: usize) -> bool {
    let apq = a[p][q];
    if apq == T::ZEROS {
        return false;
    }
    a[p][q] = T::ZEROS;
    let small = T::EPSILON * T::from_f64(0.125);
    if Value::abs(apq) <= small * Value::min(Value::abs(a[p][p]), Value::abs(a[q][q])) {
        return false;
    }
    // t = tan of the smaller angle: the root of t^2 + 2 theta t - 1 = 0 nearer to 0. theta may be infinite, t then 0.
    let theta = (a[q][q] - a[p][p]) / (apq + apq);
    let size = Value::abs(theta);
    let t = T::ONE / (size + Value::sqrt(size * size + T::ONE));
    let t = if theta < T::ZEROS { -t } else { t };
    let c = T::ONE / Value::sqrt(t * t + T::ONE);
    let s = t * c;
    a[p][p] -= t * apq;
    a[q][q] += t * apq;
    let turn = |x: T, y: T| (c * x - s * y, s * x + c * y);
    for i in 0..p {
        (a[i][p], a[i][q]) = turn(a[i][p], a[i][q]);
    }
    for i in p + 1..q {
        (a[p][i], a[i][q]) = turn(a[p][i], a[i][q]);
    }
    for i in q + 1..D {
        (a[p][i], a[q][i]) = turn(a[p][i], a[q][i]);
    }
    for row in vectors {
        (row[p], row[q]) = turn(row[p], row[q]);
    }
    true
}

/// Sorts the eigenvalues in descending order, their vectors along.
fn sort<T: Real, const D: usize>(a: &mut [[T; D]; D], vectors: &mut [[T; D]; D]) {
    for o in 0..D {
        let mut largest = o;
        for i in o + 1..D {
            if a[largest][largest] < a[i][i] {
                largest = i;
            }
        }
        let value = a[o][o];
        a[o][o] = a[largest][largest];
        a[largest][largest] = value;
        for row in &mut *vectors {
            row.swap(o, largest);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::symmetric_eigen;
    use crate::bijector::orthogonality;
    use crate::math::standard_normal;

    fn check<const D: usize>(m: [[f64; D]; D], tolerance: f64) {
        let mut a = m;
        let v = symmetric_eigen(&mut a);
        assert!(orthogonality(&v) < 1e-14, "{v:?}");
        let size = m.as_flattened().iter().fold(0.0f64, |s, x| s.max(x.abs()));
        for o in 0..D {
            assert!(o == 0 || a[o][o] <= a[o - 1][o - 1]);
            for i in 0..D {
                let image: f64 = (0..D).map(|j| m[i][j] * v[j][o]).sum();
                assert!((image - a[o][o] * v[i][o]).abs() <= tolerance * size, "{o} {i}");
            }
        }
    }

    #[test]
    fn random_singular_and_diagonal() {
        let mut rng = Pcg64::new(1, 1);
        for _ in 0..50 {
            let b: [[f64; 10]; 10] = core::array::from_fn(|_| core::array::from_fn(|_| standard_normal(&mut rng)));
            check::<10>(core::array::from_fn(|i| core::array::from_fn(|j| b[i][j] + b[j][i])), 1e-14);
            // Of rank 3.
            check::<10>(core::array::from_fn(|i| core::array::from_fn(|j| (0..3).map(|k| b[i][k] * b[j][k]).sum())), 1e-14);
        }
        check([[0.0; 4]; 4], 0.0);
        check([[1.0; 4]; 4], 1e-15);
        check([[1e-300, 2e-300], [2e-300, 1.0]], 1e-15);
        check([[3.0]], 0.0);
    }

    /// `2 - 2 cos(k pi / (n + 1))` are the eigenvalues of the second difference.
    #[test]
    fn second_difference() {
        let mut a: [[f64; 8]; 8] = core::array::from_fn(|i| core::array::from_fn(|j| [2.0, -1.0, 0.0][i.abs_diff(j).min(2)]));
        symmetric_eigen(&mut a);
        for k in 0..8 {
            let exact = 2.0 - 2.0 * libm::cos((8 - k) as f64 * core::f64::consts::PI / 9.0);
            assert!((a[k][k] - exact).abs() < 1e-15 * 8.0);
        }
    }
}
