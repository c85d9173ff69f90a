//! Masked layers: of `D` dimensions in an order, each value sees the first few only.

use core::fmt;

use rand_core::Rng;

use crate::conditioner::{
    Activation, ConstantOutput, ContextDense, Degrees, Dense, DifferentiableLayer, Each, Head, Layer, Ordered, Shape, Width,
};
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part, Role};
use crate::univariate::Univariate;

/// The dense layer `L` with a mask, for an [`Autoregressive`](crate::Autoregressive) map of `D` dimensions given `C` context variables: written as [`MaskedInput`],
/// [`MaskedDense`] or [`MaskedHead`].
///
/// A hidden value of degree `m` sees the first `m` dimensions; degrees begin at 1 (at 0 where there is a context, which all values see, or where `D` is 1) and end at `D - 1`. A layer's
/// values are in the order of their degrees, of which all have equally many; where that does not divide, the first ones one more.
///
/// | | a weight is there from | to |
/// |---|---|---|
/// | [`MaskedInput`] | dimension `i` | degrees above `i` |
/// | [`MaskedDense`] | degree `m` | degrees `m` and above |
/// | [`MaskedHead`] | degree `m` | the parameters of dimension `m` and the later ones, counted from 0 |
///
/// Weights that are masked are stored as 0, so that the products are those of the layer without a mask. They are no parameters: what changes, saves or loads parameters does not reach them,
/// and the map is triangular whatever the parameters are.
///
/// # Source
/// Germain, Gregor, Murray and Larochelle (2015), MADE: Masked Autoencoder for Distribution Estimation, eq. 9 and 11. Theirs draws the degrees.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(transparent)]
pub struct Masked<L, const D: usize, const C: usize = 0> {
    pub(crate) layer: L,
}

/// The first layer of a masked network: `D` dimensions, and `C` context variables, to `O` hidden values. Not masked where it sees the context.
pub type MaskedInput<T, const D: usize, const O: usize, const C: usize = 0> = Masked<ContextDense<T, D, C, O>, D, C>;

/// A layer of a masked network for `D` dimensions: from `I` hidden values to `O`.
pub type MaskedDense<T, const I: usize, const O: usize, const D: usize, const C: usize = 0> = Masked<Dense<T, I, O>, D, C>;

/// The last layer of a masked network: from `H` hidden values to the parameters of the univariate `U` for each of `D` dimensions.
pub type MaskedHead<T, U, const H: usize, const D: usize, const C: usize = 0> = Masked<Head<T, U, H, D>, D, C>;

/// The least degree of a hidden value: a value that sees nothing at all would be wasted.
const fn least_degree(dimensions: usize, context: usize) -> usize {
    if context == 0 && dimensions > 1 { 1 } else { 0 }
}

/// The degree of the hidden value `unit` of `width`.
const fn degree(unit: usize, width: usize, dimensions: usize, context: usize) -> usize {
    let least = least_degree(dimensions, context);
    let degrees = dimensions - least;
    let (each, rest) = (width / degrees, width % degrees);
    let in_larger = rest * (each + 1);
    least + if unit < in_larger { unit / (each + 1) } else { rest + (unit - in_larger) / each }
}

/// How many of `width` hidden values have a degree below `bound`.
const fn below(bound: usize, width: usize, dimensions: usize, context: usize) -> usize {
    let mut unit = 0;
    while unit < width && degree(unit, width, dimensions, context) < bound {
        unit += 1;
    }
    unit
}

/// A layer whose first slice of parameters is a matrix that a mask can be laid on.
pub trait Maskable<const D: usize, const C: usize> {
    /// For each row, how many weights are masked: those at its beginning.
    const MASKED: &'static [usize];

    /// The constructor of [`Masked`] for this layer, as source.
    const CONSTRUCTOR: &'static str;
}

impl<L: Maskable<D, C>, const D: usize, const C: usize> Masked<L, D, C> {
    /// Sets what is masked to 0.
    fn mask<T: Zeros>(&mut self)
    where
        L: Parameters<T>,
    {
        let weights = self.layer.slice_mut(0).1;
        let width = weights.len() / L::MASKED.len().max(1);
        for (row, masked) in weights.chunks_exact_mut(width.max(1)).zip(L::MASKED) {
            row.iter_mut().take(*masked).for_each(|weight| *weight = T::ZEROS);
        }
    }
}

