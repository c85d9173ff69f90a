//! Densities of separate pieces.

use core::f64::consts::{FRAC_1_SQRT_2, PI};

use rand_core::Rng;

use super::{choose, direction, log_area, log_kernel, uniform};
use crate::math::{log_sum_exp, standard_normal};
use crate::number::Real;

/// The deviation of each of the eight, and their distance from the origin.
const DEVIATION: f64 = 0.5 * FRAC_1_SQRT_2;
const DISTANCE: f64 = 4.0 * FRAC_1_SQRT_2;

/// Fills `points` with draws from eight Gaussians of deviation `0.5 / sqrt 2`, evenly spaced on the circle of radius `4 / sqrt 2`: those of FFJORD (Grathwohl et al. 2019).
pub fn eight_gaussians<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], rng: &mut R) {
    for point in points {
        let centre = centre(choose(8, rng));
        *point = centre.map(|c| T::from_f64(c + DEVIATION * standard_normal::<f64, R>(rng)));
    }
}

/// `log p(x)` of [`eight_gaussians`], in nats.
pub fn eight_gaussians_log_density(x: &[f64; 2]) -> f64 {
    let mut terms = [0.0; 8];
    for (k, term) in (0..).zip(&mut terms) {
        *term = log_kernel(x, &centre(k), DEVIATION);
    }
    log_sum_exp(&terms) - libm::log(8.0) - log_area(DEVIATION)
}

fn centre(k: u32) -> [f64; 2] {
    direction(PI / 4.0 * f64::from(k)).map(|x| DISTANCE * x)
}

/// Fills `points` with draws from the dark squares of a board of 4 x 4 squares of side 2 around the origin: that of FFJORD (Grathwohl et al. 2019).
pub fn checkerboard<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], rng: &mut R) {
    for point in points {
        let column = choose(4, rng);
        let row = 2 * choose(2, rng) + column % 2;
        *point = [column, row].map(|square| T::from_f64(2.0 * (f64::from(square) - 2.0 + uniform(rng))));
    }
}

/// `log p(x)` of [`checkerboard`], in nats: `-ln 32` on a dark square and minus infinity elsewhere.
pub fn checkerboard_log_density(x: &[f64; 2]) -> f64 {
    let [column, row] = x.map(|x| libm::floor(x / 2.0));
    let on_board = x.iter().all(|x| -4.0 <= *x && *x < 4.0);
    if on_board && (column - row) % 2.0 == 0.0 { -libm::log(32.0) } else { f64::NEG_INFINITY }
}

/// Fills `points` with draws from five bent arms around the origin: the pinwheel of Johnson et al. (2016), as FFJORD (Grathwohl et al. 2019) takes it.
///
/// Along an arm `r ~ N(1, 0.3^2)`, across it `t ~ N(0, 0.1^2)`; `2 (r, t)` is turned clockwise by `k 2 pi / 5 + e^r / 4`, with `k` uniform on the five arms.
pub fn pinwheel<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], rng: &mut R) {
    for point in points {
        let arm = choose(5, rng);
        let (along, across) = (1.0 + 0.3 * standard_normal::<f64, R>(rng), 0.1 * standard_normal::<f64, R>(rng));
        let [cos, sin] = direction(2.0 * PI / 5.0 * f64::from(arm) + 0.25 * libm::exp(along));
        *point = [along * cos + across * sin, across * cos - along * sin].map(|x| T::from_f64(2.0 * x));
    }
}
