//! What a part promises, and what rounding may take from it.

/// Whether `z_i` rises with `x_i`, all others kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Not promised: the map turns, or mixes dimensions.
    #[default]
    Any,
    /// It rises, but may step back by rounding.
    Rounded,
    /// It never falls, nor does `x_i` as `z_i` grows.
    Exact,
}

/// What a part promises beyond the laws of all, and how far from its promises rounding may take it.
///
/// The defaults suit any part made of the functions of [`math`](crate::math): name what differs.
///
/// ```
/// use gaussflow::check::{Limits, Order};
///
/// let limits = Limits { order: Order::Exact, start: 1e-12, ..Limits::DEFAULT };
/// assert_eq!(limits.volume, false);
/// ```
///
/// A *unit* of a number is `EPSILON * max(1, |number|)`. Limits of maps are in units of what goes in and what comes out, magnified by the Jacobian. Further limits, infinite by default,
/// do not ask for the conditioning: for parts and points of which more is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Whether each `z_i` rises with its `x_i`.
    pub order: Order,
    /// Whether the log-det is 0 to the bit.
    pub volume: bool,
    /// How far from `x` and 0 `z` and the log-det may be where `|x| < 4`: for a part that starts at the identity and is at its start. Infinite where that is not promised.
    pub start: f64,
    /// How many units `z` of a part of zeros may be from `x`, and its log-det from 0. Infinite where zeros are not the identity.
    pub zeros: f64,
    /// How many units a map there and back may lose.
    pub roundings: f64,
    /// What may be missing from the log-det of the backward pass beside roundings: a [`Householder`](crate::Householder) takes a determinant for 1 that its softening changes.
    pub softening: f64,
    /// The largest error of a gradient, relative to itself (in `f32` a thousand times that). Infinite where gradients are not to be compared with differences.
    pub gradient: f64,
    /// A gradient smaller than this part of the largest of its group (`x`, the context, a slice of parameters) is judged by that part: it is a difference of larger terms.
    pub small: f64,
    /// The steps of the differences (in `f32` 64 times those, as far as they tell anything), each tried where the one before does not agree: it may cross a kink, or be too wide.
    pub steps: &'static [f64],
    /// The rounding of a loss, in `EPSILON` times the sum of the sizes of its terms. The differences divide it by the step.
    pub noise: f64,
    /// How many gradients may stay undecided: in gaps and at corners no two steps of differences tell the same slope.
    pub undecided: usize,
    /// How many parameters of each slice are compared with differences, spread over it.
    pub parameters: usize,
    /// The largest loss of `x` and of `z` there and back, relative to the larger of 1 and the largest coordinate.
    pub round_trip: f64,
    /// The largest sum of both log-dets.
    pub log_det: f64,
    /// The largest difference between the log-dets with and without a tape, relative to the larger of 1 and the log-det.
    pub tape: f64,
    /// The largest difference between the log-det and that of the Jacobian of differences, relative to the larger of 1 and the largest `|z_i|`.
    pub jacobian: f64,
}

/// The narrowest is for tails, where one component of a mixture takes over from another within `1 / |t|`, and couplings that follow each other magnify by 1e4. A wrong gradient agrees at
/// none.
const STEPS: [f64; 4] = [3e-4, 3e-5, 3e-6, 3e-7];

impl Limits {
    /// No promise beyond the laws of all. `z` of a mixture is good to 4 units, its inverse to 2 more, a product of reflections of 5 dimensions to about 10, and a tuple has several of them
    /// in a row: 64.
    pub const DEFAULT: Self = Limits {
        order: Order::Any,
        volume: false,
        start: f64::INFINITY,
        zeros: f64::INFINITY,
        roundings: 64.0,
        softening: 0.0,
        gradient: 1e-6,
        small: 1e-2,
        steps: &STEPS,
        noise: 32.0,
        undecided: usize::MAX,
        parameters: usize::MAX,
        round_trip: f64::INFINITY,
        log_det: f64::INFINITY,
        tape: f64::INFINITY,
        jacobian: f64::INFINITY,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
