//! Linear layers whose weights are stored in 8 or 16 bits, and which multiply and add in integers.

use crate::conditioner::activation::apply_other;
use crate::conditioner::{Activation, Each, Identity, Kind, Layer, Width};
use crate::number::fixed::affine_fixed;
use crate::number::{Flat, Real, Value, Weight, Zeros};
use crate::parameters::Part;
use crate::univariate::Univariate;

/// `y_o = s_o sum_i q_io x_i + b_o`: a [`Dense`](crate::Dense) layer with weights `q` of 8 or 16 bits (`W`) and a scale an output, for inference.
///
/// Made from a [`Dense`](crate::Dense) by [`Quantize`](crate::store::Quantize).
///
/// # Method
/// At each call `x` is rounded to integers of 16 bits, in a unit of `2^-14` times the power of two at or below its largest magnitude. Products are summed in integers, in 32 bits for weights of
/// 8 (at most 516 inputs, which the compiler checks) and in 64 for those of 16. A sum is multiplied by `s_o` and the unit, and the bias added: the same bits on every target and in lanes.
///
/// # Accuracy
/// A weight is off by at most half a scale; the scale is the output's largest weight over 127 or 32,767. An input is off by at most `m = 2^-15 max_i |x_i|`. So
/// `y_o` is within `s_o / 2 sum_i |x_i| + m s_o sum_i |q_io|` of the layer of full weights, and some roundings of the scalar type. As `y` is constant between steps of that size, so is
/// the round trip of a flow good to about `2^-15` of its hidden values, and not to the last bit.
///
/// # Domain
/// A NaN among the inputs makes every output NaN. An infinity counts as a power of two beyond the largest number: it gives no NaN.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct IntegerDense<W, T, const I: usize, const O: usize> {
    /// `weights[i][o]` multiplies input `i` into output `o`.
    pub weights: [[W; O]; I],
    /// One a output.
    pub scales: [T; O],
    /// One a output.
    pub bias: [T; O],
}

/// A [`ContextDense`](crate::ContextDense) as [`IntegerDense`]; inputs and context have a unit each.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct IntegerContextDense<W, T, const I: usize, const C: usize, const O: usize> {
    /// The part that sees `x`.
    pub dense: IntegerDense<W, T, I, O>,
    /// `context_weights[c][o]` multiplies context variable `c` into output `o`.
    pub context_weights: [[W; O]; C],
    /// One a output.
    pub context_scales: [T; O],
}

/// A [`Head`](crate::Head) as [`IntegerDense`]; `P` is the number of parameters of the univariate `U` (24 for a mixture of 8).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "W: bytemuck::Zeroable, U::Params<T>: bytemuck::Zeroable"))]
pub struct IntegerHead<W, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> {
    /// `weights[h][b]` multiplies hidden value `h` into the parameters of dimension `b`.
    pub weights: [[[W; P]; B]; H],
    /// One a parameter.
    pub scales: [U::Params<T>; B],
    /// One a parameter.
    pub bias: [U::Params<T>; B],
}

/// A [`SharedHead`](crate::SharedHead) as [`IntegerDense`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "W: bytemuck::Zeroable, U::Params<T>: bytemuck::Zeroable"))]
pub struct IntegerSharedHead<W, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> {
    /// The head of the one set.
    pub head: IntegerHead<W, T, U, H, 1, P>,
}

/// [`IntegerDense`] with weights of 8 bits, a quarter of `f32`.
pub type Int8Dense<T, const I: usize, const O: usize> = IntegerDense<i8, T, I, O>;
/// [`IntegerContextDense`] with weights of 8 bits.
pub type Int8ContextDense<T, const I: usize, const C: usize, const O: usize> = IntegerContextDense<i8, T, I, C, O>;
/// [`IntegerHead`] with weights of 8 bits.
pub type Int8Head<T, U, const H: usize, const B: usize, const P: usize> = IntegerHead<i8, T, U, H, B, P>;
/// [`IntegerSharedHead`] with weights of 8 bits.
pub type Int8SharedHead<T, U, const H: usize, const B: usize, const P: usize> = IntegerSharedHead<i8, T, U, H, B, P>;
/// [`IntegerDense`] with weights of 16 bits, where those of 8 lose too much.
pub type Int16Dense<T, const I: usize, const O: usize> = IntegerDense<i16, T, I, O>;
/// [`IntegerContextDense`] with weights of 16 bits.
pub type Int16ContextDense<T, const I: usize, const C: usize, const O: usize> = IntegerContextDense<i16, T, I, C, O>;
/// [`IntegerHead`] with weights of 16 bits.
pub type Int16Head<T, U, const H: usize, const B: usize, const P: usize> = IntegerHead<i16, T, U, H, B, P>;
/// [`IntegerSharedHead`] with weights of 16 bits.
pub type Int16SharedHead<T, U, const H: usize, const B: usize, const P: usize> = IntegerSharedHead<i16, T, U, H, B, P>;

