//! Networks from the identity half and the context to the parameters of the univariates.

mod activation;
mod dense;
mod head;
mod int8;
mod residual;
mod shape;
mod tuple;

pub use activation::{Activation, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use dense::{ContextDense, Dense};
pub use head::{Head, SharedHead};
pub use int8::{Int8Dense, Int8Head};
pub use residual::Residual;
pub use shape::{Each, Shape, Width};

use core::convert::identity;

use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::Parameters;
use crate::parameters::Part;

/// A part of a conditioner, or a whole one: `In` (and the context) to `Out`.
///
/// Tuples of layers are layers, applied left to right. A conditioner is a layer from [`Width<A>`](crate::Width) to [`Each<U, B>`](crate::Each); a network of
/// your own plugs into a [`Coupling`](crate::Coupling) by implementing this trait, and [`DifferentiableLayer`] if it is to be trained.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer that takes `{In}` and {C} context variables",
    label = "does not take `{In}`, what the part before it gives",
    note = "make its input width that of the layer before it (the first one takes the identity half: `Width<A>`), and its context width `C` that of the flow"
)]
pub trait Layer<T: Real, In: Shape<T>, const C: usize = 0> {
    /// The shape of what the layer gives.
    type Out: Shape<T>;

    /// The layer's value at `x`.
    fn apply<V: Value<Scalar = T>>(&self, x: &In::Of<V>, context: &[V; C]) -> <Self::Out as Shape<T>>::Of<V>;

    /// Overwrites `y` with `f` of each value that [`Self::apply`] gives. Override it where `f` can be applied before a value is stored.
    #[inline(always)]
    fn apply_then<V: Value<Scalar = T>>(
        &self,
        x: &In::Of<V>,
        context: &[V; C],
        f: impl Fn(V) -> V,
        y: &mut <Self::Out as Shape<T>>::Of<V>,
    ) {
        Self::Out::map(&self.apply(x, context), f, y);
    }

    /// As [`Self::apply_then`], at what `before` gives at `x`. An activation has itself applied where `before` stores.
    #[inline(always)]
    fn apply_after<V: Value<Scalar = T>, X: Shape<T>, L: Layer<T, X, C, Out = In>>(
        &self,
        before: &L,
        x: &X::Of<V>,
        context: &[V; C],
        f: impl Fn(V) -> V,
        y: &mut <Self::Out as Shape<T>>::Of<V>,
    ) {
        let mut between = Zeros::ZEROS;
        before.apply_then(x, context, identity, &mut between);
        self.apply_then(&between, context, f, y);
    }

    /// Tells `visit` what the layer is made of, as [`Bijector::describe`](crate::Bijector::describe) does.
    fn describe(_visit: &mut impl FnMut(Part)) {}
}

/// A layer by reference.
impl<T: Real, In: Shape<T>, L: Layer<T, In, C>, const C: usize> Layer<T, In, C> for &L {
    type Out = L::Out;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &In::Of<V>, context: &[V; C]) -> <L::Out as Shape<T>>::Of<V> {
        L::apply(self, x, context)
    }

    #[inline(always)]
    fn apply_then<V: Value<Scalar = T>>(&self, x: &In::Of<V>, context: &[V; C], f: impl Fn(V) -> V, y: &mut <L::Out as Shape<T>>::Of<V>) {
        L::apply_then(self, x, context, f, y);
    }

    #[inline(always)]
    fn apply_after<V: Value<Scalar = T>, X: Shape<T>, B: Layer<T, X, C, Out = In>>(
        &self,
        before: &B,
        x: &X::Of<V>,
        context: &[V; C],
        f: impl Fn(V) -> V,
        y: &mut <L::Out as Shape<T>>::Of<V>,
    ) {
        L::apply_after(self, before, x, context, f, y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        L::describe(visit);
    }
}

/// A layer with a gradient.
///
/// Who calls a layer keeps its input `x` and output `y` for the way back; [`Self::Tape`] holds only what lies between.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer that takes `{In}` and has a gradient",
    note = "implement `DifferentiableLayer` for it, or use the flow for inference only"
)]
pub trait DifferentiableLayer<T: Real, In: Shape<T>, const C: usize = 0>: Layer<T, In, C> + Parameters<T> + Send + Sync {
    /// What [`Self::backward`] needs beside `x` and `y`.
    type Tape<V: Value<Scalar = T>>: Zeros;

    /// Overwrites `y` with what [`Layer::apply`] gives, and fills the tape.
    fn apply_tape<V: Value<Scalar = T>>(
        &self,
        x: &In::Of<V>,
        context: &[V; C],
        y: &mut <Self::Out as Shape<T>>::Of<V>,
        tape: &mut Self::Tape<V>,
    );

    /// Pulls the cotangent `dy` back: overwrites `dx`, adds to `d_context` and, summed over the lanes, to `gradient`.
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &In::Of<V>,
        context: &[V; C],
        y: &<Self::Out as Shape<T>>::Of<V>,
        tape: &Self::Tape<V>,
        dy: &<Self::Out as Shape<T>>::Of<V>,
        dx: &mut In::Of<V>,
        d_context: &mut [V; C],
        gradient: &mut Self,
    );
}

/// A layer whose output can be fixed: how a coupling is started at the identity, or at fitted parameters.
pub trait ConstantOutput<T: Real, Out: Shape<T>> {
    /// Makes the layer give `value` for any input, by zero weights and a bias.
    fn set_constant(&mut self, value: &Out::Of<T>);
}
