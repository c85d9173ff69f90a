//! The generators against their truth: each sample set has the density that is stated, and each density integrates to 1.

use rand_pcg::Pcg64;

use super::*;

const N: usize = 20_000;

fn draw(fill: impl FnOnce(&mut [[f64; 2]], &mut Pcg64)) -> [[f64; 2]; N] {
    let mut points = [[0.0; 2]; N];
    fill(&mut points, &mut Pcg64::new(5, 6));
    points
}

/// Mean and its standard error.
fn mean(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let mean = values.clone().sum::<f64>() / N as f64;
    let variance = values.map(|v| (v - mean) * (v - mean)).sum::<f64>() / N as f64;
    (mean, libm::sqrt(variance / N as f64))
}

/// The mean of `-log p` over the samples is the entropy, within 4 standard errors (a false alarm in 16,000) and the entropy's own digits.
fn has_entropy(name: &str, points: &[[f64; 2]; N], log_density: impl Fn(&[f64; 2]) -> f64 + Copy, entropy: f64) {
    let (nll, error) = mean(points.iter().map(|x| -log_density(x)));
    assert!((nll - entropy).abs() < 4.0 * error + 1e-4, "{name}: {nll} +- {error}, entropy {entropy}");
}

/// The mean of a density over a grid of midpoints times the area is 1, and so is that of the samples in each of 64 cells: within 5 binomial deviations.
fn fits_cells(name: &str, points: &[[f64; 2]; N], half: f64, log_density: impl Fn(&[f64; 2]) -> f64) {
    const CELLS: usize = 8;
    const FINE: usize = 24;
    let mut parts = [[0.0; CELLS]; CELLS];
    let cell = 2.0 * half / CELLS as f64;
    let at = |i: usize| -half + cell * (i as f64 + 0.5) / FINE as f64;
    for i in 0..CELLS * FINE {
        for j in 0..CELLS * FINE {
            parts[i / FINE][j / FINE] += libm::exp(log_density(&[at(i), at(j)])) * (cell / FINE as f64) * (cell / FINE as f64);
        }
    }
    let total: f64 = parts.as_flattened().iter().sum();
    assert!((total - 1.0).abs() < 2e-3, "{name}: the density integrates to {total}");
    for i in 0..CELLS {
        for j in 0..CELLS {
            let inside = |x: f64, i: usize| (i as f64) <= (x + half) / cell && (x + half) / cell < (i + 1) as f64;
            let count = points.iter().filter(|x| inside(x[0], i) && inside(x[1], j)).count() as f64;
            let expected = N as f64 * parts[i][j];
            assert!(
                (count - expected).abs() < 5.0 * libm::sqrt(expected) + 1e-3 * N as f64,
                "{name}, cell {i} {j}: {count}, {expected} expected"
            );
        }
    }
}

#[test]
fn samples_have_the_stated_density() {
    let moons = draw(|points, rng| two_moons(points, 0.1, rng));
    fits_cells("moons", &moons, 2.6, |x| two_moons_log_density(x, 0.1));
    let rings = draw(|points, rng| circles(points, 0.5, 0.1, rng));
    fits_cells("circles", &rings, 1.6, |x| circles_log_density(x, 0.5, 0.1));
    let gaussians = draw(|points, rng| eight_gaussians(points, rng));
    fits_cells("eight Gaussians", &gaussians, 5.0, eight_gaussians_log_density);
    let board = draw(|points, rng| checkerboard(points, rng));
    fits_cells("checkerboard", &board, 4.0, checkerboard_log_density);
    let spirals = draw(|points, rng| two_spirals(points, rng));
    fits_cells("spirals", &spirals, 4.2, two_spirals_log_density);
    let rolled = draw(|points, rng| swiss_roll(points, 0.2, rng));
    fits_cells("swiss roll", &rolled, 4.0, |x| swiss_roll_log_density(x, 0.2));
}

#[test]
fn entropies() {
    has_entropy("moons", &draw(|points, rng| two_moons(points, 0.05, rng)), |x| two_moons_log_density(x, 0.05), 0.2892);
    has_entropy("circles", &draw(|points, rng| circles(points, 0.5, 0.05, rng)), |x| circles_log_density(x, 0.5, 0.05), 0.6061);
    has_entropy("eight Gaussians", &draw(|points, rng| eight_gaussians(points, rng)), eight_gaussians_log_density, 2.8316);
    has_entropy("checkerboard", &draw(|points, rng| checkerboard(points, rng)), checkerboard_log_density, 3.4657);
    has_entropy("spirals", &draw(|points, rng| two_spirals(points, rng)), two_spirals_log_density, 2.6455);
    has_entropy("swiss roll", &draw(|points, rng| swiss_roll(points, 0.1, rng)), |x| swiss_roll_log_density(x, 0.1), 1.9681);
}

/// A far point has a density that `f64` cannot hold: minus infinity, not a NaN.
#[test]
fn far_points() {
    let far = [1e3, -1e3];
    let logs = [
        two_moons_log_density(&far, 0.05),
        circles_log_density(&far, 0.5, 0.05),
        two_spirals_log_density(&far),
        swiss_roll_log_density(&far, 0.05),
        checkerboard_log_density(&far),
    ];
    assert_eq!(logs, [f64::NEG_INFINITY; 5]);
    assert!((-1e8..-1e6).contains(&eight_gaussians_log_density(&far)));
}

/// Of the pinwheel, whose density is not known: its radius is that of the arm, and a fifth of a turn changes nothing but the draws.
#[test]
fn pinwheel_has_five_equal_arms() {
    let points = draw(|points, rng| pinwheel(points, rng));
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
    let fills: [fn(&mut [[f32; 2]], &mut Pcg64); 7] = [
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
