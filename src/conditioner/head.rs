//! The last layer of a conditioner: from hidden values to the parameters of the univariates.

use core::convert::identity;

use rand_core::Rng;

use crate::conditioner::dense::{add_rows_transposed, affine};
use crate::conditioner::{ConstantOutput, DifferentiableLayer, Layer};
use crate::conditioner::{Each, Width};
use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::Part;
use crate::parameters::{Init, Parameters, Role};
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

/// Linear: `H` hidden values to one set of parameters that all `B` dimensions share.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U::Params<T>: bytemuck::Zeroable"))]
pub struct SharedHead<T: Real, U: Univariate<T>, const H: usize, const B: usize> {
    /// The head of the one set.
    pub head: Head<T, U, H, 1>,
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Zeros for Head<T, U, H, B> {
    const ZEROS: Self = Head { weights: [[Zeros::ZEROS; B]; H], bias: [Zeros::ZEROS; B] };
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Zeros for SharedHead<T, U, H, B> {
    const ZEROS: Self = SharedHead { head: Zeros::ZEROS };
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Parameters<T> for Head<T, U, H, B> {
    const COUNT: usize = (H + 1) * B * (size_of::<U::Params<T>>() / size_of::<T>());

    fn zip<const M: usize, const N: usize>(
        mut change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    ) {
        for h in 0..H {
            for b in 0..B {
                visit(
                    Role::Trainable,
                    change.each_mut().map(|head| head.weights[h][b].as_mut()),
                    read.map(|head| head.weights[h][b].as_ref()),
                );
            }
        }
        for b in 0..B {
            visit(Role::Trainable, change.each_mut().map(|head| head.bias[b].as_mut()), read.map(|head| head.bias[b].as_ref()));
        }
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Parameters<T> for SharedHead<T, U, H, B> {
    const COUNT: usize = Head::<T, U, H, 1>::COUNT;

    fn zip<const M: usize, const N: usize>(
        change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    ) {
        Head::zip(change.map(|shared| &mut shared.head), read.map(|shared| &shared.head), visit);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Init<T> for Head<T, U, H, B> {
    fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {
        self.weights.fill([Zeros::ZEROS; B]);
        self.bias.fill(Zeros::ZEROS);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Init<T> for SharedHead<T, U, H, B> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.head.init(rng);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> ConstantOutput<T, Each<U, B>> for Head<T, U, H, B> {
    fn set_constant(&mut self, value: &[U::Params<T>; B]) {
        self.weights.fill([Zeros::ZEROS; B]);
        self.bias = *value;
    }
}

/// Takes the mean of the parameters over the dimensions.
impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> ConstantOutput<T, Each<U, B>> for SharedHead<T, U, H, B> {
    fn set_constant(&mut self, value: &[U::Params<T>; B]) {
        let mut mean: U::Params<T> = Zeros::ZEROS;
        for params in value {
            for (sum, p) in mean.as_mut().iter_mut().zip(params.as_ref()) {
                *sum += *p;
            }
        }
        for sum in mean.as_mut() {
            *sum /= T::from_f64(B as f64);
        }
        self.head.set_constant(&[mean]);
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> Layer<T, Width<H>, C> for Head<T, U, H, B> {
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &[V; H], context: &[V; C]) -> [U::Params<V>; B] {
        let mut y = Zeros::ZEROS;
        self.apply_then(x, context, identity, &mut y);
        y
    }

    #[inline(always)]
    fn apply_then<V: Value<Scalar = T>>(&self, x: &[V; H], _: &[V; C], f: impl Fn(V) -> V, y: &mut [U::Params<V>; B]) {
        for b in 0..B {
            affine(x, &self.weights, |row| row.get(b).map_or(&[], AsRef::as_ref), self.bias[b].as_ref(), &f, y[b].as_mut());
        }
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        let len = U::Params::<T>::ZEROS.as_ref().len();
        visit(Part::Kind("head"));
        visit(Part::Tensor("kernel", &[H, B, len]));
        visit(Part::Tensor("bias", &[B, len]));
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> DifferentiableLayer<T, Width<H>, C> for Head<T, U, H, B> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn apply_tape<V: Value<Scalar = T>>(&self, x: &[V; H], context: &[V; C], y: &mut [U::Params<V>; B], (): &mut ()) {
        self.apply_then(x, context, identity, y);
    }

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
        gradient: &mut Self,
    ) {
        dx.fill(V::ZEROS);
        for b in 0..B {
            let dy = dy[b].as_ref();
            add_rows_transposed(dy, &self.weights, |row| row[b].as_ref(), dx);
            V::add_outer(x, dy, &mut gradient.weights, |row| row[b].as_mut(), gradient.bias[b].as_mut());
        }
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const C: usize> Layer<T, Width<H>, C> for SharedHead<T, U, H, B> {
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &[V; H], context: &[V; C]) -> [U::Params<V>; B] {
        let [one] = self.head.apply(x, context);
        [one; B]
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
    fn apply_tape<V: Value<Scalar = T>>(&self, x: &[V; H], context: &[V; C], y: &mut [U::Params<V>; B], (): &mut ()) {
        *y = self.apply(x, context);
    }

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
        gradient: &mut Self,
    ) {
        let mut sum = [U::Params::<V>::ZEROS];
        for params in dy {
            for (sum, d) in sum[0].as_mut().iter_mut().zip(params.as_ref()) {
                *sum += *d;
            }
        }
        self.head.backward(x, context, &sum, &(), &sum, dx, d_context, &mut gradient.head);
    }
}
