//! Bijectors of `R^D` and their composition.

mod act_norm;
mod autoregressive;
mod compose;
mod context_norm;
mod coupling;
mod gaussian_mixture;
mod householder;
mod inverse;
mod linear;
mod marginal;
mod mask;
mod orthogonal;
mod permutation;
mod prepared_marginal;
mod support;

pub use act_norm::ActNorm;
pub use autoregressive::Autoregressive;
pub use context_norm::ContextNorm;
pub use coupling::{Conditional, Coupling};
pub use gaussian_mixture::{CovarianceError, GaussianMixture};
pub use householder::Householder;
pub use inverse::Inverse;
pub use linear::Linear;
pub use marginal::Marginal;
pub(crate) use mask::identity_count;
pub use mask::{AllTransformed, Alternating, FirstHalf, Mask, Swap};
pub(crate) use orthogonal::check as check_orthogonal;
#[cfg(test)]
pub(crate) use orthogonal::off_orthogonal as orthogonality;
pub use orthogonal::{NotOrthogonal, Orthogonal};
pub use permutation::{Order, Permutation, Reverse, Reversed};
pub use prepared_marginal::PreparedMarginal;
pub use support::{NoSupport, Support};

use crate::number::{Real, Value, Zeros};
use crate::parameters::{Parameters, Part};

/// An invertible, differentiable map of `R^D`, possibly given a context `c` in `R^C`.
///
/// | | |
/// |---|---|
/// | forward | `z = f(x)`, data to latent (the Gaussianizing direction; distrax and flowjax call the other one forward) |
/// | log-det | `log\|det J_f(x)\|`, in nats |
/// | inverse | `x = f^-1(z)` |
/// | inverse log-det | `log\|det J_{f^-1}(z)\|`: minus the log-det at `x` |
///
/// Tuples and arrays of bijectors of one `D` are bijectors, applied left to right; longer flows nest them. Maps that need no context implement the trait for every `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a bijector of {D} dimensions with {C} context variables over `{T}`",
    label = "every part of a flow must be a `Bijector<{T}, {D}, {C}>`",
    note = "check the part's dimension, its conditioner's widths (first layer: `Width<A>`; last: a head for `B` dimensions) and its context width",
    note = "a tuple has one to eight parts; a longer one is a tuple of tuples: `((a, b, c), (d, e, f))`"
)]
pub trait Bijector<T: Real, const D: usize, const C: usize = 0> {
    /// Maps `x` to `z` in place; returns `log|det J_f|`.
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C]) -> V;

    /// Maps `z` to `x` in place; returns `log|det J_{f^-1}|`.
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], context: &[V; C]) -> V;

    /// As [`Self::forward_and_log_det`], showing the state after each elementary bijector.
    fn forward_states<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], visit: &mut impl FnMut(&[V; D])) -> V {
        let log_det = self.forward_and_log_det(x, context);
        visit(x);
        log_det
    }

    /// As [`Self::forward_and_log_det`], with the log-det by dimension added to `log_dets`, where the map is triangular: `z_d` depends on `x_0 .. x_d` alone, and
    /// `log_dets[d]` gains `log|dz_d / dx_d|`. Returns whether it is; where it is not, `x` and `log_dets` are of no use.
    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, _x: &mut [V; D], _context: &[V; C], _log_dets: &mut [V; D]) -> bool {
        false
    }

    /// Maps the coordinates that are there in place and returns their log-det, where each is mapped by itself; or takes them all, leaving `None`, and returns their log-density, as a
    /// mixture can. `None` where coordinates depend on each other otherwise: the default.
    fn log_det_of_present(&self, _x: &mut [Option<T>; D], _context: &[T; C]) -> Option<T> {
        None
    }
    /// Shows the context as each network sees it: standardised, where it is ([`ContextNorm`]). Not at all by default, for maps that need none.
    fn visit_contexts(&self, _context: &[T; C], _visit: &mut impl FnMut(&[T; C])) {}

    /// Tells `visit` what the bijector is made of, so that files of weights are told apart. By default nothing: the number of parameters then has to do.
    fn describe(_visit: &mut impl FnMut(Part)) {}
}

/// A bijector with gradients for its parameters, its input and the context.
///
/// `forward_tape` runs forward and keeps in the tape what the way back needs. Cotangents (`d` + name) are the derivatives of one scalar loss a lane;
/// those of parameters are summed over the lanes into `gradient`, a value of the bijector's own type, where they are asked for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no gradient as a bijector of {D} dimensions with {C} context variables over `{T}`",
    note = "implement `DifferentiableBijector` for it (and `DifferentiableLayer` for its conditioner), or use it for inference only",
    note = "where its parts have context variables, the flow's type names how many, also in `Trainer::<Flow<T, B, D, C>>`"
)]
pub trait DifferentiableBijector<T: Real, const D: usize, const C: usize = 0>: Bijector<T, D, C> + Parameters<T> {
    /// What the way back needs; `()` where it needs nothing.
    type Tape<V: Value<Scalar = T>>: Zeros;

    /// As [`Bijector::forward_and_log_det`], filling the tape. Given for bijectors whose tape is `()`.
    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], _tape: &mut Self::Tape<V>) -> V {
        const { assert!(size_of::<Self::Tape<V>>() == 0, "a bijector with a tape must implement `forward_tape`, which fills it") }
        self.forward_and_log_det(x, context)
    }

    /// Back through the forward map: `d` holds the cotangent of `z` and becomes that of `x`; `d_log_det` is that of the log-det.
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    );

    /// Back through the inverse map, with the tape of the forward map at its result `x`: `d` holds the cotangent of `x` and becomes that of `z`; `d_log_det` is that of the
    /// inverse's log-det.
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        context: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        d_context: &mut [V; C],
        gradient: Option<&mut Self>,
    );
}
