//! Points to evaluate flows at.

use gaussflow::standard_normal;
use rand_core::Rng;
use rand_pcg::Pcg32;

/// `count` points: normal draws of standard deviation 2, and every sixteenth of any finite size.
pub fn draws<const D: usize>(count: u32) -> impl Iterator<Item = [f32; D]> {
    let mut rng = Pcg32::new(11, 0x696e_7075);
    (0..count).map(move |i| {
        let mut x = [0.0; D];
        for x in &mut x {
            *x = if i % 16 == 15 { finite(&mut rng) } else { 2.0 * standard_normal::<f32, _>(&mut rng) };
        }
        x
    })
}

/// `count` points as data of mean 0 and standard deviation 1 are.
pub fn ordinary<const D: usize>(count: u32) -> impl Iterator<Item = [f32; D]> {
    let mut rng = Pcg32::new(12, 0x696e_7075);
    (0..count).map(move |_| {
        let mut x = [0.0; D];
        for x in &mut x {
            *x = standard_normal(&mut rng);
        }
        x
    })
}

/// A float of any bits that is finite.
fn finite(rng: &mut Pcg32) -> f32 {
    let x = f32::from_bits(rng.next_u32());
    if x.is_finite() { x } else { 0.0 }
}

/// Numbers that strain the numerics: zeros, subnormal, near, in both tails and at the ends of the range.
pub(crate) const HARD: [f32; 21] =
    [0.0, -0.0, 1e-45, -1e-38, 1e-6, -0.01, 0.5, -1.0, 1.0, 2.5, -3.0, 4.0, -6.0, 8.0, -12.0, 30.0, -300.0, 1e6, -1e15, 1e30, f32::MAX];

/// Every pair of hard numbers.
pub fn nasty() -> impl Iterator<Item = [f32; 2]> {
    HARD.into_iter().flat_map(|x| HARD.into_iter().map(move |y| [x, y]))
}

/// Shows points to `cost` in search of the most it gives: from each of `starts` points of all sizes it goes on for `steps`, one coordinate changed in each.
pub fn search<const D: usize>(starts: u32, steps: u32, mut cost: impl FnMut(&[f32; D]) -> u32) {
    let mut rng = Pcg32::new(13, 0x696e_7075);
    for _ in 0..starts {
        let mut point = [0.0; D];
        point.fill_with(|| coordinate(&mut rng));
        let mut most = cost(&point);
        for _ in 0..steps {
            let mut next = point;
            let place = rng.next_u32() as usize % D;
            if let Some(x) = next.get_mut(place) {
                let draw: f32 = standard_normal(&mut rng);
                let moved = match rng.next_u32() % 3 {
                    0 => coordinate(&mut rng),
                    1 => *x * (1.0 + 0.25 * draw),
                    _ => *x + 0.5 * draw,
                };
                *x = if moved.is_finite() { moved } else { f32::MAX };
            }
            let found = cost(&next);
            if most <= found {
                (point, most) = (next, found);
            }
        }
    }
}

/// As data are, hard, or of any size.
fn coordinate(rng: &mut Pcg32) -> f32 {
    let hard = rng.next_u32() as usize % HARD.len();
    match rng.next_u32() % 3 {
        0 => 2.0 * standard_normal::<f32, _>(rng),
        1 => HARD.get(hard).copied().unwrap_or(0.0),
        _ => finite(rng),
    }
}
