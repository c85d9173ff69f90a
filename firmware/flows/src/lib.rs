//! The flows of the images and the work they do: the same code on the board and on the host, which must give the same bits.

#![no_std]

mod hash;
mod inputs;

pub use hash::Hash;
pub use inputs::{draws, nasty};

use shapes::Moons;

/// Two moons, trained by `host`'s `train`.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
pub static MOONS: Moons = include!(concat!(env!("OUT_DIR"), "/moons.rs"));

/// A hash of the bits of `log_prob` at `count` inputs.
pub fn log_prob_hash(count: u32) -> u64 {
    let mut hash = Hash::default();
    for x in draws(count) {
        hash.add(MOONS.log_prob(&x));
    }
    hash.value()
}

/// A hash of the bits of `count` samples.
pub fn sample_hash(count: u32) -> u64 {
    let mut rng = rand_pcg::Pcg32::new(7, 0x7361_6d70);
    let mut hash = Hash::default();
    for _ in 0..count {
        for x in MOONS.sample(&mut rng) {
            hash.add(x);
        }
    }
    hash.value()
}
