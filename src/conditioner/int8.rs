//! Linear layers whose weights are stored in eight bits, a quarter of `f32`.

use crate::conditioner::{Activation, Each, Layer, Width};
use crate::number::kernels::add_int8;
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::Part;
use crate::univariate::Univariate;

/// `y_o = s_o sum_i q_io x_i + b_o`: a [`Dense`](crate::Dense) layer with weights of eight bits and a scale an output, for inference.
///
/// # Accuracy
/// A weight is off by at most half a scale; the scale is the output's largest weight over 127.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Int8Dense<T, const I: usize, const O: usize> {
    /// `weights[i][o]` multiplies input `i` into output `o`.
    pub weights: [[i8; O]; I],
    /// One a output.
    pub scales: [T; O],
    /// One a output.
    pub bias: [T; O],
}

/// A [`Head`](crate::Head) as [`Int8Dense`]; `P` is the number of parameters of the univariate `U` (24 for a mixture of 8).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U::Params<T>: bytemuck::Zeroable"))]
pub struct Int8Head<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> {
    /// `weights[h][b]` multiplies hidden value `h` into the parameters of dimension `b`.
    pub weights: [[[i8; P]; B]; H],
    /// One a parameter.
    pub scales: [U::Params<T>; B],
    /// One a parameter.
    pub bias: [U::Params<T>; B],
}

/// `y = F(s x W + b)`.
#[inline(always)]
fn apply<V: Value, F: Activation>(x: &[V], weights: &[i8], scales: &[V::Scalar], bias: &[V::Scalar], y: &mut [V]) {
    y.fill(V::ZEROS);
    add_int8(x, weights, y);
    for ((y, scale), bias) in y.iter_mut().zip(scales).zip(bias) {
        *y = F::value(y.mul_add(V::splat(*scale), V::splat(*bias)));
    }
}

impl<T: Zeros, const I: usize, const O: usize> Zeros for Int8Dense<T, I, O> {
    const ZEROS: Self = Int8Dense { weights: [[0; O]; I], scales: Zeros::ZEROS, bias: Zeros::ZEROS };
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Zeros for Int8Head<T, U, H, B, P> {
    const ZEROS: Self = Int8Head { weights: [[[0; P]; B]; H], scales: [Zeros::ZEROS; B], bias: [Zeros::ZEROS; B] };
}

impl<T: Real, const I: usize, const O: usize, const C: usize> Layer<T, Width<I>, C> for Int8Dense<T, I, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; I], _: &[V; C], y: &mut [V; O]) {
        apply::<V, F>(x, self.weights.as_flattened(), &self.scales, &self.bias, y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("int8_dense"));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("scales", &[O]));
        visit(Part::Tensor("bias", &[O]));
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize, const C: usize> Layer<T, Width<H>, C>
    for Int8Head<T, U, H, B, P>
{
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; H], _: &[V; C], y: &mut [U::Params<V>; B]) {
        const {
            assert!(P == <U::Params<T> as Flat<T>>::LEN, "P must be the number of parameters of the univariate: 3 K for a mixture of K");
        }
        apply::<V, F>(x, self.weights.as_flattened().as_flattened(), self.scales.flat(), self.bias.flat(), y.flat_mut());
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("int8_head"));
        visit(Part::Tensor("kernel", &[H, B, P]));
        visit(Part::Tensor("scales", &[B, P]));
        visit(Part::Tensor("bias", &[B, P]));
    }
}
