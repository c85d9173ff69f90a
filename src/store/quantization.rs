//! From a trained flow to one that stores its weights smaller.

use crate::bijector::{
    ActNorm, Autoregressive, ContextNorm, Coupling, GaussianMixture, Householder, Inverse, Linear, Marginal, Orthogonal, Permutation,
    PreparedMarginal, Support,
};
use crate::conditioner::{ContextDense, Dense, Gelu, Head, LeakyRelu, Masked, Relu, Residual, SharedHead, Sigmoid, Silu, Softplus, Tanh};
use crate::flow::Flow;
use crate::number::Real;
use crate::parameters::for_each_tuple;
use crate::univariate::{LogScaleClamp, MixtureCdf, Univariate};

/// A flow (or a part of one) of the structure of `F`, some of whose layers store their weights smaller.
///
/// Write the type of the flow with [`Int8Dense`](crate::Int8Dense) for [`Dense`] and [`Int8Head`](crate::Int8Head) for [`Head`] where memory matters, or where a chip has no floating-point unit;
/// the other layers stay.
///
/// ```
/// use gaussflow::{Coupling, Dense, FirstHalf, Flow, Head, Init, Int8Dense, Int8Head, MixtureCdf, Relu, TanhClamp, Zeros, store::Quantize};
/// use rand_pcg::Pcg32;
///
/// type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
/// type Full = Flow<f32, Coupling<FirstHalf, Mixture, (Dense<f32, 1, 64>, Relu, Head<f32, Mixture, 64, 1>), 1, 1>, 2>;
/// type Small = Flow<f32, Coupling<FirstHalf, Mixture, (Int8Dense<f32, 1, 64>, Relu, Int8Head<f32, Mixture, 64, 1, 24>), 1, 1>, 2>;
///
/// let mut full = Full::ZEROS;
/// full.init(&mut Pcg32::new(1, 1));
/// // .. train it ..
/// let mut small = Small::ZEROS;
/// small.quantize(&full);
/// assert!((full.log_prob(&[0.5, -1.0]) - small.log_prob(&[0.5, -1.0])).abs() < 1e-3);
/// ```
pub trait Quantize<F> {
    /// Takes the parameters of `full`, each rounded to what is stored.
    fn quantize(&mut self, full: &F);
}

/// Parts that are kept as they are.
macro_rules! kept {
    ($([$($generics:tt)*] $part:ty;)+) => {$(
        impl<$($generics)*> Quantize<$part> for $part {
            fn quantize(&mut self, full: &$part) {
                self.clone_from(full);
            }
        }
    )+};
}

kept! {
    [] Relu;
    [] LeakyRelu;
    [] Tanh;
    [] Sigmoid;
    [] Silu;
    [] Softplus;
    [] Gelu;
    [T: Clone, const I: usize, const O: usize] Dense<T, I, O>;
    [T: Clone, const I: usize, const C: usize, const O: usize] ContextDense<T, I, C, O>;
    [T: Real, U: Univariate<T> + Clone, const H: usize, const B: usize] Head<T, U, H, B>;
    [T: Real, U: Univariate<T> + Clone, const H: usize, const B: usize] SharedHead<T, U, H, B>;
    [T: Real, U: Univariate<T> + Clone, const D: usize] Marginal<T, U, D>;
    [T: Clone, const D: usize, const K: usize] GaussianMixture<T, D, K>;
    [T: Clone, const D: usize] ActNorm<T, D>;
    [T: Clone, const D: usize] Linear<T, D>;
    [T: Clone, const D: usize] Orthogonal<T, D>;
    [T: Clone, const D: usize, const R: usize] Householder<T, D, R>;
    [P: Clone] Permutation<P>;
    [T: Clone, const D: usize] Support<T, D>;
}

impl<T: Real, S: LogScaleClamp<T>, const K: usize, const D: usize> Quantize<Marginal<T, MixtureCdf<S, K>, D>>
    for PreparedMarginal<T, K, D>
{
    fn quantize(&mut self, full: &Marginal<T, MixtureCdf<S, K>, D>) {
        self.prepare(full);
    }
}

impl<S, F: Quantize<S>> Quantize<Residual<S>> for Residual<F> {
    fn quantize(&mut self, full: &Residual<S>) {
        self.0.quantize(&full.0);
    }
}

/// What is masked is 0 in either.
impl<S, F: Quantize<S>, const D: usize, const C: usize> Quantize<Masked<S, D, C>> for Masked<F, D, C> {
    fn quantize(&mut self, full: &Masked<S, D, C>) {
        self.layer.quantize(&full.layer);
    }
}

impl<S, F: Quantize<S>> Quantize<Inverse<S>> for Inverse<F> {
    fn quantize(&mut self, full: &Inverse<S>) {
        self.0.quantize(&full.0);
    }
}

impl<T: Copy, F, S: Quantize<F>, const C: usize> Quantize<ContextNorm<T, F, C>> for ContextNorm<T, S, C> {
    fn quantize(&mut self, full: &ContextNorm<T, F, C>) {
        (self.mean, self.scale) = (full.mean, full.scale);
        self.bijector.quantize(&full.bijector);
    }
}

impl<M, U: Clone, N, S: Quantize<N>, const A: usize, const B: usize> Quantize<Coupling<M, U, N, A, B>> for Coupling<M, U, S, A, B> {
    fn quantize(&mut self, full: &Coupling<M, U, N, A, B>) {
        self.univariate.clone_from(&full.univariate);
        self.conditioner.quantize(&full.conditioner);
    }
}

impl<U: Clone, N, S: Quantize<N>, const D: usize> Quantize<Autoregressive<U, N, D>> for Autoregressive<U, S, D> {
    fn quantize(&mut self, full: &Autoregressive<U, N, D>) {
        self.univariate.clone_from(&full.univariate);
        self.conditioner.quantize(&full.conditioner);
    }
}

impl<T, F, S: Quantize<F>, const D: usize, const C: usize> Quantize<Flow<T, F, D, C>> for Flow<T, S, D, C> {
    fn quantize(&mut self, full: &Flow<T, F, D, C>) {
        self.bijector.quantize(&full.bijector);
    }
}

impl<F, S: Quantize<F>, const L: usize> Quantize<[F; L]> for [S; L] {
    fn quantize(&mut self, full: &[F; L]) {
        for (small, full) in self.iter_mut().zip(full) {
            small.quantize(full);
        }
    }
}

macro_rules! implement {
    ($(($p:ident $s:ident $i:tt))+; $($reversed:tt)+) => {
        impl<$($p, $s: Quantize<$p>),+> Quantize<($($p,)+)> for ($($s,)+) {
            fn quantize(&mut self, full: &($($p,)+)) {
                $(self.$i.quantize(&full.$i);)+
            }
        }
    };
}

for_each_tuple!(implement);
