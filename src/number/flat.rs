//! Arrays as flat slices.

use super::{Fused, Pack, Value};

/// A value, or an array of arrays of them, as one flat slice, row-major: `V`, `[V; N]`, `[[V; N]; M]`, and so on.
pub trait Flat<V>: Sized {
    /// How many values there are.
    const LEN: usize;

    /// The values of several such arrays, one after the other.
    fn flatten(many: &[Self]) -> &[V];

    /// As [`Self::flatten`], to change them.
    fn flatten_mut(many: &mut [Self]) -> &mut [V];

    /// The values.
    #[inline(always)]
    fn flat(&self) -> &[V] {
        Self::flatten(core::slice::from_ref(self))
    }

    /// The values, to change them.
    #[inline(always)]
    fn flat_mut(&mut self) -> &mut [V] {
        Self::flatten_mut(core::slice::from_mut(self))
    }
}

macro_rules! one {
    ($([$($generics:tt)*] $value:ty;)+) => {$(
        impl<$($generics)*> Flat<$value> for $value {
            const LEN: usize = 1;

            #[inline(always)]
            fn flatten(many: &[Self]) -> &[Self] {
                many
            }
            #[inline(always)]
            fn flatten_mut(many: &mut [Self]) -> &mut [Self] {
                many
            }
        }
    )+};
}

one! {
    [] f32;
    [] f64;
    [] i8;
    [] i16;
    [T] Fused<T>;
    [L: Value<Lane = L>, const N: usize] Pack<L, N>;
}

impl<V, F: Flat<V>, const N: usize> Flat<V> for [F; N] {
    const LEN: usize = N * F::LEN;

    #[inline(always)]
    fn flatten(many: &[Self]) -> &[V] {
        F::flatten(many.as_flattened())
    }

    #[inline(always)]
    fn flatten_mut(many: &mut [Self]) -> &mut [V] {
        F::flatten_mut(many.as_flattened_mut())
    }
}
