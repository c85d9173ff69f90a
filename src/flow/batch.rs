//! Many samples in one call: on the lanes that this machine is fast with, and on its threads.

use core::fmt;

use rand_core::Rng;

use crate::bijector::Bijector;
use crate::flow::rows::{contexts_of, load};
use crate::flow::{Flow, log_prob};
use crate::math::standard_normal;
use crate::number::Real;
use crate::number::Value;
use crate::number::outline::fuses;

/// Why a batch is refused. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BatchError {
    /// There are not as many contexts as samples.
    Contexts {
        /// How many samples there are.
        samples: usize,
        /// How many contexts there are.
        contexts: usize,
    },
    /// There are not as many places for results as samples.
    Output {
        /// How many samples there are.
        samples: usize,
        /// How many places there are.
        output: usize,
    },
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchError::Contexts { samples, contexts } => write!(f, "{samples} samples need as many contexts, not {contexts}"),
            BatchError::Output { samples, output } => write!(f, "{samples} samples need as many places for results, not {output}"),
        }
    }
}

impl core::error::Error for BatchError {}

/// Samples that one thread takes at a time: a multiple of all lanes, so that the cut changes no result.
#[cfg(feature = "rayon")]
const CHUNK: usize = 256;

/// Batches. Buffers are the caller's; `contexts` has one row a sample, or none where `C = 0`.
///
/// They run on the machine's widest lanes ([`Wide`](crate::Wide)) where it multiplies and adds in one instruction, else on plain packs, on a microcontroller sample by sample. So they
/// differ from single samples by rounding: each is as near to the exact value. The last pack is filled up with its last sample.
///
/// The `par_` variants (feature `rayon`) use the threads of the current `rayon` pool and give the same bits, for any number of threads.
impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// `log p(x | c)` of each sample, in nats.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn log_prob_batch(&self, samples: &[[T; D]], contexts: &[[T; C]], log_probs: &mut [T]) -> Result<(), BatchError> {
        check::<D, C, T>(samples, contexts, log_probs)?;
        log_probs_of(&self.bijector, samples, contexts, log_probs);
        Ok(())
    }

    /// Maps each `x` to `z` in place, with `log|det J_f(x)|`.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn forward_batch(&self, samples: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        check::<D, C, T>(samples, contexts, log_dets)?;
        map::<T, B, D, C, false>(&self.bijector, samples, contexts, log_dets);
        Ok(())
    }

    /// Maps each `z` to `x` in place, with `log|det J_{f^-1}(z)|`.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn inverse_batch(&self, latents: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        check::<D, C, T>(latents, contexts, log_dets)?;
        map::<T, B, D, C, true>(&self.bijector, latents, contexts, log_dets);
        Ok(())
    }

    /// A draw from `p(. | c)` for each place of `samples`, with its `log|det J_{f^-1}|`; the latents are those of [`Given::sample`](crate::Given::sample) called once a place.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree; nothing is drawn then.
    pub fn sample_batch<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        contexts: &[[T; C]],
        samples: &mut [[T; D]],
        log_dets: &mut [T],
    ) -> Result<(), BatchError> {
        check::<D, C, T>(samples, contexts, log_dets)?;
        for z in samples.as_flattened_mut() {
            *z = standard_normal(rng);
        }
        map::<T, B, D, C, true>(&self.bijector, samples, contexts, log_dets);
        Ok(())
    }
}

