//! Products of matrices and vectors with lanes: on slices, so that each is compiled once for the lanes it runs on, in this crate and not for each size in those that use it.

use super::{BRANCHES, Flat, Pack, Value, Zeros};

/// `y[o] = bias[o] + sum_i x[i] weights[i][o]`, or 0 where that is negative and `relu` asked for; the terms added in the order of `i` on every path.
///
/// `weights` are row-major, one row an input. Outputs without a bias begin at `y`.
#[inline(always)]
pub(super) fn affine<V: Value>(x: &[V], weights: &[V::Scalar], bias: &[V::Scalar], relu: bool, y: &mut [V]) {
    V::outline(
        #[inline(always)]
        || add_any_width(x, weights, bias, relu, y),
    );
}

/// [`affine`] of single samples: the widths that layers mostly have are known to the compiler.
#[inline(always)]
pub(super) fn affine_of_one<V: Value<Lane = V>>(x: &[V], weights: &[V::Scalar], bias: &[V::Scalar], relu: bool, y: &mut [V]) {
    macro_rules! by_width {
        ($($width:literal)+) => {
            match y.len() {
                $($width if relu => affine_of_rows::<V, [V::Scalar; $width], true>(x, weights.as_chunks().0, bias, y),
                $width => affine_of_rows::<V, [V::Scalar; $width], false>(x, weights.as_chunks().0, bias, y),)+
                _ => affine(x, weights, bias, relu, y),
            }
        };
    }
    by_width!(8 16 24 32 48 64 96 128)
}

/// [`affine`] of rows whose width the compiler knows.
#[inline(always)]
fn affine_of_rows<V: Value, R: Flat<V::Scalar>, const RELU: bool>(x: &[V], rows: &[R], bias: &[V::Scalar], y: &mut [V]) {
    V::outline(
        #[inline(always)]
        || {
            // A block's sums stay in registers: 8 vectors where there are vectors, 16 scalars on a microcontroller.
            let mut done = 0;
            if const { R::LEN >= 32 && !cfg!(target_arch = "arm") } {
                done = add_rows::<V, R, RELU, 32>(x, rows, bias, y, done);
            }
            if const { R::LEN % 32 >= 24 && !cfg!(target_arch = "arm") } {
                done = add_rows::<V, R, RELU, 24>(x, rows, bias, y, done);
            }
            if const { R::LEN % 32 >= 16 || (R::LEN >= 16 && cfg!(target_arch = "arm")) } {
                done = add_rows::<V, R, RELU, 16>(x, rows, bias, y, done);
            }
            if const { R::LEN % 16 >= 8 } {
                done = add_rows::<V, R, RELU, 8>(x, rows, bias, y, done);
            }
            if const { R::LEN % 8 >= 4 } {
                done = add_rows::<V, R, RELU, 4>(x, rows, bias, y, done);
            }
            if const { R::LEN % 4 > 0 } {
                add_rows::<V, R, RELU, 1>(x, rows, bias, y, done);
            }
        },
    );
}

/// Whether the terms of the input `x` are left out, which are 0: half of what a ReLU gives. It changes no bit, as no sum is -0.
#[inline(always)]
fn is_left_out<V: Value>(x: V) -> bool {
    BRANCHES && V::LANES == 1 && x.lane(0) == V::Scalar::ZEROS
}

