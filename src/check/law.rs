//! The laws by name.

use std::fmt;

/// A promise that every part makes, or that [`Limits`](super::Limits) name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Law {
    /// The check has something to compare: there is a point, all are finite, and each has a context where the part takes one.
    Points,
    /// `COUNT`, `FIXED` and `SLICES` of [`Parameters`](crate::Parameters) are those of the slices, `slice` and `slice_mut` show the same scalars, each once, and all of `ZEROS` are 0.
    Parameters,
    /// Finite points have finite images and log-dets.
    Finite,
    /// The map with a tape is the map without.
    Tape,
    /// `f^-1(f(x)) = x`, where the map is well-conditioned.
    InverseOfForward,
    /// `f(f^-1(z)) = z`.
    ForwardOfInverse,
    /// The log-det at `x` and that of the inverse at `f(x)` add up to 0.
    OppositeLogDets,
    /// The log-det is that of the Jacobian that the backward pass gives.
    LogDetOfBackward,
    /// The Jacobians that both backward passes give are each other's inverse.
    Jacobians,
    /// The log-det is that of the Jacobian of differences.
    LogDetOfDifferences,
    /// The log-det is 0, where that is promised ([`Limits::volume`](super::Limits::volume)).
    Volume,
    /// `z_i` does not fall as `x_i` grows, nor `x_i` as `z_i` does, where that is promised ([`Limits::order`](super::Limits::order)).
    Order,
    /// The part is the identity, where that is promised of its start ([`Limits::start`](super::Limits::start)).
    Start,
    /// `ZEROS` is the identity, where that is promised ([`Limits::zeros`](super::Limits::zeros)).
    Zeros,
    /// Each lane of a pack has the bits of the single sample; gradients are summed over the lanes.
    Lanes,
    /// The gradient is that of differences.
    Gradient,
    /// No more gradients are left undecided than [`Limits::undecided`](super::Limits::undecided).
    Undecided,
    /// Gradients of parameters and context are added to what is there, that of the input replaces it.
    Added,
    /// Fixed parameters have no gradient.
    Fixed,
    /// Without a gradient to add to, the cotangents are the same.
    WithoutGradient,
    /// The activation that follows a layer is applied to each of its values.
    Following,
    /// In `f32` the map is that in `f64`, rounded.
    SinglePrecision,
}

impl Law {
    /// What the law says, in a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Law::Points => "points to compare at",
            Law::Parameters => "parameters as counted",
            Law::Finite => "finite",
            Law::Tape => "with a tape as without",
            Law::InverseOfForward => "f^-1(f(x)) = x",
            Law::ForwardOfInverse => "f(f^-1(z)) = z",
            Law::OppositeLogDets => "opposite log-dets",
            Law::LogDetOfBackward => "log-det of backward",
            Law::Jacobians => "J J^-1 = 1",
            Law::LogDetOfDifferences => "log-det of differences",
            Law::Volume => "log-det = 0",
            Law::Order => "in order",
            Law::Start => "the start is the identity",
            Law::Zeros => "zeros are the identity",
            Law::Lanes => "lanes as samples",
            Law::Gradient => "gradient of differences",
            Law::Undecided => "gradients decided",
            Law::Added => "gradients added",
            Law::Fixed => "no gradient of what is fixed",
            Law::WithoutGradient => "cotangents without gradient",
            Law::Following => "the activation that follows",
            Law::SinglePrecision => "f32 as f64",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
