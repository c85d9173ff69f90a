//! Dense (fully connected) layers.

use core::convert::identity;

use rand_core::Rng;

use crate::conditioner::{DifferentiableLayer, Layer};
use crate::conditioner::{Shape, Width};
use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::Part;
use crate::parameters::{Init, Parameters, Role};

/// `y = x W + b`, with weights `[input][output]`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Dense<T, const I: usize, const O: usize> {
    /// `weights[i][o]` multiplies input `i` into output `o`.
    pub weights: [[T; O]; I],
    /// One a output.
    pub bias: [T; O],
}

/// `y = x W + c W_c + b`: a dense layer that also sees the context `c`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct ContextDense<T, const I: usize, const C: usize, const O: usize> {
    /// The part that sees `x`.
    pub dense: Dense<T, I, O>,
    /// `context_weights[c][o]` multiplies context variable `c` into output `o`.
    pub context_weights: [[T; O]; C],
}

/// `y[o] = f(bias[o] + sum_i x[i] rows[i][o])`, the terms added in the order of `i` on every path; outputs without a bias begin at `y`.
#[inline(always)]
pub(crate) fn affine<V: Value, R>(
    x: &[V],
    rows: &[R],
    row: impl Fn(&R) -> &[V::Scalar],
    bias: &[V::Scalar],
    f: impl Fn(V) -> V,
    y: &mut [V],
) {
    add_stored_rows(x, rows, row, |w| w, bias, f, y);
}

/// As [`affine`], with weights that are stored as `S` and read by `load`.
#[inline(always)]
pub(crate) fn add_stored_rows<V: Value, R, S: Copy>(
    x: &[V],
    rows: &[R],
    row: impl Fn(&R) -> &[S],
    load: impl Fn(S) -> V::Scalar,
    bias: &[V::Scalar],
    f: impl Fn(V) -> V,
    y: &mut [V],
) {
    let mut done = 0;
    if V::LANES == 1 {
        // A block's sums stay in registers: 8 vectors where there are vectors, 16 scalars on a microcontroller.
        if !cfg!(target_arch = "arm") {
            done = add_blocks::<V, R, S, 32>(x, rows, &row, &load, bias, &f, y, done);
            done = add_blocks::<V, R, S, 24>(x, rows, &row, &load, bias, &f, y, done);
        }
        done = add_blocks::<V, R, S, 16>(x, rows, &row, &load, bias, &f, y, done);
        done = add_blocks::<V, R, S, 8>(x, rows, &row, &load, bias, &f, y, done);
        done = add_blocks::<V, R, S, 4>(x, rows, &row, &load, bias, &f, y, done);
    } else {
        // Of packs of two vectors, 4 sums keep the multipliers just busy, 6 with slack; `x` and a weight fill the rest of 16 registers.
        done = add_blocks::<V, R, S, 6>(x, rows, &row, &load, bias, &f, y, done);
        done = add_blocks::<V, R, S, 4>(x, rows, &row, &load, bias, &f, y, done);
        done = add_blocks::<V, R, S, 2>(x, rows, &row, &load, bias, &f, y, done);
    }
    add_blocks::<V, R, S, 1>(x, rows, &row, &load, bias, &f, y, done);
}

/// [`add_stored_rows`] for whole blocks of `N` outputs from output `done` on; returns how many are done then.
// A function of its own on a microcontroller: inlined, its loops may address every weight by a large offset from the flow, at two instructions more each.
#[cfg_attr(not(target_arch = "arm"), inline(always))]
#[cfg_attr(target_arch = "arm", inline(never))]
fn add_blocks<V: Value, R, S: Copy, const N: usize>(
    x: &[V],
    rows: &[R],
    row: &impl Fn(&R) -> &[S],
    load: &impl Fn(S) -> V::Scalar,
    bias: &[V::Scalar],
    f: &impl Fn(V) -> V,
    y: &mut [V],
    mut done: usize,
) -> usize {
    while let Some(y) = y.get_mut(done..).and_then(|y| y.first_chunk_mut::<N>()) {
        let mut sums = *y;
        if let Some(bias) = bias.get(done..).and_then(|b| b.first_chunk::<N>()) {
            for o in 0..N {
                sums[o] = V::splat(bias[o]);
            }
        }
        for (x, r) in x.iter().zip(rows) {
            let Some(w) = row(r).get(done..).and_then(|w| w.first_chunk::<N>()) else { continue };
            for o in 0..N {
                sums[o] = V::splat(load(w[o])).mul_add(*x, sums[o]);
            }
        }
        for o in 0..N {
            y[o] = f(sums[o]);
        }
        done += N;
    }
    done
}

