//! Univariates fitted to one dimension of data.

use rand_core::Rng;

use crate::math::{cdf, ln};
use crate::number::{Real, Value};
use crate::start::marginal::quantile;
use crate::start::{DataError, Em, fit_mixture, moments};
use crate::univariate::{
    Affine, AffineParams, CircularSpline, KnotMap, LogScaleClamp, MixtureCdf, MixtureParams, RationalQuadraticSpline, SplineParams,
    Univariate,
};

/// A univariate whose parameters can be fitted to samples of one dimension, so that they come out near a standard normal.
pub trait FitUnivariate<T: Real>: Univariate<T> {
    /// The fewest samples that it can be fitted to.
    const LEAST: usize;

    /// The parameters for `samples`, which may be sorted in place.
    ///
    /// # Errors
    /// Those of [`fit_mixture`].
    fn fit<R: Rng + ?Sized>(&self, samples: &mut [T], settings: &Em, rng: &mut R) -> Result<Self::Params<T>, DataError>;
}

/// By [`fit_mixture`]; a log-scale out of the clamp's range is moved inside.
impl<T: Real, S: LogScaleClamp<T>, const K: usize> FitUnivariate<T> for MixtureCdf<S, K> {
    const LEAST: usize = K;

    fn fit<R: Rng + ?Sized>(&self, samples: &mut [T], settings: &Em, rng: &mut R) -> Result<MixtureParams<T, K>, DataError> {
        let fit = fit_mixture::<T, K, R>(samples, settings, rng)?;
        Ok([fit.logits, fit.means, fit.log_scales.map(|log_scale| self.clamp.raw(log_scale))])
    }
}

/// To mean 0 and, within the clamp's range, standard deviation 1; equal samples keep scale 1.
impl<T: Real, S: LogScaleClamp<T>> FitUnivariate<T> for Affine<S> {
    const LEAST: usize = 1;

    fn fit<R: Rng + ?Sized>(&self, samples: &mut [T], _: &Em, _: &mut R) -> Result<AffineParams<T>, DataError> {
        let (mean, deviation) = moments(samples.iter().copied());
        let raw = self.clamp.raw(T::from_f64(if 0.0 < deviation { -ln(deviation) } else { 0.0 }));
        let (scale, _) = self.forward_and_log_det(&[raw, T::ZEROS], T::ONE);
        Ok([raw, T::from_f64(-mean * scale.as_())])
    }
}

/// Bins of equal height, whose ends lie where the samples have the quantiles that the standard normal has there; tails of slope 1. Samples outside the interval count as at its
/// ends: standardise first, by an [`ActNorm`](crate::ActNorm) for example.
impl<T: Real, const K: usize, M: KnotMap<T>> FitUnivariate<T> for RationalQuadraticSpline<T, K, M> {
    const LEAST: usize = 1;

    fn fit<R: Rng + ?Sized>(&self, samples: &mut [T], _: &Em, _: &mut R) -> Result<SplineParams<T, K>, DataError> {
        let bound: f64 = self.bound.as_();
        Ok(bins_of_equal_height(self, samples, |end| cdf(bound * end), false))
    }
}

/// Bins that hold as many samples each, which are angles without whole turns; the slope at the cut is that between the last bin and the first.
impl<T: Real, const K: usize> FitUnivariate<T> for CircularSpline<T, K> {
    const LEAST: usize = 1;

    fn fit<R: Rng + ?Sized>(&self, samples: &mut [T], _: &Em, _: &mut R) -> Result<SplineParams<T, K>, DataError> {
        Ok(bins_of_equal_height(&self.spline(), samples, |end| 0.5 + 0.5 * end, true))
    }
}

