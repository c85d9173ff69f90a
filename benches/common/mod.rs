//! What the benches share: the flows, and the machine's peak.

#![allow(dead_code)]

use std::hint::black_box;
use std::time::Instant;

use gaussflow::factory::CouplingFlow;
use gaussflow::{Init, Parameters, Real, Role, Value, Wide, Zeros, standard_normal};
use rand_pcg::Pcg32;

/// The reference's two-moons flow: 46,800 parameters.
pub type Moons<T> = CouplingFlow<T, 2, 1, 1>;

/// The factory's flow, stirred so that no part of it is trivial.
pub fn stirred<T: Real, const D: usize, const A: usize, const B: usize, const K: usize, const H: usize>()
-> Box<CouplingFlow<T, D, A, B, 4, K, H>> {
    let mut rng = Pcg32::new(1, 1);
    let mut flow = Box::new(CouplingFlow::<T, D, A, B, 4, K, H>::ZEROS);
    flow.init(&mut rng);
    // The same spread of the mixtures' parameters whatever the widths.
    let scale = T::from_f64(0.05 * (64.0 / H.max(D) as f64).sqrt());
    flow.visit_mut(&mut |role, slice| {
        if role == Role::Trainable {
            slice.iter_mut().for_each(|p| *p += scale * standard_normal::<T, _>(&mut rng));
        }
    });
    flow
}

/// Draws of the standard normal.
pub fn normals<T: Real, const D: usize>(count: usize) -> Vec<[T; D]> {
    let mut rng = Pcg32::new(2, 2);
    (0..count).map(|_| core::array::from_fn(|_| standard_normal(&mut rng))).collect()
}

/// Floating-point operations of one sample's way through the conditioners: two for each of their weights. The mixtures' are not counted.
pub const fn flops(d: usize, k: usize, h: usize) -> f64 {
    // Both couplings of a block together have `d` inputs and `3 k d` outputs.
    (4 * 2 * (d * h + 2 * h * h + 3 * k * d * h)) as f64
}

/// Operations of a forward and backward pass: each weight is used once forward, once for its own gradient and once for its input's.
pub const fn training_flops(d: usize, k: usize, h: usize) -> f64 {
    3.0 * flops(d, k, h)
}

/// The fused multiply-adds that one core does at most, in operations a second (two each): the best of 20 runs of a loop that does nothing else.
pub fn peak<T: Real>() -> f64 {
    const CHAINS: usize = 6; // of two vectors each: enough to hide a latency of four cycles
    const STEPS: usize = 200_000;
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        let (by, add) = black_box((T::from_f64(0.999), T::from_f64(1e-3)));
        let sum = Wide::<T>::outline(
            #[inline(always)]
            || {
                let (by, add) = (Wide::<T>::splat(by), Wide::<T>::splat(add));
                let mut chains = [Wide::<T>::ONE; CHAINS];
                for _ in 0..STEPS {
                    for chain in &mut chains {
                        *chain = chain.mul_add(by, add);
                    }
                }
                chains.into_iter().fold(Wide::<T>::ZEROS, |sum, chain| sum + chain).sum()
            },
        );
        black_box(sum);
        best = best.min(start.elapsed().as_secs_f64());
    }
    (2 * CHAINS * STEPS * Wide::<T>::LANES) as f64 / best
}