/// Packs that are kept in registers at a time.
const BLOCK: usize = 4;

/// `dx[i] += sum_o rows[i][o] dy[o]`.
#[inline(always)]
pub(crate) fn add_rows_transposed<V: Value, R>(dy: &[V], rows: &[R], row: impl Fn(&R) -> &[V::Scalar], dx: &mut [V]) {
    for (dx, rows) in dx.chunks_mut(BLOCK).zip(rows.chunks(BLOCK)) {
        if let (Some(dx), [r0, r1, r2, r3]) = (dx.first_chunk_mut::<BLOCK>(), rows) {
            let mut sums = *dx;
            let columns = row(r0).iter().zip(row(r1)).zip(row(r2)).zip(row(r3));
            for (dy, (((w0, w1), w2), w3)) in dy.iter().zip(columns) {
                for (sum, w) in sums.iter_mut().zip([w0, w1, w2, w3]) {
                    *sum = V::splat(*w).mul_add(*dy, *sum);
                }
            }
            *dx = sums;
        } else {
            for (dx, r) in dx.iter_mut().zip(rows) {
                for (dy, w) in dy.iter().zip(row(r)) {
                    *dx = V::splat(*w).mul_add(*dy, *dx);
                }
            }
        }
    }
}

/// Glorot and Bengio (2010), eq. 16: uniform on `+-sqrt(6 / (inputs + outputs))`.
pub(crate) fn glorot_uniform<T: Real, R: Rng + ?Sized>(weights: &mut [T], inputs: usize, outputs: usize, rng: &mut R) {
    let limit = Value::sqrt(T::from_f64(6.0 / (inputs + outputs).max(1) as f64));
    for weight in weights {
        *weight = limit * (T::uniform(rng) * T::from_f64(2.0) - T::ONE);
    }
}

impl<T: Zeros, const I: usize, const O: usize> Zeros for Dense<T, I, O> {
    const ZEROS: Self = Dense { weights: Zeros::ZEROS, bias: Zeros::ZEROS };
}

impl<T: Zeros, const I: usize, const C: usize, const O: usize> Zeros for ContextDense<T, I, C, O> {
    const ZEROS: Self = ContextDense { dense: Zeros::ZEROS, context_weights: Zeros::ZEROS };
}

impl<T, const I: usize, const O: usize> Parameters<T> for Dense<T, I, O> {
    const COUNT: usize = I * O + O;

    fn zip<const M: usize, const N: usize>(
        mut change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    ) {
        visit(Role::Trainable, change.each_mut().map(|d| d.weights.as_flattened_mut()), read.map(|d| d.weights.as_flattened()));
        visit(Role::Trainable, change.map(|d| d.bias.as_mut_slice()), read.map(|d| d.bias.as_slice()));
    }
}

impl<T, const I: usize, const C: usize, const O: usize> Parameters<T> for ContextDense<T, I, C, O> {
    const COUNT: usize = (I + C) * O + O;

    fn zip<const M: usize, const N: usize>(
        mut change: [&mut Self; M],
        read: [&Self; N],
        visit: &mut impl FnMut(Role, [&mut [T]; M], [&[T]; N]),
    ) {
        Dense::zip(change.each_mut().map(|d| &mut d.dense), read.map(|d| &d.dense), visit);
        visit(Role::Trainable, change.map(|d| d.context_weights.as_flattened_mut()), read.map(|d| d.context_weights.as_flattened()));
    }
}

