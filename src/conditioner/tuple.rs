//! Tuples of layers are layers, applied left to right.

use crate::conditioner::{Activation, ConstantOutput, DifferentiableLayer, Layer, Shape};
use crate::number::{Real, Value, Zeros};
use crate::parameters::Part;

/// One layer after another; longer tuples are pairs of pairs, by reference.
struct Pair<'a, K, L>(&'a K, &'a L);

impl<T: Real, In: Shape<T>, const C: usize, K: Layer<T, In, C>, L: Layer<T, K::Out, C>> Layer<T, In, C> for Pair<'_, K, L> {
    type Out = L::Out;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &In::Of<V>, context: &[V; C], y: &mut <L::Out as Shape<T>>::Of<V>) {
        self.1.apply_after::<V, F, In, K>(self.0, x, context, y);
    }
}

/// `self.0`, `self.1` and so on as pairs of pairs.
macro_rules! pairs {
    ($self:ident, $first:tt $($i:tt)+) => {
        pairs!(@ &$self.$first, $self, $($i)+)
    };
    (@ $before:expr, $self:ident, $last:tt) => {
        Pair($before, &$self.$last)
    };
    (@ $before:expr, $self:ident, $i:tt $($rest:tt)+) => {
        pairs!(@ &Pair($before, &$self.$i), $self, $($rest)+)
    };
}

/// A tuple as its inner layers, each named with the shape it takes, then the last one, then the inner ones but the first in reverse.
///
/// The tape holds the outputs between the layers with the layers' own tapes. For `(L0, L1, L2)` the expansion is, in short:
///
/// ```ignore
/// type Tape = ((Out0, Tape0), (Out1, Tape1), Tape2);
/// fn apply(..) {
///     Pair(&Pair(&self.0, &self.1), &self.2).apply(x, context, y);
/// }
/// fn backward(..) {
///     let mut cotangent = ZEROS;
///     self.2.backward(&tape.1.0, context, y, &tape.2, dy, &mut cotangent, ..);
///     let mut before = ZEROS;
///     self.1.backward(&tape.0.0, context, &tape.1.0, &tape.1.1, &cotangent, &mut before, ..);
///     let cotangent = before;
///     self.0.backward(x, context, &tape.0.0, &tape.0.1, &cotangent, dx, ..);
/// }
/// ```
macro_rules! layer_tuple {
    ($(($layer:ident $i:tt: $in:ty))+ last ($last:ident $l:tt: $last_in:ty) after $b:tt; reverse $($r:tt after $rb:tt),*) => {
        impl<T: Real, In: Shape<T>, const C: usize, $($layer: Layer<T, $in, C>,)+ $last: Layer<T, $last_in, C>> Layer<T, In, C> for ($($layer,)+ $last) {
            type Out = $last::Out;

            #[inline(always)]
            fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &In::Of<V>, context: &[V; C], y: &mut <$last::Out as Shape<T>>::Of<V>) {
                pairs!(self, $($i)+ $l).apply::<V, F>(x, context, y);
            }

            fn describe(visit: &mut impl FnMut(Part)) {
                $($layer::describe(visit);)+
                $last::describe(visit);
            }
        }

        impl<T: Real, In: Shape<T>, const C: usize, $($layer: DifferentiableLayer<T, $in, C>,)+ $last: DifferentiableLayer<T, $last_in, C>>
            DifferentiableLayer<T, In, C> for ($($layer,)+ $last)
        {
            type Tape<V: Value<Scalar = T>> = ($((<$layer::Out as Shape<T>>::Of<V>, $layer::Tape<V>),)+ $last::Tape<V>);

            #[inline(always)]
            fn apply_tape<V: Value<Scalar = T>>(
                &self,
                x: &In::Of<V>,
                context: &[V; C],
                y: &mut <$last::Out as Shape<T>>::Of<V>,
                tape: &mut Self::Tape<V>,
            ) {
                let input = x;
                $(
                    self.$i.apply_tape(input, context, &mut tape.$i.0, &mut tape.$i.1);
                    let input = &tape.$i.0;
                )+
                self.$l.apply_tape(input, context, y, &mut tape.$l);
            }

            #[inline(always)]
            fn backward<V: Value<Scalar = T>>(
                &self,
                x: &In::Of<V>,
                context: &[V; C],
                y: &<$last::Out as Shape<T>>::Of<V>,
                tape: &Self::Tape<V>,
                dy: &<$last::Out as Shape<T>>::Of<V>,
                dx: &mut In::Of<V>,
                d_context: &mut [V; C],
                mut gradient: Option<&mut Self>,
            ) {
                let mut cotangent = Zeros::ZEROS;
                let part = gradient.as_deref_mut().map(|g| &mut g.$l);
                self.$l.backward(&tape.$b.0, context, y, &tape.$l, dy, &mut cotangent, d_context, part);
                $(
                    let mut before = Zeros::ZEROS;
                    let part = gradient.as_deref_mut().map(|g| &mut g.$r);
                    self.$r.backward(&tape.$rb.0, context, &tape.$r.0, &tape.$r.1, &cotangent, &mut before, d_context, part);
                    let cotangent = before;
                )*
                self.0.backward(x, context, &tape.0.0, &tape.0.1, &cotangent, dx, d_context, gradient.map(|g| &mut g.0));
            }
        }

        impl<T: Real, Out: Shape<T>, $($layer,)+ $last: ConstantOutput<T, Out>> ConstantOutput<T, Out> for ($($layer,)+ $last) {
            fn set_constant(&mut self, value: &Out::Of<T>) {
                self.$l.set_constant(value);
            }
        }
    };
}

layer_tuple!((L0 0: In) last (L1 1: L0::Out) after 0; reverse);
layer_tuple!((L0 0: In) (L1 1: L0::Out) last (L2 2: L1::Out) after 1; reverse 1 after 0);
layer_tuple!((L0 0: In) (L1 1: L0::Out) (L2 2: L1::Out) last (L3 3: L2::Out) after 2; reverse 2 after 1, 1 after 0);
layer_tuple!((L0 0: In) (L1 1: L0::Out) (L2 2: L1::Out) (L3 3: L2::Out) last (L4 4: L3::Out) after 3; reverse 3 after 2, 2 after 1, 1 after 0);
layer_tuple!((L0 0: In) (L1 1: L0::Out) (L2 2: L1::Out) (L3 3: L2::Out) (L4 4: L3::Out) last (L5 5: L4::Out) after 4;
    reverse 4 after 3, 3 after 2, 2 after 1, 1 after 0);
layer_tuple!((L0 0: In) (L1 1: L0::Out) (L2 2: L1::Out) (L3 3: L2::Out) (L4 4: L3::Out) (L5 5: L4::Out) last (L6 6: L5::Out) after 5;
    reverse 5 after 4, 4 after 3, 3 after 2, 2 after 1, 1 after 0);
layer_tuple!((L0 0: In) (L1 1: L0::Out) (L2 2: L1::Out) (L3 3: L2::Out) (L4 4: L3::Out) (L5 5: L4::Out) (L6 6: L5::Out) last (L7 7: L6::Out) after 6;
    reverse 6 after 5, 5 after 4, 4 after 3, 3 after 2, 2 after 1, 1 after 0);
