//! Densities that people know.

use gaussflow::toy;
use rand_pcg::Pcg64;

/// A density to draw points from, and its logarithm in nats where that is known.
pub struct Density {
    pub name: &'static str,
    fill: fn(&mut [[f32; 2]], &mut Pcg64),
    log_density: Option<fn(&[f64; 2]) -> f64>,
}

const MOONS_NOISE: f64 = 0.05;
const ROLL_NOISE: f64 = 0.2;
const FACTOR: f64 = 0.5;
const CIRCLES_NOISE: f64 = 0.08;

/// All of [`toy`].
pub const DENSITIES: [Density; 7] = [
    Density {
        name: "two moons",
        fill: |points, rng| toy::two_moons(points, MOONS_NOISE as f32, rng),
        log_density: Some(|x| toy::two_moons_log_density(x, MOONS_NOISE)),
    },
    Density {
        name: "circles",
        fill: |points, rng| toy::circles(points, FACTOR as f32, CIRCLES_NOISE as f32, rng),
        log_density: Some(|x| toy::circles_log_density(x, FACTOR, CIRCLES_NOISE)),
    },
    Density { name: "eight Gaussians", fill: toy::eight_gaussians, log_density: Some(toy::eight_gaussians_log_density) },
    Density { name: "checkerboard", fill: toy::checkerboard, log_density: Some(toy::checkerboard_log_density) },
    Density { name: "pinwheel", fill: toy::pinwheel, log_density: None },
    Density { name: "two spirals", fill: toy::two_spirals, log_density: Some(toy::two_spirals_log_density) },
    Density {
        name: "swiss roll",
        fill: |points, rng| toy::swiss_roll(points, ROLL_NOISE as f32, rng),
        log_density: Some(|x| toy::swiss_roll_log_density(x, ROLL_NOISE)),
    },
];

impl Density {
    pub fn draw(&self, count: usize, seed: u64) -> Vec<[f32; 2]> {
        let mut points = vec![[0.0; 2]; count];
        (self.fill)(&mut points, &mut Pcg64::new(seed.into(), 0x746f_7973));
        points
    }

    /// The mean of `-log p` of points under the density itself, in nats: what no model is below on many points. NaN where it is not known.
    pub fn mean_nll(&self, points: &[[f32; 2]]) -> f64 {
        let Some(log_density) = self.log_density else { return f64::NAN };
        -points.iter().map(|x| log_density(&x.map(f64::from))).sum::<f64>() / points.len() as f64
    }
}
