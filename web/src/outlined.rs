//! A part of a flow as functions of its own.

use bytemuck::Zeroable;
use gaussflow::{Bijector, DifferentiableBijector, Part, Value, parameters};

/// The same bijector, never inlined: flows of any number of them share one body, which keeps the page small. Files do not tell it from what it holds.
#[derive(Zeroable)]
#[repr(transparent)]
pub struct Outlined<B> {
    pub part: B,
}

parameters! { impl[B: gaussflow::Parameters<f32> + gaussflow::Zeros + gaussflow::Init<f32>] Parameters<f32> + Zeros + Init for Outlined<B> { part part: B } }

impl<B: Bijector<f32, 2>> Bijector<f32, 2> for Outlined<B> {
    fn forward_and_log_det<V: Value<Scalar = f32>>(&self, x: &mut [V; 2], context: &[V; 0]) -> V {
        V::outline(
            #[inline(always)]
            || self.part.forward_and_log_det(x, context),
        )
    }

    fn inverse_and_log_det<V: Value<Scalar = f32>>(&self, z: &mut [V; 2], context: &[V; 0]) -> V {
        V::outline(
            #[inline(always)]
            || self.part.inverse_and_log_det(z, context),
        )
    }

    fn forward_states<V: Value<Scalar = f32>>(&self, x: &mut [V; 2], context: &[V; 0], visit: &mut impl FnMut(&[V; 2])) -> V {
        self.part.forward_states(x, context, visit)
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        B::describe(visit);
    }
}

impl<B: DifferentiableBijector<f32, 2>> DifferentiableBijector<f32, 2> for Outlined<B>
where
    Self: gaussflow::Parameters<f32>,
{
    type Tape<V: Value<Scalar = f32>> = B::Tape<V>;

    fn forward_tape<V: Value<Scalar = f32>>(&self, x: &mut [V; 2], context: &[V; 0], tape: &mut B::Tape<V>) -> V {
        V::outline(
            #[inline(always)]
            || self.part.forward_tape(x, context, tape),
        )
    }

    fn backward<V: Value<Scalar = f32>>(
        &self,
        tape: &B::Tape<V>,
        context: &[V; 0],
        d: &mut [V; 2],
        d_log_det: V,
        d_context: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        V::outline(
            #[inline(always)]
            || self.part.backward(tape, context, d, d_log_det, d_context, gradient.map(|g| &mut g.part)),
        );
    }

    fn inverse_backward<V: Value<Scalar = f32>>(
        &self,
        tape: &B::Tape<V>,
        context: &[V; 0],
        d: &mut [V; 2],
        d_log_det: V,
        d_context: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        V::outline(
            #[inline(always)]
            || self.part.inverse_backward(tape, context, d, d_log_det, d_context, gradient.map(|g| &mut g.part)),
        );
    }
}
