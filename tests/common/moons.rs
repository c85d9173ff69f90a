//! Two moons.

use gaussflow::rand_core::Rng;
use gaussflow::toy::two_moons;

/// `count` points of them.
pub fn moons(count: usize, rng: &mut impl Rng) -> Vec<[f32; 2]> {
    let mut points = vec![[0.0; 2]; count];
    two_moons(&mut points, 0.05, rng);
    points
}
