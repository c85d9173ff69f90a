//! Dense (fully connected) layers.

use rand_core::Rng;

use crate::conditioner::activation::affine;
use crate::conditioner::{Activation, DifferentiableLayer, Identity, Layer, Width};
use crate::number::{Flat, Real, Value};
use crate::parameters::{Init, Part};

/// `y = x W + b`, with weights `[input][output]`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Dense<T, const I: usize, const O: usize> {
    /// `weights[i][o]` multiplies input `i` into output `o`.
    pub weights: [[T; O]; I],
    /// One a output.
    pub bias: [T; O],
}

crate::parameters! {
    impl[T: Real, const I: usize, const O: usize] Parameters<T> + Zeros for Dense<T, I, O> {
        trainable weights: [[T; O]; I],
        trainable bias: [T; O],
    }
}

/// `y = x W + c W_c + b`: a dense layer that also sees the context `c`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct ContextDense<T, const I: usize, const C: usize, const O: usize> {
    /// The part that sees `x`.
    pub dense: Dense<T, I, O>,
    /// `context_weights[c][o]` multiplies context variable `c` into output `o`.
    pub context_weights: [[T; O]; C],
}

crate::parameters! {
    impl[T: Real, const I: usize, const C: usize, const O: usize] Parameters<T> + Zeros for ContextDense<T, I, C, O> {
        part dense: Dense<T, I, O>,
        trainable context_weights: [[T; O]; C],
    }
}

/// Glorot and Bengio (2010), eq. 16: uniform on `+-sqrt(6 / (inputs + outputs))`.
pub(crate) fn glorot_uniform<T: Real, R: Rng + ?Sized>(weights: &mut [T], inputs: usize, outputs: usize, rng: &mut R) {
    let limit = Value::sqrt(T::from_f64(6.0 / (inputs + outputs).max(1) as f64));
    for weight in weights {
        *weight = limit * (T::uniform(rng) * T::from_f64(2.0) - T::ONE);
    }
}

impl<T: Real, const I: usize, const O: usize> Init<T> for Dense<T, I, O> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        glorot_uniform(self.weights.as_flattened_mut(), I, O, rng);
        self.bias.fill(T::ZEROS);
    }
}

impl<T: Real, const I: usize, const C: usize, const O: usize> Init<T> for ContextDense<T, I, C, O> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        glorot_uniform(self.dense.weights.as_flattened_mut(), I + C, O, rng);
        glorot_uniform(self.context_weights.as_flattened_mut(), I + C, O, rng);
        self.dense.bias.fill(T::ZEROS);
    }
}

impl<T: Real, const I: usize, const O: usize, const C: usize> Layer<T, Width<I>, C> for Dense<T, I, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; I], _: &[V; C], y: &mut [V; O]) {
        affine::<V, F>(x, self.weights.as_flattened(), &self.bias, y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("dense"));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("bias", &[O]));
    }
}

impl<T: Real, const I: usize, const O: usize, const C: usize> DifferentiableLayer<T, Width<I>, C> for Dense<T, I, O> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; I],
        _: &[V; C],
        _: &[V; O],
        (): &(),
        dy: &[V; O],
        dx: &mut [V; I],
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        dx.fill(V::ZEROS);
        V::add_transposed(dy, self.weights.flat(), dx);
        if let Some(gradient) = gradient {
            V::add_outer(x, dy, gradient.weights.flat_mut(), &mut gradient.bias);
        }
    }
}

impl<T: Real, const I: usize, const C: usize, const O: usize> Layer<T, Width<I>, C> for ContextDense<T, I, C, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; I], context: &[V; C], y: &mut [V; O]) {
        if C == 0 {
            return self.dense.apply::<V, F>(x, context, y);
        }
        self.dense.apply::<V, Identity>(x, context, y);
        affine::<V, F>(context, self.context_weights.as_flattened(), &[], y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("context_dense"));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("bias", &[O]));
        visit(Part::Tensor("context_kernel", &[C, O]));
    }
}

impl<T: Real, const I: usize, const C: usize, const O: usize> DifferentiableLayer<T, Width<I>, C> for ContextDense<T, I, C, O> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; I],
        context: &[V; C],
        y: &[V; O],
        (): &(),
        dy: &[V; O],
        dx: &mut [V; I],
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        let (dense, context_weights) = gradient.map(|g| (&mut g.dense, &mut g.context_weights)).unzip();
        self.dense.backward(x, context, y, &(), dy, dx, d_context, dense);
        V::add_transposed(dy, self.context_weights.flat(), d_context);
        if let Some(weights) = context_weights {
            V::add_outer(context, dy, weights.flat_mut(), &mut []);
        }
    }
}
