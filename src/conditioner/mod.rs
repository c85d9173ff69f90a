//! Networks from the identity half and the context to the parameters of the univariates.

mod activation;
mod dense;
mod head;
mod integer;
mod masked;
mod residual;
mod shape;
mod tuple;

pub(crate) use activation::Kind;
pub use activation::{Activation, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use dense::{ContextDense, Dense};
pub use head::{Head, SharedHead};
pub use integer::{
    Int8ContextDense, Int8Dense, Int8Head, Int8SharedHead, Int16ContextDense, Int16Dense, Int16Head, Int16SharedHead, IntegerContextDense,
    IntegerDense, IntegerHead, IntegerSharedHead,
};
pub use masked::{Masked, MaskedDense, MaskedHead, MaskedInput};
pub use residual::Residual;
pub use shape::{Degrees, Each, Ordered, Shape, Width};

use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Part};

/// A part of a conditioner, or a whole one: `In` (and the context) to `Out`.
///
/// Tuples of layers are layers, applied left to right. A conditioner is a layer from [`Width<A>`](crate::Width) to [`Each<U, B>`](crate::Each); a network of
/// your own plugs into a [`Coupling`](crate::Coupling) by implementing this trait, and [`DifferentiableLayer`] if it is to be trained.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer that takes `{In}` and {C} context variables",
    label = "does not take `{In}`, what the part before it gives",
    note = "make its input width that of the layer before it (the first one takes the identity half: `Width<A>`), and its context width `C` that of the flow",
    note = "a tuple has two to eight layers; a longer one is a tuple of tuples: `((a, b, c), (d, e, f))`"
)]
pub trait Layer<T: Real, In: Shape<T>, const C: usize = 0> {
    /// The shape of what the layer gives.
    type Out: Shape<T>;

    /// Overwrites `y` with `F` of each value of the layer at `x`. `F` is the activation that follows ([`Identity`] where none does): applied where a value is stored, it costs no
    /// pass over them.
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &In::Of<V>, context: &[V; C], y: &mut <Self::Out as Shape<T>>::Of<V>);

    /// As [`Self::apply`], at what `before` gives at `x`. An activation has itself applied where `before` stores.
    #[inline(always)]
    fn apply_after<V: Value<Scalar = T>, F: Activation, X: Shape<T>, L: Layer<T, X, C, Out = In>>(
        &self,
        before: &L,
        x: &X::Of<V>,
        context: &[V; C],
        y: &mut <Self::Out as Shape<T>>::Of<V>,
    ) {
        let mut between = Zeros::ZEROS;
        before.apply::<V, Identity>(x, context, &mut between);
        self.apply::<V, F>(&between, context, y);
    }

    /// Tells `visit` what the layer is made of, as [`Bijector::describe`](crate::Bijector::describe) does.
    fn describe(_visit: &mut impl FnMut(Part)) {}
}

/// A layer with a gradient.
///
/// Who calls a layer keeps its input `x` and output `y` for the way back; [`Self::Tape`] holds only what lies between.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer that takes `{In}` and has a gradient",
    note = "implement `DifferentiableLayer` for it, or use the flow for inference only",
    note = "a layer that takes a context does so for one number of variables: the flow's type names it, `Flow<T, B, D, C>`, also in `Trainer::<Flow<T, B, D, C>>`"
)]
pub trait DifferentiableLayer<T: Real, In: Shape<T>, const C: usize = 0>: Layer<T, In, C> + Parameters<T> {
    /// What [`Self::backward`] needs beside `x` and `y`; `()` where that is all.
    type Tape<V: Value<Scalar = T>>: Zeros;

    /// Overwrites `y` with the layer's value at `x`, and fills the tape. Given for layers whose tape is `()`.
    #[inline(always)]
    fn apply_tape<V: Value<Scalar = T>>(
        &self,
        x: &In::Of<V>,
        context: &[V; C],
        y: &mut <Self::Out as Shape<T>>::Of<V>,
        _tape: &mut Self::Tape<V>,
    ) {
        const { assert!(size_of::<Self::Tape<V>>() == 0, "a layer with a tape must implement `apply_tape`, which fills it") }
        self.apply::<V, Identity>(x, context, y);
    }

    /// Pulls the cotangent `dy` back: overwrites `dx`, adds to `d_context` and, summed over the lanes, to `gradient`, where that is asked for.
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &In::Of<V>,
        context: &[V; C],
        y: &<Self::Out as Shape<T>>::Of<V>,
        tape: &Self::Tape<V>,
        dy: &<Self::Out as Shape<T>>::Of<V>,
        dx: &mut In::Of<V>,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    );
}

/// A layer whose output can be fixed: how a coupling is started at the identity, or at fitted parameters.
pub trait ConstantOutput<T: Real, Out: Shape<T>> {
    /// Makes the layer give `value` for any input, by zero weights and a bias.
    fn set_constant(&mut self, value: &Out::Of<T>);
}
