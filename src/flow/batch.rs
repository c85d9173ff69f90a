//! Many samples in one call: on the lanes that this machine is fast with, and on its threads.

use core::fmt;

use rand_core::Rng;

use crate::bijector::Bijector;
use crate::flow::rows::{IntoRows, Rows, contexts_of, load};
use crate::flow::{Flow, log_prob, nothing_or_nan, sum_nll};
use crate::math::fill_standard_normal;
use crate::number::outline::on_lanes;
use crate::number::{Real, Value};

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

/// Batches. Buffers are the caller's. Rows that are not finite are read as by [`Given`](crate::Given): minus infinity for a log-density, NaN for a map.
///
/// They run on the machine's widest lanes ([`Wide`](crate::Wide)) where it multiplies and adds in one instruction, elsewhere on what `Wide` says. So they differ from single samples by
/// rounding: each is as near to the exact value. The last pack is filled up with its last sample.
///
/// The `par_` variants (feature `rayon`) use the threads of the current `rayon` pool and give the same bits, for any number of threads.
impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// `log p(x | c)` of each sample, in nats.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn log_probs<'a>(&self, rows: impl IntoRows<'a, T, D, C>, log_probs: &mut [T]) -> Result<(), BatchError>
    where
        T: 'a,
    {
        let rows = rows.into_rows();
        check(rows.len(), rows.contexts(), Some(log_probs.len()))?;
        log_probs_of(&self.bijector, rows, log_probs);
        Ok(())
    }

    /// The mean of `-log p(x | c)` over the rows, each by its weight, in nats: NaN for no sample, or where contexts or weights are not as many as samples.
    pub fn mean_nll<'a>(&self, rows: impl IntoRows<'a, T, D, C>) -> T
    where
        T: 'a,
    {
        let rows = rows.into_rows();
        on_lanes!(T, sum_nll(&self.bijector, rows) with B, D, C).mean()
    }

    /// Maps each `x` to `z` in place, with `log|det J_f(x)|`; `contexts` has one row a sample, or none where `C = 0`.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn forward_batch(&self, samples: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        check(samples.len(), contexts, Some(log_dets.len()))?;
        map(&self.bijector, Direction::Forward, samples, contexts, Some(log_dets));
        Ok(())
    }

    /// Maps each `z` to `x` in place, with `log|det J_{f^-1}(z)|`; `contexts` has one row a latent, or none where `C = 0`.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn inverse_batch(&self, latents: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        check(latents.len(), contexts, Some(log_dets.len()))?;
        map(&self.bijector, Direction::Inverse, latents, contexts, Some(log_dets));
        Ok(())
    }

    /// A draw from `p(. | c)` in each place of `samples`, for the context of the same row; the latents are those of [`Given::sample`](crate::Given::sample) called once a row.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree; nothing is drawn then.
    pub fn fill_given<R: Rng + ?Sized>(&self, rng: &mut R, contexts: &[[T; C]], samples: &mut [[T; D]]) -> Result<(), BatchError> {
        check(samples.len(), contexts, None)?;
        fill_standard_normal(rng, samples.as_flattened_mut());
        map(&self.bijector, Direction::Inverse, samples, contexts, None);
        Ok(())
    }
}

