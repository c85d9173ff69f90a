//! Numbers from a fuzzer's bytes.

use crate::number::Real;
use crate::parameters::{Parameters, Role};

/// A fuzzer's bytes as numbers, parameters and points. The bytes that are left; past their end they read as 0.
///
/// The same bytes give the same numbers for ever: a corpus keeps its meaning.
///
/// ```
/// use gaussflow::check::Input;
///
/// let mut input = Input(&[0b1100_0011, 64, 128]);
/// assert_eq!(input.any::<f32>(), f32::MAX.next_down());
/// assert_eq!(input.any::<f32>(), 0.125);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl Input<'_> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&first, rest)) => {
                self.0 = rest;
                first
            }
            None => 0,
        }
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Any bit pattern, infinities and NaN included: the byte ahead of a number tells how it is written, so that both the everyday and the extreme are short.
    pub fn any<T: Real>(&mut self) -> T {
        match self.byte() {
            // Quarters up to +-16, and a fraction of one.
            tag @ 0..128 => T::from_f64((f64::from(tag) - 64.0) * 0.25 + f64::from(self.byte()) / 1024.0),
            // Two bytes: +-2^e, e over the exponents of f64.
            tag @ 128..192 => {
                let exponent = (i32::from(self.byte()) - 128) * 8 + i32::from(tag & 15);
                T::from_f64(if tag & 16 == 0 { 1.0 } else { -1.0 } * f64::powi(2.0, exponent))
            }
            // Ends and neighbours of ends.
            tag @ 192..224 => {
                let ends = [T::ZEROS, T::MIN_POSITIVE, T::ONE, T::MAX, T::INFINITY, -T::ONE, -T::MAX, -T::INFINITY];
                T::from_order(ends[usize::from(tag & 7)].to_order() + i64::from(tag >> 3 & 3) - 1)
            }
            _ => {
                let word = if T::BITS == 32 { u64::from(self.word() as u32) } else { self.word() };
                T::from_order(word as i64)
            }
        }
    }

    /// A number within `+-limit`, of two bytes: parameters of everyday size.
    pub fn within<T: Real>(&mut self, limit: f64) -> T {
        let word = i16::from_le_bytes([self.byte(), self.byte()]);
        T::from_f64(f64::from(word) / 32768.0 * limit)
    }

    /// An array of what `next` reads, such as a point: `input.array(Input::any)`.
    pub fn array<V, const N: usize>(&mut self, mut next: impl FnMut(&mut Self) -> V) -> [V; N] {
        std::array::from_fn(|_| next(self))
    }

    /// Gives every trainable parameter of `part` what `next` reads, in their order.
    pub fn parameters<T: Real, P: Parameters<T>>(&mut self, part: &mut P, mut next: impl FnMut(&mut Self) -> T) {
        for slice in 0..P::SLICES {
            let (role, values) = part.slice_mut(slice);
            if role == Role::Trainable {
                values.iter_mut().for_each(|value| *value = next(self));
            }
        }
    }
}
