//! Densities of rows with missing cells.

use core::fmt;

use crate::bijector::Bijector;
use crate::flow::{Flow, Given, log_base};
use crate::number::Real;

/// The flow mixes its coordinates otherwise than a mixture does: the density of some of them is not known in closed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoMarginal;

impl fmt::Display for NoMarginal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "only mixtures, and maps of each coordinate by itself before them, have a density of rows with missing cells")
    }
}

impl core::error::Error for NoMarginal {}

impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Given<'_, T, B, D, C> {
    /// The log-density of the coordinates that are there, in nats, those that are `None` integrated out: of flows that end in a [`GaussianMixture`](crate::GaussianMixture), or map each
    /// coordinate by itself. Never NaN: minus infinity as for [`Given::log_prob`].
    ///
    /// # Errors
    /// [`NoMarginal`] for other flows.
    pub fn log_prob_of_present(&self, x: &[Option<T>; D]) -> Result<T, NoMarginal> {
        let mut latents = *x;
        let mut log_prob = self.bijector.log_det_of_present(&mut latents, &self.context).ok_or(NoMarginal)?;
        for z in latents.iter().flatten() {
            log_prob += log_base(&[*z]);
        }
        let finite = x.iter().flatten().chain(&self.context).all(|x| x.is_finite());
        Ok(if finite && log_prob.is_finite() { log_prob } else { -T::INFINITY })
    }
}

impl<T: Real, B: Bijector<T, D>, const D: usize> Flow<T, B, D> {
    /// The log-density of the cells that are there; see [`Given::log_prob_of_present`].
    ///
    /// ```
    /// use gaussflow::{ActNorm, Flow, GaussianMixture, Householder, NoMarginal, Zeros};
    ///
    /// let mixture = Flow::<f64, (ActNorm<f64, 2>, GaussianMixture<f64, 2, 3>), 2>::ZEROS; // of three equal normals
    /// assert!((mixture.log_prob_of_present(&[Some(1.0), None])? + 1.4189385332046727).abs() < 1e-15);
    ///
    /// let rotated = Flow::<f64, Householder<f64, 2, 1>, 2>::ZEROS;
    /// assert_eq!(rotated.log_prob_of_present(&[Some(1.0), None]), Err(NoMarginal));
    /// # Ok::<(), NoMarginal>(())
    /// ```
    pub fn log_prob_of_present(&self, x: &[Option<T>; D]) -> Result<T, NoMarginal> {
        self.given([]).log_prob_of_present(x)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use rand_pcg::Pcg64;

    use super::NoMarginal;
    use crate::bijector::{ActNorm, GaussianMixture, Householder, Marginal, Reverse, Support};
    use crate::check;
    use crate::flow::Flow;
    use crate::number::Zeros;
    use crate::univariate::{MixtureCdf, NoClamp};

    type Columns = (Support<f64, 3>, [ActNorm<f64, 3>; 2], Marginal<f64, MixtureCdf<NoClamp, 3>, 3>, Reverse, GaussianMixture<f64, 3, 4>);

    fn columns() -> Flow<f64, Columns, 3> {
        let mut flow = Flow::<f64, Columns, 3>::random(&mut Pcg64::new(1, 2));
        check::perturb(&mut flow, 0.3, &mut Pcg64::new(11, 12));
        flow.bijector.0 = Support::new([(0.0, f64::INFINITY), (-f64::INFINITY, f64::INFINITY), (-9.0, 9.0)]).unwrap();
        flow
    }

    #[test]
    fn a_whole_row_has_its_density() {
        let flow = columns();
        for x in [[0.7, -2.0, 0.3], [40.0, 5.0, -8.0]] {
            let (found, expected) = (flow.log_prob_of_present(&x.map(Some)).unwrap(), flow.log_prob(&x));
            assert!((found - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{found}, not {expected}");
        }
    }

    #[test]
    fn a_missing_cell_is_integrated_out() {
        let flow = columns();
        let step = 0.01;
        let terms: std::vec::Vec<f64> = (-6000..6000).map(|n| flow.log_prob(&[0.7, step * f64::from(n), 0.3])).collect();
        let expected = crate::math::log_sum_exp(&terms) + step.ln();
        let found = flow.log_prob_of_present(&[Some(0.7), None, Some(0.3)]).unwrap();
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        assert!(flow.log_prob_of_present(&[None; 3]).unwrap().abs() < 1e-14);
    }

    #[test]
    fn what_has_no_density_is_told() {
        let flow = columns();
        assert_eq!(flow.log_prob_of_present(&[Some(f64::NAN), None, None]), Ok(f64::NEG_INFINITY));
        assert_eq!(flow.log_prob_of_present(&[Some(-1.0), None, None]), Ok(f64::NEG_INFINITY));
        let rotated = Flow::<f64, (GaussianMixture<f64, 3, 4>, Householder<f64, 3, 1>), 3>::ZEROS;
        assert_eq!(rotated.log_prob_of_present(&[None; 3]), Err(NoMarginal));
        let given = Flow::<f64, ActNorm<f64, 2>, 2, 1>::ZEROS;
        assert_eq!(given.given([f64::NAN]).log_prob_of_present(&[None; 2]), Ok(f64::NEG_INFINITY));
    }
}
