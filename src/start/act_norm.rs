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
    /// [`DataError::Empty`], [`DataError::Sample`], [`DataError::Scale`]; the layer is then unchanged.
    pub fn fit(&mut self, samples: &[[T; D]]) -> Result<(), DataError> {
        check_rows(samples)?;
        let mut fitted = ActNorm { log_scale: [T::ZEROS; D], shift: [T::ZEROS; D] };
        for d in 0..D {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            let log_scale = if 0.0 < deviation { -ln(deviation) } else { 0.0 };
            let held: f64 = held(T::from_f64(log_scale)).as_();
            fitted.log_scale[d] = T::from_f64(log_scale);
            fitted.shift[d] = T::from_f64(-mean * exp(held));
            if !((log_scale - held).abs() <= 1e-3 && fitted.shift[d].is_finite()) {
                return Err(DataError::Scale(d));
            }
        }
        *self = fitted;
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
        for samples in [[[f32::MAX], [-f32::MAX]], [[1e-45], [0.0]]] {
            assert_eq!(layer.fit(&samples), Err(DataError::Scale(0)));
        }
        layer.fit(&[[f32::MAX]; 2]).unwrap();
        assert_eq!(layer, ActNorm { log_scale: [0.0], shift: [-f32::MAX] });
    }

    /// Columns of any size that a float has come out with deviation 1.
    #[test]
    fn scales_of_all_sizes() {
        for size in [3e-38f32, 1e-30, 1e-21, 1.0, 2e30, 1e38] {
            let mut samples = [[-size], [0.25 * size], [size], [0.5 * size]];
            let mut layer = ActNorm::ZEROS;
            layer.fit(&samples).unwrap();
            for row in &mut samples {
                Bijector::<f32, 1>::forward_and_log_det(&layer, row, &[]);
            }
            let (mean, deviation) = moments(samples.iter().map(|row| row[0]));
            assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5, "{size:e}: mean {mean}, deviation {deviation}");
        }
    }
}
