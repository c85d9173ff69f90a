//! The laws of bijectors, over every bijector, scalar and dimension.
//!
//! A new bijector is one line of the registry at the end. Each line is tried on random parameters and points, tails and gaps of mixtures included, in an order that a
//! fixed seed fixes. `cargo test -p properties --test laws -- --nocapture` prints the worst error of each law, in units of what is allowed.

use gaussflow::check::{Limits, Order as Sorted};
use gaussflow::{
    ActNorm, Affine, Alternating, Autoregressive, Conditional, ContextDense, ContextNorm, Coupling, Dense, FirstHalf, GaussianMixture,
    Head, Householder, Inverse, Linear, Marginal, MaskedDense, MaskedHead, MaskedInput, MixtureCdf, NoClamp, Order, Orthogonal,
    Permutation, RationalQuadraticSpline, Relu, Residual, Reverse, SharedHead, SigmoidClamp, SoftClamp, SoftplusClamp, SoftplusKnots, Swap,
    Tanh, TanhClamp,
};
use properties::laws::hold;

/// One parameter of each slice has its gradient compared here: the registry of gradients compares all.
const ANY: Limits = Limits { parameters: 1, ..Limits::DEFAULT };

/// The identity to rounding where all parameters are 0: `z` of `K` equal components.
const TABLE: Limits = Limits { order: Sorted::Exact, zeros: 8.0, ..ANY };

/// The start is as near to the identity as `Univariate::identity` states.
const COUPLING: Limits = Limits { start: 1e-4, ..TABLE };

/// Without a clamp log-scales reach far beyond where they are held, and gradients pass as if they were not.
const FREE: Limits = Limits { gradient: f64::INFINITY, ..COUPLING };

/// `z` may step back by its rounding.
const SPLINE: Limits = Limits { order: Sorted::Rounded, start: 1e-4, ..ANY };

/// What a reflector's softening (`2e-12 / |v|^2`) takes from a determinant of 1, for the shortest reflector that is drawn here.
const BLOCK: Limits = Limits { zeros: 8.0, softening: 1e-7, ..ANY };

const ROTATION: Limits = Limits { volume: true, ..BLOCK };

/// Without parameters that a fit could change.
const FIXED: Limits = Limits { volume: true, ..ANY };

/// One line a bijector, over the scalar `T`, the dimension `D` and the halves `A` and `B` of a coupling: `name: type, promises, D1 D2 D5;`, with the number of context variables
/// as `name[2]` where there are some.
macro_rules! laws {
    ($($name:ident $([$c:literal])?: $bijector:ty, $limits:expr, $($d:ident)+;)+) => {$(
        mod $name {
            use super::*;
            const C: usize = 0 $(+ $c)?;
            $(dimension!($d, $name, $bijector, $limits);)+
        }
    )+};
}

macro_rules! dimension {
    (D1, $($line:tt)+) => { dimension!(d1: 1, 0, 1, $($line)+); };
    (D2, $($line:tt)+) => { dimension!(d2: 2, 1, 1, $($line)+); };
    (D5, $($line:tt)+) => { dimension!(d5: 5, 2, 3, $($line)+); };
    ($module:ident: $d:literal, $a:literal, $b:literal, $name:ident, $bijector:ty, $limits:expr) => {
        mod $module {
            use super::*;
            const D: usize = $d;
            #[allow(dead_code)]
            const A: usize = $a;
            #[allow(dead_code)]
            const B: usize = $b;
            mod single {
                use super::*;
                type T = f32;
                #[test]
                fn laws() {
                    hold::<T, $bijector, D, C>(concat!(stringify!($name), ", D = ", $d, ", f32"), &$limits);
                }
            }
            mod double {
                use super::*;
                type T = f64;
                #[test]
                fn laws() {
                    hold::<T, $bijector, D, C>(concat!(stringify!($name), ", D = ", $d, ", f64"), &$limits);
                }
            }
        }
    };
}

/// A mixture of `K` components with the default clamp.
type Mix<T, const K: usize> = MixtureCdf<TanhClamp<T>, K>;
type PerDim<T, M, const A: usize, const B: usize> =
    Coupling<M, Mix<T, 5>, (Dense<T, A, 8>, Tanh, Dense<T, 8, 8>, Relu, Head<T, Mix<T, 5>, 8, B>), A, B>;
type Shared<T, M, const A: usize, const B: usize> = Coupling<M, Mix<T, 8>, (Dense<T, A, 8>, Tanh, SharedHead<T, Mix<T, 8>, 8, B>), A, B>;
type Skip<T, M, const A: usize, const B: usize> =
    Coupling<M, Mix<T, 2>, (Dense<T, A, 8>, Tanh, Residual<(Dense<T, 8, 8>, Tanh)>, Head<T, Mix<T, 2>, 8, B>), A, B>;
type Sigmoids<T, M, const A: usize, const B: usize> =
    Coupling<M, MixtureCdf<SigmoidClamp<T>, 3>, (Dense<T, A, 8>, Tanh, Head<T, MixtureCdf<SigmoidClamp<T>, 3>, 8, B>), A, B>;
type Scales<T, M, const A: usize, const B: usize> =
    Coupling<M, Affine<TanhClamp<T>>, (Dense<T, A, 8>, Tanh, Head<T, Affine<TanhClamp<T>>, 8, B>), A, B>;
