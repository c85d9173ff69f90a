//! Rotations to the principal axes of data.

use crate::bijector::Orthogonal;
use crate::linalg::symmetric_eigen;
use crate::number::{Real, Value, Zeros};
use crate::start::{DataError, check_rows};

impl<T: Real, const D: usize> Orthogonal<T, D> {
    /// Turns to the principal axes of `samples`: `z_0` gets the direction of largest variance, `z_1` the next, and so on. The mean stays.
    ///
    /// Axes of equal variance (a single sample has only such) are an orthonormal set that spans their space.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`].
    ///
    /// # Cost
    /// `n D^2 / 2` multiplications for the covariance and about `30 D^3` for its eigenvectors, in `f64`; `16 D^2` bytes of stack.
    pub fn fit_principal_axes(&mut self, samples: &[[T; D]]) -> Result<(), DataError> {
        check_rows(samples)?;
        let mut covariance = covariance(samples);
        let axes = symmetric_eigen(&mut covariance);
        self.matrix = axes.map(|row| row.map(T::from_f64));
        Ok(())
    }
}

/// The upper triangle of the covariance, in units of the largest `|x|` squared: so nothing overflows.
fn covariance<T: Real, const D: usize>(samples: &[[T; D]]) -> [[f64; D]; D] {
    let mut largest = f64::MIN_POSITIVE;
    for x in samples.as_flattened() {
        largest = Value::max(largest, x.as_().abs());
    }
    let count = samples.len() as f64;
    let mut mean = [0.0; D];
    for row in samples {
        for d in 0..D {
            mean[d] += row[d].as_() / largest / count;
        }
    }
    let mut covariance = <[[f64; D]; D]>::ZEROS;
    for row in samples {
        for i in 0..D {
            let along = row[i].as_() / largest - mean[i];
            for j in i..D {
                covariance[i][j] += along * (row[j].as_() / largest - mean[j]) / count;
            }
        }
    }
    covariance
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use crate::bijector::{Bijector, Orthogonal, orthogonality};
    use crate::math::standard_normal;
    use crate::number::Zeros;
    use crate::parameters::Init;
    use crate::start::{DataError, moments};

    /// Samples of standard deviations 5, 2 and 0.1 along the columns of a drawn rotation, around a mean.
    fn samples<const N: usize>(axes: &Orthogonal<f64, 3>, size: f64) -> [[f64; 3]; N] {
        let mut rng = Pcg64::new(9, 9);
        core::array::from_fn(|_| {
            let mut row = [5.0, 2.0, 0.1].map(|s| s * standard_normal::<f64, _>(&mut rng));
            Bijector::<f64, 3>::inverse_and_log_det(axes, &mut row, &[]);
            core::array::from_fn(|d| size * (row[d] + [3.0, -2.0, 10.0][d]))
        })
    }

    #[test]
    fn finds_the_axes() {
        let mut axes = Orthogonal::ZEROS;
        axes.init(&mut Pcg64::new(2, 3));
        for size in [1.0, 1e-200, 1e300] {
            let mut samples = samples::<4000>(&axes, size);
            let mut fitted = Orthogonal::ZEROS;
            fitted.fit_principal_axes(&samples).unwrap();
            assert!(orthogonality(&fitted.matrix) < 1e-15 * 4.0);
            for o in 0..3 {
                let along: f64 = (0..3).map(|i| fitted.matrix[i][o] * axes.matrix[i][o]).sum();
                // The angle to the true axis is the ratio of deviations over sqrt(n).
                assert!(along.abs() > 0.999, "{o}: {along}");
            }
            for row in &mut samples {
                Bijector::<f64, 3>::forward_and_log_det(&fitted, row, &[]);
            }
            for (o, deviation) in [5.0, 2.0, 0.1].into_iter().enumerate() {
                let (_, found) = moments(samples.iter().map(|row| row[o]));
                assert!((found / (size * deviation) - 1.0).abs() < 0.05, "{o}: {found}");
            }
        }
    }

    #[test]
    fn degenerate_data() {
        let mut q = Orthogonal::<f32, 3>::ZEROS;
        assert_eq!(q.fit_principal_axes(&[]), Err(DataError::Empty));
        assert_eq!(q.fit_principal_axes(&[[0.0; 3], [0.0, f32::NAN, 0.0]]), Err(DataError::Sample(1)));
        assert_eq!(q, Orthogonal::ZEROS);
        for samples in [[[0.0; 3]; 4], [[7.5; 3]; 4], [[f32::MAX, -f32::MAX, 0.0]; 4]] {
            q.fit_principal_axes(&samples).unwrap();
            assert!(orthogonality(&q.matrix) < 4.0 * f32::EPSILON);
        }
        q.fit_principal_axes(&[[f32::MAX, -f32::MAX, 0.0], [-f32::MAX, f32::MAX, 0.0]]).unwrap();
        assert!(orthogonality(&q.matrix) < 4.0 * f32::EPSILON);
        assert!((q.matrix[0][0] + q.matrix[1][0]).abs() < 1e-6 && q.matrix[2][0].abs() < 1e-6);
    }
}
