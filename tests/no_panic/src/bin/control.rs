//! A layer that can panic, by an index that is not known: this must not link.

#![no_std]
#![no_main]

use core::hint::black_box;

use gaussflow::{Bijector, Householder, Init, Real, Value, Zeros};
use no_panic::infer;
use rand_core::Rng;

struct Picks;

impl Zeros for Picks {
    const ZEROS: Self = Picks;
}

impl<T> Init<T> for Picks {
    fn init<R: Rng + ?Sized>(&mut self, _: &mut R) {}
}

impl<T: Real, const D: usize> Bijector<T, D> for Picks {
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; 0]) -> V {
        x[black_box(0)]
    }
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, _: &mut [V; D], _: &[V; 0]) -> V {
        V::ZEROS
    }
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(!infer::<f32, (Householder<f32, 2, 2>, Picks), 2, 0>())
}
