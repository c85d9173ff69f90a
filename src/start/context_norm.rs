//! Standardisation of contexts.

use crate::bijector::ContextNorm;
use crate::number::Real;
use crate::start::{DataError, check_rows, moments};

impl<T: Real, B, const C: usize> ContextNorm<T, B, C> {
    /// Sets mean and scale so that these contexts reach the bijector with mean 0 and standard deviation 1. One that does not vary reaches it as 0; its scale is 1.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`], [`DataError::Scale`], of contexts and their variables; nothing is changed then.
    pub fn fit(&mut self, contexts: &[[T; C]]) -> Result<(), DataError> {
        check_rows(contexts)?;
        let (mut mean, mut scale) = ([T::ZEROS; C], [T::ONE; C]);
        for i in 0..C {
            let (centre, deviation) = moments(contexts.iter().map(|row| row[i]));
            mean[i] = T::from_f64(centre);
            if 0.0 < deviation {
                scale[i] = T::from_f64(1.0 / deviation);
            }
            // Not below a float, and not so near 0 that it has lost digits.
            let product: f64 = scale[i].as_() * deviation;
            if !(scale[i].is_finite() && (deviation == 0.0 || (product - 1.0).abs() <= 1e-3)) {
                return Err(DataError::Scale(i));
            }
        }
        (self.mean, self.scale) = (mean, scale);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bijector::{Bijector, Reverse};
    use crate::number::Zeros;

    type Norm<T> = ContextNorm<T, Reverse, 3>;

    #[test]
    fn fitted_contexts_are_standard() {
        let contexts = [[300.0f32, 1.7e9, 5.0], [1500.0, 1.7e9 + 256.0, 5.0], [900.0, 1.7e9 + 1024.0, 5.0], [450.0, 1.7e9 + 128.0, 5.0]];
        let mut norm = Norm::ZEROS;
        norm.fit(&contexts).unwrap();
        let mut seen = [[0.0; 3]; 4];
        // A permutation shows none: what is shown is what is given to it.
        for (seen, context) in seen.iter_mut().zip(&contexts) {
            *seen = norm.standardised(context);
        }
        for i in 0..2 {
            let (mean, deviation) = moments(seen.iter().map(|row| row[i]));
            // The mean is rounded to a float.
            let rounding = f64::from(f32::EPSILON * norm.mean[i] * norm.scale[i]);
            assert!(mean.abs() < 2e-6 + rounding && (deviation - 1.0).abs() < 2e-6, "{i}: {mean:e}, {deviation}");
        }
        assert!(seen.iter().all(|row| row[2] == 0.0));
        assert_eq!((norm.mean[2], norm.scale[2]), (5.0, 1.0));
        let mut shown = 0;
        Bijector::<f32, 2, 3>::visit_contexts(&norm, &contexts[0], &mut |_| shown += 1);
        assert_eq!(shown, 0);
    }

    #[test]
    fn what_cannot_be_standardised() {
        let mut norm = Norm::<f32>::ZEROS;
        assert_eq!(norm.fit(&[]), Err(DataError::Empty));
        assert_eq!(norm.fit(&[[0.0; 3], [0.0, f32::NAN, 0.0]]), Err(DataError::Sample(1)));
        assert_eq!(norm.fit(&[[0.0; 3], [0.0, f32::NEG_INFINITY, 0.0]]), Err(DataError::Sample(1)));
        assert_eq!(norm.fit(&[[0.0; 3], [1.0, 1.0, 1e-45]]), Err(DataError::Scale(2)));
        assert_eq!(norm, Norm::ZEROS);
        // The whole line.
        norm.fit(&[[f32::MAX, 3e-38, 1.0], [-f32::MAX, -3e-38, 0.0]]).unwrap();
        assert_eq!(norm.standardised(&[f32::MAX, -3e-38, 1.0]).map(f32::round), [1.0, -1.0, 1.0]);
    }
}
