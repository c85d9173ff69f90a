//! What a flow is compared with: a Gaussian mixture.

use gaussflow::start::{DataError, MixtureEm, MixtureWorkspace};
use gaussflow::{GaussianMixture, Zeros};
use rand_pcg::Pcg64;

/// Components of the mixture.
pub const GAUSSIANS: usize = 16;

/// The mean of `-log p` of held-out points, in nats, under a mixture of full covariances that is fitted to others.
///
/// # Errors
/// [`DataError`], with fewer points than components among others.
pub fn mixture_nll(points: &[[f32; 2]], held: &[[f32; 2]]) -> Result<f64, DataError> {
    // Of 64 bits, so that it needs no scale and shift before.
    let wide = |x: &[f32; 2]| x.map(f64::from);
    let points: Vec<_> = points.iter().map(wide).collect();
    let mut mixture = GaussianMixture::<f64, 2, GAUSSIANS>::ZEROS;
    let mut workspace = Box::new(MixtureWorkspace::ZEROS);
    mixture.fit(&points, &MixtureEm::default(), &mut workspace, &mut Pcg64::new(1, 0x656d))?;
    Ok(-held.iter().map(|x| mixture.log_prob(&wide(x))).sum::<f64>() / held.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DENSITIES;

    /// Beside the truth of a density that is a mixture, on points as they are, and moved and stretched.
    #[test]
    fn is_near_the_truth() {
        let [points, held] = [1, 2].map(|seed| DENSITIES[2].draw(400, seed));
        let above = mixture_nll(&points, &held).unwrap() - DENSITIES[2].mean_nll(&held);
        assert!(0.0 < above && above < 0.3, "{above}");
        let moved = |rows: &[[f32; 2]]| rows.iter().map(|[x, y]| [1e3 * x + 1e4, y - 5.0]).collect::<Vec<_>>();
        let stretched = mixture_nll(&moved(&points), &moved(&held)).unwrap() - 1e3f64.ln() - DENSITIES[2].mean_nll(&held);
        assert!((stretched - above).abs() < 0.1, "{above} {stretched}");
        assert_eq!(mixture_nll(&[[1.0, 2.0]; 15], &[[1.0, 2.0]]), Err(DataError::TooFew { needed: 16 }));
    }
}
