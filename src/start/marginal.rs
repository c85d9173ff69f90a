//! Marginal layers fitted to data.

use rand_core::Rng;

use crate::bijector::Marginal;
use crate::math::ln;
use crate::number::Real;
use crate::start::robust::{robust_scale, sorted_quantile};
use crate::start::{DataError, Em, check_rows, fit_mixture, moments};
use crate::univariate::{LogScaleClamp, MixtureCdf};

impl<T: Real, S: LogScaleClamp<T>, const K: usize, const D: usize> Marginal<T, MixtureCdf<S, K>, D> {
    /// Fits each dimension's mixture to the quantiles of `samples`: equal weights, mean `k` at the quantile `(k + 1/2) / K`, its scale the distance to the nearer
    /// neighbour.
    ///
    /// Close enough for training to go on from, and without iterations; [`Marginal::fit_mixtures`] is closer. Where quantiles coincide the scale is kept to `1 / (10 K)` of the
    /// dimension's robust scale ([`Em::least_scale`]) or, if that is less, of its standard deviation; a dimension without spread, or a single component, gets that deviation, or 1 where it is 0.
    ///
    /// `scratch` holds one dimension while it is sorted: as many values as there are samples.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`], [`DataError::Scratch`].
    ///
    /// # Cost
    /// `D` sorts of `n` values.
    pub fn fit_quantiles(&mut self, samples: &[[T; D]], scratch: &mut [T]) -> Result<(), DataError> {
        check_rows(samples)?;
        let column = scratch.get_mut(..samples.len()).ok_or(DataError::Scratch { needed: samples.len() })?;
        for d in 0..D {
            for (to, row) in column.iter_mut().zip(samples) {
                *to = row[d];
            }
            column.sort_unstable_by_key(|x| x.to_order());
            let (means, scales) = quantile_start::<T, K>(column);
            let raw = scales.map(|scale| self.univariate.clamp.raw(T::from_f64(ln(scale))));
            self.params[d] = [[T::ZEROS; K], means.map(T::from_f64), raw];
        }
        Ok(())
    }

    /// Fits each dimension's mixture to `samples` by expectation-maximisation, [`fit_mixture`]; returns the mean log-likelihood of a sample, summed over the dimensions.
    ///
    /// `scratch` as for [`Marginal::fit_quantiles`]. A log-scale out of the clamp's range is moved inside.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`], [`DataError::Scratch`], [`DataError::TooFew`], [`DataError::Setting`].
    pub fn fit_mixtures<R: Rng + ?Sized>(
        &mut self,
        samples: &[[T; D]],
        scratch: &mut [T],
        settings: &Em,
        rng: &mut R,
    ) -> Result<f64, DataError> {
        check_rows(samples)?;
        let column = scratch.get_mut(..samples.len()).ok_or(DataError::Scratch { needed: samples.len() })?;
        let mut log_likelihood = 0.0;
        for d in 0..D {
            for (to, row) in column.iter_mut().zip(samples) {
                *to = row[d];
            }
            // What it refuses now it would refuse in the first dimension, before anything is changed.
            let fit = fit_mixture::<T, K, R>(column, settings, rng)?;
            let raw = fit.log_scales.map(|log_scale| self.univariate.clamp.raw(log_scale));
            self.params[d] = [fit.logits, fit.means, raw];
            log_likelihood += fit.log_likelihood;
        }
        Ok(log_likelihood)
    }
}

/// Means and scales of equally weighted components at the quantiles of `sorted` values.
pub(crate) fn quantile_start<T: Real, const K: usize>(sorted: &[T]) -> ([f64; K], [f64; K]) {
    let (_, deviation) = moments(sorted.iter().copied());
    let mut means = [0.0; K];
    for k in 0..K {
        means[k] = quantile(sorted, (k as f64 + 0.5) / K as f64);
    }
    if deviation == 0.0 {
        return (means, [1.0; K]);
    }
    let mut scales = [deviation; K];
    // (0 only where all are one value.)
    let least = robust_scale(|p| sorted_quantile(sorted, p)).min(deviation) / (10.0 * K as f64);
    for k in 0..K {
        // Also where there is no neighbour, or one farther than the spread of all.
        let mut nearest = deviation;
        for other in [k.wrapping_sub(1), k + 1] {
            if let Some(mean) = means.get(other) {
                nearest = nearest.min((means[k] - mean).abs());
            }
        }
        scales[k] = nearest.max(least);
    }
    (means, scales)
}