/// [`affine_of_rows`] for whole blocks of `N` outputs from output `done` on; returns how many are done then.
#[cfg_attr(not(target_arch = "arm"), inline(always))]
#[cfg_attr(target_arch = "arm", inline(never))]
fn add_rows<V: Value, R: Flat<V::Scalar>, const RELU: bool, const N: usize>(
    x: &[V],
    rows: &[R],
    bias: &[V::Scalar],
    y: &mut [V],
    mut done: usize,
) -> usize {
    while done + N <= R::LEN {
        let Some(y) = y.get_mut(done..).and_then(|y| y.first_chunk_mut::<N>()) else { break };
        let mut sums = *y;
        if let Some(bias) = bias.get(done..).and_then(|b| b.first_chunk::<N>()) {
            for o in 0..N {
                sums[o] = V::splat(bias[o]) + V::ZEROS;
            }
        }
        let add = |sums: &mut [V; N], x: &V, row: &R| {
            if is_left_out(*x) {
                return;
            }
            let Some(w) = row.flat().get(done..).and_then(|w| w.first_chunk::<N>()) else { return };
            for o in 0..N {
                sums[o] = V::splat(w[o]).mul_add(*x, sums[o]);
            }
        };
        // Four rows at a time: the loop's own instructions count beside the products.
        let ((fours, rest), (rows_of_fours, rows_of_rest)) = (x.as_chunks::<4>(), rows.as_chunks::<4>());
        for (x, rows) in fours.iter().zip(rows_of_fours) {
            for k in 0..4 {
                add(&mut sums, &x[k], &rows[k]);
            }
        }
        for (x, row) in rest.iter().zip(rows_of_rest) {
            add(&mut sums, x, row);
        }
        *y = sums;
        if RELU {
            for sum in y {
                *sum = V::ZEROS.max(*sum);
            }
        }
        done += N;
    }
    done
}

/// [`affine`], compiled where it is called.
#[inline(always)]
fn add_any_width<V: Value>(x: &[V], weights: &[V::Scalar], bias: &[V::Scalar], relu: bool, y: &mut [V]) {
    if V::LANES == 1 {
        // Scalars fill their registers by as many sums.
        let done = add_blocks::<V, 16>(x, weights, bias, relu, y, 0);
        let done = add_blocks::<V, 4>(x, weights, bias, relu, y, done);
        add_blocks::<V, 1>(x, weights, bias, relu, y, done);
        return;
    }
    // Of packs of two vectors, 4 sums keep the multipliers just busy, 6 with slack; `x` and a weight fill the rest of 16 registers.
    let done = add_blocks::<V, 6>(x, weights, bias, relu, y, 0);
    let done = add_blocks::<V, 4>(x, weights, bias, relu, y, done);
    let done = add_blocks::<V, 2>(x, weights, bias, relu, y, done);
    add_blocks::<V, 1>(x, weights, bias, relu, y, done);
}

/// [`add_any_width`] for whole blocks of `N` outputs from output `done` on; returns how many are done then.
#[inline(always)]
fn add_blocks<V: Value, const N: usize>(
    x: &[V],
    weights: &[V::Scalar],
    bias: &[V::Scalar],
    relu: bool,
    y: &mut [V],
    mut done: usize,
) -> usize {
    let width = y.len().max(1);
    while let Some(y) = y.get_mut(done..).and_then(|y| y.first_chunk_mut::<N>()) {
        let mut sums = *y;
        if let Some(bias) = bias.get(done..).and_then(|b| b.first_chunk::<N>()) {
            for o in 0..N {
                sums[o] = V::splat(bias[o]) + V::ZEROS;
            }
        }
        // Four rows at a time: the loop's own instructions count beside the products.
        let (fours, rest) = x.as_chunks::<4>();
        let mut groups = weights.chunks_exact(width.saturating_mul(4));
        for (x, group) in fours.iter().zip(&mut groups) {
            let row = |k: usize| group.get(k * width + done..).and_then(|w| w.first_chunk::<N>());
            let (Some(w0), Some(w1), Some(w2), Some(w3)) = (row(0), row(1), row(2), row(3)) else { continue };
            for (x, w) in x.iter().zip([w0, w1, w2, w3]) {
                if is_left_out(*x) {
                    continue;
                }
                for o in 0..N {
                    sums[o] = V::splat(w[o]).mul_add(*x, sums[o]);
                }
            }
        }
        for (x, row) in rest.iter().zip(groups.remainder().chunks_exact(width)) {
            if is_left_out(*x) {
                continue;
            }
            let Some(w) = row.get(done..).and_then(|w| w.first_chunk::<N>()) else { continue };
            for o in 0..N {
                sums[o] = V::splat(w[o]).mul_add(*x, sums[o]);
            }
        }
        if relu {
            for o in 0..N {
                sums[o] = V::ZEROS.max(sums[o]);
            }
        }
        *y = sums;
        done += N;
    }
    done
}

