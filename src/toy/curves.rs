//! Curves with noise around them.

use core::f64::consts::{FRAC_1_SQRT_2, PI};

use rand_core::Rng;

use super::{direction, log_area, log_kernel, noisy, uniform};
use crate::number::Real;

/// Fills `points` with two interleaved half circles and Gaussian `noise`: scikit-learn's `make_moons`, in its order before it shuffles
/// (first half the outer moon), then unstandardised.
///
/// The outer moon is `(cos t, sin t)`, the inner one `(1 - cos t, 1/2 - sin t)`, with `t` evenly spaced on `[0, pi]`.
pub fn two_moons<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], noise: T, rng: &mut R) {
    let outer = points.len() / 2;
    let inner = points.len() - outer;
    for (i, point) in points.iter_mut().enumerate() {
        let (index, count) = if i < outer { (i, outer) } else { (i - outer, inner) };
        let t = PI * index as f64 / (count.max(2) - 1) as f64;
        let [outer_moon, inner_moon] = moons(t);
        *point = noisy(if i < outer { outer_moon } else { inner_moon }, noise, rng);
    }
}

/// `log p(x)` of [`two_moons`] with `t` uniform on `[0, pi]`, in nats; `noise` at least 0.05.
pub fn two_moons_log_density(x: &[f64; 2], noise: f64) -> f64 {
    log_mean_exp(|u| moons(PI * u).map(|centre| log_kernel(x, &centre, noise))) - log_area(noise)
}

fn moons(t: f64) -> [[f64; 2]; 2] {
    let [cos, sin] = direction(t);
    [[cos, sin], [1.0 - cos, 0.5 - sin]]
}

/// Fills `points` with two circles around the origin, of radius 1 (first half) and `factor`, and Gaussian `noise`: scikit-learn's `make_circles` before it shuffles.
///
/// Angles are evenly spaced on each circle. FFJORD (Grathwohl et al. 2019) takes the factor 0.5 and the noise 0.08, then triples the coordinates.
pub fn circles<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], factor: T, noise: T, rng: &mut R) {
    let outer = points.len() / 2;
    let inner = points.len() - outer;
    for (i, point) in points.iter_mut().enumerate() {
        let (index, count, radius) = if i < outer { (i, outer, 1.0) } else { (i - outer, inner, factor.as_()) };
        let on_circle = direction(2.0 * PI * index as f64 / count as f64);
        *point = noisy(on_circle.map(|x| radius * x), noise, rng);
    }
}

/// `log p(x)` of [`circles`] with uniform angles, in nats; `noise` at least 0.05.
pub fn circles_log_density(x: &[f64; 2], factor: f64, noise: f64) -> f64 {
    let at = |u| {
        let on_circle = direction(2.0 * PI * u);
        [1.0, factor].map(|radius| log_kernel(x, &on_circle.map(|c| radius * c), noise))
    };
    log_mean_exp(at) - log_area(noise)
}

/// Fills `points` with a spiral `t (cos t, sin t) / 5`, `t` uniform on `[3/2 pi, 9/2 pi]`, and Gaussian `noise`: two of the three dimensions of scikit-learn's `make_swiss_roll`,
/// as FFJORD (Grathwohl et al. 2019) scales them; its noise is 0.2.
pub fn swiss_roll<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], noise: T, rng: &mut R) {
    for point in points {
        *point = noisy(roll(uniform(rng)), noise, rng);
    }
}

/// `log p(x)` of [`swiss_roll`], in nats; `noise` at least 0.1.
pub fn swiss_roll_log_density(x: &[f64; 2], noise: f64) -> f64 {
    log_mean_exp(|u| [log_kernel(x, &roll(u), noise)]) - log_area(noise)
}

fn roll(u: f64) -> [f64; 2] {
    let t = 1.5 * PI * (1.0 + 2.0 * u);
    direction(t).map(|x| t * x / 5.0)
}

/// How far a spiral winds: one and a half turns.
const WOUND: f64 = 3.0 * PI;
/// The width of the uniform noise of a spiral's points, and the deviation of the Gaussian.
const JITTER: f64 = 0.5 / 3.0;
const SPIRAL_NOISE: f64 = 0.1;

/// Fills `points` with two spirals that are each other turned by half a turn (they alternate), uniform noise and Gaussian noise: those of FFJORD (Grathwohl et al. 2019).
///
/// The first is `t (-cos t, sin t) / 3` with `t = 3 pi sqrt(u)`, `u` uniform on `(0, 1)`; each coordinate is moved by up to 1/6 before the turn, and by a normal of deviation 0.1
/// after.
pub fn two_spirals<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], rng: &mut R) {
    for (i, point) in points.iter_mut().enumerate() {
        let on_curve = spiral(WOUND * libm::sqrt(uniform(rng)));
        let turn = if i % 2 == 0 { 1.0 } else { -1.0 };
        let moved = on_curve.map(|x| turn * (x + JITTER * uniform(rng)));
        *point = noisy(moved, T::from_f64(SPIRAL_NOISE), rng);
    }
}

/// `log p(x)` of [`two_spirals`], in nats; minus infinity further than 0.8 from all of their points before the normal noise, where `p` is below `e^-32`.
pub fn two_spirals_log_density(x: &[f64; 2]) -> f64 {
    // By t, whose density is 2 t / (3 pi)^2.
    let density = |u: f64| {
        let centre = spiral(WOUND * u);
        let arm = |turn: f64| [0, 1].map(|d| jittered(turn * x[d] - centre[d])).iter().product::<f64>();
        u * (arm(1.0) + arm(-1.0))
    };
    libm::log(midpoints().map(density).sum::<f64>() / f64::from(MIDPOINTS))
}

fn spiral(t: f64) -> [f64; 2] {
    let [cos, sin] = direction(t);
    [-t * cos / 3.0, t * sin / 3.0]
}

/// The density of a uniform number on `[0, JITTER]` and a normal one, 0 further than eight deviations from the interval.
fn jittered(x: f64) -> f64 {
    let below = |x: f64| 0.5 * libm::erfc(-x / SPIRAL_NOISE * FRAC_1_SQRT_2);
    let near = -8.0 * SPIRAL_NOISE < x && x < JITTER + 8.0 * SPIRAL_NOISE;
    if near { (below(x) - below(x - JITTER)) / JITTER } else { 0.0 }
}

/// Integrals along a curve are means over so many midpoints of `(0, 1)`: on all curves here they lie so close that the normals around them blur to one line.
const MIDPOINTS: u32 = 256;

fn midpoints() -> impl Iterator<Item = f64> {
    (0..MIDPOINTS).map(|i| (f64::from(i) + 0.5) / f64::from(MIDPOINTS))
}

/// The logarithm of the mean of `e^f` over `(0, 1)` and the terms of `f`, the largest taken out.
fn log_mean_exp<const N: usize>(f: impl Fn(f64) -> [f64; N]) -> f64 {
    let (mut largest, mut sum) = (f64::MIN, 0.0);
    for term in midpoints().flat_map(f) {
        if term > largest {
            sum = sum * libm::exp(largest - term) + 1.0;
            largest = term;
        } else {
            sum += libm::exp(term - largest);
        }
    }
    largest + libm::log(sum / (f64::from(MIDPOINTS) * N as f64))
}
