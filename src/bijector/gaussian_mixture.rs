//! The Gaussian mixture of `D` dimensions as a triangular map.

use crate::number::{Flat, Real, Zeros};
use crate::parameters::{Parameters, Role};

/// The mixture of `K` Gaussians in `D` dimensions, as the map that carries it to the standard normal (its Knothe-Rosenblatt map).
///
/// Component `k` is `x_i ~ N(m_ik, exp(l_ik)^2)` with `m_ik = a_ik + sum_{j < i} b_ijk x_j`: every parameter is free, and every covariance has such a form.
///
/// # Parameters
/// `logits` are those of the weights; row `i` of the others belongs to dimension `i`. Of `coefficients[i]` the first `i` rows are used; the rest is neither trained nor written.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct GaussianMixture<T, const D: usize, const K: usize> {
    /// Logits of the components' weights.
    pub logits: [T; K],
    /// `a_ik`, at `[i][k]`.
    pub offsets: [[T; K]; D],
    /// `b_ijk`, at `[i][j][k]` for `j < i`.
    pub coefficients: [[[T; K]; D]; D],
    /// `l_ik`, at `[i][k]`: logarithms of the conditional standard deviations.
    pub log_scales: [[T; K]; D],
}

impl<T: Real, const D: usize, const K: usize> Zeros for GaussianMixture<T, D, K> {
    const ZEROS: Self =
        GaussianMixture { logits: Zeros::ZEROS, offsets: Zeros::ZEROS, coefficients: Zeros::ZEROS, log_scales: Zeros::ZEROS };
}

impl<T: Real, const D: usize, const K: usize> Parameters<T> for GaussianMixture<T, D, K> {
    const COUNT: usize = K * (1 + 2 * D + D * D.saturating_sub(1) / 2);
    const FIXED: usize = 0;
    const SLICES: usize = 3 + D;

    fn slice(&self, index: usize) -> (Role, &[T]) {
        match index {
            0 => (Role::Trainable, &self.logits),
            1 => (Role::Trainable, self.offsets.flat()),
            2 => (Role::Trainable, self.log_scales.flat()),
            _ => match self.coefficients.get(index - 3) {
                Some(row) => (Role::Trainable, row[..index - 3].as_flattened()),
                None => (Role::Fixed, &[]),
            },
        }
    }

    fn slice_mut(&mut self, index: usize) -> (Role, &mut [T]) {
        match index {
            0 => (Role::Trainable, &mut self.logits),
            1 => (Role::Trainable, self.offsets.flat_mut()),
            2 => (Role::Trainable, self.log_scales.flat_mut()),
            _ => match self.coefficients.get_mut(index - 3) {
                Some(row) => (Role::Trainable, row[..index - 3].as_flattened_mut()),
                None => (Role::Fixed, &mut []),
            },
        }
    }
}
