//! The flows of two dimensions that are compiled in.

use gaussflow::factory::MixtureCoupling;
use gaussflow::store::format::{DecodeError, EncodeError};
use gaussflow::{ActNorm, Bijector, FirstHalf, Flow, Householder, Parameters, Real, Value, boxed};

use crate::outlined::Outlined;

/// The width of the hidden layers.
pub const HIDDEN: usize = 32;

/// A scale and a shift for each coordinate, so that points have their own units, and blocks.
///
/// In a program of your own it is `Flow<f32, (ActNorm<f32, 2>, [(Householder<f32, 2, 2>, MixtureCoupling<f32, FirstHalf, 1, 1, K, 32>); BLOCKS]), 2>`: the same file.
pub type Scaled<const BLOCKS: usize, const K: usize> = Flow<f32, (Outlined<ActNorm<f32, 2>>, [Outlined<Block<K>>; BLOCKS]), 2>;

/// A rotation, and a map of the second coordinate given the first.
type Block<const K: usize> = (Householder<f32, 2, 2>, MixtureCoupling<f32, FirstHalf, 1, 1, K, HIDDEN>);

/// Points side by side, with the bits of single ones.
pub type Lanes = <f32 as Real>::Plain;

/// A flow whose size is known only when the program runs.
pub trait Model {
    /// Blocks, and components of a mixture.
    fn size(&self) -> [usize; 2];
    fn parameters(&self) -> usize;
    fn encode(&self) -> Result<Vec<u8>, EncodeError>;
    /// Reads a flow of the same size.
    fn decode(&mut self, bytes: &[u8]) -> Result<(), DecodeError>;
    fn log_probs(&self, points: &[[f32; 2]]) -> Vec<f32>;
    fn inverse(&self, latents: Vec<[f32; 2]>) -> Vec<[f32; 2]>;
    /// The points, then all of them after each layer.
    fn states(&self, points: &[[f32; 2]]) -> Vec<[f32; 2]>;
}

impl<const BLOCKS: usize, const K: usize> Model for Scaled<BLOCKS, K> {
    fn size(&self) -> [usize; 2] {
        [BLOCKS, K]
    }

    fn parameters(&self) -> usize {
        Self::COUNT
    }

    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = vec![0; Self::ENCODED_LEN];
        self.encode(&mut bytes)?;
        Ok(bytes)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.decode(bytes)
    }

    fn log_probs(&self, points: &[[f32; 2]]) -> Vec<f32> {
        let mut log_probs = vec![f32::NAN; points.len()];
        // As many places as points.
        let _ = self.log_probs(points, &mut log_probs);
        log_probs
    }

    fn inverse(&self, mut latents: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
        let mut log_dets = vec![f32::NAN; latents.len()];
        let _ = self.inverse_batch(&mut latents, &[], &mut log_dets);
        latents
    }

    fn states(&self, points: &[[f32; 2]]) -> Vec<[f32; 2]> {
        states(&self.bijector.0, &self.bijector.1, points)
    }
}

/// Of any number of blocks, so that it is compiled once for all.
fn states<const K: usize>(scale: &Outlined<ActNorm<f32, 2>>, blocks: &[Outlined<Block<K>>], points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let mut states = vec![[f32::NAN; 2]; points.len() * (2 + 2 * blocks.len())];
    for (pack, rows) in points.chunks(Lanes::LANES).enumerate() {
        let mut layers = states.chunks_exact_mut(points.len()).map(|layer| &mut layer[pack * Lanes::LANES..]);
        let mut write = |state: &[Lanes; 2]| {
            for (n, to) in layers.next().into_iter().flatten().take(rows.len()).enumerate() {
                *to = [state[0].lane(n), state[1].lane(n)];
            }
        };
        let mut state = [0, 1].map(|d| Lanes::from_lanes(|n| rows[n.min(rows.len() - 1)][d]));
        write(&state);
        scale.forward_states(&mut state, &[], &mut write);
        for block in blocks {
            block.forward_states(&mut state, &[], &mut write);
        }
    }
    states
}

