//! Cotangents to pull back.

use rand_core::{Infallible, TryRng};

use crate::math::{sigmoid, standard_normal};
use crate::number::Real;

/// A generator of the check's own, so that a check sees the same numbers wherever it runs: SplitMix64 (Steele, Lea and Flood 2014).
pub(super) struct Draws(pub(super) u64);

impl Draws {
    /// A draw with a size in `[0.5, 1.5]`, so that no cotangent is too small to show an error.
    pub(super) fn cotangent<T: Real>(&mut self) -> T {
        let v: f64 = standard_normal(self);
        T::from_f64(v.signum() * (0.5 + sigmoid(v)))
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(8) {
            chunk.copy_from_slice(&self.try_next_u64()?.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
