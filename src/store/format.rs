//! A flow's parameters as bytes, without a heap.
//!
//! ```
//! use gaussflow::{Flow, Householder, Init, Marginal, MixtureCdf, NoClamp, Zeros, store::format::DecodeError};
//! use rand_pcg::Pcg32;
//!
//! type Small = Flow<f32, (Householder<f32, 2, 2>, Marginal<f32, MixtureCdf<NoClamp, 4>, 2>), 2>;
//!
//! let (mut trained, mut loaded) = (Small::ZEROS, Small::ZEROS);
//! trained.init(&mut Pcg32::new(1, 1));
//! let mut bytes = [0; Small::ENCODED_LEN];
//! trained.encode(&mut bytes)?;
//! loaded.decode(&bytes)?; // of flash, say
//! assert_eq!(loaded, trained);
//!
//! bytes[40] ^= 1;
//! assert_eq!(loaded.decode(&bytes), Err(DecodeError::Corrupted)); // and `loaded` is as it was
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Layout, version 1
//! Integers and IEEE 754 scalars are little-endian.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | `gaussflw` |
//! | 8 | 4 | version: 1 |
//! | 12 | 4 | bits of a scalar: 32 or 64 |
//! | 16 | 8 | hash of the structure |
//! | 24 | 8 | number of scalars `n` |
//! | 32 | `n` scalars | the parameters, trainable and fixed, in the order of [`Parameters::zip`]; all finite |
//! | last 4 | 4 | CRC-32 (ISO-HDLC, that of zip and PNG) of all bytes before |
//!
//! The hash is 64-bit FNV-1a of `D`, `C` and every [`Part`] that [`Bijector::describe`] tells: the kinds of bijectors, univariates, clamps and layers in their order, masks,
//! permutations, and the names and shapes of the parameters. It does not cover the scalar, which has its own field, nor how tuples and arrays are nested, which changes nothing.
//! Settings such as a clamp's bound are among the parameters.
//!
//! The checksum is there against what storage and links do, not against an adversary; a CRC finds every burst of up to 32 wrong bits, of which a hash finds only most.

use core::fmt;

use crate::bijector::Bijector;
use crate::flow::Flow;
use crate::number::Real;
use crate::parameters::{Parameters, Part};

const MAGIC: [u8; 8] = *b"gaussflw";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const CHECKSUM: usize = 4;

/// Why a flow was not encoded. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too short.
    BufferTooShort {
        /// The bytes that the flow takes.
        needed: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// The parameter at this place in the order of [`Parameters::zip`] is infinite or NaN.
    NotFinite(usize),
}

/// Why bytes were not decoded. The flow is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end early.
    Truncated {
        /// The bytes that the header asks for.
        needed: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// The first 8 bytes are not those of an encoded flow.
    NotAFlow,
    /// The version is not one that this release reads.
    Version(u32),
    /// The scalars have another width.
    Scalar {
        /// The bits of the flow's scalars.
        expected: u32,
        /// The bits of the file's.
        found: u32,
    },
    /// There are bytes after the end.
    TrailingBytes {
        /// The bytes that the header asks for.
        needed: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// The checksum does not fit the bytes.
    Corrupted,
    /// The bytes are those of a flow of another structure.
    AnotherFlow,
    /// The parameter at this place in the order of [`Parameters::zip`] is infinite or NaN.
    NotFinite(usize),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::BufferTooShort { needed, found } => write!(f, "the buffer has {found} bytes, the flow takes {needed}"),
            EncodeError::NotFinite(index) => write!(f, "parameter {index} of the flow is not finite"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Truncated { needed, found } => write!(f, "the bytes end early: {found} of {needed}"),
            DecodeError::NotAFlow => write!(f, "the bytes are not those of an encoded flow"),
            DecodeError::Version(found) => write!(f, "version {found} of the format is not known, only {VERSION}"),
            DecodeError::Scalar { expected, found } => write!(f, "the scalars have {found} bits, those of the flow {expected}"),
            DecodeError::TrailingBytes { needed, found } => write!(f, "there are {found} bytes, only {needed} of them the flow's"),
            DecodeError::Corrupted => write!(f, "the bytes are corrupted: the checksum does not fit"),
            DecodeError::AnotherFlow => write!(f, "the bytes are those of a flow of another structure"),
            DecodeError::NotFinite(index) => write!(f, "parameter {index} of the bytes is not finite"),
        }
    }
}

