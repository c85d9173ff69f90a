//! Which lanes a batch runs on, and on which instructions.

use crate::number::Real;

/// The widest lanes that pay: 16 of `f32`, 8 of `f64`, fused.
///
/// | lanes | rounding | for |
/// |---|---|---|
/// | `f32`, `f64` | as single samples, the same bits everywhere | firmware |
/// | `Pack<f32, N>`, `Pack<f64, N>` | as single samples | any machine with vector instructions |
/// | `Wide<T>` | fused multiply-add | workstations; needs the `std` feature to be fast |
pub type Wide<T> = <T as Real>::Wide;

/// Whether this machine multiplies and adds in one instruction, which fused lanes need to be fast.
pub(crate) fn fuses() -> bool {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if pulp::x86::V3::try_new().is_some() {
        return true;
    }
    cfg!(all(feature = "std", any(target_feature = "fma", target_arch = "aarch64")))
}

/// Calls `$f` with the lanes that this machine is fast with, of `$t` or, for data in `$t`, of another scalar. Each target compiles two kinds of lanes at most.
macro_rules! on_lanes {
    ($t:ident, $f:ident ( $($argument:expr),* ) with $($more:tt),*) => {
        $crate::number::outline::on_lanes!($t on $t, $f($($argument),*) with $($more),*)
    };
    ($t:ident on $s:ident, $f:ident ( $($argument:expr),* ) with $($more:tt),*) => {
        if cfg!(any(target_arch = "arm", target_arch = "riscv32")) {
            $f::<$t, $s, $($more),*>($($argument),*)
        } else if cfg!(all(feature = "std", target_arch = "x86_64")) {
            if $crate::number::outline::fuses() {
                $f::<$t, <$s as $crate::number::Real>::Wide, $($more),*>($($argument),*)
            } else {
                $f::<$t, $s, $($more),*>($($argument),*)
            }
        } else if $crate::number::outline::fuses() {
            $f::<$t, <$s as $crate::number::Real>::Wide, $($more),*>($($argument),*)
        } else {
            $f::<$t, <$s as $crate::number::Real>::Plain, $($more),*>($($argument),*)
        }
    };
}

pub(crate) use on_lanes;

/// `f`, compiled for AVX2 and FMA where the processor has them.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(simd, Vectorized(f));
    }
    outlined(f)
}

/// `f`, compiled for AVX-512 where the processor has it, else as [`vectorized`].
#[inline(always)]
pub(crate) fn vectorized_512<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if let Some(simd) = pulp::x86::V4::try_new() {
        return pulp::Simd::vectorize(simd, Vectorized(f));
    }
    vectorized(f)
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
struct Vectorized<F>(F);

#[cfg(all(feature = "std", target_arch = "x86_64"))]
impl<R, F: FnOnce() -> R> pulp::NullaryFnOnce for Vectorized<F> {
    type Output = R;
    #[inline(always)]
    fn call(self) -> R {
        (self.0)()
    }
}

/// `f`, in a function of its own.
#[inline(never)]
fn outlined<R>(f: impl FnOnce() -> R) -> R {
    f()
}
