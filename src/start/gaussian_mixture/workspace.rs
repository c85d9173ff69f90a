//! What a fit needs beside its rows.

use crate::number::Zeros;

/// Room for a fit of a [`GaussianMixture`](crate::GaussianMixture) of the same `D` and `K`, whatever its number type and the number of rows: `32 K (D + 1)^2` bytes, about 4 mixtures of `f64`.
///
/// Plain data: in a `static`, on the stack or, by [`boxed`](crate::boxed), on the heap. It need not be cleared between fits.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct MixtureWorkspace<const D: usize, const K: usize> {
    pub(super) now: [Component<D>; K],
    pub(super) next: [Component<D>; K],
    pub(super) best: [Component<D>; K],
    pub(super) sums: [Sums<D>; K],
}

impl<const D: usize, const K: usize> Zeros for MixtureWorkspace<D, K> {
    const ZEROS: Self =
        MixtureWorkspace { now: [Component::ZEROS; K], next: [Component::ZEROS; K], best: [Component::ZEROS; K], sums: [Sums::ZEROS; K] };
}

/// A component in standardised units: `(x_i - mean_i) - sum_j<i coefficients_ij (x_j - mean_j)` has the deviation `1 / rates_i`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub(super) struct Component<const D: usize> {
    pub log_weight: f64,
    pub mean: [f64; D],
    pub rates: [f64; D],
    pub coefficients: [[f64; D]; D],
}

impl<const D: usize> Component<D> {
    pub const ZEROS: Self = Component { log_weight: 0.0, mean: [0.0; D], rates: [0.0; D], coefficients: [[0.0; D]; D] };
}

/// Sums over the rows: of a component's shares, and of first and second powers of the distances to its mean, the latter with `j <= i` at `[i][j]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub(super) struct Sums<const D: usize> {
    pub share: f64,
    pub first: [f64; D],
    pub second: [[f64; D]; D],
}

impl<const D: usize> Sums<D> {
    pub const ZEROS: Self = Sums { share: 0.0, first: [0.0; D], second: [[0.0; D]; D] };
}
