//! Densities that people know, to try a flow on: the two-dimensional set of the flow papers, with the truth to compare with.
//!
//! | | generator | true log-density | entropy (nats) |
//! |---|---|---|---|
//! | two moons | [`two_moons`] | [`two_moons_log_density`] | 0.2892 at noise 0.05 |
//! | circles | [`circles`] | [`circles_log_density`] | 1.0709 at factor 0.5 and noise 0.08 |
//! | eight Gaussians | [`eight_gaussians`] | [`eight_gaussians_log_density`] | 2.8316 |
//! | checkerboard | [`checkerboard`] | [`checkerboard_log_density`] | `ln 32` = 3.4657 |
//! | pinwheel | [`pinwheel`] | not in closed form | |
//! | two spirals | [`two_spirals`] | [`two_spirals_log_density`] | 2.6451 |
//! | swiss roll | [`swiss_roll`] | [`swiss_roll_log_density`] | 2.6696 at noise 0.2 |
//!
//! No model has a lower mean negative log-likelihood on many points than the entropy. Both are of the points as they are generated; standardising them by a deviation `s_d` in each
//! dimension lowers the entropy by `sum_d ln s_d` and raises the log-density by as much.
//!
//! ```
//! use gaussflow::toy::{two_moons, two_moons_log_density};
//! use rand_pcg::Pcg64;
//!
//! let mut points = [[0.0; 2]; 2000];
//! two_moons(&mut points, 0.05, &mut Pcg64::new(1, 1));
//! let nll = -points.iter().map(|x| two_moons_log_density(x, 0.05)).sum::<f64>() / 2000.0;
//! assert!((nll - 0.2892).abs() < 0.05);
//! ```

mod curves;
mod pieces;

pub use curves::{
    circles, circles_log_density, swiss_roll, swiss_roll_log_density, two_moons, two_moons_log_density, two_spirals,
    two_spirals_log_density,
};
pub use pieces::{checkerboard, checkerboard_log_density, eight_gaussians, eight_gaussians_log_density, pinwheel};

use rand_core::Rng;

use crate::math::standard_normal;
use crate::number::Real;

/// One word, uniform on `(0, 1)`.
fn uniform<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    Real::uniform(rng)
}

/// One word, uniform on `0..count`.
fn choose<R: Rng + ?Sized>(count: u32, rng: &mut R) -> u32 {
    ((u64::from(rng.next_u32()) * u64::from(count)) >> 32) as u32
}

/// `(cos, sin)`.
fn direction(angle: f64) -> [f64; 2] {
    [libm::cos(angle), libm::sin(angle)]
}

/// `x` with Gaussian noise of deviation `noise` on each coordinate.
fn noisy<T: Real, R: Rng + ?Sized>(x: [f64; 2], noise: T, rng: &mut R) -> [T; 2] {
    x.map(|x| T::from_f64(x) + noise * standard_normal(rng))
}

/// `-|x - centre|^2 / 2`, in units of `deviation`.
fn log_kernel(x: &[f64; 2], centre: &[f64; 2], deviation: f64) -> f64 {
    let [a, b] = [0, 1].map(|d| (x[d] - centre[d]) / deviation);
    -0.5 * (a * a + b * b)
}

/// `ln (2 pi s^2)`: what [`log_kernel`] lacks to a density.
fn log_area(deviation: f64) -> f64 {
    libm::log(2.0 * core::f64::consts::PI * deviation * deviation)
}

#[cfg(test)]
mod tests;
