//! The generators against their truth: each sample set has the density that is stated, and each density integrates to 1 and has the stated entropy.

extern crate std;

use std::vec::Vec;

use rand_pcg::Pcg64;

use super::*;

const N: usize = 4000;
const CELLS: usize = 8;

fn draw(fill: impl FnOnce(&mut [[f64; 2]], &mut Pcg64)) -> Vec<[f64; 2]> {
    let mut points = std::vec![[0.0; 2]; N];
    fill(&mut points, &mut Pcg64::new(5, 6));
    points
}

/// Mean and its standard error.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean, libm::sqrt(variance / n))
}

/// On the square of the given half side around `centre`, in `CELLS * fine` squares a side: the density sums to 1 and has the `entropy`, both within 3e-4; and
/// the samples in each of the `CELLS^2` cells are as many as it says, within 5 binomial deviations and two.
fn holds(name: &str, points: &[[f64; 2]], centre: [f64; 2], half: f64, fine: usize, entropy: f64, log_density: impl Fn(&[f64; 2]) -> f64) {
    let (cell, step) = (2.0 * half / CELLS as f64, 2.0 * half / (CELLS * fine) as f64);
    let mut masses = [[0.0; CELLS]; CELLS];
    let mut sum = 0.0;
    for i in 0..CELLS * fine {
        for j in 0..CELLS * fine {
            let log_p = log_density(&[(0, i), (1, j)].map(|(d, i)| centre[d] - half + step * (i as f64 + 0.5)));
            let mass = libm::exp(log_p) * step * step;
            masses[i / fine][j / fine] += mass;
            if mass > 0.0 {
                sum -= mass * log_p;
            }
        }
    }
    let total: f64 = masses.as_flattened().iter().sum();
    assert!((total - 1.0).abs() < 3e-4, "{name}: the density integrates to {total}");
    assert!((sum - entropy).abs() < 3e-4, "{name}: entropy {sum}, {entropy} stated");
    let mut counts = [[0.0; CELLS]; CELLS];
    for x in points {
        let [i, j] = [0, 1].map(|d| (x[d] - centre[d] + half) / cell);
        counts[i as usize][j as usize] += 1.0;
    }
    for (cell, (count, mass)) in counts.as_flattened().iter().zip(masses.as_flattened()).enumerate() {
        let expected = N as f64 * mass;
        assert!((count - expected).abs() < 5.0 * libm::sqrt(expected) + 2.0, "{name}, cell {cell}: {count} samples, {expected} expected");
    }
    // On every fourth sample; 4 standard errors: a false alarm in 16,000.
    let (nll, error) = mean(points.iter().step_by(4).map(|x| -log_density(x)));
    assert!((nll - entropy).abs() < 4.0 * error + 1e-4, "{name}: {nll} +- {error}, entropy {entropy}");
}

#[test]
fn two_moons_has_its_density() {
    let points = draw(|points, rng| two_moons(points, 0.05, rng));
    holds("two moons", &points, [0.5, 0.25], 1.8, 9, 0.2892, |x| two_moons_log_density(x, 0.05));
}

#[test]
fn circles_has_its_density() {
    let points = draw(|points, rng| circles(points, 0.5, 0.08, rng));
    holds("circles", &points, [0.0; 2], 1.5, 5, 1.0709, |x| circles_log_density(x, 0.5, 0.08));
}

#[test]
fn eight_gaussians_has_its_density() {
    let points = draw(eight_gaussians);
    holds("eight Gaussians", &points, [0.0; 2], 5.0, 8, 2.8316, eight_gaussians_log_density);
}

#[test]
fn checkerboard_has_its_density() {
    let points = draw(checkerboard);
    holds("checkerboard", &points, [0.0; 2], 4.0, 1, 3.4657, checkerboard_log_density);
}

#[test]
fn two_spirals_has_its_density() {
    let points = draw(two_spirals);
    holds("two spirals", &points, [0.0; 2], 4.0, 8, 2.6451, two_spirals_log_density);
}

#[test]
fn swiss_roll_has_its_density() {
    let points = draw(|points, rng| swiss_roll(points, 0.2, rng));
    holds("swiss roll", &points, [0.0; 2], 4.0, 5, 2.6696, |x| swiss_roll_log_density(x, 0.2));
}

