//! One-dimensional Gaussian mixtures by expectation-maximisation.

use rand_core::Rng;

use crate::math::{exp, ln};
use crate::mixture::LOG_SQRT_TAU;
use crate::number::{Real, Value};
use crate::start::DataError;
use crate::start::robust::{robust_scale, sorted_quantile};

/// How to fit a mixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Em {
    /// Starts, at least 1, of which the best result is kept: the first from the quantiles, the others from random centres.
    pub starts: u32,
    /// The most iterations of a start; 0 leaves the start as it is.
    pub iterations: u32,
    /// A start ends when an iteration gains less than this, at least 0, in nats a sample.
    pub tolerance: f64,
    /// The least scale of a component, in `[1e-6, 1]` robust scales of the data: the likelihood of a component on a single point has no other bound.
    ///
    /// The robust scale is 1 for a standard normal, and outliers do not set it: the shortest of the intervals that hold half of the samples from the 1st, 2nd and 3rd eighth on, over 1.349;
    /// of wider ones, where half of the samples are one value.
    pub least_scale: f64,
}

impl Default for Em {
    fn default() -> Self {
        Em { starts: 5, iterations: 300, tolerance: 1e-6, least_scale: 1e-3 }
    }
}

/// The least unit of samples, in their range.
const FARTHEST: f64 = 1e-100;

/// A fitted mixture of `K` components.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixtureFit<T, const K: usize> {
    /// The logarithms of the weights.
    pub logits: [T; K],
    /// The means, in units of the samples.
    pub means: [T; K],
    /// The logarithms of the standard deviations.
    pub log_scales: [T; K],
    /// The mean log-likelihood of a sample, in nats.
    pub log_likelihood: f64,
    /// Iterations of the start that was kept.
    pub iterations: u32,
    /// Whether it ended by [`Em::tolerance`].
    pub converged: bool,
}

impl Em {
    /// Refuses settings out of their domain, NaN included.
    pub fn check(&self) -> Result<(), DataError> {
        match () {
            () if self.starts == 0 => Err(DataError::Setting("starts")),
            () if !(0.0 <= self.tolerance) => Err(DataError::Setting("tolerance")),
            () if !(1e-6 <= self.least_scale && self.least_scale <= 1.0) => Err(DataError::Setting("least_scale")),
            () => Ok(()),
        }
    }
}

/// Fits a mixture of `K` Gaussians to `samples`, which are sorted in place, by maximum likelihood.
///
/// No iteration lowers the likelihood, and the fit is finite for any finite samples: equal ones give components of scale 1 on them, repeated ones components of the least
/// scale. The result depends on the samples (not their order), the settings and the generator's words alone, with the same bits on every target.
///
/// # Errors
/// [`DataError::Empty`], [`DataError::Sample`], [`DataError::TooFew`] with fewer samples than components, [`DataError::Setting`].
///
/// # Cost
/// `starts * iterations * n * (K exp + 1 log)` at most, and `(K + 10) K` numbers of stack. In `f64` whatever `T` is.
///
/// # Source
/// Dempster, Laird and Rubin (1977). The floor of the scales keeps its law, because each component's likelihood is unimodal in its scale. Random centres are those of
/// k-means++ (Arthur and Vassilvitskii 2007).
pub fn fit_mixture<T: Real, const K: usize, R: Rng + ?Sized>(
    samples: &mut [T],
    settings: &Em,
    rng: &mut R,
) -> Result<MixtureFit<T, K>, DataError> {
    const { assert!(K > 0, "a mixture needs at least one component: raise K to 1 or more") }
    settings.check()?;
    if samples.is_empty() {
        return Err(DataError::Empty);
    }
    if let Some(index) = samples.iter().position(|x| !x.is_finite()) {
        return Err(DataError::Sample(index));
    }
    if samples.len() < K {
        return Err(DataError::TooFew { needed: K });
    }
    samples.sort_unstable_by_key(|x| x.to_order());
    let quantile = |p| sorted_quantile(samples, p);
    let scale = robust_scale(quantile);
    let (unit, least_scale) = if 0.0 < scale { (scale, settings.least_scale) } else { (1.0, 1.0) };
    // Squares of the farthest samples stay within the floats.
    let unit = Value::max(unit, (0.5 * quantile(1.0) - 0.5 * quantile(0.0)) * FARTHEST);
    let settings = &Em { least_scale, ..*settings };
    // Apart, so that the difference of two large numbers does not overflow.
    let data = Data { samples, unit, shift: quantile(0.5) / unit };
    let mut best = data.climb(data.quantile_start(settings), settings);
    for _ in 1..settings.starts {
        let start = data.random_start(settings, rng);
        let fit = data.climb(start, settings);
        if best.log_likelihood < fit.log_likelihood {
            best = fit;
        }
    }
    let log_unit = ln(unit);
    Ok(MixtureFit {
        logits: best.mixture.log_weights.map(T::from_f64),
        means: best.mixture.means.map(|m| T::from_f64((m + data.shift) * unit)),
        log_scales: best.mixture.scales.map(|s| T::from_f64(ln(s) + log_unit)),
        log_likelihood: best.log_likelihood - log_unit,
        iterations: best.iterations,
        converged: best.converged,
    })
}

