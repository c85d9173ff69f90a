//! Fixed permutations of the dimensions.

use core::fmt;
use core::marker::PhantomData;

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Part};

/// An order of `D` dimensions, as a type.
///
/// ```
/// use gaussflow::{Bijector, Order, Permutation};
///
/// #[derive(Clone, Copy, Debug, Default, PartialEq)]
/// struct LastFirst;
/// impl Order<3> for LastFirst {
///     const SOURCE: [usize; 3] = [2, 0, 1];
/// }
///
/// let mut x = [10.0, 20.0, 30.0];
/// Bijector::<f64, 3>::forward_and_log_det(&Permutation::<LastFirst>::new(), &mut x, &[]);
/// assert_eq!(x, [30.0, 10.0, 20.0]);
/// ```
pub trait Order<const D: usize> {
    /// The dimension of `x` that goes to each dimension of `z`. That it is a permutation is checked when a program that uses it is built.
    const SOURCE: [usize; D];
}

/// From the last dimension to the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reversed;

impl<const D: usize> Order<D> for Reversed {
    const SOURCE: [usize; D] = {
        let mut source = [0; D];
        let mut d = 0;
        while d < D {
            source[d] = D - 1 - d;
            d += 1;
        }
        source
    };
}

/// `z_d = x_(P(d))`: the dimensions in the order `P`.
///
/// | | |
/// |---|---|
/// | forward | `z_d = x_(P(d))` |
/// | log-det | 0 |
/// | inverse | `x_(P(d)) = z_d` |
/// | inverse log-det | 0 |
///
/// Takes no memory and has no parameters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = ""))]
pub struct Permutation<P>(PhantomData<fn() -> P>);

/// The dimensions from the last to the first.
pub type Reverse = Permutation<Reversed>;

impl<P> Permutation<P> {
    /// The permutation.
    pub const fn new() -> Self {
        Permutation(PhantomData)
    }

    /// The checked order.
    #[inline(always)]
    const fn source<const D: usize>() -> [usize; D]
    where
        P: Order<D>,
    {
        const { assert!(is_permutation(&P::SOURCE), "an order must name each dimension from 0 to D - 1 exactly once: check `SOURCE`") }
        P::SOURCE
    }
}

/// Whether each of `0..D` is there.
const fn is_permutation<const D: usize>(source: &[usize; D]) -> bool {
    let mut seen = [false; D];
    let mut d = 0;
    while d < D {
        if source[d] >= D || seen[source[d]] {
            return false;
        }
        seen[source[d]] = true;
        d += 1;
    }
    true
}

/// The call that makes it again: its order is no field.
impl<P> fmt::Debug for Permutation<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permutation::new()")
    }
}

impl<P> Zeros for Permutation<P> {
    const ZEROS: Self = Permutation(PhantomData);
}

crate::parameters! { impl[T, P] Parameters<T> for Permutation<P> {} }

impl<T, P> Init<T> for Permutation<P> {
    fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {}
}

impl<T: Real, P: Order<D>, const D: usize, const C: usize> Bijector<T, D, C> for Permutation<P> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        *x = Self::source().map(|from| x[from]);
        V::ZEROS
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        let from = *z;
        for (value, to) in from.into_iter().zip(Self::source()) {
            z[to] = value;
        }
        V::ZEROS
    }

    fn log_det_of_present(&self, x: &mut [Option<T>; D], _: &[T; C]) -> Option<T> {
        *x = Self::source().map(|from| x[from]);
        Some(T::ZEROS)
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("permutation"));
        visit(Part::Order(&Self::source()));
    }
}

/// A permutation is orthogonal: either way back is the other way.
impl<T: Real, P: Order<D>, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for Permutation<P> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(&self, (): &(), context: &[V; C], d: &mut [V; D], _: V, _: &mut [V; C], _: Option<&mut Self>) {
        Bijector::<T, D, C>::inverse_and_log_det(self, d, context);
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        (): &(),
        context: &[V; C],
        d: &mut [V; D],
        _: V,
        _: &mut [V; C],
        _: Option<&mut Self>,
    ) {
        Bijector::<T, D, C>::forward_and_log_det(self, d, context);
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Permutation, Reverse, is_permutation};
    use crate::bijector::{ActNorm, Bijector};
    use crate::check::{self, Limits, STRICT};

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Cycle;
    impl Order<3> for Cycle {
        const SOURCE: [usize; 3] = [1, 2, 0];
    }

    const POINTS: [[f64; 3]; 2] = [[0.3, -0.7, 2.0], [1e3, -1e3, 0.0]];

    #[test]
    fn obeys_the_laws() {
        let exact = Limits { volume: true, round_trip: 0.0, log_det: 0.0, ..STRICT };
        check::bijector(&Permutation::<Cycle>::new(), &POINTS, &exact).unwrap();
        check::bijector(&Reverse::new(), &POINTS, &exact).unwrap();
        check::single_precision(&Permutation::<Cycle>::new(), &Permutation::<Cycle>::new(), &POINTS, 1e-7).unwrap();
        // With a log-det that is not 0 beside it.
        let scale = ActNorm { log_scale: [0.7, -1.2, 0.1], shift: [3.0, 0.2, -0.4] };
        check::bijector(
            &(Permutation::<Cycle>::new(), scale, Reverse::new()),
            &POINTS,
            &Limits { round_trip: 1e-15, log_det: 0.0, ..STRICT },
        )
        .unwrap();
    }

    #[test]
    fn orders() {
        let mut x = [1.0, 2.0, 3.0];
        Bijector::<f64, 3>::forward_and_log_det(&Reverse::new(), &mut x, &[]);
        assert_eq!(x, [3.0, 2.0, 1.0]);
        Bijector::<f64, 3>::forward_and_log_det(&Permutation::<Cycle>::new(), &mut x, &[]);
        assert_eq!(x, [2.0, 1.0, 3.0]);
        assert!(is_permutation(&[1, 2, 0]) && is_permutation(&[]) && is_permutation(&[0]));
        assert!(!is_permutation(&[1, 1, 0]) && !is_permutation(&[1, 2, 3]) && !is_permutation(&[1]));
        assert_eq!(size_of::<Reverse>(), 0);
    }
}
