//! Activations: one function applied to every value.

use core::marker::PhantomData;

use rand_core::Rng;

use crate::conditioner::{DifferentiableLayer, Layer, Shape};
use crate::math;
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Init, Part};

/// A function of one value with its derivative; every activation of this crate is a layer of any shape.
pub trait Activation: Copy {
    /// The function.
    fn value<V: Value>(x: V) -> V;

    /// Its derivative at `x`, where `y` is its value there.
    fn slope<V: Value>(x: V, y: V) -> V;

    /// What a dense layer can do where it stores.
    #[doc(hidden)]
    const KIND: Kind = Kind::Other;
}

/// Activations that a dense layer applies where it stores.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Identity,
    Relu,
    Other,
}

/// `y[o] = F(bias[o] + sum_i x[i] weights[i][o])`, with weights row-major, the terms added in the order of `i`; outputs without a bias begin at `y`.
#[inline(always)]
pub(super) fn affine<V: Value, F: Activation>(x: &[V], weights: &[V::Scalar], bias: &[V::Scalar], y: &mut [V]) {
    V::affine(x, weights, bias, matches!(F::KIND, Kind::Relu), y);
    if matches!(F::KIND, Kind::Other) {
        for y in y {
            *y = F::value(*y);
        }
    }
}

/// `x`: no activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;

impl Activation for Identity {
    #[inline(always)]
    fn value<V: Value>(x: V) -> V {
        x
    }
    #[inline(always)]
    fn slope<V: Value>(_: V, _: V) -> V {
        V::ONE
    }

    const KIND: Kind = Kind::Identity;
}

/// `G(F(x))`.
#[derive(Clone, Copy)]
struct Then<F, G>(PhantomData<(F, G)>);

impl<F: Activation, G: Activation> Activation for Then<F, G> {
    #[inline(always)]
    fn value<V: Value>(x: V) -> V {
        G::value(F::value(x))
    }
    #[inline(always)]
    fn slope<V: Value>(x: V, y: V) -> V {
        let between = F::value(x);
        F::slope(x, between) * G::slope(between, y)
    }

    const KIND: Kind = match (F::KIND, G::KIND) {
        (Kind::Identity, kind) | (kind, Kind::Identity) | (kind @ Kind::Relu, Kind::Relu) => kind,
        _ => Kind::Other,
    };
}

macro_rules! activations {
    ($($(#[$doc:meta])* $name:ident $kind:literal $(= $store:ident)?: |$x:ident| $value:expr, |$sx:ident, $sy:ident| $slope:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
        pub struct $name;

        impl Activation for $name {
            #[inline(always)]
            fn value<V: Value>($x: V) -> V {
                $value
            }
            #[inline(always)]
            #[allow(unused_variables)]
            fn slope<V: Value>($sx: V, $sy: V) -> V {
                $slope
            }

            $(const KIND: Kind = Kind::$store;)?
        }

        impl Zeros for $name {
            const ZEROS: Self = $name;
        }

        impl<T> Init<T> for $name {
            fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {}
        }

        $crate::parameters! { impl[T] Parameters<T> for $name {} }

        impl<T: Real, S: Shape<T>, const C: usize> Layer<T, S, C> for $name {
            type Out = S;

            #[inline(always)]
            fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &S::Of<V>, _: &[V; C], y: &mut S::Of<V>) {
                for (y, x) in y.flat_mut().iter_mut().zip(x.flat()) {
                    *y = F::value(Self::value(*x));
                }
            }

            #[inline(always)]
            fn apply_after<V: Value<Scalar = T>, F: Activation, X: Shape<T>, L: Layer<T, X, C, Out = S>>(
                &self,
                before: &L,
                x: &X::Of<V>,
                context: &[V; C],
                y: &mut S::Of<V>,
            ) {
                before.apply::<V, Then<Self, F>>(x, context, y);
            }

            fn describe(visit: &mut impl FnMut(Part)) {
                visit(Part::Kind($kind));
            }
        }

        impl<T: Real, S: Shape<T>, const C: usize> DifferentiableLayer<T, S, C> for $name {
            type Tape<V: Value<Scalar = T>> = ();

            #[inline(always)]
            fn backward<V: Value<Scalar = T>>(
                &self,
                x: &S::Of<V>,
                _: &[V; C],
                y: &S::Of<V>,
                (): &(),
                dy: &S::Of<V>,
                dx: &mut S::Of<V>,
                _: &mut [V; C],
                _: Option<&mut Self>,
            ) {
                for (((dx, dy), x), y) in dx.flat_mut().iter_mut().zip(dy.flat()).zip(x.flat()).zip(y.flat()) {
                    *dx = *dy * Self::slope(*x, *y);
                }
            }
        }
    )+};
}

activations! {
    /// `max(x, 0)`, NaN for NaN; its derivative at 0 is 0.
    Relu "relu" = Relu: |x| V::ZEROS.max(x), |x, y| V::ZEROS.select_lt(x, V::ONE, V::ZEROS);
    /// `x` for `x > 0`, else `0.01 x`.
    LeakyRelu "leaky_relu": |x| V::ZEROS.select_lt(x, x, x * V::constant(0.01)), |x, y| V::ZEROS.select_lt(x, V::ONE, V::constant(0.01));
    /// `tanh x`.
    Tanh "tanh": |x| math::tanh(x), |x, y| V::ONE - y * y;
    /// `1 / (1 + exp(-x))`.
    Sigmoid "sigmoid": |x| math::sigmoid(x), |x, y| y * (V::ONE - y);
    /// `x sigmoid(x)`, also called swish.
    Silu "silu": |x| x * math::sigmoid(x), |x, y| { let s = math::sigmoid(x); s + y * (V::ONE - s) };
    /// `log(1 + exp(x))`.
    Softplus "softplus": |x| math::softplus(x), |x, y| math::sigmoid(x);
    /// `x Phi(x)`, the exact form.
    Gelu "gelu": |x| x * math::cdf(x), |x, y| math::cdf(x) + x * math::pdf(x);
}
