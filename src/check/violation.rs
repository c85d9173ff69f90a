//! What a check found wrong.

use std::fmt;
use std::string::String;
use std::vec::Vec;

use super::Law;

/// One direction of a bijector or univariate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From `x` to `z`.
    Forward,
    /// From `z` to `x`.
    Inverse,
}

impl Direction {
    pub(super) const BOTH: [Direction; 2] = [Direction::Forward, Direction::Inverse];
}

/// What of a part a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The part as a whole.
    Whole,
    /// A dimension of the input or of the image.
    Dimension(usize),
    /// A context variable.
    Context(usize),
    /// A value of a layer's output, in flat order.
    Output(usize),
    /// The log-det.
    LogDet,
    /// An entry of a Jacobian.
    Entry(usize, usize),
    /// A parameter: by the index of its slice, in the order of [`Parameters`](crate::Parameters), and its index there. Those of a univariate are one slice.
    Parameter {
        /// The slice.
        slice: usize,
        /// The index in the slice.
        index: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Whole => write!(f, "the part"),
            Place::Dimension(d) => write!(f, "dimension {d}"),
            Place::Context(c) => write!(f, "context variable {c}"),
            Place::Output(o) => write!(f, "output {o}"),
            Place::LogDet => write!(f, "the log-det"),
            Place::Entry(i, k) => write!(f, "entry ({i}, {k})"),
            Place::Parameter { slice, index } => write!(f, "parameter {index} of slice {slice}"),
        }
    }
}

/// A law that a part breaks, where, and the numbers that show it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// The direction, where the law holds for one at a time.
    pub direction: Option<Direction>,
    /// The number's place.
    pub place: Place,
    /// The index of the point, where it is one point that shows it.
    pub point: Option<usize>,
    /// What the part gives.
    pub found: f64,
    /// What it should give.
    pub expected: f64,
    /// How far apart the two may be.
    pub allowed: f64,
    /// The numbers around it: the point and its images.
    pub details: String,
    /// What else was found, in the order in which it was.
    pub others: Vec<Violation>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.place)?;
        match self.direction {
            Some(Direction::Forward) => write!(f, ", forward")?,
            Some(Direction::Inverse) => write!(f, ", inverse")?,
            None => (),
        }
        if let Some(point) = self.point {
            write!(f, ", point {point}")?;
        }
        write!(f, ": {:e}, not {:e} within {:e}", self.found, self.expected, self.allowed)?;
        if !self.details.is_empty() {
            write!(f, "; {}", self.details)?;
        }
        match self.others.len() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl std::error::Error for Violation {}
