//! The scalars `f32` and `f64`.

use core::fmt::{Display, LowerExp};

use num_traits::{AsPrimitive, NumAssign};
use rand_core::Rng;

use crate::number::kernels::compiled_here;
use crate::number::outline::vectorized;
use crate::number::soft::Soft;
use crate::number::value::product_error;
use crate::number::{Coefficients, Fused, Lanewise, Pack, SOFT, Value, Zeros};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A floating-point scalar: `f32` or `f64`, and no other (sealed).
///
/// `num-traits` supplies the algebra. Functions beyond it come from [`math`](crate::math), never from the platform, and multiplication
/// and addition are rounded separately: the bits of a result do not depend on the target or on Cargo features.
pub trait Real:
    sealed::Sealed
    + Value<Scalar = Self, Lane = Self>
    + Coefficients
    + NumAssign
    + AsPrimitive<f64>
    + PartialOrd
    + Display
    + LowerExp
    + Default
    + Send
    + Sync
    + 'static
{
    /// The lanes of [`Wide`](crate::Wide).
    type Wide: Value<Scalar = Self>;
    /// Lanes without fused multiply-add, for two vectors of 128 bits.
    type Plain: Value<Scalar = Self>;

    /// The distance from 1 to the next larger number: `2^-23` or `2^-52`.
    const EPSILON: Self;
    /// The largest finite number.
    const MAX: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// A quiet NaN.
    const NAN: Self;
    /// Bits in the representation: the halvings that part any two numbers ([`Real::to_order`]).
    const BITS: u32;

    /// The nearest number to `x`.
    fn from_f64(x: f64) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The rank of `self` among all numbers: neighbours differ by 1, and -0 ranks just below +0. NaNs rank outside the infinities.
    fn to_order(self) -> i64;
    /// The number of that rank, [`Real::to_order`]'s inverse.
    fn from_order(rank: i64) -> Self;
    /// `sum * scale`, each rounded.
    #[doc(hidden)]
    fn scaled(sum: i32, scale: Self) -> Self;
    /// As [`Real::scaled`].
    #[doc(hidden)]
    fn scaled_64(sum: i64, scale: Self) -> Self;
    /// Numbers in fixed point: writes the integers nearest to `x / unit` and returns the unit, the power of two in which the largest magnitude has 15 bits.
    ///
    /// An integer is off by at most `2^-15` of that magnitude, or by half of the least unit, `2^-125` or `2^-1021`. An infinity counts as the power of two next to it; a NaN makes the
    /// unit NaN.
    #[doc(hidden)]
    fn to_fixed(x: impl Iterator<Item = Self> + Clone, fixed: &mut [i16]) -> Self;
    /// `self * power`, for `power` a power of two that is a normal number.
    #[doc(hidden)]
    fn times_power(self, power: Self) -> Self;
    /// One word of a generator as `(s, p)`: a fair sign `s` and `p` uniform on `(0, 1/2)`, never at an end.
    fn signed_tail<R: Rng + ?Sized>(rng: &mut R) -> (Self, Self);
    /// One word of a generator, uniform on `(0, 1)`, never at an end.
    fn uniform<R: Rng + ?Sized>(rng: &mut R) -> Self;
}

