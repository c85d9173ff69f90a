//! Lanes: the same maths for several samples at once.

use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::number::Real;
use crate::number::outline::{vectorized, vectorized_512};
use crate::number::{Lanewise, Value, Zeros};

/// One lane whose [`Value::mul_add`] is rounded once.
///
/// Compiled for a machine with the instruction (see [`Value::outline`]) it is one instruction; elsewhere it is a slow library call with the
/// same bits. Single-sample code never uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(transparent)]
pub struct Fused<T>(pub T);

/// `N` samples side by side, each in a lane of type `L` (`f32`, `f64` or [`Fused`]).
///
/// Operations are plain loops over the lanes, which the compiler turns into vector instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C, align(64))]
pub struct Pack<L, const N: usize>(pub [L; N]);

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
    ($($trait:ident $method:ident),+) => {$(
        impl<T: $trait<Output = T>> $trait for Fused<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Fused(T::$method(self.0, other.0))
            }
        }

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

macro_rules! assign_operators {
    ($($trait:ident $method:ident $base:ident $plain:ident),+) => {$(
        impl<T: Copy + $base<Output = T>> $trait for Fused<T> {
            #[inline(always)]
            fn $method(&mut self, other: Self) {
                self.0 = self.0.$plain(other.0);
            }
        }

        impl<L: Copy + $base<Output = L>, const N: usize> $trait for Pack<L, N> {
            #[inline(always)]
            fn $method(&mut self, other: Self) {
                *self = (*self).$plain(other);
            }
        }
    )+};
}

operators!(Add add, Sub sub, Mul mul, Div div);
assign_operators!(AddAssign add_assign Add add, SubAssign sub_assign Sub sub);

impl<T: Neg<Output = T>> Neg for Fused<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Fused(-self.0)
    }
}

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

impl<T: Zeros> Zeros for Fused<T> {
    const ZEROS: Self = Fused(T::ZEROS);
}

