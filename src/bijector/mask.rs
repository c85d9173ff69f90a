//! Which dimensions a coupling passes through.

use core::marker::PhantomData;

/// A split of `D` dimensions: `true` = identity half (passed through, and seen by the conditioner), `false` = transformed half.
///
/// The convention is that of distrax and zuko. Masks are types, so that a coupling's halves are known to the compiler.
pub trait Mask<const D: usize> {
    /// Whether dimension `d` is passed through.
    const IDENTITY: [bool; D];
}

/// The first `D / 2` dimensions (rounded down) are the identity half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstHalf;

/// The dimensions of even index are the identity half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alternating;

/// No dimension is passed through: all are transformed, by what the context says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllTransformed;

/// The halves of `M`, exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swap<M>(PhantomData<M>);

impl<const D: usize> Mask<D> for FirstHalf {
    const IDENTITY: [bool; D] = {
        let mut mask = [false; D];
        let mut d = 0;
        while d < D / 2 {
            mask[d] = true;
            d += 1;
        }
        mask
    };
}

impl<const D: usize> Mask<D> for Alternating {
    const IDENTITY: [bool; D] = {
        let mut mask = [false; D];
        let mut d = 0;
        while d < D {
            mask[d] = true;
            d += 2;
        }
        mask
    };
}

impl<const D: usize> Mask<D> for AllTransformed {
    const IDENTITY: [bool; D] = [false; D];
}

impl<const D: usize, M: Mask<D>> Mask<D> for Swap<M> {
    const IDENTITY: [bool; D] = {
        let mut mask = M::IDENTITY;
        let mut d = 0;
        while d < D {
            mask[d] = !mask[d];
            d += 1;
        }
        mask
    };
}

/// How many dimensions are the identity half.
pub(crate) const fn identity_count<const D: usize>(mask: &[bool; D]) -> usize {
    let (mut count, mut d) = (0, 0);
    while d < D {
        count += mask[d] as usize;
        d += 1;
    }
    count
}
