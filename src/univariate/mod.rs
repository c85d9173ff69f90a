//! Strictly monotone maps of the real line: what a coupling or marginal layer applies to each dimension.

mod affine;
mod circular;
mod hermite;
mod knots;
mod log_scale;
mod mixture_cdf;
mod spline;

pub(crate) use affine::held;
pub use affine::{Affine, AffineParams};
pub use circular::CircularSpline;
pub use knots::{KnotMap, SoftplusKnots, TanhKnots};
pub use log_scale::{LogScaleClamp, NoClamp, SigmoidClamp, SoftClamp, SoftplusClamp, TanhClamp};
pub use mixture_cdf::{ClampedMixture, MixtureCdf, MixtureParams, MixtureTape};
pub use spline::{RationalQuadraticSpline, SplineParams};

use core::fmt::Debug;

use rand_core::Rng;

use crate::math::exp;
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Parameters, Part};

/// A strictly increasing map `x -> z` of the real line with parameters that something else supplies: a conditioner's output for a
/// [`Coupling`](crate::Coupling), a table for a marginal layer.
///
/// `log_det` is `log dz/dx` in nats for the forward map and its negative for the inverse.
pub trait Univariate<T: Real>: Parameters<T> {
    /// The unconstrained parameters of one dimension: an array such as `[V; 2]` or `[[V; K]; 3]`.
    type Params<V: Value<Scalar = T>>: Copy + Debug + PartialEq + Zeros + Flat<V>;

    /// What the way back needs besides parameters and input; `()` where that is all.
    type Tape<V: Value<Scalar = T>>: Zeros;

    /// `(z, log dz/dx)` at `x`.
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, params: &Self::Params<V>, x: V) -> (V, V);

    /// `(x, log dx/dz)` at `z`.
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, params: &Self::Params<V>, z: V) -> (V, V);

    /// As [`Self::forward_and_log_det`], filling the tape. Given for univariates whose tape is `()`.
    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, params: &Self::Params<V>, x: V, _tape: &mut Self::Tape<V>) -> (V, V) {
        const { assert!(size_of::<Self::Tape<V>>() == 0, "a univariate with a tape must implement `forward_tape`, which fills it") }
        self.forward_and_log_det(params, x)
    }

    /// Pulls the cotangents of `z` and `log_det` back through the forward map at `x`, with its tape: returns that of `x` and overwrites `d_params`.
    fn backward<V: Value<Scalar = T>>(
        &self,
        params: &Self::Params<V>,
        x: V,
        tape: &Self::Tape<V>,
        dz: V,
        d_log_det: V,
        d_params: &mut Self::Params<V>,
    ) -> V;

    /// Pulls the cotangents of `x` and of the inverse's `log_det` back through the inverse map that gave `x`, with the tape of the forward map at `x`: returns that of `z`.
    ///
    /// Implicit differentiation of `z(x, p) = z`: with `e = dz/dx`, `dx/dz = 1/e` and `dx/dp = -(dz/dp)/e`.
    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        params: &Self::Params<V>,
        x: V,
        tape: &Self::Tape<V>,
        dx: V,
        d_log_det: V,
        d_params: &mut Self::Params<V>,
    ) -> V {
        let (_, log_det) = self.forward_and_log_det(params, x);
        let through_log_det = self.backward(params, x, tape, V::ZEROS, -d_log_det, d_params);
        let dz = (dx + through_log_det) * exp(-log_det);
        self.backward(params, x, tape, -dz, -d_log_det, d_params);
        dz
    }

    /// Parameters at which the map is the identity, or as near as the family comes.
    fn identity(&self) -> Self::Params<T>;

    /// Random parameters for a map with a table of its own ([`Marginal`](crate::Marginal)); the identity, unless the family needs its parts told apart.
    fn draw<R: Rng + ?Sized>(&self, _: &mut R) -> Self::Params<T> {
        self.identity()
    }

    /// Replaces settings that no map can have (the zeros of cleared memory) by the defaults.
    fn init(&mut self) {}

    /// Tells `visit` what the map is made of, as [`Bijector::describe`](crate::Bijector::describe) does.
    fn describe(_visit: &mut impl FnMut(Part)) {}
}