/// Of two circles, the closed form: a mean of two rings' densities, each with the Bessel function `I_0` (its series; Abramowitz and Stegun 9.6.12).
#[test]
fn circles_is_a_bessel_function() {
    let ring = |distance: f64, radius: f64, noise: f64| {
        let q = 0.5 * distance * radius / (noise * noise);
        let (mut term, mut bessel) = (1.0, 1.0);
        for k in 1..200 {
            term *= q / f64::from(k) * (q / f64::from(k));
            bessel += term;
        }
        libm::log(bessel) - (distance * distance + radius * radius) / (2.0 * noise * noise) - log_area(noise)
    };
    for x in [[0.0, 0.0], [0.3, -0.2], [0.7, 0.1], [-0.8, 0.9]] {
        let distance = libm::hypot(x[0], x[1]);
        let truth = libm::log(0.5 * (libm::exp(ring(distance, 1.0, 0.1)) + libm::exp(ring(distance, 0.5, 0.1))));
        let log_p = circles_log_density(&x, 0.5, 0.1);
        assert!((log_p - truth).abs() < 1e-12 * truth.abs().max(1.0), "{x:?}: {log_p}, {truth}");
    }
}

/// Far points keep a log-density where `f64` has no density.
#[test]
fn far_points() {
    let far = [1e3, -1e3];
    for log_p in [
        two_moons_log_density(&far, 0.05),
        circles_log_density(&far, 0.5, 0.05),
        swiss_roll_log_density(&far, 0.05),
        eight_gaussians_log_density(&far),
    ] {
        assert!((-1e9..-1e6).contains(&log_p), "{log_p}");
    }
    assert_eq!([two_spirals_log_density(&far), checkerboard_log_density(&far)], [f64::NEG_INFINITY; 2]);
    assert_eq!(two_moons_log_density(&[f64::INFINITY, 0.0], 0.05), f64::NEG_INFINITY);
    assert!(two_moons_log_density(&[f64::NAN, 0.0], 0.05).is_nan());
}

/// Of the pinwheel, whose density is not known: its radius is that of the arm, and a fifth of a turn changes nothing but the draws.
#[test]
fn pinwheel_has_five_equal_arms() {
    let points = draw(pinwheel);
    // E (r^2 + t^2) = 1 + 0.3^2 + 0.1^2, times 4.
    let (square, error) = mean(points.iter().map(|x| x[0] * x[0] + x[1] * x[1]));
    assert!((square - 4.4).abs() < 4.0 * error, "{square} +- {error}");
    // The first four Fourier modes of the angle vanish.
    for mode in 1..5 {
        let angle = |x: &[f64; 2]| f64::from(mode) * libm::atan2(x[1], x[0]);
        for part in [libm::cos, libm::sin] {
            let (mean, error) = mean(points.iter().map(|x| part(angle(x))));
            assert!(mean.abs() < 4.5 * error, "mode {mode}: {mean} +- {error}");
        }
    }
    // The fifth does not, once the bend is taken back: at radius r the arm's angle is -e^r / 4.
    let (unbent, _) = mean(points.iter().map(|x| {
        let r = 0.5 * libm::hypot(x[0], x[1]);
        libm::cos(5.0 * (libm::atan2(x[1], x[0]) + 0.25 * libm::exp(r)))
    }));
    assert!(unbent > 0.8, "{unbent}");
}

#[test]
fn single_precision_and_few_points() {
    type Fill = fn(&mut [[f32; 2]], &mut Pcg64);
    let fills: [Fill; 7] = [
        |points, rng| two_moons(points, 0.1, rng),
        |points, rng| circles(points, 0.5, 0.1, rng),
        eight_gaussians,
        checkerboard,
        pinwheel,
        two_spirals,
        |points, rng| swiss_roll(points, 0.1, rng),
    ];
    for fill in fills {
        for count in 0..5 {
            let mut points = [[f32::NAN; 2]; 5];
            fill(&mut points[..count], &mut Pcg64::new(1, 2));
            assert!(points[..count].as_flattened().iter().all(|x| x.is_finite()));
            assert!(points[count..].as_flattened().iter().all(|x| x.is_nan()));
        }
    }
}