impl<L: Zeros, const N: usize> Zeros for Pack<L, N> {
    const ZEROS: Self = Pack(<[L; N]>::ZEROS);
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
            fn add_outer(x: &[Self], dy: &[Self], weights: &mut [$t], bias: &mut [$t]) {
                for (x, row) in x.iter().zip(weights.chunks_exact_mut(dy.len().max(1))) {
                    for (sum, dy) in row.iter_mut().zip(dy) {
                        *sum = x.mul_add(*dy, Fused(*sum)).0;
                    }
                }
                for (sum, dy) in bias.iter_mut().zip(dy) {
                    *sum += dy.0;
                }
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

impl<L: Value<Lane = L>, const N: usize> Value for Pack<L, N> {
    type Scalar = L::Scalar;
    type Lane = L;
    const LANES: usize = N;
    const FUSED: bool = L::FUSED;
    const ONE: Self = Pack([L::ONE; N]);

    #[inline(always)]
    fn splat(x: L::Scalar) -> Self {
        Pack([L::splat(x); N])
    }
    #[inline(always)]
    fn lane(&self, i: usize) -> L::Scalar {
        const { assert!(N > 0, "a pack needs at least one lane") }
        self.0[if i < N { i } else { N - 1 }].lane(0)
    }
    #[inline(always)]
    fn set_lane(&mut self, i: usize, x: L::Scalar) {
        if let Some(lane) = self.0.get_mut(i) {
            *lane = L::splat(x);
        }
    }
    #[inline(always)]
    fn from_lanes(mut f: impl FnMut(usize) -> L::Scalar) -> Self {
        let mut pack = Self::ZEROS;
        for i in 0..N {
            pack.0[i] = L::splat(f(i));
        }
        pack
    }
    #[inline(always)]
    fn map<F: Lanewise<I, O>, const I: usize, const O: usize>(x: [Self; I]) -> [Self; O] {
        let mut y = [Self::ZEROS; O];
        for n in 0..N {
            let mut lanes = [L::ZEROS; I];
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
        for i in 0..N {
            self.0[i] = self.0[i].mul_add(a.0[i], b.0[i]);
        }
        self
    }
    #[inline(always)]
    fn select_lt(mut self, than: Self, yes: Self, no: Self) -> Self {
        for i in 0..N {
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
        for i in 0..N {
            self.0[i] = self.0[i].scale2(n.0[i]);
        }
        self
    }
    #[inline(always)]
    fn split_exponent(mut self) -> (Self, Self) {
        let mut exponent = Self::ZEROS;
        for i in 0..N {
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
        for i in 0..N {
            self.0[i] = self.0[i].float_between(other.0[i]);
        }
        self
    }
    #[inline(always)]
    fn add_outer(x: &[Self], dy: &[Self], weights: &mut [L::Scalar], bias: &mut [L::Scalar]) {
        let done = add_outer_blocks::<L, N, 32>(x, dy, weights, bias, 0);
        let done = add_outer_blocks::<L, N, 24>(x, dy, weights, bias, done);
        let done = add_outer_blocks::<L, N, 8>(x, dy, weights, bias, done);
        add_outer_blocks::<L, N, 1>(x, dy, weights, bias, done);
    }
    #[inline(always)]
    fn sum(self) -> L::Scalar {
        let mut sum = L::Scalar::ZEROS;
        for lane in self.0 {
            sum += lane.lane(0);
        }
        sum
    }
    #[inline(always)]
    fn any(self, f: impl Fn(L::Scalar) -> bool) -> bool {
        let mut any = false;
        for lane in self.0 {
            any |= f(lane.lane(0));
        }
        any
    }
    #[inline(always)]
    fn outline<R>(f: impl FnOnce() -> R) -> R {
        L::outline(f)
    }
    #[inline(always)]
    fn outline_elementwise<R>(f: impl FnOnce() -> R) -> R {
        L::outline_elementwise(f)
    }
}

/// [`Value::add_outer`] for whole blocks of `O` outputs from output `done` on; returns how many are done then.
///
/// A block's cotangents are turned to one row a lane: then each weight gathers all lanes in a register. Two inputs at a time keep the multipliers busy.
#[inline(always)]
fn add_outer_blocks<L: Value<Lane = L>, const N: usize, const O: usize>(
    x: &[Pack<L, N>],
    dy: &[Pack<L, N>],
    weights: &mut [L::Scalar],
    bias: &mut [L::Scalar],
    mut done: usize,
) -> usize {
    let width = dy.len().max(1);
    while let Some(dy) = dy.get(done..).and_then(|dy| dy.first_chunk::<O>()) {
        let mut tile = [[L::ZEROS; O]; N];
        for o in 0..O {
            for n in 0..N {
                tile[n][o] = dy[o].0[n];
            }
        }
        if bias.len() > done {
            let mut sum = [L::ZEROS; O];
            for n in 0..N {
                for o in 0..O {
                    sum[o] += tile[n][o];
                }
            }
            add_sums(bias, done, &sum);
        }
        for (x, rows) in x.chunks(2).zip(weights.chunks_mut(2 * width)) {
            if let ([x0, x1], Some((r0, r1))) = (x, rows.split_at_mut_checked(width)) {
                let (mut sum0, mut sum1) = ([L::ZEROS; O], [L::ZEROS; O]);
                for n in 0..N {
                    for o in 0..O {
                        sum0[o] = x0.0[n].mul_add(tile[n][o], sum0[o]);
                    }
                    for o in 0..O {
                        sum1[o] = x1.0[n].mul_add(tile[n][o], sum1[o]);
                    }
                }
                add_sums(r0, done, &sum0);
                add_sums(r1, done, &sum1);
            } else {
                for (x, row) in x.iter().zip(rows.chunks_exact_mut(width)) {
                    let mut sum = [L::ZEROS; O];
                    for n in 0..N {
                        for o in 0..O {
                            sum[o] = x.0[n].mul_add(tile[n][o], sum[o]);
                        }
                    }
                    add_sums(row, done, &sum);
                }
            }
        }
        done += O;
    }
    done
}

/// `row[first + o] += sums[o]`.
#[inline(always)]
fn add_sums<L: Value<Lane = L>, const O: usize>(row: &mut [L::Scalar], first: usize, sums: &[L; O]) {
    if let Some(row) = row.get_mut(first..) {
        for (to, sum) in row.iter_mut().zip(sums) {
            *to += sum.lane(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Real;

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
