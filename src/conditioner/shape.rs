//! Widths as types: what flows between the layers of a conditioner.

use core::marker::PhantomData;

use crate::number::{Flat, Real, Value, Zeros};
use crate::univariate::Univariate;

/// The shape of what a layer takes or gives, for any [`Value`] it runs on.
pub trait Shape<T: Real> {
    /// The data of this shape.
    type Of<V: Value<Scalar = T>>: Copy + Zeros + Flat<V>;
}

/// `N` plain values: `[V; N]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width<const N: usize>;

impl<T: Real, const N: usize> Shape<T> for Width<N> {
    type Of<V: Value<Scalar = T>> = [V; N];
}

/// The parameters of the univariate `U` for each of `B` dimensions: `[U::Params<V>; B]`, what a conditioner ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Each<U, const B: usize>(PhantomData<U>);

impl<T: Real, U: Univariate<T>, const B: usize> Shape<T> for Each<U, B> {
    type Of<V: Value<Scalar = T>> = [U::Params<V>; B];
}

/// `D` plain values of which a layer may see only those before a dimension: what a masked network takes, so that no layer without a mask stands in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ordered<const D: usize>;

impl<T: Real, const D: usize> Shape<T> for Ordered<D> {
    type Of<V: Value<Scalar = T>> = [V; D];
}

/// `W` hidden values of a masked network for `D` dimensions given `C` context variables, in the order of their degrees: how many of the dimensions each of them sees
/// ([`Masked`](crate::Masked)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Degrees<const W: usize, const D: usize, const C: usize = 0>;

impl<T: Real, const W: usize, const D: usize, const C: usize> Shape<T> for Degrees<W, D, C> {
    type Of<V: Value<Scalar = T>> = [V; W];
}