/// The `p`-quantile of `sorted` values: linear between the points `(i + 1/2) / n` (Hazen 1914).
pub(crate) fn quantile<T: Real>(sorted: &[T], p: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (p * sorted.len() as f64 - 0.5).max(0.0).min(last as f64);
    let below = at as usize;
    let part = at - below as f64;
    let value = |i: usize| -> f64 { sorted.get(i).map_or(0.0, |x| x.as_()) };
    (1.0 - part) * value(below) + part * value((below + 1).min(last))
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use crate::bijector::{Bijector, Marginal};
    use crate::math::standard_normal;
    use crate::number::Zeros;
    use crate::start::{DataError, Em, moments};
    use crate::univariate::{MixtureCdf, NoClamp, TanhClamp};

    type Layer<T> = Marginal<T, MixtureCdf<NoClamp, 8>, 2>;

    #[test]
    fn gaussianizes() {
        let mut rng = Pcg64::new(1, 5);
        // Two far bumps of a narrow scale; a skewed positive variable.
        let mut samples: [[f64; 2]; 5000] = core::array::from_fn(|n| {
            let [a, b]: [f64; 2] = core::array::from_fn(|_| standard_normal(&mut rng));
            [if n % 2 == 0 { 40.0 + a } else { -40.0 + a }, libm::exp(b)]
        });
        let mut layer = Layer::ZEROS;
        layer.fit_quantiles(&samples, &mut [0.0; 5000]).unwrap();
        assert!(layer.params.iter().all(|p| p[1].is_sorted() && p[0] == [0.0; 8]));
        for row in &mut samples {
            Bijector::<f64, 2>::forward_and_log_det(&layer, row, &[]);
        }
        for d in 0..2 {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            assert!(mean.abs() < 0.2 && (deviation - 1.0).abs() < 0.2, "{d}: {mean} {deviation}");
        }
    }

    #[test]
    fn quantiles_of_few_samples() {
        let mut layer = Marginal::<f64, MixtureCdf<NoClamp, 2>, 1>::ZEROS;
        layer.fit_quantiles(&[[4.0], [0.0]], &mut [0.0; 2]).unwrap();
        assert_eq!(layer.params[0][1], [0.0, 4.0]);
        layer.fit_quantiles(&[[4.0], [0.0], [1.0], [2.0]], &mut [0.0; 9]).unwrap();
        assert_eq!(layer.params[0][1], [0.5, 3.0]);
    }

    #[test]
    fn mixtures_gaussianize() {
        let mut rng = Pcg64::new(1, 5);
        let mut samples: [[f64; 2]; 400] = core::array::from_fn(|n| {
            let [a, b]: [f64; 2] = core::array::from_fn(|_| standard_normal(&mut rng));
            [if n % 2 == 0 { 40.0 + a } else { -40.0 + a }, libm::exp(b)]
        });
        let mut layer = Marginal::<f64, MixtureCdf<NoClamp, 3>, 2>::ZEROS;
        let settings = Em { starts: 2, ..Em::default() };
        let stated = layer.fit_mixtures(&samples, &mut [0.0; 400], &settings, &mut rng).unwrap();
        let mut log_likelihood = 0.0;
        for row in &mut samples {
            let log_det = Bijector::<f64, 2>::forward_and_log_det(&layer, row, &[]);
            log_likelihood += (log_det + crate::flow::log_base(row)) / 400.0;
        }
        assert!((log_likelihood - stated).abs() < 1e-12, "{log_likelihood} {stated}");
        for d in 0..2 {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            assert!(mean.abs() < 0.05 && (deviation - 1.0).abs() < 0.05, "{d}: {mean} {deviation}");
        }
        let before = layer.clone();
        assert_eq!(layer.fit_mixtures(&samples[..2], &mut [0.0; 2], &settings, &mut rng), Err(DataError::TooFew { needed: 3 }));
        assert_eq!(layer, before);
    }

    #[test]
    fn degenerate_data() {
        let mut layer = Layer::<f32>::ZEROS;
        assert_eq!(layer.fit_quantiles(&[], &mut []), Err(DataError::Empty));
        assert_eq!(layer.fit_quantiles(&[[0.0, 1.0], [0.0, f32::INFINITY]], &mut [0.0; 2]), Err(DataError::Sample(1)));
        assert_eq!(layer.fit_quantiles(&[[0.0, 1.0]; 3], &mut [0.0; 2]), Err(DataError::Scratch { needed: 3 }));
        assert_eq!(layer, Layer::ZEROS);
        layer.fit_quantiles(&[[5.0, 1.0]; 3], &mut [0.0; 3]).unwrap();
        assert_eq!(layer.params[0], [[0.0; 8], [5.0; 8], [0.0; 8]]);
        for samples in [[[f32::MAX, 0.0], [-f32::MAX, 0.0], [f32::MAX, 1e-40]], [[1.0, 1e-30], [1.0, 2e-30], [1.0, 2e-30]]] {
            layer.fit_quantiles(&samples, &mut [0.0; 3]).unwrap();
            assert!(layer.params.iter().all(|p| p[1].iter().chain(&p[2]).all(|v| v.is_finite())));
        }
        // Through a clamp.
        let mut clamped = Marginal::<f64, MixtureCdf<TanhClamp<f64>, 3>, 1>::ZEROS;
        clamped.univariate.clamp = TanhClamp::default();
        clamped.fit_quantiles(&[[1.0], [2.0], [3.0], [4.0]], &mut [0.0; 4]).unwrap();
        let mixture = clamped.univariate.mixture::<f64, f64>(&clamped.params[0]);
        assert!((mixture.cdf(2.5) - 0.5).abs() < 1e-12);
    }
}
