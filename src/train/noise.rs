//! Noise on the rows that a fit reads.

use core::convert::Infallible;

use rand_core::{Rng, TryRng};

use crate::math::standard_normal;
use crate::number::{Real, Value, Zeros};
use crate::train::TrainError;

/// Noise that a fit adds to each sample each time it reads it: [`Fit::noise`](crate::train::Fit::noise). All zero, the default, is none.
///
/// Uniform noise of a column's step makes a density of repeated values (integers, two-valued columns, sensors of few bits): without it a flow puts all it has on the values
/// themselves, and the likelihood has no bound (Theis, van den Oord and Bethge 2016, A note on the evaluation of generative models, 3.1). Normal noise keeps a large flow from learning
/// few rows by heart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise<T, const D: usize> {
    /// The distance between neighbouring values of each column, at least 0: uniform noise on `(-step / 2, step / 2)`.
    pub steps: [T; D],
    /// Standard deviations of normal noise, in units of the columns, at least 0.
    pub deviations: [T; D],
}

impl<T: Zeros, const D: usize> Zeros for Noise<T, D> {
    const ZEROS: Self = Noise { steps: Zeros::ZEROS, deviations: Zeros::ZEROS };
}

impl<T: Zeros, const D: usize> Default for Noise<T, D> {
    fn default() -> Self {
        Self::ZEROS
    }
}

impl<T: Real, const D: usize> Noise<T, D> {
    /// Refuses what is negative or not finite.
    ///
    /// # Errors
    /// [`TrainError::Setting`], `noise.steps` or `noise.deviations`.
    pub fn check(&self) -> Result<(), TrainError> {
        let sound = |values: &[T; D]| values.iter().all(|x| T::ZEROS <= *x && x.is_finite());
        match (sound(&self.steps), sound(&self.deviations)) {
            (false, _) => Err(TrainError::Setting("noise.steps")),
            (_, false) => Err(TrainError::Setting("noise.deviations")),
            _ => Ok(()),
        }
    }

    /// Adds noise to samples in place: once and for all, to validation rows for example.
    pub fn add<R: Rng + ?Sized>(&self, samples: &mut [[T; D]], rng: &mut R) {
        for sample in samples {
            self.add_to(sample, rng);
        }
    }

    fn add_to<R: Rng + ?Sized>(&self, sample: &mut [T; D], rng: &mut R) {
        for d in 0..D {
            if T::ZEROS < self.steps[d] {
                sample[d] += self.steps[d] * (T::uniform(rng) - T::from_f64(0.5));
            }
            if T::ZEROS < self.deviations[d] {
                sample[d] += self.deviations[d] * standard_normal(rng);
            }
        }
    }
}

/// The noise of an epoch: that of a row depends on the seed and the row alone, not on who reads it when.
#[derive(Clone, Copy)]
pub(super) struct Seeded<T, const D: usize> {
    pub(super) noise: Noise<T, D>,
    pub(super) seed: u64,
}

impl<T: Real, const D: usize> Seeded<T, D> {
    /// Adds the noise of `row` to the lane `n`.
    #[inline(never)]
    pub(super) fn add<V: Value<Scalar = T>>(&self, row: usize, n: usize, lanes: &mut [V; D]) {
        let mut sample = core::array::from_fn(|d| lanes[d].lane(n));
        self.noise.add_to(&mut sample, &mut SplitMix(mix(self.seed ^ mix(row as u64))));
        for d in 0..D {
            lanes[d].set_lane(n, sample[d]);
        }
    }
}

/// The generator of Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators: a counter and a hash, cheap to start anew at each row.
struct SplitMix(u64);

/// Its hash (variant 13 of D. Stafford).
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl TryRng for SplitMix {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| (word >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Ok(mix(self.0))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use super::{Noise, Seeded, SplitMix};
    use crate::number::{Pack, Value, Zeros};
    use crate::train::TrainError;

    const NOISE: Noise<f64, 3> = Noise { steps: [0.0, 2.0, 0.0], deviations: [0.0, 0.0, 0.5] };

    /// The moments of uniform and normal noise, within five standard errors of 20,000 draws.
    #[test]
    fn moments_are_those_asked_for() {
        let mut samples = vec![[5.0; 3]; 20_000];
        NOISE.add(&mut samples, &mut SplitMix(1));
        let moments = |d: usize| -> [f64; 2] {
            let column: Vec<f64> = samples.iter().map(|x| x[d] - 5.0).collect();
            let mean = |f: fn(f64) -> f64| column.iter().map(|x| f(*x)).sum::<f64>() / column.len() as f64;
            [mean(|x| x), mean(|x| x * x)]
        };
        assert_eq!(moments(0), [0.0, 0.0]);
        let [mean, square] = moments(1);
        assert!(mean.abs() < 0.021 && (square - 1.0 / 3.0).abs() < 0.011, "{mean}, {square}");
        assert!(samples.iter().all(|x| (x[1] - 5.0).abs() < 1.0));
        let [mean, square] = moments(2);
        assert!(mean.abs() < 0.018 && (square - 0.25).abs() < 0.013, "{mean}, {square}");
    }

    #[test]
    fn a_row_has_its_noise_whatever_the_lanes() {
        let seeded = Seeded { noise: NOISE, seed: 7 };
        let mut pack = [Pack([1.0f64; 4]); 3];
        (0..4).for_each(|n| seeded.add(40 + n, n, &mut pack));
        for n in 0..4 {
            let mut alone = [1.0f64; 3];
            seeded.add(40 + n, 0, &mut alone);
            assert_eq!(pack.map(|lanes| lanes.lane(n)), alone);
        }
        assert_ne!(pack[1].lane(0), pack[1].lane(1));
        let (mut other, mut first) = ([1.0f64; 3], [1.0f64; 3]);
        Seeded { seed: 8, ..seeded }.add(40, 0, &mut other);
        seeded.add(40, 0, &mut first);
        assert_ne!(other, first);
    }

    #[test]
    fn unsound_noise_is_refused_by_its_name() {
        for value in [-1.0, f64::NAN, f64::INFINITY] {
            let [mut steps, mut deviations] = [Noise::<f64, 2>::ZEROS; 2];
            (steps.steps[1], deviations.deviations[0]) = (value, value);
            assert_eq!(steps.check(), Err(TrainError::Setting("noise.steps")));
            assert_eq!(deviations.check(), Err(TrainError::Setting("noise.deviations")));
        }
        assert_eq!(NOISE.check(), Ok(()));
    }
}
