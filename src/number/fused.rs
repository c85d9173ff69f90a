//! One number whose products with a sum are rounded once.

use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::outline::{vectorized, vectorized_512};
use super::{Lanewise, Real, Value, Zeros};

/// One lane whose [`Value::mul_add`] is rounded once.
///
/// Compiled for a machine with the instruction (see [`Value::outline`]) it is one instruction; elsewhere it is a slow library call with the
/// same bits. Single-sample code never uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(transparent)]
pub struct Fused<T>(pub T);

/// `a * b + c`, rounded once.
trait FusedMultiplyAdd: Real {
    fn fused(a: Self, b: Self, c: Self) -> Self;
}

impl FusedMultiplyAdd for f32 {
    #[inline(always)]
    fn fused(a: f32, b: f32, c: f32) -> f32 {
        #[cfg(feature = "std")]
        return f32::mul_add(a, b, c);
        #[cfg(not(feature = "std"))]
        libm::fmaf(a, b, c)
    }
}

impl FusedMultiplyAdd for f64 {
    #[inline(always)]
    fn fused(a: f64, b: f64, c: f64) -> f64 {
        #[cfg(feature = "std")]
        return f64::mul_add(a, b, c);
        #[cfg(not(feature = "std"))]
        libm::fma(a, b, c)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)+) => {$(
        impl<T: $trait<Output = T>> $trait for Fused<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Fused(T::$method(self.0, other.0))
            }
        }
    )+};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

macro_rules! assign_operators {
    ($($trait:ident $method:ident $base:ident $plain:ident),+) => {$(
        impl<T: Copy + $base<Output = T>> $trait for Fused<T> {
            #[inline(always)]
            fn $method(&mut self, other: Self) {
                self.0 = self.0.$plain(other.0);
            }
        }
    )+};
}

assign_operators!(AddAssign add_assign Add add, SubAssign sub_assign Sub sub);

impl<T: Neg<Output = T>> Neg for Fused<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Fused(-self.0)
    }
}

impl<T: Zeros> Zeros for Fused<T> {
    const ZEROS: Self = Fused(T::ZEROS);
}

macro_rules! fused_value {
    ($($t:ident),+) => {$(
        impl Value for Fused<$t> {
            type Scalar = $t;
            type Lane = Self;
            const LANES: usize = 1;
            const FUSED: bool = true;
            const ONE: Self = Fused(1.0);

            #[inline(always)]
            fn splat(x: $t) -> Self {
                Fused(x)
            }
            #[inline(always)]
            fn lane(&self, _: usize) -> $t {
                self.0
            }
            #[inline(always)]
            fn set_lane(&mut self, i: usize, x: $t) {
                if i == 0 {
                    self.0 = x;
                }
            }
            #[inline(always)]
            fn from_lanes(mut f: impl FnMut(usize) -> $t) -> Self {
                Fused(f(0))
            }
            #[inline(always)]
            fn map<F: Lanewise<I, O>, const I: usize, const O: usize>(x: [Self; I]) -> [Self; O] {
                F::of(x)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                Fused(<$t as FusedMultiplyAdd>::fused(self.0, a.0, b.0))
            }
            #[inline(always)]
            fn select_lt(self, than: Self, yes: Self, no: Self) -> Self {
                Fused(self.0.select_lt(than.0, yes.0, no.0))
            }
            #[inline(always)]
            fn abs(self) -> Self {
                Fused(Value::abs(self.0))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Fused(Value::sqrt(self.0))
            }
            #[inline(always)]
            fn round_int(self) -> Self {
                Fused(self.0.round_int())
            }
            #[inline(always)]
            fn scale2(self, n: Self) -> Self {
                Fused(self.0.scale2(n.0))
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                let (m, e) = self.0.split_exponent();
                (Fused(m), Fused(e))
            }
            #[inline(always)]
            fn upper_half(self) -> Self {
                Fused(self.0.upper_half())
            }
            #[inline(always)]
            fn float_between(self, other: Self) -> Self {
                Fused(self.0.float_between(other.0))
            }
            #[inline(always)]
            fn sum(self) -> $t {
                self.0
            }
            #[inline(always)]
            fn any(self, f: impl Fn($t) -> bool) -> bool {
                f(self.0)
            }
            #[inline(always)]
            fn outline<R>(f: impl FnOnce() -> R) -> R {
                vectorized(f)
            }
            #[inline(always)]
            fn outline_elementwise<R>(f: impl FnOnce() -> R) -> R {
                vectorized_512(f)
            }
        }
    )+};
}

fused_value!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    /// Fused numbers differ from plain ones in products with a sum, and in nothing else.
    #[test]
    fn fused_numbers_have_the_bits_of_plain_ones() {
        let (mut a, mut b) = (f32::MIN.to_order(), f32::MAX.to_order());
        while a < b {
            let (x, y) = (f32::from_order(a), f32::from_order(b));
            let (f, g) = (Fused(x), Fused(y));
            let (m, e) = x.split_exponent();
            let pairs = [
                (f.float_between(g).0, x.float_between(y)),
                (f.abs().0, Value::abs(x)),
                (f.abs().sqrt().0, Value::sqrt(Value::abs(x))),
                (f.upper_half().0, x.upper_half()),
                (f.split_exponent().0.0, m),
                (f.split_exponent().1.0, e),
                (f.max(g).0, Value::max(x, y)),
                (f.min(g).0, Value::min(x, y)),
                (f.select_lt(g, f, g).0, x.select_lt(y, x, y)),
                (g.scale2(Fused(-3.0)).0, y.scale2(-3.0)),
                (Fused(m).round_int().0, m.round_int()),
            ];
            for (n, (fused, plain)) in pairs.iter().enumerate() {
                assert_eq!(fused.to_bits(), plain.to_bits(), "operation {n} on {x:e} and {y:e}");
            }
            assert_eq!(x.float_between(y).to_order(), (a + b).div_euclid(2));
            (a, b) = (a + 7_654_321, b - 1_234_567);
        }
    }
}