/// On threads.
#[cfg(feature = "rayon")]
impl<T: Real, B: Bijector<T, D, C> + Sync, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// As [`Flow::log_probs`], on several threads.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn par_log_probs<'a>(&self, rows: impl IntoRows<'a, T, D, C>, log_probs: &mut [T]) -> Result<(), BatchError>
    where
        T: 'a,
    {
        use rayon::prelude::*;
        let rows = rows.into_rows();
        check(rows.len(), rows.contexts(), Some(log_probs.len()))?;
        rows.samples().par_chunks(CHUNK).zip(log_probs.par_chunks_mut(CHUNK)).enumerate().for_each(|(index, (samples, log_probs))| {
            let contexts = contexts_of(rows.contexts(), index * CHUNK, samples.len());
            log_probs_of(&self.bijector, (samples, contexts).into_rows(), log_probs);
        });
        Ok(())
    }

    /// As [`Flow::forward_batch`], on several threads.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn par_forward_batch(&self, samples: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        self.par_map(Direction::Forward, samples, contexts, log_dets)
    }

    /// As [`Flow::inverse_batch`], on several threads.
    ///
    /// # Errors
    /// [`BatchError`], if the lengths do not agree.
    pub fn par_inverse_batch(&self, latents: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        self.par_map(Direction::Inverse, latents, contexts, log_dets)
    }

    fn par_map(&self, direction: Direction, states: &mut [[T; D]], contexts: &[[T; C]], log_dets: &mut [T]) -> Result<(), BatchError> {
        use rayon::prelude::*;
        check(states.len(), contexts, Some(log_dets.len()))?;
        states.par_chunks_mut(CHUNK).zip(log_dets.par_chunks_mut(CHUNK)).enumerate().for_each(|(index, (states, log_dets))| {
            let contexts = contexts_of(contexts, index * CHUNK, states.len());
            map(&self.bijector, direction, states, contexts, Some(log_dets));
        });
        Ok(())
    }
}

/// Refuses lengths that do not agree.
fn check<T, const C: usize>(samples: usize, contexts: &[[T; C]], output: Option<usize>) -> Result<(), BatchError> {
    if C > 0 && contexts.len() != samples {
        return Err(BatchError::Contexts { samples, contexts: contexts.len() });
    }
    match output {
        Some(output) if output != samples => Err(BatchError::Output { samples, output }),
        _ => Ok(()),
    }
}

fn log_probs_of<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(bijector: &B, rows: Rows<T, D, C>, log_probs: &mut [T]) {
    on_lanes!(T, log_probs_on(bijector, rows, log_probs) with B, D, C);
}

fn log_probs_on<T: Real, V: Value<Scalar = T>, B: Bijector<T, D, C>, const D: usize, const C: usize>(
    bijector: &B,
    rows: Rows<T, D, C>,
    log_probs: &mut [T],
) {
    for (pack, (samples, log_probs)) in rows.samples().chunks(V::LANES).zip(log_probs.chunks_mut(V::LANES)).enumerate() {
        let context = load::<V, C>(contexts_of(rows.contexts(), pack * V::LANES, samples.len()));
        let log_prob = log_prob(bijector, load::<V, D>(samples), &context);
        for (n, to) in log_probs.iter_mut().enumerate() {
            *to = log_prob.lane(n);
        }
    }
}

/// Which way a batch is mapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Direction {
    Forward,
    Inverse,
}

/// Maps each state in place, for the context of its row or for the only one; the log-dets, if there is a place for them.
pub(super) fn map<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(
    bijector: &B,
    direction: Direction,
    states: &mut [[T; D]],
    contexts: &[[T; C]],
    log_dets: Option<&mut [T]>,
) {
    on_lanes!(T, map_on(bijector, direction, states, contexts, log_dets) with B, D, C);
}

fn map_on<T: Real, V: Value<Scalar = T>, B: Bijector<T, D, C>, const D: usize, const C: usize>(
    bijector: &B,
    direction: Direction,
    states: &mut [[T; D]],
    contexts: &[[T; C]],
    mut log_dets: Option<&mut [T]>,
) {
    for (pack, states) in states.chunks_mut(V::LANES).enumerate() {
        let first = pack * V::LANES;
        let context = load::<V, C>(contexts_of(contexts, first, states.len()));
        let mut state = load::<V, D>(states);
        let nothing = nothing_or_nan(&state) + nothing_or_nan(&context);
        let log_det = V::outline(
            #[inline(always)]
            || match direction {
                Direction::Forward => bijector.forward_and_log_det(&mut state, &context),
                Direction::Inverse => bijector.inverse_and_log_det(&mut state, &context),
            },
        ) + nothing;
        for (n, row) in states.iter_mut().enumerate() {
            for d in 0..D {
                row[d] = (state[d] + nothing).lane(n);
            }
            if let Some(to) = log_dets.as_deref_mut().and_then(|log_dets| log_dets.get_mut(first + n)) {
                *to = log_det.lane(n);
            }
        }
    }
}
