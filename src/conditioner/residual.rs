//! A skip around a block.

use rand_core::Rng;

use crate::conditioner::{Activation, DifferentiableLayer, Identity, Layer, Shape};
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part};

/// `y = L(x) + x`, for a layer (or a tuple of layers) `L` that keeps the shape.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct Residual<L>(pub L);

crate::parameters! { impl[T, L: Parameters<T>] Parameters<T> for Residual<L> { part 0: L } }

impl<L: Zeros> Zeros for Residual<L> {
    const ZEROS: Self = Residual(L::ZEROS);
}

impl<T, L: Init<T>> Init<T> for Residual<L> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.0.init(rng);
    }
}

impl<T: Real, S: Shape<T>, L: Layer<T, S, C, Out = S>, const C: usize> Layer<T, S, C> for Residual<L> {
    type Out = S;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &S::Of<V>, context: &[V; C], y: &mut S::Of<V>) {
        self.0.apply::<V, Identity>(x, context, y);
        for (y, x) in y.flat_mut().iter_mut().zip(x.flat()) {
            *y = F::value(*y + *x);
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("residual"));
        L::describe(visit);
        visit(Part::End);
    }
}

impl<T: Real, S: Shape<T>, L: DifferentiableLayer<T, S, C, Out = S>, const C: usize> DifferentiableLayer<T, S, C> for Residual<L> {
    /// The block's own output, which its activations need, and its tape.
    type Tape<V: Value<Scalar = T>> = (S::Of<V>, L::Tape<V>);

    #[inline(always)]
    fn apply_tape<V: Value<Scalar = T>>(&self, x: &S::Of<V>, context: &[V; C], y: &mut S::Of<V>, tape: &mut Self::Tape<V>) {
        self.0.apply_tape(x, context, &mut tape.0, &mut tape.1);
        for ((y, block), x) in y.flat_mut().iter_mut().zip(tape.0.flat()).zip(x.flat()) {
            *y = *block + *x;
        }
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &S::Of<V>,
        context: &[V; C],
        _: &S::Of<V>,
        tape: &Self::Tape<V>,
        dy: &S::Of<V>,
        dx: &mut S::Of<V>,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.0.backward(x, context, &tape.0, &tape.1, dy, dx, d_context, gradient.map(|g| &mut g.0));
        for (dx, dy) in dx.flat_mut().iter_mut().zip(dy.flat()) {
            *dx += *dy;
        }
    }
}
