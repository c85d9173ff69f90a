//! Densities that people know, to try a flow on.

use rand_core::Rng;

use crate::real::Real;
use crate::sample::standard_normal;

/// Fills `points` with two interleaved half circles and Gaussian `noise`: scikit-learn's `make_moons`, in its order before it shuffles
/// (first half the outer moon), then unstandardised.
///
/// The outer moon is `(cos t, sin t)`, the inner one `(1 - cos t, 1/2 - sin t)`, with `t` evenly spaced on `[0, pi]`.
pub fn two_moons<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], noise: T, rng: &mut R) {
    let outer = points.len() / 2;
    let inner = points.len() - outer;
    for (i, point) in points.iter_mut().enumerate() {
        let (index, count) = if i < outer { (i, outer) } else { (i - outer, inner) };
        let t = core::f64::consts::PI * index as f64 / (count.max(2) - 1) as f64;
        let (sin, cos) = (libm::sin(t), libm::cos(t));
        let (x, y) = if i < outer { (cos, sin) } else { (1.0 - cos, 0.5 - sin) };
        *point = [x, y].map(|v| T::from_f64(v) + noise * standard_normal(rng));
    }
}