impl<L: Zeros, const D: usize, const C: usize> Zeros for Masked<L, D, C> {
    const ZEROS: Self = Masked { layer: L::ZEROS };
}

/// Each row of weights without what is masked, then the layer's other slices.
impl<T, L: Parameters<T> + Maskable<D, C>, const D: usize, const C: usize> Parameters<T> for Masked<L, D, C> {
    const COUNT: usize = {
        let (mut count, mut row) = (L::COUNT, 0);
        while row < L::MASKED.len() {
            count -= L::MASKED[row];
            row += 1;
        }
        count
    };
    const FIXED: usize = L::FIXED;
    const SLICES: usize = L::MASKED.len() + L::SLICES - 1;

    fn slice(&self, index: usize) -> (Role, &[T]) {
        let Some(masked) = L::MASKED.get(index) else {
            return self.layer.slice(index - L::MASKED.len() + 1);
        };
        let (role, weights) = self.layer.slice(0);
        let width = weights.len() / L::MASKED.len();
        (role, weights.get(index * width + masked..(index + 1) * width).unwrap_or(&[]))
    }

    fn slice_mut(&mut self, index: usize) -> (Role, &mut [T]) {
        let Some(masked) = L::MASKED.get(index) else {
            return self.layer.slice_mut(index - L::MASKED.len() + 1);
        };
        let (role, weights) = self.layer.slice_mut(0);
        let width = weights.len() / L::MASKED.len();
        (role, weights.get_mut(index * width + masked..(index + 1) * width).unwrap_or(&mut []))
    }
}

impl<T: Zeros, L: Init<T> + Parameters<T> + Maskable<D, C>, const D: usize, const C: usize> Init<T> for Masked<L, D, C> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.layer.init(rng);
        self.mask();
    }
}

impl<T: Real, Out: Shape<T>, L: ConstantOutput<T, Out>, const D: usize, const C: usize> ConstantOutput<T, Out> for Masked<L, D, C> {
    fn set_constant(&mut self, value: &Out::Of<T>) {
        self.layer.set_constant(value);
    }
}

/// The call that makes it again.
impl<L: fmt::Debug + Maskable<D, C>, const D: usize, const C: usize> fmt::Debug for Masked<L, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(L::CONSTRUCTOR).field(&self.layer).finish()
    }
}

impl<T, const D: usize, const O: usize, const C: usize> Maskable<D, C> for ContextDense<T, D, C, O> {
    const MASKED: &'static [usize] = &{
        let (mut masked, mut i) = ([0; D], 0);
        while i < D {
            masked[i] = below(i + 1, O, D, C);
            i += 1;
        }
        masked
    };
    const CONSTRUCTOR: &'static str = "Masked::input";
}

impl<T, const I: usize, const O: usize, const D: usize, const C: usize> Maskable<D, C> for Dense<T, I, O> {
    const MASKED: &'static [usize] = &{
        let (mut masked, mut i) = ([0; I], 0);
        while i < I {
            masked[i] = below(degree(i, I, D, C), O, D, C);
            i += 1;
        }
        masked
    };
    const CONSTRUCTOR: &'static str = "Masked::dense";
}

impl<T: Real, U: Univariate<T>, const H: usize, const D: usize, const C: usize> Maskable<D, C> for Head<T, U, H, D> {
    const MASKED: &'static [usize] = &{
        let (mut masked, mut h) = ([0; H], 0);
        while h < H {
            masked[h] = degree(h, H, D, C) * <U::Params<T> as Flat<T>>::LEN;
            h += 1;
        }
        masked
    };
    const CONSTRUCTOR: &'static str = "Masked::head";
}

impl<T: Real, const D: usize, const O: usize, const C: usize> MaskedInput<T, D, O, C> {
    /// The layer, with what is masked set to 0.
    pub const fn input(mut layer: ContextDense<T, D, C, O>) -> Self {
        let mut i = 0;
        while i < D {
            let mut o = 0;
            while o < below(i + 1, O, D, C) {
                layer.dense.weights[i][o] = T::ZEROS;
                o += 1;
            }
            i += 1;
        }
        Masked { layer }
    }
}

