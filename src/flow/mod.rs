//! A flow: a bijector over the standard normal, as a density and a sampler.

mod batch;
pub(crate) mod rows;

pub use batch::BatchError;

use core::marker::PhantomData;

use rand_core::Rng;

use crate::bijector::Bijector;
use crate::flow::rows::load;
use crate::math::standard_normal;
use crate::mixture::LOG_SQRT_TAU;
use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::{Init, Parameters, Role};

/// The density `p(x | c) = N(f(x; c); 0, I) |det J_f(x)|` of a bijector `f` over `R^D`, with a context `c` of `C` variables (none by default).
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "B: bytemuck::Zeroable"))]
#[repr(transparent)]
pub struct Flow<T, B, const D: usize, const C: usize = 0> {
    /// The map from data to latents.
    pub bijector: B,
    scalar: PhantomData<fn() -> T>,
}

/// A [`Flow`] at one context: `p(. | c)`.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a, T, B, const D: usize, const C: usize> {
    bijector: &'a B,
    context: &'a [T; C],
}

impl<T, B, const D: usize, const C: usize> Flow<T, B, D, C> {
    /// A flow of a bijector.
    pub const fn new(bijector: B) -> Self {
        Flow { bijector, scalar: PhantomData }
    }

    /// The flow at the context `c`.
    pub const fn given<'a>(&'a self, context: &'a [T; C]) -> Given<'a, T, B, D, C>
    where
        T: Real,
        B: Bijector<T, D, C>,
    {
        Given { bijector: &self.bijector, context }
    }
}

impl<T, B: Zeros, const D: usize, const C: usize> Zeros for Flow<T, B, D, C> {
    const ZEROS: Self = Flow::new(B::ZEROS);
}

impl<T, B: Init<T>, const D: usize, const C: usize> Init<T> for Flow<T, B, D, C> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.bijector.init(rng);
    }
}

impl<T, B: Parameters<T>, const D: usize, const C: usize> Parameters<T> for Flow<T, B, D, C> {
    const COUNT: usize = B::COUNT;
    const FIXED: usize = B::FIXED;

    fn zip<const M: usize, const N: usize>(
        change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    ) {
        B::zip(change.map(|flow| &mut flow.bijector), read.map(|flow| &flow.bijector), visit);
    }
}

/// `log N(z; 0, I)`, in nats.
#[inline(always)]
pub fn log_base<V: Value, const D: usize>(z: &[V; D]) -> V {
    let mut squares = V::ZEROS;
    for d in 0..D {
        squares = z[d].mul_add(z[d], squares);
    }
    squares * V::splat(V::Scalar::from_f64(-0.5)) - V::splat(V::Scalar::from_f64(LOG_SQRT_TAU * D as f64))
}

/// `log p(x | c)` of one pack of samples, in nats; a lane without a sample repeats the last one.
#[inline(always)]
pub(crate) fn log_prob<T, V, B, const D: usize, const C: usize>(bijector: &B, samples: &[[T; D]], contexts: &[[T; C]]) -> V
where
    T: Real,
    V: Value<Scalar = T>,
    B: Bijector<T, D, C>,
{
    V::outline(
        #[inline(always)]
        || {
            let context = load::<V, C>(contexts);
            let mut state = load::<V, D>(samples);
            let log_det = bijector.forward_and_log_det(&mut state, &context);
            log_base(&state) + log_det
        },
    )
}

impl<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize> Given<'_, T, B, D, C> {
    /// `z = f(x)`.
    pub fn forward(&self, x: &[T; D]) -> [T; D] {
        self.forward_and_log_det(x).0
    }

    /// `(f(x), log|det J_f(x)|)`.
    pub fn forward_and_log_det(&self, x: &[T; D]) -> ([T; D], T) {
        let mut state = *x;
        let log_det = self.bijector.forward_and_log_det(&mut state, self.context);
        (state, log_det)
    }

    /// `x = f^-1(z)`.
    pub fn inverse(&self, z: &[T; D]) -> [T; D] {
        self.inverse_and_log_det(z).0
    }

    /// `(f^-1(z), log|det J_{f^-1}(z)|)`.
    pub fn inverse_and_log_det(&self, z: &[T; D]) -> ([T; D], T) {
        let mut state = *z;
        let log_det = self.bijector.inverse_and_log_det(&mut state, self.context);
        (state, log_det)
    }

    /// `log p(x | c)`, in nats.
    pub fn log_prob(&self, x: &[T; D]) -> T {
        let (z, log_det) = self.forward_and_log_det(x);
        log_base(&z) + log_det
    }

    /// A draw from `p(. | c)`: `f^-1` of a standard normal. `D` generator words; the same seed gives the same bits on every target.
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> [T; D] {
        let mut state = [T::ZEROS; D];
        for z in &mut state {
            *z = standard_normal(rng);
        }
        self.bijector.inverse_and_log_det(&mut state, self.context);
        state
    }

    /// Shows `x` and the state after each elementary bijector, left to right; returns the log-det.
    pub fn forward_states(&self, x: &[T; D], mut visit: impl FnMut(&[T; D])) -> T {
        let mut state = *x;
        visit(&state);
        self.bijector.forward_states(&mut state, self.context, &mut visit)
    }

    /// The states of [`Given::forward_states`] as a vector; `None` if there are more than `N`.
    pub fn states<const N: usize>(&self, x: &[T; D]) -> Option<heapless::Vec<[T; D], N>> {
        let mut states = heapless::Vec::new();
        let mut fits = true;
        self.forward_states(x, |state| fits &= states.push(*state).is_ok());
        fits.then_some(states)
    }
}

/// Without context, a flow is used directly.
// The bounds stand on the methods: a wrong shape is then reported in words of the layer that has it, not as a missing method.
impl<T: Real, B, const D: usize> Flow<T, B, D> {
    /// `z = f(x)`.
    pub fn forward(&self, x: &[T; D]) -> [T; D]
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).forward(x)
    }

    /// `(f(x), log|det J_f(x)|)`.
    pub fn forward_and_log_det(&self, x: &[T; D]) -> ([T; D], T)
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).forward_and_log_det(x)
    }

    /// `x = f^-1(z)`.
    pub fn inverse(&self, z: &[T; D]) -> [T; D]
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).inverse(z)
    }

    /// `(f^-1(z), log|det J_{f^-1}(z)|)`.
    pub fn inverse_and_log_det(&self, z: &[T; D]) -> ([T; D], T)
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).inverse_and_log_det(z)
    }

    /// `log p(x)`, in nats.
    pub fn log_prob(&self, x: &[T; D]) -> T
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).log_prob(x)
    }

    /// A draw from `p`; see [`Given::sample`].
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> [T; D]
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).sample(rng)
    }

    /// Shows `x` and the state after each elementary bijector; see [`Given::forward_states`].
    pub fn forward_states(&self, x: &[T; D], visit: impl FnMut(&[T; D])) -> T
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).forward_states(x, visit)
    }

    /// The states as a vector; see [`Given::states`].
    pub fn states<const N: usize>(&self, x: &[T; D]) -> Option<heapless::Vec<[T; D], N>>
    where
        B: Bijector<T, D>,
    {
        self.given(&[]).states(x)
    }
}
