//! Standardisation from data.

use crate::bijector::ActNorm;
use crate::math::{exp, ln};
use crate::number::Real;
use crate::start::{DataError, check_rows, moments};
use crate::univariate::held;

impl<T: Real, const D: usize> ActNorm<T, D> {
    /// Sets scale and shift so that `samples` come out with mean 0 and standard deviation 1 in each dimension; one without spread keeps scale 1.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`].
    pub fn fit(&mut self, samples: &[[T; D]]) -> Result<(), DataError> {
        check_rows(samples)?;
        for d in 0..D {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            let log_scale = if 0.0 < deviation { -ln(deviation) } else { 0.0 };
            self.log_scale[d] = held(T::from_f64(log_scale));
            self.shift[d] = T::from_f64(-mean * exp(self.log_scale[d].as_()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bijector::Bijector;
    use crate::number::Zeros;

    #[test]
    fn fit_standardises() {
        let mut samples = [[1e5, 7.0, -3.0], [1.2e5, 7.0, 1.0], [0.8e5, 7.0, 5.0], [1.1e5, 7.0, 5.0]];
        let mut layer = ActNorm::ZEROS;
        layer.fit(&samples).unwrap();
        for row in &mut samples {
            Bijector::<f64, 3>::forward_and_log_det(&layer, row, &[]);
        }
        for d in [0, 2] {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            assert!(mean.abs() < 1e-14 && (deviation - 1.0).abs() < 1e-14);
        }
        assert_eq!((layer.log_scale[1], layer.shift[1]), (0.0, -7.0));
    }

    #[test]
    fn degenerate_data() {
        let mut layer = ActNorm::<f32, 1>::ZEROS;
        assert_eq!(layer.fit(&[]), Err(DataError::Empty));
        assert_eq!(layer.fit(&[[0.0], [f32::NAN]]), Err(DataError::Sample(1)));
        for samples in [[[f32::MAX], [-f32::MAX]], [[1e-45], [0.0]], [[f32::MAX]; 2]] {
            layer.fit(&samples).unwrap();
            let mut x = samples[0];
            let log_det = Bijector::<f32, 1>::forward_and_log_det(&layer, &mut x, &[]);
            assert!(x[0].is_finite() && log_det.is_finite());
        }
    }
}
