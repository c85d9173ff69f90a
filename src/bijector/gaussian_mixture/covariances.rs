//! A Gaussian mixture from weights, means and covariances, and back.

use core::fmt;

use super::GaussianMixture;
use crate::math::{exp, ln};
use crate::mixture::{Mixture, within};
use crate::number::{Real, Zeros};

/// Why weights, means or covariances make no mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CovarianceError {
    /// The weight of this component is not a positive finite number.
    Weight(usize),
    /// The mean of this component holds an infinity or NaN.
    Mean(usize),
    /// The covariance of this component holds an infinity or NaN, or its regressions are beyond the type.
    Covariance(usize),
    /// The covariance of this component is not positive definite, to rounding.
    NotPositiveDefinite(usize),
}

impl fmt::Display for CovarianceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CovarianceError::Weight(k) => write!(f, "the weight of component {k} is not a positive finite number"),
            CovarianceError::Mean(k) => write!(f, "the mean of component {k} is not finite"),
            CovarianceError::Covariance(k) => {
                write!(f, "the covariance of component {k} is not finite, or its regressions are beyond the type")
            }
            CovarianceError::NotPositiveDefinite(k) => write!(f, "the covariance of component {k} is not positive definite"),
        }
    }
}

impl core::error::Error for CovarianceError {}

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// The mixture of these weights, means (`means[k][i]`) and covariances (`covariances[k][i][j]`, of which the lower triangle `j <= i` is read).
    ///
    /// # Units
    /// Weights are divided by their sum; means are in units of `x`, covariances in their squares.
    ///
    /// # Errors
    /// The first component that has a weight, mean or covariance it cannot have.
    ///
    /// # Method
    /// `S = U D U^T` in `f64`, with `U` unit lower triangular: the coefficients are `I - U^-1`, the conditional variances `D`.
    ///
    /// ```
    /// use gaussflow::{CovarianceError, GaussianMixture};
    ///
    /// let covariance = [[4.0, 2.0], [2.0, 2.0]];
    /// let mixture = GaussianMixture::<f64, 2, 1>::from_covariances(&[1.0], &[[1.0, 3.0]], &[covariance])?;
    /// assert_eq!(mixture.coefficients[1][0], [0.5]); // x_2 is 3 + (x_1 - 1) / 2, with variance 1
    /// assert_eq!(mixture.means(), [[1.0, 3.0]]);
    /// let flat = GaussianMixture::<f64, 2, 1>::from_covariances(&[1.0], &[[1.0, 3.0]], &[[[1.0, 1.0], [1.0, 1.0]]]);
    /// assert_eq!(flat, Err(CovarianceError::NotPositiveDefinite(0)));
    /// # Ok::<(), CovarianceError>(())
    /// ```
    pub fn from_covariances(weights: &[T; K], means: &[[T; D]; K], covariances: &[[[T; D]; D]; K]) -> Result<Self, CovarianceError> {
        let mut mixture = Self::ZEROS;
        for k in 0..K {
            if !(T::ZEROS < weights[k] && weights[k].is_finite()) {
                return Err(CovarianceError::Weight(k));
            }
            if !means[k].iter().all(|mean| mean.is_finite()) {
                return Err(CovarianceError::Mean(k));
            }
            mixture.logits[k] = ln(weights[k]);
            mixture.set_component(k, &means[k], &covariances[k])?;
        }
        Ok(mixture)
    }

    fn set_component(&mut self, k: usize, mean: &[T; D], covariance: &[[T; D]; D]) -> Result<(), CovarianceError> {
        let (mut factors, mut b): ([[f64; D]; D], [[f64; D]; D]) = (Zeros::ZEROS, Zeros::ZEROS);
        let mut finite = true;
        for i in 0..D {
            for j in 0..=i {
                let mut rest: f64 = covariance[i][j].as_();
                finite &= rest.is_finite();
                for m in 0..j {
                    rest -= factors[i][m] * factors[m][m] * factors[j][m];
                }
                factors[i][j] = if j < i { rest / factors[j][j] } else { rest };
            }
            // What is left of a variance by rounding alone tells nothing.
            let variance: f64 = covariance[i][i].as_();
            if finite && !(f64::EPSILON * variance < factors[i][i]) {
                return Err(CovarianceError::NotPositiveDefinite(k));
            }
            let mut offset = mean[i].as_();
            for j in (0..i).rev() {
                b[i][j] = factors[i][j];
                for m in j + 1..i {
                    b[i][j] -= factors[i][m] * b[m][j];
                }
                self.coefficients[i][j][k] = T::from_f64(b[i][j]);
                offset -= b[i][j] * mean[j].as_();
                finite &= self.coefficients[i][j][k].is_finite();
            }
            self.offsets[i][k] = T::from_f64(offset);
            self.log_scales[i][k] = T::from_f64(0.5 * ln(factors[i][i]));
            finite &= self.offsets[i][k].is_finite();
        }
        if finite { Ok(()) } else { Err(CovarianceError::Covariance(k)) }
    }

    /// The components' means, at `[k][i]`, in units of `x`. (Their weights are [`Self::responsibilities`] of no coordinates.)
    #[must_use]
    pub fn means(&self) -> [[T; D]; K] {
        let mut means = [[T::ZEROS; D]; K];
        for k in 0..K {
            for i in 0..D {
                let mut mean: f64 = self.offsets[i][k].as_();
                for j in 0..i {
                    mean += self.coefficients[i][j][k].as_() * means[k][j].as_();
                }
                means[k][i] = T::from_f64(mean);
            }
        }
        means
    }

    /// The components' covariances, at `[k][i][j]`, symmetric, in squared units of `x`.
    ///
    /// ```
    /// use gaussflow::{GaussianMixture, Zeros};
    ///
    /// let mut mixture = GaussianMixture::<f32, 2, 1>::ZEROS;
    /// mixture.coefficients[1][0] = [3.0]; // x_2 = 3 x_1 + noise
    /// assert_eq!(mixture.covariances(), [[[1.0, 3.0], [3.0, 10.0]]]);
    /// ```
    #[must_use]
    pub fn covariances(&self) -> [[[T; D]; D]; K] {
        let mut covariances = [[[T::ZEROS; D]; D]; K];
        for k in 0..K {
            let (mut factors, mut variances): ([[f64; D]; D], [f64; D]) = (Zeros::ZEROS, Zeros::ZEROS);
            for i in 0..D {
                factors[i][i] = 1.0;
                for j in 0..i {
                    for m in j..i {
                        factors[i][j] += self.coefficients[i][m][k].as_() * factors[m][j];
                    }
                }
                let scale = exp(within(self.log_scales[i][k], Mixture::<T, K>::max_log_scale()).as_());
                variances[i] = scale * scale;
                for j in 0..=i {
                    let sum: f64 = (0..=j).map(|m| factors[i][m] * factors[j][m] * variances[m]).sum();
                    covariances[k][i][j] = T::from_f64(sum);
                    covariances[k][j][i] = covariances[k][i][j];
                }
            }
        }
        covariances
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{CovarianceError, GaussianMixture};
    use crate::check;
    use crate::number::Zeros;

    #[test]
    fn what_it_is_made_from_comes_back() {
        let mut drawn = GaussianMixture::<f64, 5, 3>::ZEROS;
        check::perturb(&mut drawn, 0.7, &mut Pcg64::new(1, 5));
        let (weights, means, covariances) = (drawn.responsibilities(&[]), drawn.means(), drawn.covariances());
        let made = GaussianMixture::from_covariances(&weights, &means, &covariances).expect("a mixture");
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * a.abs().max(1.0), "{a} {b}");
        for k in 0..3 {
            near(made.responsibilities(&[])[k], weights[k]);
            for i in 0..5 {
                near(made.offsets[i][k], drawn.offsets[i][k]);
                near(made.log_scales[i][k], drawn.log_scales[i][k]);
                for j in 0..i {
                    near(made.coefficients[i][j][k], drawn.coefficients[i][j][k]);
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_no_mixture() {
        let one = [[1.0f32, 0.0], [0.0, 1.0]];
        let made = |weight: f32, mean: f32, covariance| {
            GaussianMixture::from_covariances(&[1.0, weight], &[[0.0; 2], [mean; 2]], &[one, covariance])
        };
        assert!(made(0.5, 2.0, one).is_ok());
        for weight in [0.0, -1.0, f32::INFINITY, f32::NAN] {
            assert_eq!(made(weight, 2.0, one), Err(CovarianceError::Weight(1)));
        }
        assert_eq!(made(0.5, f32::NAN, one), Err(CovarianceError::Mean(1)));
        assert_eq!(made(0.5, 2.0, [[1.0, 0.0], [f32::INFINITY, 1.0]]), Err(CovarianceError::Covariance(1)));
        assert_eq!(made(0.5, 2.0, [[1.0, 0.0], [0.0, f32::NAN]]), Err(CovarianceError::Covariance(1)));
        // A regression of 1e40, which no f32 holds.
        assert_eq!(made(0.5, 2.0, [[1e-38, 0.0], [100.0, f32::MAX]]), Err(CovarianceError::NotPositiveDefinite(1)));
        for flat in [[[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [2.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]] {
            assert_eq!(made(0.5, 2.0, flat), Err(CovarianceError::NotPositiveDefinite(1)), "{flat:?}");
        }
    }
}
