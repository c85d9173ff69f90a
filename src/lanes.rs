//! Which lanes a batch runs on, and on which instructions.

use crate::pack::{Fused, Pack};
use crate::real::Real;
use crate::value::{Value, Zeros};

/// Work that is compiled for the instructions of its lanes.
pub trait Task {
    /// What it gives.
    type Output;
    /// Does it.
    fn run(self) -> Self::Output;
}

/// A [`Value`] to run batches on.
///
/// | lanes | rounding | for |
/// |---|---|---|
/// | `f32`, `f64` | as single samples, the same bits everywhere | firmware |
/// | `Pack<f32, N>`, `Pack<f64, N>` | as single samples | any machine with vector instructions |
/// | [`Wide<T>`] | fused multiply-add | workstations; needs the `std` feature to be fast |
///
/// On x86-64 with `std`, fused packs run on AVX2 and FMA where the processor has them, found out at run time.
pub trait Lanes: Value {
    #[doc(hidden)]
    fn run<K: Task>(task: K) -> K::Output;
}

/// The widest lanes that pay: 16 of `f32`, 8 of `f64`, fused.
pub type Wide<T> = <T as WideLanes>::Pack;

/// Names [`Wide`] for a scalar.
pub trait WideLanes: Real {
    /// The pack.
    type Pack: Lanes<Scalar = Self>;
}

impl WideLanes for f32 {
    type Pack = Pack<Fused<f32>, 16>;
}

impl WideLanes for f64 {
    type Pack = Pack<Fused<f64>, 8>;
}

macro_rules! plain_lanes {
    ($($t:ident),+) => {$(
        impl Lanes for $t {
            #[inline(always)]
            fn run<K: Task>(task: K) -> K::Output {
                task.run()
            }
        }

        impl<const N: usize> Lanes for Pack<$t, N> {
            #[inline(always)]
            fn run<K: Task>(task: K) -> K::Output {
                task.run()
            }
        }

        impl<const N: usize> Lanes for Pack<Fused<$t>, N> {
            #[inline(always)]
            fn run<K: Task>(task: K) -> K::Output {
                fused(task)
            }
        }
    )+};
}

plain_lanes!(f32, f64);

#[inline(always)]
fn fused<K: Task>(task: K) -> K::Output {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        struct Vectorized<K>(K);
        impl<K: Task> pulp::NullaryFnOnce for Vectorized<K> {
            type Output = K::Output;
            #[inline(always)]
            fn call(self) -> K::Output {
                self.0.run()
            }
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return pulp::Simd::vectorize(simd, Vectorized(task));
        }
    }
    task.run()
}

/// Turns `N <= LANES` rows into lanes; a lane without a row repeats the last one.
#[inline(always)]
pub(crate) fn load<V: Value, const D: usize>(rows: &[[V::Scalar; D]]) -> [V; D] {
    let mut lanes = [V::ZEROS; D];
    for d in 0..D {
        lanes[d] = V::from_lanes(|n| rows.get(n).or(rows.last()).map_or(V::Scalar::ZEROS, |row| row[d]));
    }
    lanes
}