macro_rules! real {
    ($t:ident, $lanes:literal, $bits:ident, $int:ident, $mantissa:literal, $half:literal, $next:ident, $draw:expr, $sqrt:path) => {
        impl Zeros for $t {
            const ZEROS: Self = 0.0;
        }

        impl Value for $t {
            type Scalar = $t;
            type Lane = $t;
            const LANES: usize = 1;
            const FUSED: bool = false;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn splat(x: $t) -> Self {
                x
            }
            #[inline(always)]
            fn lane(&self, _: usize) -> $t {
                *self
            }
            #[inline(always)]
            fn set_lane(&mut self, i: usize, x: $t) {
                if i == 0 {
                    *self = x;
                }
            }
            #[inline(always)]
            fn from_lanes(mut f: impl FnMut(usize) -> $t) -> Self {
                f(0)
            }
            #[inline(always)]
            fn map<F: Lanewise<I, O>, const I: usize, const O: usize>(x: [Self; I]) -> [Self; O] {
                F::of(x)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                if SOFT && cfg!(target_arch = "arm") {
                    return self.times_plus(a, b);
                }
                self * a + b
            }
            #[inline(always)]
            fn select_lt(self, than: Self, yes: Self, no: Self) -> Self {
                let less = if SOFT { Soft::less(self, than) } else { self < than };
                if less { yes } else { no }
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::from_bits(self.to_bits() & ($bits::MAX >> 1))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $sqrt(self)
            }
            #[inline(always)]
            fn round_int(self) -> Self {
                if SOFT && let Some(rounded) = self.rounded() {
                    return rounded;
                }
                // At 1.5 * 2^mantissa the unit in the last place is 1.
                const SHIFT: $t = (3u64 << ($mantissa - 1)) as $t;
                (self + SHIFT) - SHIFT
            }
            #[inline(always)]
            fn scale2(self, n: Self) -> Self {
                if SOFT && let Some(n) = n.integer() {
                    return $t::from_bits(self.to_bits().wrapping_add((n as $bits) << $mantissa));
                }
                const SHIFT: $t = (3u64 << ($mantissa - 1)) as $t;
                $t::from_bits(self.to_bits().wrapping_add((n + SHIFT).to_bits() << $mantissa))
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                // Counted from sqrt(1/2), so that the exponent steps where the significand passes sqrt(2).
                const PIVOT: $bits = core::$t::consts::FRAC_1_SQRT_2.to_bits();
                const SHIFT: $t = (3u64 << ($mantissa - 1)) as $t;
                let from_pivot = self.to_bits().wrapping_sub(PIVOT);
                // Biased to stay positive: lanes have no arithmetic shift of 64-bit integers.
                let biased = from_pivot.wrapping_add(1 << ($bits::BITS - 2)) >> $mantissa;
                let exponent =
                    $t::from_bits(SHIFT.to_bits().wrapping_add(biased)) - (SHIFT + (1u64 << ($bits::BITS - 2 - $mantissa)) as $t);
                let m = self.to_bits().wrapping_sub((biased << $mantissa).wrapping_sub(1 << ($bits::BITS - 2)));
                ($t::from_bits(m), exponent)
            }
            #[inline(always)]
            fn product_error(a: Self, b: Self, product: Self) -> Self {
                if SOFT && let Some(error) = Soft::error_of_product(a, b, product) {
                    return error;
                }
                product_error(a, b, product)
            }
            #[inline(always)]
            fn upper_half(self) -> Self {
                $t::from_bits(self.to_bits() & ($bits::MAX << $half))
            }
            #[inline(always)]
            fn float_between(self, other: Self) -> Self {
                let (a, b) = (order(self.to_bits() as $int), order(other.to_bits() as $int));
                return $t::from_bits(order((a & b) + ((a ^ b) >> 1)) as $bits);

                // Its own inverse: reverses the ranks of the negative numbers, whose bits run backwards.
                #[inline(always)]
                fn order(bits: $int) -> $int {
                    bits ^ ((bits >> ($bits::BITS - 1)) & $int::MAX)
                }
            }
            compiled_here!(affine_of_one, add_outer);
            #[inline(always)]
            fn sum(self) -> $t {
                self
            }
            #[inline(always)]
            fn any(self, f: impl Fn($t) -> bool) -> bool {
                f(self)
            }
            #[inline(always)]
            fn outline<R>(f: impl FnOnce() -> R) -> R {
                vectorized(f)
            }
        }

        impl Real for $t {
            type Wide = Pack<Fused<$t>, $lanes>;
            type Plain = Pack<$t, { $lanes / 2 }>;

            const EPSILON: Self = $t::EPSILON;
            const MAX: Self = $t::MAX;
            const MIN_POSITIVE: Self = $t::MIN_POSITIVE;
            const INFINITY: Self = $t::INFINITY;
            const NAN: Self = $t::NAN;
            const BITS: u32 = $bits::BITS;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.abs() <= $t::MAX
            }
            #[inline(always)]
            fn to_order(self) -> i64 {
                let bits = self.to_bits() as $int;
                i64::from(bits ^ ((bits >> ($bits::BITS - 1)) & $int::MAX))
            }
            #[inline(always)]
            fn from_order(rank: i64) -> Self {
                let bits = rank as $int;
                $t::from_bits((bits ^ ((bits >> ($bits::BITS - 1)) & $int::MAX)) as $bits)
            }
            #[inline(always)]
            fn scaled(sum: i32, scale: Self) -> Self {
                if SOFT {
                    return Soft::scaled(sum, scale);
                }
                sum as $t * scale
            }
            #[inline(always)]
            fn scaled_64(sum: i64, scale: Self) -> Self {
                sum as $t * scale
            }
            #[inline(always)]
            fn to_fixed(x: impl Iterator<Item = Self> + Clone, fixed: &mut [i16]) -> Self {
                const TOP: $bits = 1 << ($bits::BITS - 1);
                // Twice the bits are those of the magnitude.
                let largest = x.clone().fold(0, |largest, x| (x.to_bits() << 1).max(largest));
                // In the least unit what has no hidden bit rounds to 0, with the bit as without.
                let top = (largest >> ($mantissa + 1)).max(16);
                for (fixed, x) in fixed.iter_mut().zip(x) {
                    let bits = x.to_bits();
                    if bits << 1 == 0 {
                        *fixed = 0;
                        continue;
                    }
                    let below = top.wrapping_sub((bits << 1) >> ($mantissa + 1)) as u32;
                    let significand = (bits << ($bits::BITS - 1 - $mantissa)) | TOP;
                    let doubled = significand.unbounded_shr(below + ($bits::BITS - 16)) as i32;
                    let magnitude = ((doubled + 1) >> 1).min(i32::from(i16::MAX));
                    let sign = (bits as $int >> ($bits::BITS - 1)) as i32;
                    *fixed = ((magnitude ^ sign) - sign) as i16;
                }
                if largest > $t::INFINITY.to_bits() << 1 { $t::NAN } else { $t::from_bits((top - 14) << $mantissa) }
            }
            #[inline(always)]
            fn times_power(self, power: Self) -> Self {
                if !SOFT {
                    return self * power;
                }
                // Where the result is a normal number, by its exponent alone.
                const NORMAL: $bits = ($bits::MAX >> ($mantissa + 1)) - 1;
                const ONE: $bits = (1.0 as $t).to_bits();
                let exponent = |bits: $bits| (bits << 1) >> ($mantissa + 1);
                let scaled = self.to_bits().wrapping_add(power.to_bits() - ONE);
                let moved = exponent(self.to_bits()).wrapping_add(exponent(power.to_bits())).wrapping_sub(ONE >> $mantissa);
                if exponent(self.to_bits()).wrapping_sub(1) < NORMAL && moved.wrapping_sub(1) < NORMAL {
                    $t::from_bits(scaled)
                } else {
                    self * power
                }
            }
            #[inline]
            fn signed_tail<R: Rng + ?Sized>(rng: &mut R) -> (Self, Self) {
                let word = rng.$next();
                let sign = if word & 1 == 0 { -1.0 } else { 1.0 };
                // (k + 1/2) 2^-BITS for k < 2^(BITS - 1): odd numerators below 2^BITS.
                (sign, (word | 1) as $t * $draw)
            }
            #[inline]
            fn uniform<R: Rng + ?Sized>(rng: &mut R) -> Self {
                const DROP: u32 = $bits::BITS - $mantissa;
                ((rng.$next() >> DROP) as $t + 0.5) / (1u64 << $mantissa) as $t
            }
        }
    };
}

real!(f32, 16, u32, i32, 23, 12, next_u32, 1.0 / 8_589_934_592.0, sqrt_f32);
real!(f64, 8, u64, i64, 52, 27, next_u64, 1.0 / 36_893_488_147_419_103_232.0, sqrt_f64);

/// Correctly rounded on both paths, so the feature changes the speed and not the bits.
#[inline(always)]
fn sqrt_f32(x: f32) -> f32 {
    #[cfg(feature = "std")]
    return x.sqrt();
    #[cfg(not(feature = "std"))]
    libm::sqrtf(x)
}

/// As [`sqrt_f32`].
#[inline(always)]
fn sqrt_f64(x: f64) -> f64 {
    #[cfg(feature = "std")]
    return x.sqrt();
    #[cfg(not(feature = "std"))]
    libm::sqrt(x)
}
