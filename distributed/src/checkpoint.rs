//! What a run is kept as: `gausskp2`, the words of [`Words`], and the encoded flows of [`Kept`], as 64-bit little-endian numbers and bytes; then their hash.

use std::fs::{File, rename};
use std::io::Write;
use std::path::Path;

use gaussflow::Parameters;
use gaussflow::train::{FitState, Total};

use crate::flow::{Blocks, Model, Scalar};

/// All parameters of a run, each as a flow: weights, averaged weights, those of the best validation loss, and Adam's first and second moments.
pub type Kept<T, N, const D: usize> = [Model<T, N, D>; 5];

const MAGIC: [u8; 8] = *b"gausskp2";

/// What makes the batches of a run, with the names of the settings: a checkpoint only goes on with the same.
pub type Identity = [(&'static str, u64); 4];

/// The identity, then the state.
type Words = [u64; 11];

/// Writes `bytes` beside `path`, then renames: there is always a whole file of this name.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let beside = path.with_extension("partial");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        rename(&beside, path)
    };
    write().map_err(|e: std::io::Error| format!("{}: {e}", path.display()))
}

pub fn encode<T: Scalar, N: Blocks<T, D>, const D: usize>(
    identity: &Identity,
    state: &FitState<T>,
    kept: &Kept<T, N, D>,
) -> Result<Vec<u8>, String> {
    let bits = |x: T| x.as_().to_bits();
    let [seed, shards, batch, rows] = identity.map(|(_, word)| word);
    let FitState { step, total: Total { loss, weight }, outcome, .. } = *state;
    let words: Words = [
        seed,
        shards,
        batch,
        rows,
        step.into(),
        bits(loss),
        bits(weight),
        bits(outcome.loss),
        bits(outcome.best_validation),
        outcome.epochs.into(),
        outcome.best_epoch.into(),
    ];
    let mut bytes = [&MAGIC[..], words.map(u64::to_le_bytes).as_flattened()].concat();
    for flow in kept {
        let start = bytes.len();
        bytes.resize(start + Model::<T, N, D>::ENCODED_LEN, 0);
        flow.encode(&mut bytes[start..]).map_err(|e| e.to_string())?;
    }
    bytes.extend(hash(&bytes).to_le_bytes());
    Ok(bytes)
}

pub fn decode<T: Scalar, N: Blocks<T, D>, const D: usize>(
    bytes: &[u8],
    identity: &Identity,
    kept: &mut Kept<T, N, D>,
) -> Result<FitState<T>, String> {
    const START: usize = MAGIC.len() + size_of::<Words>();
    let split = bytes.split_last_chunk::<8>().and_then(|(body, sum)| Some((body, body.split_at_checked(START)?, sum)));
    let Some((body, (header, flows), sum)) = split.filter(|(body, ..)| body.starts_with(&MAGIC)) else {
        return Err("this is not a checkpoint".into());
    };
    if hash(body).to_le_bytes() != *sum {
        return Err("the checkpoint is corrupted".into());
    }
    let mut words = header[MAGIC.len()..].chunks_exact(8).map(|word| word.iter().rev().fold(0, |x, byte| x << 8 | u64::from(*byte)));
    let mut word = || words.next().unwrap_or_default();
    for (name, ours) in identity {
        let kept = word();
        if kept != *ours {
            return Err(format!("the checkpoint is of a run with {name} {kept}, not {ours}"));
        }
    }
    if flows.len() != kept.len() * Model::<T, N, D>::ENCODED_LEN {
        return Err("the checkpoint is of another flow".into());
    }
    for (flow, bytes) in kept.iter_mut().zip(flows.chunks_exact(Model::<T, N, D>::ENCODED_LEN)) {
        flow.decode(bytes).map_err(|e| e.to_string())?;
    }
    let step = word() as u32;
    let [loss, weight, mean, best] = [(); 4].map(|()| T::from_f64(f64::from_bits(word())));
    let epochs = [(); 2].map(|()| word() as u32);
    Ok(FitState::restored(step, Total { loss, weight }, [mean, best], epochs))
}

/// FNV-1a, 64 bits.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// [`hash`] of the bits of all parameters.
pub fn hash_of<T: Scalar>(parameters: &impl Parameters<T>) -> u64 {
    let mut bytes = Vec::new();
    parameters.visit(&mut |_, slice| bytes.extend(slice.iter().flat_map(|x| x.as_().to_le_bytes())));
    hash(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gaussflow::{Householder, Init, Zeros};

    #[test]
    fn a_checkpoint_comes_back_whole_or_not_at_all() {
        type Small = Kept<f32, Householder<f32, 2, 2>, 2>;
        let identity = [("--seed", 1), ("--shards", 4), ("--batch", 8), ("a number of rows of", 100)];
        let state = FitState::restored(40, Total { loss: 20.5, weight: 16.0 }, [1.5, 1.25], [3, 2]);
        let (mut kept, mut loaded) = (Small::ZEROS, Small::ZEROS);
        kept.init(&mut rand_pcg::Pcg32::new(1, 1));
        let bytes = encode(&identity, &state, &kept).unwrap();
        assert_eq!(decode(&bytes, &identity, &mut loaded), Ok(state));
        assert!(loaded == kept && hash_of(&loaded) == hash_of(&kept));

        let mut loaded = Small::ZEROS;
        for place in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[place] ^= 4;
            assert!(decode(&wrong, &identity, &mut loaded).is_err(), "byte {place}");
            assert!(decode(&bytes[..place], &identity, &mut loaded).is_err(), "{place} bytes");
        }
        let other = [("--seed", 2), identity[1], identity[2], identity[3]];
        assert_eq!(decode(&bytes, &other, &mut loaded), Err("the checkpoint is of a run with --seed 1, not 2".into()));
        assert!(loaded == Small::ZEROS);
        assert_ne!(hash_of(&loaded), hash_of(&kept));
    }
}
