//! Products of matrices with packs: slices, so that each is compiled once for the lanes it runs on and not for each size.

use crate::conditioner::{Activation, Identity};
use crate::number::{Real, Value};

/// `y[o] = F(bias[o] + sum_i x[i] weights[i][o])`, the terms added in the order of `i` on every path.
///
/// `weights` are row-major, one row an input. Outputs without a bias begin at `y`.
#[inline(always)]
pub(crate) fn affine<V: Value, F: Activation>(x: &[V], weights: &[V::Scalar], bias: &[V::Scalar], y: &mut [V]) {
    V::outline(
        #[inline(always)]
        || add_stored::<V, V::Scalar, F>(x, weights, |w| w, bias, y),
    );
}

/// `y[o] += sum_i x[i] weights[i][o]`, of weights of eight bits.
#[inline(always)]
pub(crate) fn add_int8<V: Value>(x: &[V], weights: &[i8], y: &mut [V]) {
    V::outline(
        #[inline(always)]
        || add_stored::<V, i8, Identity>(x, weights, |w| V::Scalar::from_f64(f64::from(w)), &[], y),
    );
}

/// [`affine`], with weights that are stored as `W` and read by `load`.
#[inline(always)]
fn add_stored<V: Value, W: Copy, F: Activation>(
    x: &[V],
    weights: &[W],
    load: impl Fn(W) -> V::Scalar + Copy,
    bias: &[V::Scalar],
    y: &mut [V],
) {
    let mut done = 0;
    if V::LANES == 1 {
        // A block's sums stay in registers: 8 vectors where there are vectors, 16 scalars on a microcontroller.
        if !cfg!(target_arch = "arm") {
            done = add_blocks::<V, W, F, 32>(x, weights, load, bias, y, done);
            done = add_blocks::<V, W, F, 24>(x, weights, load, bias, y, done);
        }
        done = add_blocks::<V, W, F, 16>(x, weights, load, bias, y, done);
        done = add_blocks::<V, W, F, 8>(x, weights, load, bias, y, done);
        done = add_blocks::<V, W, F, 4>(x, weights, load, bias, y, done);
    } else {
        // Of packs of two vectors, 4 sums keep the multipliers just busy, 6 with slack; `x` and a weight fill the rest of 16 registers.
        done = add_blocks::<V, W, F, 6>(x, weights, load, bias, y, done);
        done = add_blocks::<V, W, F, 4>(x, weights, load, bias, y, done);
        done = add_blocks::<V, W, F, 2>(x, weights, load, bias, y, done);
    }
    add_blocks::<V, W, F, 1>(x, weights, load, bias, y, done);
}

/// [`add_stored`] for whole blocks of `N` outputs from output `done` on; returns how many are done then.
#[inline(always)]
fn add_blocks<V: Value, W: Copy, F: Activation, const N: usize>(
    x: &[V],
    weights: &[W],
    load: impl Fn(W) -> V::Scalar,
    bias: &[V::Scalar],
    y: &mut [V],
    mut done: usize,
) -> usize {
    let width = y.len().max(1);
    while let Some(y) = y.get_mut(done..).and_then(|y| y.first_chunk_mut::<N>()) {
        let mut sums = *y;
        if let Some(bias) = bias.get(done..).and_then(|b| b.first_chunk::<N>()) {
            for o in 0..N {
                sums[o] = V::splat(bias[o]);
            }
        }
        for (x, row) in x.iter().zip(weights.chunks_exact(width)) {
            let Some(w) = row.get(done..).and_then(|w| w.first_chunk::<N>()) else { continue };
            for o in 0..N {
                sums[o] = V::splat(load(w[o])).mul_add(*x, sums[o]);
            }
        }
        for o in 0..N {
            y[o] = F::value(sums[o]);
        }
        done += N;
    }
    done
}

/// Packs that are kept in registers at a time.
const BLOCK: usize = 4;

/// `dx[i] += sum_o weights[i][o] dy[o]`.
#[inline(always)]
pub(crate) fn add_transposed<V: Value>(dy: &[V], weights: &[V::Scalar], dx: &mut [V]) {
    V::outline(
        #[inline(always)]
        || {
            let width = dy.len().max(1);
            for (dx, rows) in dx.chunks_mut(BLOCK).zip(weights.chunks(BLOCK * width)) {
                let mut each = rows.chunks_exact(width);
                if let (Some(dx), Some(r0), Some(r1), Some(r2), Some(r3)) =
                    (dx.first_chunk_mut::<BLOCK>(), each.next(), each.next(), each.next(), each.next())
                {
                    let mut sums = *dx;
                    let columns = r0.iter().zip(r1).zip(r2).zip(r3);
                    for (dy, (((w0, w1), w2), w3)) in dy.iter().zip(columns) {
                        for (sum, w) in sums.iter_mut().zip([w0, w1, w2, w3]) {
                            *sum = V::splat(*w).mul_add(*dy, *sum);
                        }
                    }
                    *dx = sums;
                } else {
                    for (dx, row) in dx.iter_mut().zip(rows.chunks_exact(width)) {
                        for (dy, w) in dy.iter().zip(row) {
                            *dx = V::splat(*w).mul_add(*dy, *dx);
                        }
                    }
                }
            }
        },
    );
}

/// `weights[i][o] += x[i] dy[o]` and `bias[o] += dy[o]`, summed over the lanes; `bias` may be empty.
#[inline(always)]
pub(crate) fn add_outer<V: Value>(x: &[V], dy: &[V], weights: &mut [V::Scalar], bias: &mut [V::Scalar]) {
    V::outline(
        #[inline(always)]
        || V::add_outer(x, dy, weights, bias),
    );
}
