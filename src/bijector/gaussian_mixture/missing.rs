//! Densities of the coordinates that are there.

use super::GaussianMixture;
use crate::math::{ln, log_sum_exp};
use crate::mixture::LOG_SQRT_TAU;
use crate::number::{Real, Value};
use crate::univariate::held;

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// The log-density of the coordinates that are there, in nats: those that are `None` are integrated out. 0 where none is there.
    ///
    /// # Domain
    /// Any finite coordinates; minus infinity where one is infinite or NaN, or where the density is too small for the type.
    ///
    /// # Accuracy
    /// Of leading coordinates [`GaussianMixture::log_prob`] is exact to some epsilons; here each missing one costs the digits by which it determines the later ones: a part of its variance
    /// is subtracted.
    ///
    /// # Cost
    /// `K D^2` additions and multiplications, and `K D m^2` more for `m` missing coordinates; `D^2` numbers on the stack.
    ///
    /// # Source
    /// A Kalman filter whose state are the missing coordinates so far (Kalman 1960): row `i` predicts coordinate `i` from the ones before, and one that is there corrects them.
    ///
    /// ```
    /// use gaussflow::{GaussianMixture, Zeros};
    ///
    /// let mut one = GaussianMixture::<f64, 2, 1>::ZEROS;
    /// one.coefficients[1][0] = [2.0]; // x_2 has variance 1 + 2^2
    /// let density = one.log_prob_of_present(&[None, Some(0.0)]);
    /// assert!((density + 0.9189385332046727 + 0.5 * 5f64.ln()).abs() < 1e-15);
    /// ```
    pub fn log_prob_of_present(&self, x: &[Option<T>; D]) -> T {
        let weight = log_sum_exp(&self.logits);
        let terms: [T; K] = core::array::from_fn(|k| {
            let term = self.logits[k] - weight + self.component_of_present(k, x);
            if term.is_finite() { term } else { -T::INFINITY }
        });
        let log_prob = log_sum_exp(&terms);
        if x.iter().flatten().all(|x| x.is_finite()) && log_prob.is_finite() { log_prob } else { -T::INFINITY }
    }

    /// That of one component.
    fn component_of_present(&self, k: usize, x: &[Option<T>; D]) -> T {
        // Of the coordinates seen: their values or expectations, and the covariance of those that are missing.
        let (mut means, mut covariance) = ([T::ZEROS; D], [[T::ZEROS; D]; D]);
        let mut log_prob = T::ZEROS;
        for i in 0..D {
            let log_scale = held(self.log_scales[i][k]);
            let scale = crate::math::exp(log_scale);
            let (mut mean, mut with) = (self.offsets[i][k], [T::ZEROS; D]);
            for j in 0..i {
                let b = self.coefficients[i][j][k];
                mean += b * means[j];
                for (l, with) in with.iter_mut().enumerate().take(i) {
                    *with += b * covariance[j][l];
                }
            }
            // In units of the scale, whose square may not be a float.
            let mut spread = T::ZEROS;
            for j in 0..i {
                spread += (self.coefficients[i][j][k] / scale) * (with[j] / scale);
            }
            let variance = T::ONE + Value::max(spread, T::ZEROS);
            match x[i] {
                Some(value) => {
                    let deviation = Value::sqrt(variance);
                    let t = (value - mean) / scale / deviation;
                    log_prob -= T::from_f64(0.5) * t * t + ln(deviation) + log_scale + T::from_f64(LOG_SQRT_TAU);
                    means[i] = value;
                    let unit: [T; D] = with.map(|with| with / scale / deviation);
                    for j in 0..i {
                        if x[j].is_none() {
                            means[j] += unit[j] * t;
                            for l in 0..i {
                                covariance[j][l] -= unit[j] * unit[l];
                            }
                        }
                    }
                }
                None => {
                    means[i] = mean;
                    for j in 0..i {
                        (covariance[i][j], covariance[j][i]) = (with[j], with[j]);
                    }
                    covariance[i][i] = scale * scale * variance;
                }
            }
        }
        log_prob
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use rand_pcg::Pcg64;

    use super::GaussianMixture;
    use crate::check;
    use crate::number::Zeros;
    use crate::parameters::Init;

    type Mixture = GaussianMixture<f64, 4, 3>;

    fn drawn() -> Mixture {
        let mut mixture = Mixture::ZEROS;
        mixture.init(&mut Pcg64::new(1, 2));
        check::perturb(&mut mixture, 0.5, &mut Pcg64::new(11, 12));
        mixture
    }

    /// By the midpoint rule over one missing coordinate at a time, on a grid that holds all of its mass: exact to 1e-12 for sums of normals.
    fn integrated(mixture: &Mixture, x: [Option<f64>; 4]) -> f64 {
        let Some(missing) = x.iter().position(Option::is_none) else { return mixture.log_prob_of_present(&x) };
        let step = 0.2;
        let terms: std::vec::Vec<f64> = (-100..100)
            .map(|n| {
                let mut filled = x;
                filled[missing] = Some(step * f64::from(n));
                integrated(mixture, filled)
            })
            .collect();
        crate::math::log_sum_exp(&terms) + step.ln()
    }

    #[test]
    fn what_is_missing_is_integrated_out() {
        let mixture = drawn();
        let x = [0.4, -1.3, 2.1, 0.2].map(Some);
        let close = |x: [Option<f64>; 4]| {
            let (found, expected) = (mixture.log_prob_of_present(&x), integrated(&mixture, x));
            assert!((found - expected).abs() < 1e-11, "{x:?}: {found}, not {expected}");
        };
        for missing in 0..4 {
            let mut one = x;
            one[missing] = None;
            close(one);
        }
        close([None, Some(-1.3), None, Some(0.2)]);
        close([Some(0.4), None, None, Some(0.2)]);
        assert!(mixture.log_prob_of_present(&[None; 4]).abs() < 1e-15);
    }

    #[test]
    fn leading_coordinates_are_those_of_log_prob() {
        let mixture = drawn();
        let x = [0.4, -11.3, 2.1, 30.2];
        for count in 1..=4 {
            let present = core::array::from_fn(|i| (i < count).then_some(x[i]));
            let (found, expected) = (mixture.log_prob_of_present(&present), mixture.log_prob(&x[..count]));
            assert!((found - expected).abs() <= 1e-14 * expected.abs(), "{count}: {found}, not {expected}");
        }
    }

    #[test]
    fn never_nan() {
        let mixture = drawn();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            assert_eq!(mixture.log_prob_of_present(&[None, Some(bad), None, Some(0.0)]), f64::NEG_INFINITY);
        }
        for wild in [0.0f32, -1.0, 3e38, -3e38, 1e-40] {
            let mixture = GaussianMixture {
                logits: [wild, 0.0],
                offsets: [[wild, 1.0]; 3],
                coefficients: [[[wild; 2]; 3]; 3],
                log_scales: [[wild, 0.0]; 3],
            };
            for x in [[None, Some(1.0), None], [Some(2.0), None, Some(-1.0)], [None, None, Some(1e38)]] {
                let log_prob = mixture.log_prob_of_present(&x);
                assert!(!log_prob.is_nan() && log_prob < f32::INFINITY, "{wild} {x:?}: {log_prob}");
            }
        }
    }
}