/// Sorted samples, standardised when read.
struct Data<'a, T> {
    samples: &'a [T],
    unit: f64,
    shift: f64,
}

#[derive(Clone, Copy)]
struct Components<const K: usize> {
    log_weights: [f64; K],
    means: [f64; K],
    scales: [f64; K],
}

struct Climb<const K: usize> {
    mixture: Components<K>,
    log_likelihood: f64,
    iterations: u32,
    converged: bool,
}

/// Sums over the samples for each component: of its shares, and of first and second powers of the distances to its mean.
struct Sums<const K: usize> {
    shares: [f64; K],
    first: [f64; K],
    second: [f64; K],
}

impl<const K: usize> Sums<K> {
    const ZEROS: Self = Sums { shares: [0.0; K], first: [0.0; K], second: [0.0; K] };

    fn add(&mut self, k: usize, share: f64, distance: f64) {
        self.shares[k] += share;
        self.first[k] += share * distance;
        self.second[k] += share * distance * distance;
    }

    /// The components of largest likelihood for these shares, from the `old` ones that the distances were taken to. One without a share stays where it is.
    fn maximise(&self, old: &Components<K>, count: f64, least: f64) -> Components<K> {
        let mut new = *old;
        for k in 0..K {
            new.log_weights[k] = ln(Value::max(self.shares[k] / count, 1e-300));
            if 1e-200 < self.shares[k] {
                let step = self.first[k] / self.shares[k];
                let variance = self.second[k] / self.shares[k] - step * step;
                new.means[k] = old.means[k] + step;
                new.scales[k] = Value::sqrt(Value::max(variance, least * least));
            }
        }
        new
    }
}

