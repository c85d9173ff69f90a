//! Widths as types: what flows between the layers of a conditioner.

use core::marker::PhantomData;

use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::univariate::Univariate;

/// The shape of what a layer takes or gives, for any [`Value`] it runs on.
pub trait Shape<T: Real> {
    /// The data of this shape.
    type Of<V: Value<Scalar = T>>: Copy + Zeros;

    /// Overwrites `to` with `f` of each value of `from`.
    fn map<V: Value<Scalar = T>>(from: &Self::Of<V>, f: impl Fn(V) -> V, to: &mut Self::Of<V>);
}

/// `N` plain values: `[V; N]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width<const N: usize>;

impl<T: Real, const N: usize> Shape<T> for Width<N> {
    type Of<V: Value<Scalar = T>> = [V; N];

    #[inline(always)]
    fn map<V: Value<Scalar = T>>(from: &[V; N], f: impl Fn(V) -> V, to: &mut [V; N]) {
        for i in 0..N {
            to[i] = f(from[i]);
        }
    }
}

/// The parameters of the univariate `U` for each of `B` dimensions: `[U::Params<V>; B]`, what a conditioner ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Each<U, const B: usize>(PhantomData<U>);

impl<T: Real, U: Univariate<T>, const B: usize> Shape<T> for Each<U, B> {
    type Of<V: Value<Scalar = T>> = [U::Params<V>; B];

    #[inline(always)]
    fn map<V: Value<Scalar = T>>(from: &[U::Params<V>; B], f: impl Fn(V) -> V, to: &mut [U::Params<V>; B]) {
        for (from, to) in from.iter().zip(to) {
            for (from, to) in from.as_ref().iter().zip(to.as_mut()) {
                *to = f(*from);
            }
        }
    }
}
