//! Gaussian mixtures of several dimensions by expectation-maximisation.

mod centres;
mod data;
mod expect;
mod kernels;
mod maximise;
mod model;
mod settings;
#[cfg(test)]
mod tests;
mod triangular;
mod workspace;

pub use settings::{Covariance, MixtureEm, MixtureStart};
pub use workspace::MixtureWorkspace;

use rand_core::Rng;

use crate::bijector::GaussianMixture;
use crate::flow::IntoRows;
use crate::mixture::LOG_SQRT_TAU;
use crate::number::Real;
use crate::start::DataError;

use data::Data;
use expect::expect;
use kernels::Share;
use maximise::Rules;

/// What a fit of a [`GaussianMixture`] reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianMixtureFit {
    /// The mean log-likelihood of a row, by its weight, in nats.
    pub log_likelihood: f64,
    /// What [`MixtureEm::shrinkage`] takes from it: 0 without shrinkage.
    pub penalty: f64,
    /// Iterations of the start that was kept.
    pub iterations: u32,
    /// Whether it ended by [`MixtureEm::tolerance`].
    pub converged: bool,
}

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// Fits the mixture to rows by maximum likelihood.
    ///
    /// No iteration lowers `log_likelihood - penalty`, and the fit is finite for any finite rows: repeated ones give components of the least scale, dimensions without spread have scale 1.
    /// Rows with weights count as repeated ones do. The result depends on the rows, the settings and the generator's words alone; fused lanes round otherwise than plain ones
    /// ([`Wide`](crate::Wide)).
    ///
    /// Rows are read where they are. In `f32` a dimension far from 0 loses digits in each product with its coefficients: put an [`ActNorm`](crate::ActNorm) before the mixture.
    ///
    /// # Errors
    /// [`DataError::Setting`], [`DataError::Empty`], [`DataError::WeightCount`], [`DataError::Weight`], [`DataError::Sample`], [`DataError::TooFew`] with fewer rows of a weight above 0 than
    /// components, [`DataError::Scale`] where the type cannot hold the parameters; the mixture is then unchanged.
    ///
    /// # Cost
    /// An iteration of `n` rows: `n K` exponentials and `n K D (D + 1)` products and sums, `4 n K D` for diagonal and spherical covariances; a start `n K^2 D` more. In `f64` whatever `T` is,
    /// on the lanes of batches. A block of 16 packs of lanes a dimension and a component is on the stack: 1 kB each on wide lanes, 128 bytes on a microcontroller.
    ///
    /// # Source
    /// Dempster, Laird and Rubin (1977); centres by Arthur and Vassilvitskii (2007), with the distances of outliers held. The least scale bounds every deviation of a covariance, in any
    /// direction, which keeps the law of the likelihood: among such covariances each step takes the likeliest. Shrinkage is the prior of Fraley and Raftery (2007).
    ///
    /// # Example
    /// ```
    /// use gaussflow::start::{MixtureEm, MixtureWorkspace};
    /// use gaussflow::toy::two_moons;
    /// use gaussflow::{GaussianMixture, Zeros};
    /// use rand_pcg::Pcg32;
    ///
    /// let mut rng = Pcg32::new(1, 1);
    /// let mut rows = [[0.0f32; 2]; 500];
    /// two_moons(&mut rows, 0.05, &mut rng);
    /// let (mut mixture, mut workspace) = (GaussianMixture::<f32, 2, 8>::ZEROS, MixtureWorkspace::ZEROS);
    /// let fit = mixture.fit(&rows, &MixtureEm::default(), &mut workspace, &mut rng)?;
    /// assert!(fit.log_likelihood > -0.45); // nats; -1.9 for one Gaussian
    /// # Ok::<(), gaussflow::start::DataError>(())
    /// ```
    pub fn fit<'a, R: Rng + ?Sized>(
        &mut self,
        rows: impl IntoRows<'a, T, D, 0>,
        settings: &MixtureEm,
        workspace: &mut MixtureWorkspace<D, K>,
        rng: &mut R,
    ) -> Result<GaussianMixtureFit, DataError>
    where
        T: 'a,
    {
        const { assert!(K > 0, "a mixture needs at least one component: raise K to 1 or more") }
        settings.check()?;
        let data = Data::new(rows.into_rows(), K, settings)?;
        let rules = Rules::new::<D, K>(settings, data.weight);
        let mut best = None;
        for start in 0..settings.starts {
            if start == 0 && settings.start == MixtureStart::Present {
                self.standardised(&data, workspace)?;
            } else {
                let draw = centres::Draw::of(start);
                centres::draw(&data, &mut workspace.now, &mut workspace.sums, draw, rng);
            }
            rules.maximise(&workspace.now, &workspace.sums, &mut workspace.next);
            core::mem::swap(&mut workspace.now, &mut workspace.next);
            let fit = workspace.climb(&data, &rules, settings);
            if best.is_none_or(|best: GaussianMixtureFit| best.objective() < fit.objective()) {
                best = Some(fit);
                core::mem::swap(&mut workspace.now, &mut workspace.best);
            }
        }
        // There is one start at least.
        let fit = best.ok_or(DataError::Setting("starts"))?;
        self.take(&data, workspace)?;
        Ok(GaussianMixtureFit { log_likelihood: fit.log_likelihood + data.log_unit() - LOG_SQRT_TAU * D as f64, ..fit })
    }
}

impl GaussianMixtureFit {
    fn objective(&self) -> f64 {
        self.log_likelihood - self.penalty
    }
}

impl<const D: usize, const K: usize> MixtureWorkspace<D, K> {
    /// Iterates from the components that are there until the gain is small.
    fn climb<T: Real>(&mut self, data: &Data<T, D>, rules: &Rules, settings: &MixtureEm) -> GaussianMixtureFit {
        let mut best = self.measure(data, rules);
        for _ in 0..settings.iterations {
            rules.maximise(&self.now, &self.sums, &mut self.next);
            core::mem::swap(&mut self.now, &mut self.next);
            let next = self.measure(data, rules);
            let gain = next.objective() - best.objective();
            // Rounding may undo the last gain: what was better is kept.
            if 0.0 <= gain {
                best = GaussianMixtureFit { iterations: best.iterations, ..next };
            } else {
                core::mem::swap(&mut self.now, &mut self.next);
            }
            best.iterations += 1;
            if !(settings.tolerance < gain) {
                best.converged = true;
                break;
            }
        }
        best
    }

    /// Shares the rows among the components, and what that says of them.
    fn measure<T: Real>(&mut self, data: &Data<T, D>, rules: &Rules) -> GaussianMixtureFit {
        let total = expect(data, &self.now, Share::Soft, rules.is_diagonal(), &mut self.sums);
        let penalty = rules.penalty(&self.now) / data.weight;
        GaussianMixtureFit { log_likelihood: total / data.weight, penalty, iterations: 0, converged: false }
    }
}