/// Bins whose ends, at `end` in units of the bound, lie where the samples have the quantile `part(end)`; at the ends of the interval the slope is that of the identity, or, where they meet,
/// that between the last bin and the first.
fn bins_of_equal_height<T: Real, const K: usize, M: KnotMap<T>>(
    spline: &RationalQuadraticSpline<T, K, M>,
    samples: &mut [T],
    part: impl Fn(f64) -> f64,
    ends_meet: bool,
) -> SplineParams<T, K> {
    samples.sort_unstable_by_key(|x| x.to_order());
    let bound: f64 = spline.bound.as_();
    // Where the map has no least part, one from which training can come back.
    let least = Value::max(spline.knots.least_part(), 1e-6);
    let mut parts = [0.0; K];
    let mut left = -bound;
    let bins = RationalQuadraticSpline::<T, K, M>::BINS;
    for k in 0..bins {
        let end = 2.0 * (k + 1) as f64 / bins as f64 - 1.0;
        let right = if k + 1 == bins { bound } else { Value::min(quantile(samples, part(end)), bound).max(left) };
        parts[k] = Value::max((right - left) / (2.0 * bound), least);
        left = right;
    }
    let [mut widths, heights, mut slopes] = spline.identity();
    for k in 0..bins {
        // A bin of the least width would have no weight at all.
        widths[k] = T::from_f64(spline.knots.raw_of_log_share(ln(Value::max(parts[k] - spline.knots.least_part(), 1e-6))));
        if 0 < k || ends_meet {
            // The geometric mean of the bins' slopes.
            let log_slope = -0.5 * (ln(parts[(k + bins - 1) % bins] * bins as f64) + ln(parts[k] * bins as f64));
            slopes[k] = T::from_f64(spline.knots.raw_of_log_slope(log_slope));
        }
    }
    [widths, heights, slopes]
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::FitUnivariate;
    use crate::math::standard_normal;
    use crate::start::{Em, moments};
    use crate::univariate::{Affine, CircularSpline, MixtureCdf, NoClamp, RationalQuadraticSpline, TanhClamp, Univariate};

    /// A standardised, skewed variable.
    fn skewed() -> [f64; 2000] {
        let mut rng = Pcg64::new(2, 3);
        let mut samples = core::array::from_fn(|_| libm::exp(0.5 * standard_normal::<f64, _>(&mut rng)));
        let (mean, deviation) = moments(samples.iter().copied());
        samples.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
        samples
    }

    /// The mean negative log-likelihood of `samples`, mean and standard deviation of their images, once fitted to them.
    fn fitted<U: FitUnivariate<f64>>(univariate: &U, mut samples: [f64; 2000]) -> (f64, f64, f64) {
        let params = univariate.fit(&mut samples, &Em::default(), &mut Pcg64::new(1, 1)).unwrap();
        let mut nll = 0.0;
        for x in &mut samples {
            let (z, log_det) = univariate.forward_and_log_det(&params, *x);
            nll += (0.5 * z * z - log_det + crate::mixture::LOG_SQRT_TAU) / 2000.0;
            *x = z;
        }
        let (mean, deviation) = moments(samples.iter().copied());
        (nll, mean, deviation)
    }

    /// Angles around two directions: uniform ones are at `ln 2 pi`, 1.838 nats.
    #[test]
    fn angles_come_out_near_normal() {
        let mut rng = Pcg64::new(2, 3);
        let angles = core::array::from_fn(|n| {
            let angle = if n % 3 == 0 { -3.0 } else { 1.0 } + 0.4 * standard_normal::<f64, _>(&mut rng);
            if angle < -core::f64::consts::PI { angle + 2.0 * core::f64::consts::PI } else { angle }
        });
        let mut spline = CircularSpline::<f64, 16>::default();
        spline.init();
        let (nll, mean, deviation) = fitted(&spline, angles);
        assert!(nll < 1.3, "{nll}");
        assert!(mean.abs() < 0.1 && (deviation - 1.0).abs() < 0.1, "{mean} {deviation}");
    }

    /// The normal of the same moments is at 1.419 nats, the density that was drawn from at 1.230. Of the gain a mixture takes more than three quarters; the spline's tails, which keep
    /// slope 1, cost it some of that.
    #[test]
    fn samples_come_out_near_normal() {
        let (nll, mean, deviation) = fitted(&Affine { clamp: NoClamp }, skewed().map(|x| 100.0 * x - 7.0));
        assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12);
        assert!((nll - 1.418_938_533 - libm::log(100.0)).abs() < 1e-8);
        // A scale out of the clamp's range: the mean is 0 all the same.
        let (_, mean, deviation) = fitted(&Affine { clamp: TanhClamp { bound: 3.0 } }, skewed().map(|x| 100.0 * x - 7.0));
        assert!(mean.abs() < 1e-12 && (deviation - 100.0 * libm::exp(-2.997)).abs() < 1e-9);
        let mut spline = RationalQuadraticSpline::<f64, 8>::default();
        spline.init();
        for ((nll, mean, deviation), limit) in
            [(fitted(&MixtureCdf::<NoClamp, 4>::default(), skewed()), 1.277), (fitted(&spline, skewed()), 1.36)]
        {
            assert!(nll < limit, "{nll}");
            assert!(mean.abs() < 0.1 && (deviation - 1.0).abs() < 0.1, "{mean} {deviation}");
        }
    }
}