type Given<T, M, const A: usize, const B: usize> = Coupling<M, Mix<T, 3>, (ContextDense<T, A, 2, 8>, Tanh, Head<T, Mix<T, 3>, 8, B>), A, B>;
type Splines<T, M, const A: usize, const B: usize> =
    Coupling<M, RationalQuadraticSpline<T, 6>, (Dense<T, A, 8>, Tanh, Head<T, RationalQuadraticSpline<T, 6>, 8, B>), A, B>;
type Free<T, M, const A: usize, const B: usize> = Coupling<M, MixtureCdf<NoClamp, 4>, Head<T, MixtureCdf<NoClamp, 4>, A, B>, A, B>;

type Before<T, U, const D: usize, const C: usize = 0> =
    Autoregressive<U, (MaskedInput<T, D, 8, C>, Tanh, MaskedDense<T, 8, 8, D, C>, Relu, MaskedHead<T, U, 8, D, C>), D>;

/// Each dimension from the next one: an order that is not its own inverse.
#[derive(Clone, Copy)]
struct Rotated;

impl<const D: usize> Order<D> for Rotated {
    const SOURCE: [usize; D] = {
        let mut source = [0; D];
        let mut d = 0;
        while d < D {
            source[d] = (d + 1) % D;
            d += 1;
        }
        source
    };
}

laws! {
    coupling: PerDim<T, FirstHalf, A, B>, COUPLING, D2 D5;
    coupling_shared: Shared<T, FirstHalf, A, B>, COUPLING, D2 D5;
    coupling_residual: Skip<T, FirstHalf, A, B>, COUPLING, D2 D5;
    coupling_sigmoid: Sigmoids<T, FirstHalf, A, B>, COUPLING, D2 D5;
    coupling_free: Free<T, FirstHalf, A, B>, FREE, D2 D5;
    coupling_alternating: PerDim<T, Swap<Alternating>, A, B>, COUPLING, D2 D5;
    inverse_of_coupling: Inverse<PerDim<T, FirstHalf, A, B>>, COUPLING, D2 D5;
    // Five dimensions with one univariate: the masks are the same with others, and each line takes the compiler some 10 s.
    autoregressive: Before<T, Mix<T, 3>, D>, COUPLING, D1 D2 D5;
    autoregressive_given[2]: Before<T, Mix<T, 3>, D, 2>, COUPLING, D1 D2;
    autoregressive_affine: Before<T, Affine<TanhClamp<T>>, D>, COUPLING, D2;
    autoregressive_spline: Before<T, RationalQuadraticSpline<T, 6>, D>, SPLINE, D2;
    autoregressive_soft: (Before<T, Affine<SoftClamp<T>>, D>, Before<T, RationalQuadraticSpline<T, 6, SoftClamp<T>>, D>), SPLINE, D2;
    autoregressive_softplus: (Before<T, Affine<SoftplusClamp<T>>, D>, Before<T, RationalQuadraticSpline<T, 6, SoftplusKnots<T>>, D>), SPLINE, D2;
    inverse_of_autoregressive: Inverse<Before<T, Mix<T, 3>, D>>, COUPLING, D2;
    autoregressive_blocks: [(Before<T, Mix<T, 3>, D>, Reverse); 2], BLOCK, D2;
    householder: Householder<T, D, 2>, ROTATION, D1 D2 D5;
    inverse_of_householder: Inverse<Householder<T, D, 3>>, ROTATION, D1 D2 D5;
    block: (Householder<T, D, 2>, Shared<T, FirstHalf, A, B>, Skip<T, Swap<FirstHalf>, B, A>), BLOCK, D2 D5;
    marginal: Marginal<T, Mix<T, 4>, D>, TABLE, D1 D2 D5;
    coupling_given[2]: Given<T, FirstHalf, A, B>, COUPLING, D2 D5;
    conditional[2]: Conditional<Mix<T, 5>, (ContextDense<T, 0, 2, 8>, Tanh, Head<T, Mix<T, 5>, 8, D>), D>, COUPLING, D1 D2;
    gaussian_mixture: GaussianMixture<T, D, 3>, TABLE, D1 D2 D5;
    context_norm[2]: ContextNorm<T, Given<T, FirstHalf, A, B>, 2>, COUPLING, D2 D5;
    act_norm: ActNorm<T, D>, TABLE, D1 D2 D5;
    linear: Linear<T, D>, ANY, D1 D2 D5;
    orthogonal: Orthogonal<T, D>, FIXED, D1 D2 D5;
    reverse: Reverse, FIXED, D1 D2 D5;
    permutation: Permutation<Rotated>, FIXED, D1 D2 D5;
    coupling_affine: Scales<T, FirstHalf, A, B>, COUPLING, D2 D5;
    coupling_spline: Splines<T, FirstHalf, A, B>, SPLINE, D2 D5;
    blocks: [(Householder<T, D, 1>, Skip<T, FirstHalf, A, B>); 2], BLOCK, D2 D5;
    inverse_of_block: Inverse<(Householder<T, D, 2>, Skip<T, FirstHalf, A, B>)>, BLOCK, D2 D5;
}
