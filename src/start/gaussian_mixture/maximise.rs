//! The maximisation step: the components of largest likelihood for given shares of the rows.

use crate::math::ln;
use crate::number::{Value, Zeros};
use crate::start::{Covariance, MixtureEm};

use super::workspace::{Component, Sums};

/// What bounds and shrinks the components.
pub(super) struct Rules {
    covariance: Covariance,
    least: f64,
    /// Rows that each covariance counts beside its own, and their variance.
    shrinkage: f64,
    variance: f64,
    /// The weight of all rows.
    weight: f64,
}

impl Rules {
    pub fn new<const D: usize, const K: usize>(settings: &MixtureEm, weight: f64) -> Self {
        // Fraley and Raftery (2007), Bayesian regularization for normal mixture estimation: K components share the volume of one.
        let log_variance = -2.0 * ln(K as f64) / D.max(1) as f64;
        Rules {
            covariance: settings.covariance,
            least: settings.least_scale,
            shrinkage: settings.shrinkage,
            variance: crate::math::exp(log_variance),
            weight,
        }
    }

    /// Whether no component has coefficients.
    pub fn is_diagonal(&self) -> bool {
        matches!(self.covariance, Covariance::Diagonal | Covariance::Spherical)
    }

    /// The components of largest likelihood, less the penalty, for these shares, from the `old` ones that the distances were taken to. One without a share stays where it is.
    pub fn maximise<const D: usize, const K: usize>(&self, old: &[Component<D>; K], sums: &[Sums<D>; K], new: &mut [Component<D>; K]) {
        let mut pooled = [[0.0; D]; D];
        for k in 0..K {
            new[k] = old[k];
            let (share, mut scatter) = (sums[k].share, sums[k].second);
            new[k].log_weight = ln(Value::max(share / self.weight, f64::MIN_POSITIVE));
            // Smaller shares have no mean within the floats.
            if 1e-200 < share {
                for i in 0..D {
                    let step = sums[k].first[i] / share;
                    new[k].mean[i] += step;
                    for j in 0..=i {
                        scatter[i][j] -= step * sums[k].first[j];
                    }
                }
            } else {
                scatter = Zeros::ZEROS;
            }
            if self.covariance == Covariance::Tied {
                for (to, from) in pooled.as_flattened_mut().iter_mut().zip(scatter.as_flattened()) {
                    *to += from;
                }
            } else if 1e-200 < share + self.shrinkage {
                self.set_covariance(&mut new[k], &scatter, share);
            }
        }
        if self.covariance == Covariance::Tied && K > 0 {
            self.set_covariance(&mut new[0], &pooled, self.weight);
            let (rates, coefficients) = (new[0].rates, new[0].coefficients);
            for component in new.iter_mut() {
                (component.rates, component.coefficients) = (rates, coefficients);
            }
        }
    }

    /// The covariance for a scatter that is summed over rows of this weight.
    fn set_covariance<const D: usize>(&self, component: &mut Component<D>, scatter: &[[f64; D]; D], share: f64) {
        let count = share + self.shrinkage;
        let mut mean = scatter.map(|row| row.map(|sum| sum / count));
        let mut variances = [0.0; D];
        for d in 0..D {
            mean[d][d] += self.shrinkage / count * self.variance;
            variances[d] = Value::max(mean[d][d], self.least * self.least);
        }
        match self.covariance {
            Covariance::Full | Covariance::Tied => component.set_covariance(&mean, self.least),
            Covariance::Diagonal => component.set_variances(&variances),
            Covariance::Spherical => {
                let trace: f64 = (0..D).map(|d| mean[d][d]).sum();
                component.set_variances(&[Value::max(trace / D as f64, self.least * self.least); D]);
            }
        }
    }

    /// What shrinkage takes from the log-likelihood, at least 0: its rows times the divergence of each covariance from theirs, `1/2 (tr(S^-1 T) - D + log det S - log det T)`.
    pub fn penalty<const D: usize, const K: usize>(&self, components: &[Component<D>; K]) -> f64 {
        if self.shrinkage == 0.0 {
            return 0.0;
        }
        let counted = if self.covariance == Covariance::Tied { 1 } else { K };
        let mut divergence = 0.0;
        for component in components.iter().take(counted) {
            for (rate, row) in component.rates.iter().zip(&component.coefficients) {
                let row = 1.0 + row.iter().map(|b| b * b).sum::<f64>();
                let part = self.variance * rate * rate;
                divergence += 0.5 * (part * row - 1.0 - ln(part));
            }
        }
        self.shrinkage * divergence
    }
}
