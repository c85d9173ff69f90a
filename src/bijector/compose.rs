//! Tuples and arrays of bijectors, applied left to right.

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::{Real, Value};
use crate::parameters::{Part, for_each_tuple};

/// One flat list of elements with independent bounds, forwards and backwards. For three bijectors, in short:
///
/// ```ignore
/// impl<B0: Bijector<T, D, C>, B1: Bijector<T, D, C>, B2: Bijector<T, D, C>> Bijector<T, D, C> for (B0, B1, B2) {
///     fn forward_and_log_det(..) -> V {
///         let mut log_det = ZERO;
///         log_det += self.0.forward_and_log_det(x, context);
///         log_det += self.1.forward_and_log_det(x, context);
///         log_det += self.2.forward_and_log_det(x, context);
///         log_det
///     }
/// }
/// ```
macro_rules! implement {
    ($(($b:ident $other:ident $i:tt))+; $(($rb:ident $rother:ident $r:tt))+) => {
        impl<T: Real, const D: usize, const C: usize, $($b: Bijector<T, D, C>),+> Bijector<T, D, C> for ($($b,)+) {
            #[inline(always)]
            fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
                let mut log_det = V::ZEROS;
                $(log_det += self.$i.forward_and_log_det(x, context);)+
                log_det
            }

            #[inline(always)]
            fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
                let mut log_det = V::ZEROS;
                $(log_det += self.$r.inverse_and_log_det(z, context);)+
                log_det
            }

            fn forward_states<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], visit: &mut impl FnMut(&[V; D])) -> V {
                let mut log_det = V::ZEROS;
                $(log_det += self.$i.forward_states(x, context, visit);)+
                log_det
            }

            fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], log_dets: &mut [V; D]) -> bool {
                true $(&& self.$i.forward_and_log_dets(x, context, log_dets))+
            }

            fn describe(visit: &mut impl FnMut(Part)) {
                $(<$b as Bijector<T, D, C>>::describe(visit);)+
            }
        }

        impl<T: Real, const D: usize, const C: usize, $($b: DifferentiableBijector<T, D, C>),+> DifferentiableBijector<T, D, C> for ($($b,)+) {
            type Tape<V: Value<Scalar = T>> = ($($b::Tape<V>,)+);

            #[inline(always)]
            fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
                let mut log_det = V::ZEROS;
                $(log_det += self.$i.forward_tape(x, context, &mut tape.$i);)+
                log_det
            }

            #[inline(always)]
            fn backward<V: Value<Scalar = T>>(
                &self,
                tape: &Self::Tape<V>,
                context: &[V; C],
                d: &mut [V; D],
                d_log_det: V,
                d_context: &mut [V; C],
                mut gradient: Option<&mut Self>,
            ) {
                $(self.$r.backward(&tape.$r, context, d, d_log_det, d_context, gradient.as_deref_mut().map(|g| &mut g.$r));)+
            }

            #[inline(always)]
            fn inverse_backward<V: Value<Scalar = T>>(
                &self,
                tape: &Self::Tape<V>,
                context: &[V; C],
                d: &mut [V; D],
                d_log_det: V,
                d_context: &mut [V; C],
                mut gradient: Option<&mut Self>,
            ) {
                $(self.$i.inverse_backward(&tape.$i, context, d, d_log_det, d_context, gradient.as_deref_mut().map(|g| &mut g.$i));)+
            }
        }
    };
}

for_each_tuple!(implement);

impl<T: Real, const D: usize, const C: usize, B: Bijector<T, D, C>, const L: usize> Bijector<T, D, C> for [B; L] {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V {
        let mut log_det = V::ZEROS;
        for bijector in self {
            log_det += bijector.forward_and_log_det(x, context);
        }
        log_det
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V {
        let mut log_det = V::ZEROS;
        for bijector in self.iter().rev() {
            log_det += bijector.inverse_and_log_det(z, context);
        }
        log_det
    }

    fn forward_states<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], visit: &mut impl FnMut(&[V; D])) -> V {
        let mut log_det = V::ZEROS;
        for bijector in self {
            log_det += bijector.forward_states(x, context, visit);
        }
        log_det
    }

    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], log_dets: &mut [V; D]) -> bool {
        self.iter().all(|bijector| bijector.forward_and_log_dets(x, context, log_dets))
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        for _ in 0..L {
            B::describe(visit);
        }
    }
}

impl<T: Real, const D: usize, const C: usize, B: DifferentiableBijector<T, D, C>, const L: usize> DifferentiableBijector<T, D, C>
    for [B; L]
{
    type Tape<V: Value<Scalar = T>> = [B::Tape<V>; L];

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut Self::Tape<V>) -> V {
        let mut log_det = V::ZEROS;
        for (bijector, tape) in self.iter().zip(tape) {
            log_det += bijector.forward_tape(x, context, tape);
        }
        log_det
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        mut gradient: Option<&mut Self>,
    ) {
        for (i, (bijector, tape)) in self.iter().zip(tape).enumerate().rev() {
            bijector.backward(tape, context, d, d_log_det, d_context, gradient.as_deref_mut().and_then(|g| g.get_mut(i)));
        }
    }

    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        mut gradient: Option<&mut Self>,
    ) {
        for (i, (bijector, tape)) in self.iter().zip(tape).enumerate() {
            bijector.inverse_backward(tape, context, d, d_log_det, d_context, gradient.as_deref_mut().and_then(|g| g.get_mut(i)));
        }
    }
}
