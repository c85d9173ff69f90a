//! The flows of the images and the work they do: the same code on the board and on the host, which must give the same bits.

#![no_std]

mod hash;
mod inputs;
mod learn;
mod watch;

pub use hash::Hash;
pub use inputs::{draws, nasty, ordinary, search};
pub use learn::{Learned, Learner, STEPS};
pub use watch::{AXES, STREAM, Seen, watch, watch_axes};

use gaussflow::factory::MixtureCoupling;
use gaussflow::{Identity, Layer, Zeros};
use shapes::{Int8Moons, Moons};

/// Two moons, trained by `train`.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
pub static MOONS: Moons = include!(concat!(env!("OUT_DIR"), "/moons.rs"));

/// The same flow with weights of eight bits.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
pub static INT8_MOONS: Int8Moons = include!(concat!(env!("OUT_DIR"), "/int8_moons.rs"));

/// A hash of the bits of `log_prob` of [`INT8_MOONS`] at `count` inputs.
pub fn int8_hash(count: u32) -> Hash {
    let mut hash = Hash::default();
    for x in draws(count) {
        hash.add(INT8_MOONS.log_prob(&x));
    }
    hash
}

/// A hash of the bits of `log_prob` at `count` inputs.
pub fn log_prob_hash(count: u32) -> Hash {
    let mut hash = Hash::default();
    for x in draws(count) {
        hash.add(MOONS.log_prob(&x));
    }
    hash
}

/// A hash of the bits of `count` samples.
pub fn sample_hash(count: u32) -> Hash {
    let mut rng = rand_pcg::Pcg32::new(7, 0x7361_6d70);
    let mut hash = Hash::default();
    for _ in 0..count {
        for x in MOONS.sample(&mut rng) {
            hash.add(x);
        }
    }
    hash
}

/// The most evaluations that the inverse of a mixture of the two-moons flow takes: every coupling, at hard identity and transformed values.
pub fn most_evaluations() -> u32 {
    fn of<M>(coupling: &MixtureCoupling<f32, M, 1, 1>) -> usize {
        let evaluations = |[a, z]: [f32; 2]| {
            let mut params = [Zeros::ZEROS];
            coupling.conditioner.apply::<f32, Identity>(&[a], &[], &mut params);
            coupling.univariate.mixture(&params[0]).inverse_counted(z).1
        };
        nasty().map(evaluations).max().unwrap_or(0)
    }
    MOONS.bijector.iter().map(|(_, first, second)| of(first).max(of(second))).max().unwrap_or(0) as u32
}