/// On threads.
#[cfg(feature = "rayon")]
impl<T: Real, B: Bijector<T, D, C> + Sync, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// As [`Flow::log_prob_batch`], on several threads.
    pub fn par_log_prob_batch(&self, samples: &[[T; D]], contexts: &[[T; C]], log_probs: &mut [T]) -> Result<(), BatchError> {
        use rayon::prelude::*;
        check::<D, C, T>(samples, contexts, log_probs)?;
        samples.par_chunks(CHUNK).zip(log_probs.par_chunks_mut(CHUNK)).enumerate().for_each(|(index, (samples, log_probs))| {
            log_probs_of(&self.bijector, samples, contexts_of(contexts, index * CHUNK, samples.len()), log_probs);
        });
        Ok(())
    }

    /// As [`Flow::forward_batch`], on several threads.
    pub fn par_forward_batch(&self, samples: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        self.par_map::<false>(samples, contexts, log_dets)
    }

    /// As [`Flow::inverse_batch`], on several threads.
    pub fn par_inverse_batch(&self, latents: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        self.par_map::<true>(latents, contexts, log_dets)
    }

    fn par_map<const INVERSE: bool>(&self, states: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        use rayon::prelude::*;
        check::<D, C, T>(states, contexts, log_dets)?;
        states.par_chunks_mut(CHUNK).zip(log_dets.par_chunks_mut(CHUNK)).enumerate().for_each(|(index, (states, log_dets))| {
            let contexts = contexts_of(contexts, index * CHUNK, states.len());
            map::<T, B, D, C, INVERSE>(&self.bijector, states, contexts, log_dets);
        });
        Ok(())
    }
}

fn check<const D: usize, const C: usize, T>(samples: &[[T; D]], contexts: &[[T; C]], output: &[T]) -> Result<(), BatchError> {
    let samples = samples.len();
    if C > 0 && contexts.len() != samples {
        return Err(BatchError::Contexts { samples, contexts: contexts.len() });
    }
    if output.len() != samples {
        return Err(BatchError::Output { samples, output: output.len() });
    }
    Ok(())
}

/// Calls `$f` with the lanes that this machine is fast with.
macro_rules! on_lanes {
    ($t:ident, $f:ident ( $($argument:expr),* ) with $($more:tt),*) => {
        if cfg!(any(target_arch = "arm", target_arch = "riscv32")) {
            $f::<$t, $t, $($more),*>($($argument),*)
        } else if fuses() {
            $f::<$t, $t::Wide, $($more),*>($($argument),*)
        } else {
            $f::<$t, $t::Plain, $($more),*>($($argument),*)
        }
    };
}

fn log_probs_of<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(
    bijector: &B,
    samples: &[[T; D]],
    contexts: &[[T; C]],
    log_probs: &mut [T],
) {
    on_lanes!(T, log_probs_on(bijector, samples, contexts, log_probs) with B, D, C);
}

fn log_probs_on<T: Real, V: Value<Scalar = T>, B: Bijector<T, D, C>, const D: usize, const C: usize>(
    bijector: &B,
    samples: &[[T; D]],
    contexts: &[[T; C]],
    log_probs: &mut [T],
) {
    for (pack, (samples, log_probs)) in samples.chunks(V::LANES).zip(log_probs.chunks_mut(V::LANES)).enumerate() {
        let contexts = contexts_of(contexts, pack * V::LANES, samples.len());
        let log_prob = log_prob::<T, V, B, D, C>(bijector, samples, contexts);
        for (n, to) in log_probs.iter_mut().enumerate() {
            *to = log_prob.lane(n);
        }
    }
}

fn map<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize, const INVERSE: bool>(
    bijector: &B,
    states: &mut [[T; D]],
    contexts: &[[T; C]],
    log_dets: &mut [T],
) {
    on_lanes!(T, map_on(bijector, states, contexts, log_dets) with B, D, C, INVERSE);
}

fn map_on<T: Real, V: Value<Scalar = T>, B: Bijector<T, D, C>, const D: usize, const C: usize, const INVERSE: bool>(
    bijector: &B,
    states: &mut [[T; D]],
    contexts: &[[T; C]],
    log_dets: &mut [T],
) {
    for (pack, (states, log_dets)) in states.chunks_mut(V::LANES).zip(log_dets.chunks_mut(V::LANES)).enumerate() {
        let contexts = contexts_of(contexts, pack * V::LANES, states.len());
        V::outline(
            #[inline(always)]
            || {
                let context = load::<V, C>(contexts);
                let mut state = load::<V, D>(states);
                let log_det = if INVERSE {
                    bijector.inverse_and_log_det(&mut state, &context)
                } else {
                    bijector.forward_and_log_det(&mut state, &context)
                };
                for (n, (row, to)) in states.iter_mut().zip(log_dets).enumerate() {
                    for d in 0..D {
                        row[d] = state[d].lane(n);
                    }
                    *to = log_det.lane(n);
                }
            },
        );
    }
}