impl<T: Real, const I: usize, const O: usize> Init<T> for Dense<T, I, O> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        glorot_uniform(self.weights.as_flattened_mut(), I, O, rng);
        self.bias.fill(T::ZEROS);
    }
}

impl<T: Real, const I: usize, const C: usize, const O: usize> Init<T> for ContextDense<T, I, C, O> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        glorot_uniform(self.dense.weights.as_flattened_mut(), I + C, O, rng);
        glorot_uniform(self.context_weights.as_flattened_mut(), I + C, O, rng);
        self.dense.bias.fill(T::ZEROS);
    }
}

impl<T: Real, const I: usize, const O: usize, const C: usize> Layer<T, Width<I>, C> for Dense<T, I, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &[V; I], context: &[V; C]) -> [V; O] {
        let mut y = [V::ZEROS; O];
        self.apply_then(x, context, identity, &mut y);
        y
    }

    #[inline(always)]
    fn apply_then<V: Value<Scalar = T>>(&self, x: &[V; I], _: &[V; C], f: impl Fn(V) -> V, y: &mut [V; O]) {
        affine(x, &self.weights, |row| row, &self.bias, f, y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("dense"));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("bias", &[O]));
    }
}

impl<T: Real, const I: usize, const O: usize, const C: usize> DifferentiableLayer<T, Width<I>, C> for Dense<T, I, O> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn apply_tape<V: Value<Scalar = T>>(&self, x: &[V; I], _: &[V; C], y: &mut [V; O], (): &mut ()) {
        affine(x, &self.weights, |row| row, &self.bias, identity, y);
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; I],
        _: &[V; C],
        _: &[V; O],
        (): &(),
        dy: &[V; O],
        dx: &mut [V; I],
        _: &mut [V; C],
        gradient: &mut Self,
    ) {
        dx.fill(V::ZEROS);
        add_rows_transposed(dy, &self.weights, |row| row, dx);
        V::add_outer(x, dy, &mut gradient.weights, |row| row, &mut gradient.bias);
    }
}

impl<T: Real, const I: usize, const C: usize, const O: usize> Layer<T, Width<I>, C> for ContextDense<T, I, C, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &[V; I], context: &[V; C]) -> [V; O] {
        let mut y = [V::ZEROS; O];
        self.apply_then(x, context, identity, &mut y);
        y
    }

    #[inline(always)]
    fn apply_then<V: Value<Scalar = T>>(&self, x: &[V; I], context: &[V; C], f: impl Fn(V) -> V, y: &mut [V; O]) {
        self.dense.apply_then(x, context, identity, y);
        affine(context, &self.context_weights, |row| row, &[], f, y);
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("context_dense"));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("bias", &[O]));
        visit(Part::Tensor("context_kernel", &[C, O]));
    }
}

impl<T: Real, const I: usize, const C: usize, const O: usize> DifferentiableLayer<T, Width<I>, C> for ContextDense<T, I, C, O> {
    type Tape<V: Value<Scalar = T>> = ();

    #[inline(always)]
    fn apply_tape<V: Value<Scalar = T>>(&self, x: &[V; I], context: &[V; C], y: &mut [V; O], (): &mut ()) {
        self.apply_then(x, context, identity, y);
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        x: &[V; I],
        context: &[V; C],
        y: &[V; O],
        (): &(),
        dy: &<Width<O> as Shape<T>>::Of<V>,
        dx: &mut [V; I],
        d_context: &mut [V; C],
        gradient: &mut Self,
    ) {
        self.dense.backward(x, context, y, &(), dy, dx, d_context, &mut gradient.dense);
        add_rows_transposed(dy, &self.context_weights, |row| row, d_context);
        V::add_outer(context, dy, &mut gradient.context_weights, |row| row, &mut []);
    }
}
