//! A flow: a bijector over the standard normal, as a density and a sampler.

mod attribution;
mod base;
mod batch;
mod given;
mod likelihood;
pub(crate) mod rows;
mod summary;

pub use attribution::Attribution;
pub use base::log_base;
pub use batch::BatchError;
pub use given::Given;
pub use likelihood::Total;
pub(crate) use likelihood::sum_nll;
pub use rows::{IntoRows, Rows};

use core::fmt;
use core::marker::PhantomData;

use rand_core::Rng;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::{Real, Value, Zeros};
use crate::parameters::{Init, Parameters};

/// The density `p(x | c) = N(f(x; c); 0, I) |det J_f(x)|` of a bijector `f` over `R^D`, with a context `c` of `C` variables (none by default).
///
/// `Debug` writes the expression that makes it ([`RustSource`](crate::store::RustSource)), `Display` a summary.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "B: bytemuck::Zeroable"))]
#[repr(transparent)]
pub struct Flow<T, B, const D: usize, const C: usize = 0> {
    /// The map from data to latents.
    pub bijector: B,
    scalar: PhantomData<fn() -> T>,
}

crate::parameters! {
    impl[T, B: Parameters<T>, const D: usize, const C: usize] Parameters<T> for Flow<T, B, D, C> { part bijector: B }
}

impl<T, B: Zeros, const D: usize, const C: usize> Zeros for Flow<T, B, D, C> {
    const ZEROS: Self = Flow::new(B::ZEROS);
}

impl<T, B: Init<T>, const D: usize, const C: usize> Init<T> for Flow<T, B, D, C> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.bijector.init(rng);
    }
}

impl<T, B: fmt::Debug, const D: usize, const C: usize> fmt::Debug for Flow<T, B, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flow::new").field(&self.bijector).finish()
    }
}

impl<T, B, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// A flow of a bijector.
    pub const fn new(bijector: B) -> Self {
        Flow { bijector, scalar: PhantomData }
    }

    /// A flow with its starting values ([`Init`]), which passes over the stack; start one that is too large for that in place.
    pub fn random<R: Rng + ?Sized>(rng: &mut R) -> Self
    where
        B: Init<T> + Zeros,
    {
        let mut flow = Self::ZEROS;
        flow.init(rng);
        flow
    }

    /// The flow at the context `c`.
    #[must_use]
    pub const fn given(&self, context: [T; C]) -> Given<'_, T, B, D, C>
    where
        T: Real,
        B: Bijector<T, D, C>,
    {
        Given { bijector: &self.bijector, context }
    }
}

/// `log p(x | c)` of lanes, in nats: minus infinity where a sample or its context is not finite, or where the density is too small for the type.
#[inline(always)]
pub(crate) fn log_prob<T, V, B, const D: usize, const C: usize>(bijector: &B, mut state: [V; D], context: &[V; C]) -> V
where
    T: Real,
    V: Value<Scalar = T>,
    B: Bijector<T, D, C>,
{
    V::outline(
        #[inline(always)]
        || {
            let nothing = nothing_or_nan(&state) + nothing_or_nan(context);
            let log_det = bijector.forward_and_log_det(&mut state, context);
            let log_prob = log_base(&state) + log_det + nothing;
            let infinity = V::splat(T::INFINITY);
            log_prob.abs().select_lt(infinity, log_prob, -infinity)
        },
    )
}

/// 0 where all of `x` are finite, else NaN.
#[inline(always)]
pub(crate) fn nothing_or_nan<V: Value, const N: usize>(x: &[V; N]) -> V {
    let mut sum = V::ZEROS;
    for n in 0..N {
        sum += x[n] * V::ZEROS;
    }
    sum
}

/// Without context, a flow is used directly.
// The bounds stand on the methods: a wrong shape is then reported in words of the layer that has it, not as a missing method.
impl<T: Real, B, const D: usize> Flow<T, B, D> {
    /// `z = f(x)`.
    #[must_use]
    pub fn forward(&self, x: &[T; D]) -> [T; D]
    where
        B: Bijector<T, D>,
    {
        self.given([]).forward(x)
    }

    /// `(f(x), log|det J_f(x)|)`.
    #[must_use]
    pub fn forward_and_log_det(&self, x: &[T; D]) -> ([T; D], T)
    where
        B: Bijector<T, D>,
    {
        self.given([]).forward_and_log_det(x)
    }

    /// `x = f^-1(z)`.
    #[must_use]
    pub fn inverse(&self, z: &[T; D]) -> [T; D]
    where
        B: Bijector<T, D>,
    {
        self.given([]).inverse(z)
    }

    /// `(f^-1(z), log|det J_{f^-1}(z)|)`.
    #[must_use]
    pub fn inverse_and_log_det(&self, z: &[T; D]) -> ([T; D], T)
    where
        B: Bijector<T, D>,
    {
        self.given([]).inverse_and_log_det(z)
    }

    /// `log p(x)`, in nats; see [`Given::log_prob`].
    #[must_use]
    pub fn log_prob(&self, x: &[T; D]) -> T
    where
        B: Bijector<T, D>,
    {
        self.given([]).log_prob(x)
    }

    /// Whether `log p(x)` is below a threshold; see [`Given::is_below`].
    #[must_use]
    pub fn is_below(&self, x: &[T; D], threshold: T) -> bool
    where
        B: Bijector<T, D>,
    {
        self.given([]).is_below(x, threshold)
    }

    /// The score: the gradient of `log p(x)` by `x`, in nats a unit of `x`; see [`Given::score`].
    #[must_use]
    pub fn score(&self, x: &[T; D]) -> [T; D]
    where
        B: DifferentiableBijector<T, D>,
    {
        self.given([]).score(x)
    }

    /// A draw from `p`; see [`Given::sample`].
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> [T; D]
    where
        B: Bijector<T, D>,
    {
        self.given([]).sample(rng)
    }

    /// A draw from `p` in each place of `samples`; see [`Given::fill`].
    pub fn fill<R: Rng + ?Sized>(&self, rng: &mut R, samples: &mut [[T; D]])
    where
        B: Bijector<T, D>,
    {
        self.given([]).fill(rng, samples);
    }

    /// Shows `x` and the state after each elementary bijector; see [`Given::forward_states`].
    pub fn forward_states(&self, x: &[T; D], visit: impl FnMut(&[T; D])) -> T
    where
        B: Bijector<T, D>,
    {
        self.given([]).forward_states(x, visit)
    }

    /// The states as a vector; see [`Given::states`].
    pub fn states<const N: usize>(&self, x: &[T; D]) -> Option<heapless::Vec<[T; D], N>>
    where
        B: Bijector<T, D>,
    {
        self.given([]).states(x)
    }
}
