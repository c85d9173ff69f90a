//! Lanes: the same maths for several samples at once.

use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::kernels::{add_outer_of_packs, compiled_here};
use super::{Fused, Lanewise, Real, Value, Zeros};

/// `N` samples side by side, each in a lane of type `L`: any number of `f32` or `f64`, or the 16 or 8 [`Fused`] ones of [`Wide`](crate::Wide).
///
/// Operations are plain loops over the lanes, which the compiler turns into vector instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C, align(64))]
pub struct Pack<L, const N: usize>(pub [L; N]);

macro_rules! operators {
    ($($trait:ident $method:ident;)+) => {$(
        impl<L: Copy + $trait<Output = L>, const N: usize> $trait for Pack<L, N> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for i in 0..N {
                    self.0[i] = self.0[i].$method(other.0[i]);
                }
                self
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
        impl<L: Copy + $base<Output = L>, const N: usize> $trait for Pack<L, N> {
            #[inline(always)]
            fn $method(&mut self, other: Self) {
                *self = (*self).$plain(other);
            }
        }
    )+};
}

assign_operators!(AddAssign add_assign Add add, SubAssign sub_assign Sub sub);

impl<L: Copy + Neg<Output = L>, const N: usize> Neg for Pack<L, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(mut self) -> Self {
        for lane in &mut self.0 {
            *lane = -*lane;
        }
        self
    }
}

impl<L: Zeros, const N: usize> Zeros for Pack<L, N> {
    const ZEROS: Self = Pack(<[L; N]>::ZEROS);
}

/// Packs of a kind of lanes; `$kernels` are those methods that are compiled in this crate, if any.
macro_rules! pack_value {
    ([$($generics:tt)*] $lane:ty, $n:expr; $($kernels:tt)*) => {
        impl<$($generics)*> Value for Pack<$lane, $n> {
            type Scalar = <$lane as Value>::Scalar;
            type Lane = $lane;
            const LANES: usize = $n;
            const FUSED: bool = <$lane>::FUSED;
            const ONE: Self = Pack([<$lane>::ONE; $n]);

            #[inline(always)]
            fn splat(x: <$lane as Value>::Scalar) -> Self {
                Pack([<$lane>::splat(x); $n])
            }
            #[inline(always)]
            fn lane(&self, i: usize) -> <$lane as Value>::Scalar {
                const { assert!($n > 0, "a pack needs at least one lane") }
                self.0[if i < $n { i } else { $n - 1 }].lane(0)
            }
            #[inline(always)]
            fn set_lane(&mut self, i: usize, x: <$lane as Value>::Scalar) {
                if let Some(lane) = self.0.get_mut(i) {
                    *lane = <$lane>::splat(x);
                }
            }
            #[inline(always)]
            fn from_lanes(mut f: impl FnMut(usize) -> <$lane as Value>::Scalar) -> Self {
                let mut pack = Self::ZEROS;
                for i in 0..$n {
                    pack.0[i] = <$lane>::splat(f(i));
                }
                pack
            }
            #[inline(always)]
            fn map<F: Lanewise<I, O>, const I: usize, const O: usize>(x: [Self; I]) -> [Self; O] {
                let mut y = [Self::ZEROS; O];
                for n in 0..$n {
                    let mut lanes = [<$lane>::ZEROS; I];
                    for i in 0..I {
                        lanes[i] = x[i].0[n];
                    }
                    let lanes = F::of(lanes);
                    for o in 0..O {
                        y[o].0[n] = lanes[o];
                    }
                }
                y
            }
            #[inline(always)]
            fn mul_add(mut self, a: Self, b: Self) -> Self {
                for i in 0..$n {
                    self.0[i] = self.0[i].mul_add(a.0[i], b.0[i]);
                }
                self
            }
            #[inline(always)]
            fn select_lt(mut self, than: Self, yes: Self, no: Self) -> Self {
                for i in 0..$n {
                    self.0[i] = self.0[i].select_lt(than.0[i], yes.0[i], no.0[i]);
                }
                self
            }
            #[inline(always)]
            fn abs(mut self) -> Self {
                for lane in &mut self.0 {
                    *lane = lane.abs();
                }
                self
            }
            #[inline(always)]
            fn sqrt(mut self) -> Self {
                for lane in &mut self.0 {
                    *lane = lane.sqrt();
                }
                self
            }
            #[inline(always)]
            fn round_int(mut self) -> Self {
                for lane in &mut self.0 {
                    *lane = lane.round_int();
                }
                self
            }
            #[inline(always)]
            fn scale2(mut self, n: Self) -> Self {
                for i in 0..$n {
                    self.0[i] = self.0[i].scale2(n.0[i]);
                }
                self
            }
            #[inline(always)]
            fn split_exponent(mut self) -> (Self, Self) {
                let mut exponent = Self::ZEROS;
                for i in 0..$n {
                    (self.0[i], exponent.0[i]) = self.0[i].split_exponent();
                }
                (self, exponent)
            }
            #[inline(always)]
            fn upper_half(mut self) -> Self {
                for lane in &mut self.0 {
                    *lane = lane.upper_half();
                }
                self
            }
            #[inline(always)]
            fn float_between(mut self, other: Self) -> Self {
                for i in 0..$n {
                    self.0[i] = self.0[i].float_between(other.0[i]);
                }
                self
            }
            #[inline(always)]
            fn sum(self) -> <$lane as Value>::Scalar {
                let mut sum = <$lane as Value>::Scalar::ZEROS;
                for lane in self.0 {
                    sum += lane.lane(0);
                }
                sum
            }
            #[inline(always)]
            fn any(self, f: impl Fn(<$lane as Value>::Scalar) -> bool) -> bool {
                let mut any = false;
                for lane in self.0 {
                    any |= f(lane.lane(0));
                }
                any
            }
            #[inline(always)]
            fn outline<R>(f: impl FnOnce() -> R) -> R {
                <$lane>::outline(f)
            }
            #[inline(always)]
            fn outline_elementwise<R>(f: impl FnOnce() -> R) -> R {
                <$lane>::outline_elementwise(f)
            }

            $($kernels)*
        }
    };
}

pack_value!([L: Real, const N: usize] L, N;
    #[inline(always)]
    fn add_outer(x: &[Self], dy: &[Self], weights: &mut [L], bias: &mut [L]) {
        add_outer_of_packs(x, dy, weights, bias);
    }
);
pack_value!([] Fused<f32>, 16; compiled_here!(add_outer_of_packs););
pack_value!([] Fused<f64>, 8; compiled_here!(add_outer_of_packs););