/// `y = F(s x W + b)`; outputs without a bias begin at `y`.
#[inline(always)]
fn apply<V: Value, F: Activation, W: Weight, R: Flat<W>, const I: usize>(
    x: &[V; I],
    rows: &[R; I],
    scales: &[V::Scalar],
    bias: &[V::Scalar],
    y: &mut [V],
) {
    if const { matches!(F::KIND, Kind::Relu) } {
        affine_fixed::<V, W, R, I, true>(x, rows, scales, bias, y);
    } else {
        affine_fixed::<V, W, R, I, false>(x, rows, scales, bias, y);
    }
    apply_other::<V, F>(y);
}

impl<W: Weight, T: Zeros, const I: usize, const O: usize> Zeros for IntegerDense<W, T, I, O> {
    const ZEROS: Self = IntegerDense { weights: Zeros::ZEROS, scales: Zeros::ZEROS, bias: Zeros::ZEROS };
}

impl<W: Weight, T: Zeros, const I: usize, const C: usize, const O: usize> Zeros for IntegerContextDense<W, T, I, C, O> {
    const ZEROS: Self = IntegerContextDense { dense: Zeros::ZEROS, context_weights: Zeros::ZEROS, context_scales: Zeros::ZEROS };
}

impl<W: Weight, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Zeros for IntegerHead<W, T, U, H, B, P> {
    const ZEROS: Self = IntegerHead { weights: Zeros::ZEROS, scales: Zeros::ZEROS, bias: Zeros::ZEROS };
}

impl<W: Weight, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Zeros for IntegerSharedHead<W, T, U, H, B, P> {
    const ZEROS: Self = IntegerSharedHead { head: Zeros::ZEROS };
}

impl<W: Weight, T: Real, const I: usize, const O: usize, const C: usize> Layer<T, Width<I>, C> for IntegerDense<W, T, I, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; I], _: &[V; C], y: &mut [V; O]) {
        apply::<V, F, W, _, I>(x, &self.weights, &self.scales, &self.bias, y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind(if size_of::<W>() == 1 { "int8_dense" } else { "int16_dense" }));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("scales", &[O]));
        visit(Part::Tensor("bias", &[O]));
    }
}

impl<W: Weight, T: Real, const I: usize, const C: usize, const O: usize> Layer<T, Width<I>, C> for IntegerContextDense<W, T, I, C, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; I], context: &[V; C], y: &mut [V; O]) {
        self.dense.apply::<V, Identity>(x, context, y);
        apply::<V, F, W, _, C>(context, &self.context_weights, &self.context_scales, &[], y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind(if size_of::<W>() == 1 { "int8_context_dense" } else { "int16_context_dense" }));
        <IntegerDense<W, T, I, O> as Layer<T, Width<I>, C>>::describe(visit);
        visit(Part::Tensor("context_kernel", &[C, O]));
        visit(Part::Tensor("context_scales", &[O]));
    }
}

impl<W: Weight, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize, const C: usize> Layer<T, Width<H>, C>
    for IntegerHead<W, T, U, H, B, P>
{
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; H], _: &[V; C], y: &mut [U::Params<V>; B]) {
        const {
            assert!(P == <U::Params<T> as Flat<T>>::LEN, "P must be the number of parameters of the univariate: 3 K for a mixture of K");
        }
        apply::<V, F, W, _, H>(x, &self.weights, self.scales.flat(), self.bias.flat(), y.flat_mut());
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind(if size_of::<W>() == 1 { "int8_head" } else { "int16_head" }));
        visit(Part::Tensor("kernel", &[H, B, P]));
        visit(Part::Tensor("scales", &[B, P]));
        visit(Part::Tensor("bias", &[B, P]));
    }
}

impl<W: Weight, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize, const C: usize> Layer<T, Width<H>, C>
    for IntegerSharedHead<W, T, U, H, B, P>
{
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; H], context: &[V; C], y: &mut [U::Params<V>; B]) {
        let mut one = [Zeros::ZEROS];
        self.head.apply::<V, F>(x, context, &mut one);
        *y = [one[0]; B];
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("shared_head"));
        <IntegerHead<W, T, U, H, 1, P> as Layer<T, Width<H>, C>>::describe(visit);
    }
}
