//! A bijector with its directions exchanged.

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part};

/// `B` turned around: its forward map is `B`'s inverse.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct Inverse<B>(pub B);

impl<B: Zeros> Zeros for Inverse<B> {
    const ZEROS: Self = Inverse(B::ZEROS);
}

impl<T, B: Init<T>> Init<T> for Inverse<B> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.0.init(rng);
    }
}

crate::parameters! { impl[T, B: Parameters<T>] Parameters<T> for Inverse<B> { part 0: B } }

impl<T: Real, const D: usize, const C: usize, B: Bijector<T, D, C>> Bijector<T, D, C> for Inverse<B> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        self.0.inverse_and_log_det(x, context)
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
        self.0.forward_and_log_det(z, context)
    }

    fn visit_contexts(&self, context: &[T; C], visit: &mut impl FnMut(&[T; C])) {
        self.0.visit_contexts(context, visit);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("inverse"));
        B::describe(visit);
        visit(Part::End);
    }
}

impl<T: Real, const D: usize, const C: usize, B: DifferentiableBijector<T, D, C>> DifferentiableBijector<T, D, C> for Inverse<B> {
    /// That of `B`'s forward map at the result of this one's.
    type Tape<V: Value<Scalar = T>> = B::Tape<V>;

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
        self.0.inverse_and_log_det(x, context);
        let mut back = *x;
        -self.0.forward_tape(&mut back, context, tape)
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.0.inverse_backward(tape, context, d, d_log_det, d_context, gradient.map(|g| &mut g.0));
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.0.backward(tape, context, d, d_log_det, d_context, gradient.map(|g| &mut g.0));
    }
}
