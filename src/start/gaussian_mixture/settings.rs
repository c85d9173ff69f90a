//! How to fit a mixture of several dimensions.

use crate::start::DataError;

/// What the covariances of the components may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covariance {
    /// Any, for each component its own.
    Full,
    /// Any, the same for all components.
    Tied,
    /// A variance for each dimension of each component.
    Diagonal,
    /// One variance for each component, in the units of the samples: for dimensions of one unit.
    Spherical,
}

/// Where the first start of a fit is; all others are from centres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixtureStart {
    /// At samples that are drawn as centres, by k-means++.
    Centres,
    /// At the mixture as it is: one fitted before, or given means with coefficients of 0 and a guess of the scales.
    Present,
}

/// How to fit a [`GaussianMixture`](crate::GaussianMixture).
///
/// ```
/// use gaussflow::start::{Covariance, MixtureEm};
///
/// let settings = MixtureEm { covariance: Covariance::Diagonal, starts: 3, ..MixtureEm::default() };
/// assert!(settings.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixtureEm {
    /// What the covariances may be.
    pub covariance: Covariance,
    /// Where the first start is.
    pub start: MixtureStart,
    /// Starts, at least 1, of which the best result is kept.
    pub starts: u32,
    /// The most iterations of a start; 0 leaves the start as it is.
    pub iterations: u32,
    /// A start ends when an iteration gains less than this, at least 0, in nats a row.
    pub tolerance: f64,
    /// The least deviation of a component in any direction, in `[1e-6, 1]` robust scales of the data ([`Em::least_scale`](crate::start::Em)): it keeps components from collapsing on
    /// repeated values and on lines.
    pub least_scale: f64,
    /// Rows, at least 0, that each covariance counts beside its own, for few rows: of variance `K^(-2 / D)` in squared robust scales, without correlation.
    pub shrinkage: f64,
}

impl Default for MixtureEm {
    fn default() -> Self {
        MixtureEm {
            covariance: Covariance::Full,
            start: MixtureStart::Centres,
            starts: 5,
            iterations: 300,
            tolerance: 1e-5,
            least_scale: 1e-3,
            shrinkage: 0.0,
        }
    }
}

impl MixtureEm {
    /// Refuses settings out of their domain, NaN included.
    ///
    /// # Errors
    /// [`DataError::Setting`], with the name of the first.
    pub fn check(&self) -> Result<(), DataError> {
        match () {
            () if self.starts == 0 => Err(DataError::Setting("starts")),
            () if !(0.0 <= self.tolerance) => Err(DataError::Setting("tolerance")),
            () if !(1e-6 <= self.least_scale && self.least_scale <= 1.0) => Err(DataError::Setting("least_scale")),
            // Beyond 1e15 rows, no sum in `f64` counts one more.
            () if !(0.0 <= self.shrinkage && self.shrinkage <= 1e15) => Err(DataError::Setting("shrinkage")),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_refused_by_its_name() {
        let default = MixtureEm::default();
        assert_eq!(default.check(), Ok(()));
        for (name, settings) in [
            ("starts", MixtureEm { starts: 0, ..default }),
            ("tolerance", MixtureEm { tolerance: -1e-9, ..default }),
            ("tolerance", MixtureEm { tolerance: f64::NAN, ..default }),
            ("least_scale", MixtureEm { least_scale: 0.0, ..default }),
            ("least_scale", MixtureEm { least_scale: 1.1, ..default }),
            ("least_scale", MixtureEm { least_scale: f64::NAN, ..default }),
            ("shrinkage", MixtureEm { shrinkage: -1.0, ..default }),
            ("shrinkage", MixtureEm { shrinkage: f64::INFINITY, ..default }),
            ("shrinkage", MixtureEm { shrinkage: f64::NAN, ..default }),
        ] {
            assert_eq!(settings.check(), Err(DataError::Setting(name)), "{settings:?}");
        }
    }
}
