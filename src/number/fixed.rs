//! Products of matrices and vectors in integers: vectors in fixed point of 16 bits, weights of 8 or 16.

use core::fmt::Debug;

use super::{Flat, Real, Value, Zeros};

mod sealed {
    pub trait Sealed {}
    impl Sealed for i8 {}
    impl Sealed for i16 {}
}

/// A weight as it is stored: `i8` or `i16`, and no other (sealed).
pub trait Weight: sealed::Sealed + Copy + Debug + PartialEq + Zeros + Flat<Self> + 'static {
    /// The largest stored magnitude, 127 or 32,767: the smallest number of all is left out, so that a weight and its negative are stored alike.
    const LARGEST: i16;
    /// The most inputs whose products with activations of 16 bits sum without overflow: 516, or more than there can be.
    const MOST_INPUTS: usize;
    /// What products are summed in.
    #[doc(hidden)]
    type Sum: Copy;
    /// No products.
    #[doc(hidden)]
    const NOTHING: Self::Sum;

    /// The integer nearest to `x`, which is within [`Self::LARGEST`]; 0 for NaN.
    #[doc(hidden)]
    fn nearest<T: Real>(x: T) -> Self;
    /// `sum + weight x`.
    #[doc(hidden)]
    fn add(sum: Self::Sum, weight: Self, x: i16) -> Self::Sum;
    /// `sum * scale`, each rounded.
    #[doc(hidden)]
    fn scaled<T: Real>(sum: Self::Sum, scale: T) -> T;
}

macro_rules! weight {
    ($($weight:ident in $sum:ident by $scaled:ident, $most:expr;)+) => {$(
        impl Zeros for $weight {
            const ZEROS: Self = 0;
        }

        impl Weight for $weight {
            const LARGEST: i16 = $weight::MAX as i16;
            const MOST_INPUTS: usize = $most;
            type Sum = $sum;
            const NOTHING: $sum = 0;

            #[inline]
            fn nearest<T: Real>(x: T) -> Self {
                let x: f64 = x.round_int().as_();
                x as $weight
            }
            #[inline(always)]
            fn add(sum: $sum, weight: Self, x: i16) -> $sum {
                sum.wrapping_add($sum::from(i32::from(weight) * i32::from(x)))
            }
            #[inline(always)]
            fn scaled<T: Real>(sum: $sum, scale: T) -> T {
                T::$scaled(sum, scale)
            }
        }
    )+};
}

weight! {
    i8 in i32 by scaled, (i32::MAX / (i8::MAX as i32 * i16::MAX as i32)) as usize;
    i16 in i64 by scaled_64, usize::MAX >> 1;
}

/// Outputs whose sums are held in registers, and inputs whose products are added between two checks for the end: what costs least on a Cortex-M0, a Cortex-M4 and RISC-V together.
const BLOCK: usize = 8;
const UNROLL: usize = 2;

/// `y[o] = bias[o] + scales[o] sum_i weights[i][o] x[i]`, or 0 where that is negative and `RELU` asked for; outputs without a bias begin at `y`.
///
/// Each lane by itself: `x` is rounded to fixed point in a unit that its largest magnitude sets, the products are summed exactly, and each output is rounded as single samples are.
/// So a lane has the bits of a single sample, on every target.
#[inline(always)]
pub(crate) fn affine_fixed<V: Value, W: Weight, R: Flat<W>, const I: usize, const RELU: bool>(
    x: &[V; I],
    rows: &[R; I],
    scales: &[V::Scalar],
    bias: &[V::Scalar],
    y: &mut [V],
) {
    const { assert!(I <= W::MOST_INPUTS, "a layer with weights of 8 bits takes at most 516 inputs: more could overflow its sums") }
    V::outline(
        #[inline(always)]
        || {
            for lane in 0..V::LANES {
                let mut fixed = [0; I];
                let unit = V::Scalar::to_fixed(x.iter().map(|x| x.lane(lane)), &mut fixed);
                // Terms of 0 are left out: half of them after a ReLU.
                let mut terms = rows.each_ref().map(|row| (0, row));
                let mut count = 0;
                for (x, row) in fixed.iter().zip(rows) {
                    if *x != 0
                        && let Some(term) = terms.get_mut(count)
                    {
                        *term = (*x, row);
                        count += 1;
                    }
                }
                let terms = terms.get(..count).unwrap_or(&[]);
                if !unit.is_finite() {
                    y.iter_mut().for_each(|y| y.set_lane(lane, unit));
                    continue;
                }
                let mut done = add_fixed::<V, W, R, RELU, BLOCK>(terms, unit, scales, bias, lane, y, 0);
                if const { R::LEN % BLOCK >= 4 } {
                    done = add_fixed::<V, W, R, RELU, 4>(terms, unit, scales, bias, lane, y, done);
                }
                if const { !(R::LEN % BLOCK).is_multiple_of(4) } {
                    add_fixed::<V, W, R, RELU, 1>(terms, unit, scales, bias, lane, y, done);
                }
            }
        },
    );
}

/// [`affine_fixed`] of one lane for whole blocks of `N` outputs from output `done` on; returns how many are done then.
#[cfg_attr(not(target_arch = "arm"), inline(always))]
#[cfg_attr(target_arch = "arm", inline(never))]
fn add_fixed<V: Value, W: Weight, R: Flat<W>, const RELU: bool, const N: usize>(
    terms: &[(i16, &R)],
    unit: V::Scalar,
    scales: &[V::Scalar],
    bias: &[V::Scalar],
    lane: usize,
    y: &mut [V],
    mut done: usize,
) -> usize {
    while done + N <= R::LEN {
        let Some(y) = y.get_mut(done..).and_then(|y| y.first_chunk_mut::<N>()) else { break };
        let Some(scales) = scales.get(done..).and_then(|s| s.first_chunk::<N>()) else { break };
        let mut sums = [W::NOTHING; N];
        let add = |sums: &mut [W::Sum; N], (x, row): (i16, &R)| {
            let Some(w) = row.flat().get(done..).and_then(|w| w.first_chunk::<N>()) else { return };
            for o in 0..N {
                sums[o] = W::add(sums[o], w[o], x);
            }
        };
        let (groups, rest) = terms.as_chunks::<UNROLL>();
        for group in groups {
            for k in 0..UNROLL {
                add(&mut sums, group[k]);
            }
        }
        for term in rest {
            add(&mut sums, *term);
        }
        let bias = bias.get(done..).and_then(|b| b.first_chunk::<N>());
        for o in 0..N {
            let before = bias.map_or(y[o].lane(lane), |bias| bias[o]);
            let sum = W::scaled(sums[o], scales[o]).times_power(unit) + before;
            y[o].set_lane(lane, if RELU { V::Scalar::ZEROS.max(sum) } else { sum });
        }
        done += N;
    }
    done
}