impl<T: Real, const I: usize, const O: usize, const D: usize, const C: usize> MaskedDense<T, I, O, D, C> {
    /// The layer, with what is masked set to 0.
    pub const fn dense(mut layer: Dense<T, I, O>) -> Self {
        let mut i = 0;
        while i < I {
            let mut o = 0;
            while o < below(degree(i, I, D, C), O, D, C) {
                layer.weights[i][o] = T::ZEROS;
                o += 1;
            }
            i += 1;
        }
        Masked { layer }
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const D: usize, const C: usize> MaskedHead<T, U, H, D, C> {
    /// The layer, with what is masked set to 0.
    pub const fn head(mut layer: Head<T, U, H, D>) -> Self {
        let mut h = 0;
        while h < H {
            let mut d = 0;
            while d < degree(h, H, D, C) {
                layer.weights[h][d] = Zeros::ZEROS;
                d += 1;
            }
            h += 1;
        }
        Masked { layer }
    }
}

/// `layer`, which maps `plain` to `given`, as a masked layer from `in` to `out`, shapes of the same data; `width` is that of hidden values.
macro_rules! masked {
    ($([$($generics:tt)*] $layer:ty: $plain:ty as $in:ty => $out:ty, width $width:ident;)+) => {$(
        impl<T: Real, $($generics)*> Layer<T, $in, C> for Masked<$layer, D, C> {
            type Out = $out;

            #[inline(always)]
            fn apply<V: Value<Scalar = T>, F: Activation>(
                &self,
                x: &<$in as Shape<T>>::Of<V>,
                context: &[V; C],
                y: &mut <$out as Shape<T>>::Of<V>,
            ) {
                const {
                    assert!(
                        $width + least_degree(D, C) >= D,
                        "a hidden layer of a masked network needs a value of each degree: D - 1 or more of them, D where there is a context"
                    );
                }
                Layer::<T, $plain, C>::apply::<V, F>(&self.layer, x, context, y);
            }

            fn describe(visit: &mut impl FnMut(Part)) {
                visit(Part::Masked(<$layer as Maskable<D, C>>::MASKED));
                <$layer as Layer<T, $plain, C>>::describe(visit);
            }
        }

        impl<T: Real, $($generics)*> DifferentiableLayer<T, $in, C> for Masked<$layer, D, C> {
            type Tape<V: Value<Scalar = T>> = ();

            #[inline(always)]
            fn backward<V: Value<Scalar = T>>(
                &self,
                x: &<$in as Shape<T>>::Of<V>,
                context: &[V; C],
                y: &<$out as Shape<T>>::Of<V>,
                (): &(),
                dy: &<$out as Shape<T>>::Of<V>,
                dx: &mut <$in as Shape<T>>::Of<V>,
                d_context: &mut [V; C],
                mut gradient: Option<&mut Self>,
            ) {
                let of_layer = gradient.as_deref_mut().map(|g| &mut g.layer);
                DifferentiableLayer::<T, $plain, C>::backward(&self.layer, x, context, y, &(), dy, dx, d_context, of_layer);
                if let Some(gradient) = gradient {
                    gradient.mask();
                }
            }
        }
    )+};
}

masked! {
    [const D: usize, const O: usize, const C: usize] ContextDense<T, D, C, O>: Width<D> as Ordered<D> => Degrees<O, D, C>, width O;
    [const I: usize, const O: usize, const D: usize, const C: usize] Dense<T, I, O>: Width<I> as Degrees<I, D, C> => Degrees<O, D, C>, width O;
    [U: Univariate<T>, const H: usize, const D: usize, const C: usize] Head<T, U, H, D>: Width<H> as Degrees<H, D, C> => Each<U, D>, width H;
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::{Maskable, Masked, MaskedDense, MaskedHead, MaskedInput, degree};
    use crate::check;
    use crate::conditioner::{ContextDense, Degrees, Dense, DifferentiableLayer, Head};
    use crate::number::Zeros;
    use crate::parameters::{Init, Parameters};
    use crate::univariate::{Affine, NoClamp};

    #[test]
    fn degrees() {
        let all =
            |width, dimensions, context| (0..width).map(|unit| degree(unit, width, dimensions, context)).collect::<std::vec::Vec<_>>();
        assert_eq!(all(5, 4, 0), [1, 1, 2, 2, 3]);
        assert_eq!(all(6, 4, 0), [1, 1, 2, 2, 3, 3]);
        assert_eq!(all(5, 4, 1), [0, 0, 1, 2, 3]);
        assert_eq!(all(3, 2, 0), [1, 1, 1]);
        assert_eq!(all(3, 2, 5), [0, 0, 1]);
        assert_eq!(all(3, 1, 0), [0, 0, 0]);
        assert_eq!(all(3, 1, 1), [0, 0, 0]);
    }

    type Map = Affine<NoClamp>;

    #[test]
    fn masks() {
        assert_eq!(<ContextDense<f32, 4, 0, 5> as Maskable<4, 0>>::MASKED, [0, 2, 4, 5]);
        assert_eq!(<ContextDense<f32, 4, 1, 5> as Maskable<4, 1>>::MASKED, [2, 3, 4, 5]);
        assert_eq!(<Dense<f32, 4, 5> as Maskable<4, 0>>::MASKED, [0, 0, 2, 4]);
        assert_eq!(<Dense<f32, 4, 5> as Maskable<4, 1>>::MASKED, [0, 2, 3, 4]);
        assert_eq!(<Head<f32, Map, 4, 4> as Maskable<4, 0>>::MASKED, [2, 2, 4, 6]);
        assert_eq!(<Head<f32, Map, 4, 4> as Maskable<4, 1>>::MASKED, [0, 2, 4, 6]);
        assert_eq!(<MaskedInput<f32, 4, 5> as Parameters<f32>>::COUNT, 4 * 5 - 11 + 5);
        assert_eq!(<MaskedInput<f32, 4, 5, 1> as Parameters<f32>>::COUNT, 4 * 5 - 14 + 5 + 5);
        assert_eq!(<MaskedDense<f32, 4, 5, 4> as Parameters<f32>>::COUNT, 4 * 5 - 6 + 5);
        assert_eq!(<MaskedHead<f32, Map, 4, 4> as Parameters<f32>>::COUNT, 4 * 8 - 14 + 8);
    }

    /// Neither a start, nor a constructor, nor any change of the parameters reaches what is masked.
    #[test]
    fn what_is_masked_is_zero() {
        const ONES: Dense<f64, 4, 5> = Dense { weights: [[1.0; 5]; 4], bias: [1.0; 5] };
        const DENSE: MaskedDense<f64, 4, 5, 4> = Masked::dense(ONES);
        let expected = [[1.0; 5], [1.0; 5], [0.0, 0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0]];
        assert_eq!(DENSE.layer.weights, expected);
        let mut dense = MaskedDense::<f64, 4, 5, 4>::ZEROS;
        dense.set_all(1.0);
        assert_eq!(dense, DENSE);
        dense.init(&mut Pcg64::new(1, 1));
        check::perturb(&mut dense, 1.0, &mut Pcg64::new(1, 1));
        for (row, ones) in dense.layer.weights.iter().zip(expected) {
            assert!(row.iter().zip(ones).all(|(weight, one)| (*weight == 0.0) == (one == 0.0)), "{row:?}");
        }

        let mut input = MaskedInput::<f64, 4, 5, 1>::ZEROS;
        input.set_all(1.0);
        assert_eq!(
            input,
            Masked::input(ContextDense { dense: Dense { weights: [[1.0; 5]; 4], bias: [1.0; 5] }, context_weights: [[1.0; 5]] })
        );
        assert_eq!(input.layer.dense.weights[1], [0.0, 0.0, 0.0, 1.0, 1.0]);
        let mut head = MaskedHead::<f64, Map, 4, 4>::ZEROS;
        head.set_all(1.0);
        assert_eq!(head, Masked::head(Head { weights: [[[1.0; 2]; 4]; 4], bias: [[1.0; 2]; 4] }));
        assert_eq!(head.layer.weights[2], [[0.0; 2], [0.0; 2], [1.0; 2], [1.0; 2]]);
    }

    #[test]
    fn gradients_are_masked() {
        let mut dense = MaskedDense::<f64, 4, 5, 4>::ZEROS;
        dense.set_all(0.5);
        let mut gradient = MaskedDense::<f64, 4, 5, 4>::ZEROS;
        let (x, dy) = ([1.0; 4], [1.0; 5]);
        DifferentiableLayer::<f64, Degrees<4, 4>>::backward(
            &dense,
            &x,
            &[],
            &[0.0; 5],
            &(),
            &dy,
            &mut [0.0; 4],
            &mut [],
            Some(&mut gradient),
        );
        let mut ones = MaskedDense::<f64, 4, 5, 4>::ZEROS;
        ones.set_all(1.0);
        assert_eq!(gradient, ones);
    }
}