/// `dx[i] += sum_o weights[i][o] dy[o]`.
#[inline(always)]
pub(super) fn add_transposed<V: Value>(dy: &[V], weights: &[V::Scalar], dx: &mut [V]) {
    V::outline(
        #[inline(always)]
        || {
            let width = dy.len().max(1);
            // Sums of packs of two vectors, as in `add_any_width`; two columns at a time, for the loop's own instructions count beside the products.
            let (pairs, last) = dy.as_chunks::<2>();
            let (sixes, rest) = dx.as_chunks_mut::<6>();
            let mut blocks = weights.chunks_exact(width.saturating_mul(6));
            for (dx, rows) in sixes.iter_mut().zip(&mut blocks) {
                let row = |k: usize| rows.get(k * width..).and_then(|row| row.get(..width)).unwrap_or(&[]);
                let column = |k: usize| row(k).as_chunks::<2>().0.iter();
                let mut sums = *dx;
                let columns = column(0).zip(column(1)).zip(column(2)).zip(column(3)).zip(column(4)).zip(column(5));
                for (dy, (((((w0, w1), w2), w3), w4), w5)) in pairs.iter().zip(columns) {
                    for o in 0..2 {
                        for (sum, w) in sums.iter_mut().zip([w0, w1, w2, w3, w4, w5]) {
                            *sum = V::splat(w[o]).mul_add(dy[o], *sum);
                        }
                    }
                }
                for dy in last {
                    for (k, sum) in sums.iter_mut().enumerate() {
                        *sum = V::splat(row(k).last().copied().unwrap_or(V::Scalar::ZEROS)).mul_add(*dy, *sum);
                    }
                }
                *dx = sums;
            }
            for (dx, row) in rest.iter_mut().zip(blocks.remainder().chunks_exact(width)) {
                for (dy, w) in dy.iter().zip(row) {
                    *dx = V::splat(*w).mul_add(*dy, *dx);
                }
            }
        },
    );
}

/// `weights[i][o] += x[i] dy[o]` and `bias[o] += dy[o]`, summed over the lanes; `bias` may be empty.
#[inline(always)]
pub(super) fn add_outer<V: Value>(x: &[V], dy: &[V], weights: &mut [V::Scalar], bias: &mut [V::Scalar]) {
    V::outline(
        #[inline(always)]
        || {
            for (x, row) in x.iter().zip(weights.chunks_exact_mut(dy.len().max(1))) {
                for (sum, dy) in row.iter_mut().zip(dy) {
                    *sum = x.mul_add(*dy, V::splat(*sum)).lane(0);
                }
            }
            for (sum, dy) in bias.iter_mut().zip(dy) {
                *sum += dy.lane(0);
            }
        },
    );
}

/// [`add_outer`] for packs.
#[inline(always)]
pub(super) fn add_outer_of_packs<L: Value<Lane = L>, const N: usize>(
    x: &[Pack<L, N>],
    dy: &[Pack<L, N>],
    weights: &mut [L::Scalar],
    bias: &mut [L::Scalar],
) {
    L::outline(
        #[inline(always)]
        || {
            let done = add_outer_blocks::<L, N, 32>(x, dy, weights, bias, 0);
            let done = add_outer_blocks::<L, N, 24>(x, dy, weights, bias, done);
            let done = add_outer_blocks::<L, N, 8>(x, dy, weights, bias, done);
            add_outer_blocks::<L, N, 1>(x, dy, weights, bias, done);
        },
    );
}