impl core::error::Error for EncodeError {}
impl core::error::Error for DecodeError {}

impl<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// The bytes that [`Flow::encode`] writes.
    pub const ENCODED_LEN: usize = encoded_len::<T>(B::COUNT + B::FIXED);

    /// Writes the parameters to the start of `bytes`, in the layout of [`format`](crate::store::format); returns how many bytes there are.
    ///
    /// # Errors
    /// [`EncodeError`]; `bytes` is then unchanged.
    pub fn encode(&self, bytes: &mut [u8]) -> Result<usize, EncodeError> {
        let (mut count, mut bad) = (0, None);
        self.visit(&mut |_, slice| {
            let place = slice.iter().position(|x| !x.is_finite());
            bad = bad.or(place.map(|i| count + i));
            count += slice.len();
        });
        if let Some(index) = bad {
            return Err(EncodeError::NotFinite(index));
        }
        let (needed, found) = (encoded_len::<T>(count), bytes.len());
        let Some((body, checksum)) = bytes.get_mut(..needed).and_then(|bytes| bytes.split_last_chunk_mut::<CHECKSUM>()) else {
            return Err(EncodeError::BufferTooShort { needed, found });
        };
        let (header, scalars) = body.split_at_mut(HEADER);
        header.copy_from_slice(&Self::header(count));
        let mut places = scalars.chunks_exact_mut(size_of::<T>());
        self.visit(&mut |_, slice| {
            for (x, place) in slice.iter().zip(&mut places) {
                write(*x, place);
            }
        });
        *checksum = crc32(body).to_le_bytes();
        Ok(needed)
    }

    /// Reads the parameters from `bytes`, all that [`Flow::encode`] wrote and no more. Everything is checked before the first parameter is written.
    ///
    /// # Errors
    /// [`DecodeError`]; the flow is then unchanged.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let found = bytes.len();
        let Some(header) = bytes.first_chunk::<HEADER>() else {
            return Err(DecodeError::Truncated { needed: HEADER, found });
        };
        let mut count = 0;
        self.visit(&mut |_, slice| count += slice.len());
        let ours = Self::header(count);
        if header[..8] != MAGIC {
            return Err(DecodeError::NotAFlow);
        }
        let version = u32_at(header, 8);
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let scalar = u32_at(header, 12);
        if scalar != T::BITS {
            return Err(DecodeError::Scalar { expected: T::BITS, found: scalar });
        }
        let needed = (u64::from(u32_at(header, 28)) << 32 | u64::from(u32_at(header, 24))).saturating_mul(size_of::<T>() as u64);
        let needed = usize::try_from(needed).unwrap_or(usize::MAX).saturating_add(encoded_len::<T>(0));
        if found < needed {
            return Err(DecodeError::Truncated { needed, found });
        }
        if found > needed {
            return Err(DecodeError::TrailingBytes { needed, found });
        }
        let Some((body, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return Err(DecodeError::Truncated { needed, found });
        };
        if *checksum != crc32(body).to_le_bytes() {
            return Err(DecodeError::Corrupted);
        }
        if *header != ours {
            return Err(DecodeError::AnotherFlow);
        }
        let mut scalars = body[HEADER..].chunks_exact(size_of::<T>()).map(read::<T>);
        if let Some(index) = scalars.clone().position(|x| !x.is_finite()) {
            return Err(DecodeError::NotFinite(index));
        }
        self.visit_mut(&mut |_, slice| {
            for (place, x) in slice.iter_mut().zip(&mut scalars) {
                *place = x;
            }
        });
        Ok(())
    }

    /// The first bytes of an encoded flow of `count` scalars.
    fn header(count: usize) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&T::BITS.to_le_bytes());
        header[16..24].copy_from_slice(&structure_hash::<T, B, D, C>().to_le_bytes());
        header[24..].copy_from_slice(&(count as u64).to_le_bytes());
        header
    }
}

