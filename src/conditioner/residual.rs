//! A skip around a block.

use rand_core::Rng;

use crate::conditioner::{Activation, DifferentiableLayer, Identity, Layer, Width};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part};

/// `y = L(x) + x`, for a layer (or a tuple of layers) `L` that keeps the width.
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

impl<T: Real, L: Layer<T, Width<W>, C, Out = Width<W>>, const W: usize, const C: usize> Layer<T, Width<W>, C> for Residual<L> {
    type Out = Width<W>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; W], context: &[V; C], y: &mut [V; W]) {
        self.0.apply::<V, Identity>(x, context, y);
        for i in 0..W {
            y[i] = F::value(y[i] + x[i]);
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("residual"));
        L::describe(visit);
        visit(Part::End);
    }
}

impl<T: Real, L: DifferentiableLayer<T, Width<W>, C, Out = Width<W>>, const W: usize, const C: usize> DifferentiableLayer<T, Width<W>, C>
    for Residual<L>
{
    /// The block's own output, which its activations need, and its tape.
    type Tape<V: Value<Scalar = T>> = ([V; W], L::Tape<V>);

    #[inline(always)]
    fn apply_tape<V: Value<Scalar = T>>(&self, x: &[V; W], context: &[V; C], y: &mut [V; W], tape: &mut Self::Tape<V>) {
        self.0.apply_tape(x, context, &mut tape.0, &mut tape.1);
        for i in 0..W {
            y[i] = tape.0[i] + x[i];
        }
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; W],
        context: &[V; C],
        _: &[V; W],
        tape: &Self::Tape<V>,
        dy: &[V; W],
        dx: &mut [V; W],
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.0.backward(x, context, &tape.0, &tape.1, dy, dx, d_context, gradient.map(|g| &mut g.0));
        for i in 0..W {
            dx[i] += dy[i];
        }
    }
}