impl<T: Real> Data<'_, T> {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.samples.iter().map(|x| x.as_() / self.unit - self.shift)
    }

    fn count(&self) -> f64 {
        self.samples.len() as f64
    }

    /// The components of a hard assignment of each sample to one of them.
    fn assigned<const K: usize>(&self, settings: &Em, means: [f64; K], mut nearest: impl FnMut(usize, f64) -> usize) -> Components<K> {
        let around = Components { log_weights: [0.0; K], means, scales: [1.0; K] };
        let mut sums = Sums::ZEROS;
        for (i, x) in self.values().enumerate() {
            let k = nearest(i, x).min(K - 1);
            sums.add(k, 1.0, x - means[k]);
        }
        sums.maximise(&around, self.count(), settings.least_scale)
    }

    /// Equal numbers of samples in each component, in their order.
    fn quantile_start<const K: usize>(&self, settings: &Em) -> Components<K> {
        // Below 2^53 the product is exact.
        self.assigned(settings, [0.0; K], |i, _| (i as f64 * K as f64 / self.count()) as usize)
    }

    /// Centres drawn among the samples with probabilities that grow with the squared distance to those before; each sample goes to the nearest.
    fn random_start<const K: usize, R: Rng + ?Sized>(&self, settings: &Em, rng: &mut R) -> Components<K> {
        let mut centres = [0.0; K];
        let nearest = |centres: &[f64], x: f64| {
            let mut best = (0, f64::INFINITY);
            for (k, c) in centres.iter().enumerate() {
                let square = (x - c) * (x - c);
                if square < best.1 {
                    best = (k, square);
                }
            }
            best
        };
        for k in 0..K {
            let weight = |x: f64| if k == 0 { 1.0 } else { nearest(centres.get(..k).unwrap_or(&[]), x).1 };
            let total: f64 = self.values().map(weight).sum();
            let mut left = total * f64::uniform(rng);
            let mut centre = 0.0;
            for x in self.values() {
                let weight = weight(x);
                // Without weight the centres before hold every sample already.
                if 0.0 < weight || total == 0.0 {
                    centre = x;
                    left -= weight;
                    if left <= 0.0 {
                        break;
                    }
                }
            }
            centres[k] = centre;
        }
        self.assigned(settings, centres, |_, x| nearest(&centres, x).0)
    }

    /// Iterates from a start until the gain is small.
    fn climb<const K: usize>(&self, start: Components<K>, settings: &Em) -> Climb<K> {
        let (log_likelihood, mut sums) = self.expect(&start);
        let mut best = Climb { mixture: start, log_likelihood, iterations: 0, converged: false };
        for _ in 0..settings.iterations {
            let next = sums.maximise(&best.mixture, self.count(), settings.least_scale);
            let (log_likelihood, next_sums) = self.expect(&next);
            let gain = log_likelihood - best.log_likelihood;
            // Rounding may undo the last gain: what was better is kept.
            if 0.0 <= gain {
                best = Climb { mixture: next, log_likelihood, ..best };
                sums = next_sums;
            }
            best.iterations += 1;
            if !(settings.tolerance < gain) {
                best.converged = true;
                break;
            }
        }
        best
    }

    /// The mean log-likelihood, and the sums with each sample shared among the components.
    fn expect<const K: usize>(&self, mixture: &Components<K>) -> (f64, Sums<K>) {
        let mut constants = [0.0; K];
        for k in 0..K {
            constants[k] = mixture.log_weights[k] - ln(mixture.scales[k]);
        }
        let mut sums = Sums::ZEROS;
        let mut total = 0.0;
        for x in self.values() {
            let mut terms = [0.0; K];
            let mut largest = -f64::INFINITY;
            for k in 0..K {
                let t = (x - mixture.means[k]) / mixture.scales[k];
                terms[k] = constants[k] - 0.5 * t * t;
                largest = Value::max(terms[k], largest);
            }
            let mut density = 0.0;
            for term in &mut terms {
                *term = exp(*term - largest);
                density += *term;
            }
            total += largest + ln(density);
            for k in 0..K {
                sums.add(k, terms[k] / density, x - mixture.means[k]);
            }
        }
        (total / self.count() - LOG_SQRT_TAU, sums)
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{Em, MixtureFit, fit_mixture};
    use crate::math::standard_normal;
    use crate::mixture::Mixture;
    use crate::number::Real;
    use crate::start::DataError;

    fn bumps<const N: usize>() -> [f64; N] {
        let mut rng = Pcg64::new(8, 8);
        core::array::from_fn(|n| {
            let x: f64 = standard_normal(&mut rng);
            [5.0 + 0.5 * x, -2.0 + x, 1.0 + 0.2 * x][n % 3]
        })
    }

    fn fit<T: Real, const K: usize>(samples: &[T], settings: &Em) -> Result<MixtureFit<T, K>, DataError> {
        let mut sorted = [T::ZEROS; 1000];
        sorted[..samples.len()].copy_from_slice(samples);
        fit_mixture(&mut sorted[..samples.len()], settings, &mut Pcg64::new(1, 2))
    }

    #[test]
    fn finds_three_bumps() {
        let found: MixtureFit<f64, 3> = fit(&bumps::<999>(), &Em::default()).unwrap();
        assert!(found.converged);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| found.means[a].total_cmp(&found.means[b]));
        for (k, (mean, scale)) in order.into_iter().zip([(-2.0, 1.0), (1.0, 0.2), (5.0, 0.5)]) {
            assert!((found.means[k] - mean).abs() < 0.2, "{found:?}");
            assert!((found.log_scales[k] - libm::log(scale)).abs() < 0.2, "{found:?}");
            assert!((found.logits[k] - libm::log(1.0 / 3.0)).abs() < 0.1, "{found:?}");
        }
        // What it says of itself is true.
        let mixture = Mixture::new(&found.logits, &found.means, &found.log_scales).unwrap();
        let mean = bumps::<999>().iter().map(|x| mixture.log_pdf(*x)).sum::<f64>() / 999.0;
        assert!((mean - found.log_likelihood).abs() < 1e-12, "{mean} {found:?}");
    }

    #[test]
    fn the_likelihood_never_falls() {
        let mut last = f64::NEG_INFINITY;
        for iterations in 0..80 {
            let settings = Em { starts: 1, iterations, tolerance: 0.0, ..Em::default() };
            let found: MixtureFit<f64, 5> = fit(&bumps::<400>(), &settings).unwrap();
            assert!(last <= found.log_likelihood, "{iterations}: {last} {}", found.log_likelihood);
            last = found.log_likelihood;
        }
    }

    #[test]
    fn depends_on_the_seed_and_not_on_the_order() {
        let mut turned = bumps::<400>();
        turned.reverse();
        let settings = Em { iterations: 20, ..Em::default() };
        assert_eq!(fit::<f64, 4>(&bumps::<400>(), &settings), fit::<f64, 4>(&turned, &settings));
        // More starts never make it worse.
        let one = fit::<f64, 4>(&bumps::<400>(), &Em { starts: 1, ..settings }).unwrap();
        assert!(one.log_likelihood <= fit::<f64, 4>(&turned, &settings).unwrap().log_likelihood);
    }

    #[test]
    fn moves_and_scales_with_the_data() {
        let small: MixtureFit<f64, 3> = fit(&bumps::<300>(), &Em::default()).unwrap();
        // A power of 2 moves no bit of the standardised samples.
        let size = libm::exp2(700.0);
        let large: MixtureFit<f64, 3> = fit(&bumps::<300>().map(|x| x * size), &Em::default()).unwrap();
        for k in 0..3 {
            assert!((large.means[k] / size - small.means[k]).abs() < 1e-12);
            assert!((large.log_scales[k] - small.log_scales[k] - libm::log(size)).abs() < 1e-9);
        }
        assert!((large.log_likelihood - small.log_likelihood + libm::log(size)).abs() < 1e-9);
    }

    #[test]
    fn refuses_what_cannot_be_fitted() {
        let default = Em::default();
        assert_eq!(fit::<f32, 2>(&[], &default), Err(DataError::Empty));
        assert_eq!(fit::<f32, 2>(&[1.0, f32::NEG_INFINITY, f32::NAN], &default), Err(DataError::Sample(1)));
        assert_eq!(fit::<f32, 4>(&[1.0, 2.0, 3.0], &default), Err(DataError::TooFew { needed: 4 }));
        for (name, settings) in [
            ("starts", Em { starts: 0, ..default }),
            ("tolerance", Em { tolerance: f64::NAN, ..default }),
            ("least_scale", Em { least_scale: 0.0, ..default }),
        ] {
            assert_eq!(fit::<f32, 1>(&[1.0], &settings), Err(DataError::Setting(name)));
        }
    }

    /// The mean of `-log p` over `good` samples, after a fit to them and to others, `N` in all.
    fn nll_of_good<const N: usize, const K: usize>(others: &[f64]) -> f64 {
        let mut rng = Pcg64::new(2, 7);
        let good: [f64; N] = core::array::from_fn(|_| standard_normal(&mut rng));
        let good = &good[others.len()..];
        let mut samples = [0.0; N];
        samples[..good.len()].copy_from_slice(good);
        samples[good.len()..].copy_from_slice(others);
        let found = fit_mixture::<f64, K, _>(&mut samples, &Em { starts: 1, ..Em::default() }, &mut Pcg64::new(1, 2)).unwrap();
        let mixture = Mixture::new(&found.logits, &found.means, &found.log_scales).unwrap();
        -good.iter().map(|x| mixture.log_pdf(*x)).sum::<f64>() / good.len() as f64
    }

    /// The entropy of a standard normal is 1.419 nats; a share of 5 % that is elsewhere costs `-ln 0.95 = 0.051` more. The standard error of the mean is 0.007 for 10,000 samples.
    #[test]
    fn outliers_do_not_set_the_scale() {
        let found = nll_of_good::<10_000, 2>(&[1e6]);
        assert!((found - 1.419).abs() < 0.02, "{found}");
        let found = [nll_of_good::<500, 4>(&[1e6]), nll_of_good::<500, 4>(&[-1e30])];
        assert!(found.iter().all(|nll| (nll - 1.419).abs() < 0.09), "{found:?}");
        let found = nll_of_good::<10_000, 2>(&[-9999.0; 500]);
        assert!((found - 1.470).abs() < 0.02, "{found}");
    }

    fn finite<T: Real, const K: usize>(samples: &[T]) -> MixtureFit<T, K> {
        let found = fit::<T, K>(samples, &Em::default()).unwrap();
        assert!(Mixture::new(&found.logits, &found.means, &found.log_scales).is_ok(), "{found:?}");
        assert!(found.log_likelihood.is_finite(), "{found:?}");
        found
    }

    #[test]
    fn degenerate_data_is_fitted() {
        let constant = finite::<f32, 3>(&[7.5; 5]);
        assert_eq!((constant.means, constant.log_scales), ([7.5; 3], [0.0; 3]));
        finite::<f64, 1>(&[3.0]);
        finite::<f64, 3>(&[1.0, 2.0, 3.0]);
        finite::<f64, 4>(&[1.0, 1.0, 1.0, 1.0, 1.0, 2.0]);
        finite::<f64, 8>(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        finite::<f64, 2>(&[f64::MAX, -f64::MAX, f64::MAX, 0.0]);
        finite::<f64, 2>(&[0.0, 5e-324, 5e-324, 0.0]);
        finite::<f32, 2>(&[f32::MAX, -f32::MAX, 0.0, 1.0]);
        finite::<f64, 3>(&[1e-30, 2e-30, 1e30, 1.0, 2.0]);
        // One outlier at any distance.
        let mut samples = bumps::<200>();
        samples[7] = 1e200;
        finite::<f64, 5>(&samples);
    }
}