/// The sizes that there are: blocks, and components of a mixture.
pub const BLOCKS: [usize; 2] = [4, 8];
pub const COMPONENTS: [usize; 2] = [2, 8];

/// `$make::<BLOCKS, K>($argument)` of the size that is asked for; none where there is no such size.
macro_rules! of_size {
    ($blocks:expr, $components:expr, $make:ident ( $($argument:expr),* )) => {
        match ($blocks, $components) {
            (4, 2) => Some($make::<4, 2>($($argument),*)),
            (8, 2) => Some($make::<8, 2>($($argument),*)),
            (4, 8) => Some($make::<4, 8>($($argument),*)),
            (8, 8) => Some($make::<8, 8>($($argument),*)),
            _ => None,
        }
    };
}

pub(crate) use of_size;

fn zeros<const BLOCKS: usize, const K: usize>() -> Box<dyn Model> {
    boxed::<Scaled<BLOCKS, K>>()
}

/// The flow of one of the sizes that these bytes hold.
///
/// # Errors
/// As [`Flow::decode`]: [`DecodeError::AnotherFlow`] where no size fits.
pub fn decode(bytes: &[u8]) -> Result<Box<dyn Model>, DecodeError> {
    for blocks in BLOCKS {
        for components in COMPONENTS {
            let Some(mut model) = of_size!(blocks, components, zeros()) else { continue };
            match model.decode(bytes) {
                Ok(()) => return Ok(model),
                Err(DecodeError::AnotherFlow) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Err(DecodeError::AnotherFlow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gaussflow::factory::CouplingFlow;

    use crate::{DENSITIES, start};

    /// A file tells its size; states end where the flow does, and lanes have the bits of single points.
    #[test]
    fn every_size_is_found_from_its_file() {
        let points = DENSITIES[1].draw(99, 1);
        for blocks in BLOCKS {
            for components in COMPONENTS {
                let mut training = start(blocks, components, points.clone(), 1).unwrap().unwrap();
                training.step(1e-2).unwrap();
                let model = decode(&training.model().encode().unwrap()).unwrap();
                assert_eq!(model.size(), [blocks, components]);
                let states = model.states(&points);
                assert_eq!((states.len(), &states[..99]), ((2 + 2 * blocks) * 99, &points[..]));
                let back = model.inverse(states[states.len() - 99..].to_vec());
                for (x, y) in points.iter().flatten().zip(back.iter().flatten()) {
                    assert!((x - y).abs() < 1e-4, "{x} comes back as {y}");
                }
            }
        }
        assert!(start(3, 8, points, 1).unwrap().is_none());
    }

    /// The type that a program of one's own would write has the same file.
    #[test]
    fn files_do_not_tell_what_is_outlined() {
        let plain = Flow::<f32, (ActNorm<f32, 2>, [Block<8>; 4]), 2>::random(&mut rand_pcg::Pcg64::new(1, 1));
        let mut bytes = vec![0; Scaled::<4, 8>::ENCODED_LEN];
        plain.encode(&mut bytes).unwrap();
        assert_eq!(decode(&bytes).unwrap().size(), [4, 8]);
    }

    #[test]
    fn another_flow_is_refused() {
        let other = boxed::<CouplingFlow<f32, 2, 1, 1, 1, 4, 8>>();
        let mut bytes = vec![0; CouplingFlow::<f32, 2, 1, 1, 1, 4, 8>::ENCODED_LEN];
        other.encode(&mut bytes).unwrap();
        assert_eq!(decode(&bytes).err(), Some(DecodeError::AnotherFlow));
        bytes[50] ^= 1;
        assert_eq!(decode(&bytes).err(), Some(DecodeError::Corrupted));
        assert_eq!(decode(b"not a flow, but longer than a header").err(), Some(DecodeError::NotAFlow));
    }
}
