//! What the maths runs on: one scalar, or a pack of lanes.

use core::fmt::Debug;
use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::{BRANCHES, Flat, Real, kernels};

/// One sample's scalar, or the same scalar of several samples side by side.
///
/// Every formula of the crate is written once over `V: Value` and runs unchanged on `f32`, `f64`
/// ([`Real`]) and on a [`Pack`](crate::Pack) of lanes. Selects take the place of branches, so that
/// lanes never diverge.
pub trait Value:
    Copy
    + Debug
    + PartialEq
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + Zeros
    + Flat<Self>
{
    /// The scalar in each lane.
    type Scalar: Real;
    /// The value of one lane, as [`Value::map`] hands it out.
    type Lane: Value<Scalar = Self::Scalar, Lane = Self::Lane>;
    /// How many samples sit side by side.
    const LANES: usize;
    /// Whether [`Value::mul_add`] is rounded once.
    const FUSED: bool;
    /// 1 in every lane.
    const ONE: Self;

    /// `x` in every lane.
    fn splat(x: Self::Scalar) -> Self;
    /// The lane `i`; lanes past the end read as the last one.
    fn lane(&self, i: usize) -> Self::Scalar;
    /// Sets the lane `i`; does nothing past the end.
    #[doc(hidden)]
    fn set_lane(&mut self, i: usize, x: Self::Scalar);
    /// A value whose lane `i` is `f(i)`.
    fn from_lanes(f: impl FnMut(usize) -> Self::Scalar) -> Self;
    /// The function `F` of `I` numbers, which gives `O`, on each lane.
    #[doc(hidden)]
    fn map<F: Lanewise<I, O>, const I: usize, const O: usize>(x: [Self; I]) -> [Self; O];
    /// `self * a + b`, rounded once on fused lanes and twice elsewhere.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `yes` where `self < than`, else `no` (also where either is NaN).
    fn select_lt(self, than: Self, yes: Self, no: Self) -> Self;
    /// As [`Value::select_lt`], of what a microcontroller evaluates only where it is chosen.
    #[doc(hidden)]
    #[inline(always)]
    fn choose_lt(self, than: Self, yes: impl FnOnce() -> Self, no: impl FnOnce() -> Self) -> Self {
        if BRANCHES && Self::LANES == 1 {
            return if self.lane(0) < than.lane(0) { yes() } else { no() };
        }
        self.select_lt(than, yes(), no())
    }
    /// `a b - product`, with `product` the rounded `a b`: exact on fused lanes and in `f32`, elsewhere but for the last bit or two.
    #[doc(hidden)]
    #[inline(always)]
    fn product_error(a: Self, b: Self, product: Self) -> Self {
        product_error(a, b, product)
    }
    /// `|self|`.
    fn abs(self) -> Self;
    /// The correctly rounded square root.
    fn sqrt(self) -> Self;
    /// The nearest integer, ties to even; exact for `|self|` below a quarter of `1 / EPSILON`.
    #[doc(hidden)]
    fn round_int(self) -> Self;
    /// `self * 2^n` for integral `n`; the exponents of `self`, `2^n` and the result must be those of normal numbers.
    #[doc(hidden)]
    fn scale2(self, n: Self) -> Self;
    /// `(m, e)` with `self = m 2^e` and `m` in `[0.70, 1.42)`, for positive normal `self`.
    #[doc(hidden)]
    fn split_exponent(self) -> (Self, Self);
    /// `self` with its lowest significand bits cleared, so that its square is exact.
    #[doc(hidden)]
    fn upper_half(self) -> Self;
    /// The number midway between `self` and `other` in the order of the floats ([`Real::to_order`]), rounded down.
    #[doc(hidden)]
    fn float_between(self, other: Self) -> Self;
    /// The sum of the lanes, from the first to the last.
    fn sum(self) -> Self::Scalar;
    /// Whether `f` holds for any lane.
    fn any(self, f: impl Fn(Self::Scalar) -> bool) -> bool;

    /// `y[o] = bias[o] + sum_i x[i] weights[i][o]`, and 0 where that is negative and `relu` asked for; `weights` are row-major, and outputs without a bias begin at `y`.
    #[doc(hidden)]
    #[inline(always)]
    fn affine(x: &[Self], weights: &[Self::Scalar], bias: &[Self::Scalar], relu: bool, y: &mut [Self]) {
        kernels::affine(x, weights, bias, relu, y);
    }

    /// `dx[i] += sum_o weights[i][o] dy[o]`.
    #[doc(hidden)]
    #[inline(always)]
    fn add_transposed(dy: &[Self], weights: &[Self::Scalar], dx: &mut [Self]) {
        kernels::add_transposed(dy, weights, dx);
    }

    /// `weights[i][o] += x[i] * dy[o]` and `bias[o] += dy[o]`, summed over the lanes; `bias` may be empty.
    #[doc(hidden)]
    #[inline(always)]
    fn add_outer(x: &[Self], dy: &[Self], weights: &mut [Self::Scalar], bias: &mut [Self::Scalar]) {
        kernels::add_outer(x, dy, weights, bias);
    }

    /// `x - (factor v x) v`, with a factor in two parts.
    #[doc(hidden)]
    #[inline(always)]
    fn reflect(v: &[Self::Scalar], factor: [Self::Scalar; 2], x: &mut [Self]) {
        kernels::reflect(v, factor, x);
    }

    /// Back through [`Self::reflect`] at `x`, of a factor that depends on `v` as 2 over its square.
    #[doc(hidden)]
    #[inline(always)]
    fn reflect_backward(v: &[Self::Scalar], factor: Self::Scalar, x: &[Self], d: &mut [Self], gradient: Option<&mut [Self::Scalar]>) {
        kernels::reflect_backward(v, factor, x, d, gradient);
    }

    /// Runs `f` as a function of its own, compiled for the vector instructions of the machine.
    ///
    /// On x86-64 with `std` that is AVX2 (and FMA, which only fused lanes use) where the processor has it, found out at run time. Each large part of a flow stands in one,
    /// so that a flow compiles fast and its stack is that of its largest part.
    fn outline<R>(f: impl FnOnce() -> R) -> R;

    /// As [`Value::outline`], for maths on a few values without matrix products: packs run it on AVX-512 where the processor has that.
    ///
    /// Not for large arrays of packs: there compilers for AVX-512 gather single lanes.
    #[inline(always)]
    fn outline_elementwise<R>(f: impl FnOnce() -> R) -> R {
        Self::outline(f)
    }

    /// `x` in every lane, rounded to the scalar type.
    #[inline(always)]
    fn constant(x: f64) -> Self {
        Self::splat(Self::Scalar::from_f64(x))
    }

    /// `self`, but NaN where `x` is: for maths whose selects read NaN as a number.
    #[doc(hidden)]
    #[inline(always)]
    fn or_nan_of(self, x: Self) -> Self {
        Self::splat(-Self::Scalar::INFINITY).select_lt(x.abs(), self, x)
    }

    /// The larger of the two; `other` where `self` is NaN.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        other.select_lt(self, self, other)
    }

    /// The smaller of the two; `other` where `self` is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.select_lt(other, self, other)
    }
}