/// The bytes of a flow of `count` scalars.
const fn encoded_len<T>(count: usize) -> usize {
    count.saturating_mul(size_of::<T>()).saturating_add(HEADER + CHECKSUM)
}

fn u32_at(header: &[u8; HEADER], at: usize) -> u32 {
    header.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Every finite `f32` is an `f64`, so both scalars pass through one without a change of bits.
fn write<T: Real>(x: T, place: &mut [u8]) {
    let x: f64 = x.as_();
    if let Some(place) = place.first_chunk_mut::<8>() {
        *place = x.to_le_bytes();
    } else if let Some(place) = place.first_chunk_mut::<4>() {
        *place = (x as f32).to_le_bytes();
    }
}

fn read<T: Real>(place: &[u8]) -> T {
    T::from_f64(match (place.first_chunk::<8>(), place.first_chunk::<4>()) {
        (Some(bytes), _) => f64::from_le_bytes(*bytes),
        (None, Some(bytes)) => f32::from_le_bytes(*bytes).into(),
        (None, None) => f64::NAN,
    })
}

/// FNV-1a, 64 bits, of the bytes given one after the other: a few lines, and the same for ever.
struct Fnv(u64);

impl Fnv {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn number(&mut self, number: usize) {
        for byte in (number as u64).to_le_bytes() {
            self.byte(byte);
        }
    }

    /// Each item is led by a tag and, where its length varies, by the length: no two lists of items are the same bytes.
    fn item<I>(&mut self, tag: u8, items: impl ExactSizeIterator<Item = I>, add: impl Fn(&mut Self, I)) {
        self.byte(tag);
        self.number(items.len());
        for item in items {
            add(self, item);
        }
    }

    fn part(&mut self, part: Part) {
        match part {
            Part::Kind(name) => self.item(1, name.bytes(), Self::byte),
            Part::End => self.byte(2),
            Part::Mask(mask) => self.item(3, mask.iter(), |fnv, identity| fnv.byte(u8::from(*identity))),
            Part::Order(order) => self.item(4, order.iter(), |fnv, source| fnv.number(*source)),
            Part::Masked(rows) => self.item(8, rows.iter(), |fnv, masked| fnv.number(*masked)),
            Part::Setting(name) => self.item(5, name.bytes(), Self::byte),
            Part::Tensor(name, shape) => {
                self.item(6, name.bytes(), Self::byte);
                self.item(7, shape.iter(), |fnv, size| fnv.number(*size));
            }
        }
    }
}

pub(crate) fn structure_hash<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>() -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    fnv.number(D);
    fnv.number(C);
    B::describe(&mut |part| fnv.part(part));
    fnv.0
}

/// CRC-32 of each half byte: 64 bytes of flash, where the usual table takes a kilobyte.
const CRC: [u32; 16] = {
    let mut table = [0; 16];
    let mut i = 0;
    while i < table.len() {
        let mut remainder = i as u32;
        let mut bit = 0;
        while bit < 4 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ 0xedb8_8320 } else { remainder >> 1 };
            bit += 1;
        }
        table[i] = remainder;
        i += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0;
    for byte in bytes {
        crc ^= u32::from(*byte);
        crc = CRC[(crc & 15) as usize] ^ (crc >> 4);
        crc = CRC[(crc & 15) as usize] ^ (crc >> 4);
    }
    !crc
}

#[cfg(test)]
mod tests;
