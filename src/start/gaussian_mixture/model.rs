//! The parameters of a mixture, in the units of its rows and in standardised ones.

use crate::bijector::GaussianMixture;
use crate::math::{exp, ln, log_sum_exp};
use crate::number::Real;
use crate::start::DataError;

use super::data::Data;
use super::workspace::{Component, MixtureWorkspace, Sums};

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// Writes the mixture as it is to the workspace, as sums over rows that have its moments.
    pub(super) fn standardised(&self, data: &Data<T, D>, workspace: &mut MixtureWorkspace<D, K>) -> Result<(), DataError> {
        let log_weights = self.logits.map(|logit| logit.as_());
        let all: f64 = log_sum_exp(&log_weights);
        for k in 0..K {
            let mut component = Component::ZEROS;
            let mut means = [0.0; D];
            let mut sound = (log_weights[k] - all).is_finite();
            for i in 0..D {
                means[i] = self.offsets[i][k].as_();
                for j in 0..i {
                    let b: f64 = self.coefficients[i][j][k].as_();
                    means[i] += b * means[j];
                    component.coefficients[i][j] = b * (data.unit[j] / data.unit[i]);
                }
                component.mean[i] = (means[i] - data.centre[i]) / data.unit[i];
                component.rates[i] = exp(-self.log_scales[i][k].as_()) * data.unit[i];
                sound &= component.mean[i].abs() <= 1e50;
            }
            let share = data.weight * exp(log_weights[k] - all);
            let second = component.covariance().map(|row| row.map(|c| share * c));
            // As large as those of rows can be.
            sound &= second.iter().flatten().all(|c| c.abs() <= 1e115);
            if !sound {
                return Err(DataError::Setting("start"));
            }
            workspace.now[k] = component;
            workspace.sums[k] = Sums { share, first: [0.0; D], second };
        }
        Ok(())
    }

    /// Takes the best components, or nothing of them if the type cannot hold all.
    pub(super) fn take(&mut self, data: &Data<T, D>, workspace: &mut MixtureWorkspace<D, K>) -> Result<(), DataError> {
        for component in &mut workspace.best {
            *component = in_units_of(data, component);
            for i in 0..D {
                let (log_scale, offset) = (component.rates[i], T::from_f64(component.mean[i]));
                // So that the scale and its inverse are normal numbers.
                let holds = log_scale.abs() < -ln(T::MIN_POSITIVE.as_());
                if !(holds && offset.is_finite() && component.coefficients[i].iter().all(|b| T::from_f64(*b).is_finite())) {
                    return Err(DataError::Scale(i));
                }
            }
        }
        for (k, component) in workspace.best.iter().enumerate() {
            self.logits[k] = T::from_f64(component.log_weight);
            for i in 0..D {
                self.offsets[i][k] = T::from_f64(component.mean[i]);
                self.log_scales[i][k] = T::from_f64(component.rates[i]);
                for j in 0..i {
                    self.coefficients[i][j][k] = T::from_f64(component.coefficients[i][j]);
                }
            }
        }
        Ok(())
    }
}

/// A component in the units of the rows: with offsets in the place of means and log-scales in that of rates.
fn in_units_of<T, const D: usize>(data: &Data<T, D>, component: &Component<D>) -> Component<D> {
    let mut to = *component;
    let mut means = [0.0; D];
    for i in 0..D {
        means[i] = data.centre[i] + data.unit[i] * component.mean[i];
        to.mean[i] = means[i];
        to.rates[i] = ln(data.unit[i]) - ln(component.rates[i]);
        for j in 0..i {
            let b = component.coefficients[i][j] * (data.unit[i] / data.unit[j]);
            to.coefficients[i][j] = b;
            to.mean[i] -= b * means[j];
        }
    }
    to
}
