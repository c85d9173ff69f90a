//! The last layer of a conditioner: from hidden values to the parameters of the univariates.

use rand_core::Rng;

use crate::conditioner::activation::affine;
use crate::conditioner::{Activation, ConstantOutput, DifferentiableLayer, Each, Layer, Width};
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Init, Part};
use crate::univariate::Univariate;

/// Linear: `H` hidden values to parameters of the univariate `U` for each of `B` dimensions.
///
/// Starts with zero weights; [`Coupling::init`](crate::Init::init) sets the bias to the identity.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U::Params<T>: bytemuck::Zeroable"))]
pub struct Head<T: Real, U: Univariate<T>, const H: usize, const B: usize> {
    /// `weights[h][b]` multiplies hidden value `h` into the parameters of dimension `b`.
    pub weights: [[U::Params<T>; B]; H],
    /// The parameters where the hidden values are 0.
    pub bias: [U::Params<T>; B],
}

crate::parameters! {
    impl[T: Real, U: Univariate<T>, const H: usize, const B: usize] Parameters<T> + Zeros for Head<T, U, H, B> {
        trainable weights: [[U::Params<T>; B]; H],
        trainable bias: [U::Params<T>; B],
    }
}

/// Linear: `H` hidden values to one set of parameters that all `B` dimensions share.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U::Params<T>: bytemuck::Zeroable"))]
pub struct SharedHead<T: Real, U: Univariate<T>, const H: usize, const B: usize> {
    /// The head of the one set.
    pub head: Head<T, U, H, 1>,
}

crate::parameters! {
    impl[T: Real, U: Univariate<T>, const H: usize, const B: usize] Parameters<T> + Zeros + Init for SharedHead<T, U, H, B> {
        part head: Head<T, U, H, 1>,
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Init<T> for Head<T, U, H, B> {
    fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {
        self.weights.flat_mut().fill(T::ZEROS);
        self.bias.flat_mut().fill(T::ZEROS);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> ConstantOutput<T, Each<U, B>> for Head<T, U, H, B> {
    fn set_constant(&mut self, value: &[U::Params<T>; B]) {
        self.weights.flat_mut().fill(T::ZEROS);
        self.bias = *value;
    }
}

/// Takes the mean of the parameters over the dimensions.
impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> ConstantOutput<T, Each<U, B>> for SharedHead<T, U, H, B> {
    fn set_constant(&mut self, value: &[U::Params<T>; B]) {
        let mut mean: U::Params<T> = Zeros::ZEROS;
        for params in value {
            for (sum, p) in mean.flat_mut().iter_mut().zip(params.flat()) {
                *sum += *p;
            }
        }
        for sum in mean.flat_mut() {
            *sum /= T::from_f64(B as f64);
        }
        self.head.set_constant(&[mean]);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> Layer<T, Width<H>, C> for Head<T, U, H, B> {
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; H], _: &[V; C], y: &mut [U::Params<V>; B]) {
        affine::<V, F, _>(x, &self.weights, self.bias.flat(), y.flat_mut());
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        let len = <U::Params<T> as Flat<T>>::LEN;
        visit(Part::Kind("head"));
        visit(Part::Tensor("kernel", &[H, B, len]));
        visit(Part::Tensor("bias", &[B, len]));
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> DifferentiableLayer<T, Width<H>, C> for Head<T, U, H, B> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; H],
        _: &[V; C],
        _: &[U::Params<V>; B],
        (): &(),
        dy: &[U::Params<V>; B],
        dx: &mut [V; H],
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        dx.fill(V::ZEROS);
        V::add_transposed(dy.flat(), self.weights.flat(), dx);
        if let Some(gradient) = gradient {
            V::add_outer(x, dy.flat(), gradient.weights.flat_mut(), gradient.bias.flat_mut());
        }
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> Layer<T, Width<H>, C> for SharedHead<T, U, H, B> {
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; H], context: &[V; C], y: &mut [U::Params<V>; B]) {
        let mut one = [Zeros::ZEROS];
        self.head.apply::<V, F>(x, context, &mut one);
        *y = [one[0]; B];
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("shared_head"));
        <Head<T, U, H, 1> as Layer<T, Width<H>, C>>::describe(visit);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> DifferentiableLayer<T, Width<H>, C>
    for SharedHead<T, U, H, B>
{
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; H],
        context: &[V; C],
        _: &[U::Params<V>; B],
        (): &(),
        dy: &[U::Params<V>; B],
        dx: &mut [V; H],
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        let mut sum: [U::Params<V>; 1] = Zeros::ZEROS;
        for params in dy {
            for (sum, d) in sum.flat_mut().iter_mut().zip(params.flat()) {
                *sum += *d;
            }
        }
        self.head.backward(x, context, &sum, &(), &sum, dx, d_context, gradient.map(|g| &mut g.head));
    }
}
