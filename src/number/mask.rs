//! Yes or no in each lane.

use core::ops::{BitAnd, Not};

use super::{Value, Zeros};

/// A yes or no in each lane of `V`, kept as 1 or 0: vectors hold it as they hold numbers, and a select on it is one on the comparison that made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask<V>(V);

impl<V: Value> Mask<V> {
    /// Yes in every lane.
    pub(crate) const ALL: Self = Mask(V::ONE);

    /// Where `a < b`; no where either is NaN.
    #[inline(always)]
    pub(crate) fn less(a: V, b: V) -> Self {
        Mask(a.select_lt(b, V::ONE, V::ZEROS))
    }

    /// This mask where `here`, else no in every lane.
    #[inline(always)]
    pub(crate) fn only_if(self, here: bool) -> Self {
        if here { self } else { Mask(V::ZEROS) }
    }

    /// `yes` in the lanes of the mask, `no` in the others.
    #[inline(always)]
    pub(crate) fn select(self, yes: V, no: V) -> V {
        V::ZEROS.select_lt(self.0, yes, no)
    }

    /// Whether there is a yes.
    #[inline(always)]
    pub(crate) fn any(self) -> bool {
        self.0.any(|lane| lane > V::Scalar::ZEROS)
    }
}

impl<V: Value> BitAnd for Mask<V> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Mask(self.select(other.0, V::ZEROS))
    }
}

impl<V: Value> Not for Mask<V> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Mask(self.select(V::ZEROS, V::ONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{Pack, Real};

    #[test]
    fn lanes_are_told_apart() {
        let (a, b) = (Pack([1.0f32, 2.0, f32::NAN, -0.0]), Pack([2.0f32, 1.0, 0.0, 0.0]));
        let less = Mask::less(a, b);
        assert_eq!(less.select(Pack([1.0; 4]), Pack([7.0; 4])), Pack([1.0, 7.0, 7.0, 7.0]));
        assert_eq!((less & Mask::ALL).select(a, b).0[..2], [1.0, 1.0]);
        assert!((!less).any() && !(!Mask::<Pack<f32, 4>>::ALL).any());
        assert!(less.any() && !less.only_if(false).any() && !(less & Mask::less(b, a)).any());
        assert!(Mask::less(f64::from_order(0), f64::from_order(1)).any());
    }
}