/// [`Value::product_error`].
///
/// Unfused, the factors are split in halves whose products are exact (T. J. Dekker, Numer. Math. 18, 1971).
#[inline(always)]
pub(super) fn product_error<V: Value>(a: V, b: V, product: V) -> V {
    if V::FUSED {
        return a.mul_add(b, -product);
    }
    let (a_high, b_high) = (a.upper_half(), b.upper_half());
    let (a_low, b_low) = (a - a_high, b - b_high);
    ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
}

/// A function of one lane from `I` numbers to `O`, for [`Value::map`]: a type and not a closure, so that it is sure to be compiled into the loop over the lanes.
pub trait Lanewise<const I: usize, const O: usize> {
    /// Its value at `x`.
    fn of<L: Value>(x: [L; I]) -> [L; O];
}

/// Plain data with an all-zero value that is known at compile time.
///
/// It lets parameters, tapes and optimizer states live in a `static` or be cleared in place: nothing
/// of a flow's size has to pass over the stack.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no value that is all zero",
    note = "derive it by `parameters!`; a tuple has one to eight parts, a longer one is a tuple of tuples: `((a, b, c), (d, e, f))`"
)]
pub trait Zeros: Sized + Send + Sync {
    /// All zero.
    const ZEROS: Self;
}

impl Zeros for () {
    const ZEROS: Self = ();
}

impl<Z: Zeros, const N: usize> Zeros for [Z; N] {
    const ZEROS: Self = [Z::ZEROS; N];
}
