//! Curves with noise around them.

use core::f64::consts::PI;

use rand_core::Rng;

use super::{direction, uniform};
use crate::math::{cdf, exp, ln};
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
        let t = PI * index as f64 / (count.max(2) - 1) as f64;
        *point = noisy(moon(i < outer, t), noise, rng);
    }
}

/// `log p(x)` of [`two_moons`] with `t` uniform on `[0, pi]`, in nats; `noise` at least 0.02.
pub fn two_moons_log_density(x: &[f64; 2], noise: f64) -> f64 {
    ln(0.5 * [true, false].map(|outer| mean(|u| gaussian(x, &moon(outer, PI * u), noise))).iter().sum::<f64>())
}

fn moon(outer: bool, t: f64) -> [f64; 2] {
    let [cos, sin] = direction(t);
    if outer { [cos, sin] } else { [1.0 - cos, 0.5 - sin] }
}

/// Fills `points` with two circles around the origin, of radius 1 (first half) and `factor`, and Gaussian `noise`: scikit-learn's `make_circles` before it shuffles.
///
/// Angles are evenly spaced on the circle.
pub fn circles<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], factor: T, noise: T, rng: &mut R) {
    let outer = points.len() / 2;
    let inner = points.len() - outer;
    for (i, point) in points.iter_mut().enumerate() {
        let (index, count, radius) = if i < outer { (i, outer, 1.0) } else { (i - outer, inner, factor.as_()) };
        let on_circle = direction(2.0 * PI * index as f64 / count as f64);
        *point = noisy(on_circle.map(|x| radius * x), noise, rng);
    }
}

/// `log p(x)` of [`circles`] with uniform angles, in nats; `noise` at least 0.02.
pub fn circles_log_density(x: &[f64; 2], factor: f64, noise: f64) -> f64 {
    ln(0.5 * [1.0, factor].map(|radius| mean(|u| gaussian(x, &direction(2.0 * PI * u).map(|c| radius * c), noise))).iter().sum::<f64>())
}

/// Fills `points` with a spiral `t (cos t, sin t) / 5`, `t` uniform on `[3/2 pi, 9/2 pi]`, and Gaussian `noise`: two of the three dimensions of scikit-learn's `make_swiss_roll`,
/// as FFJORD (Grathwohl et al. 2019) scales them; its noise is 0.2.
pub fn swiss_roll<T: Real, R: Rng + ?Sized>(points: &mut [[T; 2]], noise: T, rng: &mut R) {
    for point in points {
        *point = noisy(roll(uniform(rng)), noise, rng);
    }
}

/// `log p(x)` of [`swiss_roll`], in nats; `noise` at least 0.02.
pub fn swiss_roll_log_density(x: &[f64; 2], noise: f64) -> f64 {
    ln(mean(|u| gaussian(x, &roll(u), noise)))
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

/// `log p(x)` of [`two_spirals`], in nats.
pub fn two_spirals_log_density(x: &[f64; 2]) -> f64 {
    let arm = |x: [f64; 2]| {
        // By t, whose density is 2 t / (3 pi)^2.
        mean(|u| {
            let centre = spiral(WOUND * u);
            2.0 * u * jittered(x[0] - centre[0]) * jittered(x[1] - centre[1])
        })
    };
    ln(0.5 * (arm(*x) + arm(x.map(|x| -x))))
}

fn spiral(t: f64) -> [f64; 2] {
    let [cos, sin] = direction(t);
    [-t * cos / 3.0, t * sin / 3.0]
}

/// The density of a uniform number on `[0, JITTER]` and a normal one.
fn jittered(x: f64) -> f64 {
    (cdf(x / SPIRAL_NOISE) - cdf((x - JITTER) / SPIRAL_NOISE)) / JITTER
}

fn noisy<T: Real, R: Rng + ?Sized>(x: [f64; 2], noise: T, rng: &mut R) -> [T; 2] {
    x.map(|x| T::from_f64(x) + noise * standard_normal(rng))
}

/// The density at `x` of the normal around `centre` with the same deviation in all directions.
fn gaussian(x: &[f64; 2], centre: &[f64; 2], deviation: f64) -> f64 {
    let [a, b] = [0, 1].map(|d| (x[d] - centre[d]) / deviation);
    exp(-0.5 * (a * a + b * b)) / (2.0 * PI * deviation * deviation)
}

/// The mean of `f` over `(0, 1)` by midpoints: they lie so close on every curve here that a normal of deviation 0.02 around each blurs them to one line.
fn mean(f: impl Fn(f64) -> f64) -> f64 {
    const POINTS: u32 = 2048;
    (0..POINTS).map(|i| f((f64::from(i) + 0.5) / f64::from(POINTS))).sum::<f64>() / f64::from(POINTS)
}