/// [`add_outer_of_packs`] for whole blocks of `O` outputs from output `done` on; returns how many are done then.
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
        for (x, rows) in x.chunks(2).zip(weights.chunks_mut(width.saturating_mul(2))) {
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

/// `x - (factor v x) v`, with a factor in two parts.
#[inline(always)]
pub(super) fn reflect<V: Value>(v: &[V::Scalar], factor: [V::Scalar; 2], x: &mut [V]) {
    V::outline(
        #[inline(always)]
        || reflect_here(v, factor, x),
    );
}

/// As [`reflect`], inlined: for single samples.
#[inline(always)]
pub(crate) fn reflect_here<V: Value>(v: &[V::Scalar], factor: [V::Scalar; 2], x: &mut [V]) {
    let dot = dot(v, x);
    let along = -(dot * V::splat(factor[0]) + dot * V::splat(factor[1]));
    for (x, v) in x.iter_mut().zip(v) {
        *x = V::splat(*v).mul_add(along, *x);
    }
}

/// Back through [`reflect`] at `x` with `factor = 2 / (|v|^2 +- e)`, so `dfactor = -factor^2 v dv`: `dx = dy - f v (v dy)` and `dv = f^2 (v x)(v dy) v - f ((v x) dy + (v dy) x)`.
#[inline(always)]
pub(super) fn reflect_backward<V: Value>(v: &[V::Scalar], factor: V::Scalar, x: &[V], d: &mut [V], gradient: Option<&mut [V::Scalar]>) {
    V::outline(
        #[inline(always)]
        || {
            let factor = V::splat(factor);
            let (of_x, of_d) = (factor * dot(v, x), factor * dot(v, d));
            if let Some(gradient) = gradient {
                for (((gradient, v), d), x) in gradient.iter_mut().zip(v).zip(&*d).zip(x) {
                    *gradient += (of_x * of_d * V::splat(*v) - of_x * *d - of_d * *x).sum();
                }
            }
            for (d, v) in d.iter_mut().zip(v) {
                *d -= of_d * V::splat(*v);
            }
        },
    );
}

#[inline(always)]
fn dot<V: Value>(v: &[V::Scalar], x: &[V]) -> V {
    let mut sum = V::ZEROS;
    for (v, x) in v.iter().zip(x) {
        sum = V::splat(*v).mul_add(*x, sum);
    }
    sum
}

/// The kernels of a type of lanes without type parameters: not inlined, so that they are compiled in this crate.
macro_rules! compiled_here {
    ($affine:ident, $add_outer:ident) => {
        // A microcontroller inlines the choice of a width, so that no other is linked.
        #[cfg_attr(any(target_arch = "arm", target_arch = "riscv32"), inline(always))]
        #[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(never))]
        fn affine(x: &[Self], weights: &[Self::Scalar], bias: &[Self::Scalar], relu: bool, y: &mut [Self]) {
            $crate::number::kernels::$affine(x, weights, bias, relu, y);
        }
        #[inline(never)]
        fn add_transposed(dy: &[Self], weights: &[Self::Scalar], dx: &mut [Self]) {
            $crate::number::kernels::add_transposed(dy, weights, dx);
        }
        #[inline(never)]
        fn reflect(v: &[Self::Scalar], factor: [Self::Scalar; 2], x: &mut [Self]) {
            $crate::number::kernels::reflect(v, factor, x);
        }
        #[inline(never)]
        fn reflect_backward(v: &[Self::Scalar], factor: Self::Scalar, x: &[Self], d: &mut [Self], gradient: Option<&mut [Self::Scalar]>) {
            $crate::number::kernels::reflect_backward(v, factor, x, d, gradient);
        }
        #[inline(never)]
        fn add_outer(x: &[Self], dy: &[Self], weights: &mut [Self::Scalar], bias: &mut [Self::Scalar]) {
            $crate::number::kernels::$add_outer(x, dy, weights, bias);
        }
    };
}

pub(super) use compiled_here;
