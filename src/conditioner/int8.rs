//! Linear layers whose weights are stored in eight bits, a quarter of `f32`.

use core::convert::identity;

use crate::conditioner::dense::add_stored_rows;
use crate::conditioner::{Dense, Head, Layer};
use crate::conditioner::{Each, Width};
use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::Part;
use crate::store::Quantize;
use crate::univariate::Univariate;

/// `y_o = s_o sum_i q_io x_i + b_o`: a [`Dense`] layer with weights of eight bits and a scale an output, for inference.
///
/// # Accuracy
/// A weight is off by at most half a scale; the scale is the output's largest weight over 127.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Int8Dense<T, const I: usize, const O: usize> {
    /// `weights[i][o]` multiplies input `i` into output `o`.
    pub weights: [[i8; O]; I],
    /// One a output.
    pub scales: [T; O],
    /// One a output.
    pub bias: [T; O],
}

/// A [`Head`] as [`Int8Dense`]; `P` is the number of parameters of the univariate `U` (24 for a mixture of 8).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "U::Params<T>: bytemuck::Zeroable"))]
pub struct Int8Head<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> {
    /// `weights[h][b]` multiplies hidden value `h` into the parameters of dimension `b`.
    pub weights: [[[i8; P]; B]; H],
    /// One a parameter.
    pub scales: [U::Params<T>; B],
    /// One a parameter.
    pub bias: [U::Params<T>; B],
}

/// `y = s (y + x W) + b`.
#[inline(always)]
fn apply<V: Value, R>(x: &[V], rows: &[R], row: impl Fn(&R) -> &[i8], scales: &[V::Scalar], bias: &[V::Scalar], y: &mut [V]) {
    add_stored_rows(x, rows, row, |w| V::Scalar::from_f64(f64::from(w)), &[], identity, y);
    for ((y, scale), bias) in y.iter_mut().zip(scales).zip(bias) {
        *y = y.mul_add(V::splat(*scale), V::splat(*bias));
    }
}

/// The scale of weights that are all within `largest`.
fn scale<T: Real>(largest: T) -> T {
    largest / T::from_f64(127.0)
}

/// The nearest multiple of the scale; 0 where the scale is.
fn round<T: Real>(weight: T, scale: T) -> i8 {
    let ratio: f64 = (weight / scale).round_int().as_();
    ratio as i8
}

impl<T: Zeros, const I: usize, const O: usize> Zeros for Int8Dense<T, I, O> {
    const ZEROS: Self = Int8Dense { weights: [[0; O]; I], scales: Zeros::ZEROS, bias: Zeros::ZEROS };
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Zeros for Int8Head<T, U, H, B, P> {
    const ZEROS: Self = Int8Head { weights: [[[0; P]; B]; H], scales: [Zeros::ZEROS; B], bias: [Zeros::ZEROS; B] };
}

impl<T: Real, const I: usize, const O: usize> Quantize<Dense<T, I, O>> for Int8Dense<T, I, O> {
    fn quantize(&mut self, full: &Dense<T, I, O>) {
        for o in 0..O {
            let largest = full.weights.iter().fold(T::ZEROS, |largest, row| Value::max(row[o].abs(), largest));
            self.scales[o] = scale(largest);
            for i in 0..I {
                self.weights[i][o] = round(full.weights[i][o], self.scales[o]);
            }
        }
        self.bias = full.bias;
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Quantize<Head<T, U, H, B>> for Int8Head<T, U, H, B, P> {
    fn quantize(&mut self, full: &Head<T, U, H, B>) {
        for b in 0..B {
            for (p, s) in self.scales[b].as_mut().iter_mut().enumerate().take(P) {
                let weight = |h: usize| full.weights[h][b].as_ref().get(p).copied().unwrap_or(T::ZEROS);
                *s = scale((0..H).fold(T::ZEROS, |largest, h| Value::max(weight(h).abs(), largest)));
                for h in 0..H {
                    self.weights[h][b][p] = round(weight(h), *s);
                }
            }
        }
        self.bias = full.bias;
    }
}

impl<T: Real, const I: usize, const O: usize, const C: usize> Layer<T, Width<I>, C> for Int8Dense<T, I, O> {
    type Out = Width<O>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &[V; I], _: &[V; C]) -> [V; O] {
        let mut y = [V::ZEROS; O];
        apply(x, &self.weights, |row| row, &self.scales, &self.bias, &mut y);
        y
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("int8_dense"));
        visit(Part::Tensor("kernel", &[I, O]));
        visit(Part::Tensor("scales", &[O]));
        visit(Part::Tensor("bias", &[O]));
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize, const C: usize> Layer<T, Width<H>, C>
    for Int8Head<T, U, H, B, P>
{
    type Out = Each<U, B>;

    #[inline(always)]
    fn apply<V: Value<Scalar = T>>(&self, x: &[V; H], _: &[V; C]) -> [U::Params<V>; B] {
        const {
            assert!(
                P * size_of::<T>() == size_of::<U::Params<T>>(),
                "P must be the number of parameters of the univariate: 3 K for a mixture of K"
            );
        }
        let mut y: [U::Params<V>; B] = Zeros::ZEROS;
        for b in 0..B {
            apply(
                x,
                &self.weights,
                |row| row.get(b).map_or(&[], <[i8; P]>::as_slice),
                self.scales[b].as_ref(),
                self.bias[b].as_ref(),
                y[b].as_mut(),
            );
        }
        y
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("int8_head"));
        visit(Part::Tensor("kernel", &[H, B, P]));
        visit(Part::Tensor("scales", &[B, P]));
        visit(Part::Tensor("bias", &[B, P]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each weight comes back within half a scale, the largest exactly; outputs without weights stay without.
    #[test]
    fn rounds_to_half_a_scale() {
        let full = Dense { weights: [[1.0f32, 0.0, -0.3], [-0.41, 0.0, 1e-3], [0.7, 0.0, 0.29]], bias: [1.0, 2.0, 3.0] };
        let mut small = Int8Dense::<f32, 3, 3>::ZEROS;
        small.quantize(&full);
        assert_eq!([small.weights[0][0], small.weights[0][2]], [127, -127]);
        assert_eq!(small.bias, full.bias);
        for o in 0..3 {
            for i in 0..3 {
                let off = f32::from(small.weights[i][o]) * small.scales[o] - full.weights[i][o];
                assert!(off.abs() <= 0.5001 * small.scales[o], "weight {i}, {o} is off by {off}");
            }
        }
    }

    #[test]
    fn applies_as_the_full_layer() {
        let full = Dense { weights: [[1.0f64, -0.5, 0.3], [-0.41, 0.9, 1e-3]], bias: [1.0, 2.0, 3.0] };
        let mut small = Int8Dense::<f64, 2, 3>::ZEROS;
        small.quantize(&full);
        let x = [0.5, -1.5];
        let exact = Layer::<f64, Width<2>, 0>::apply(&full, &x, &[]);
        let rounded = Layer::<f64, Width<2>, 0>::apply(&small, &x, &[]);
        for o in 0..3 {
            let bound = 0.5001 * small.scales[o] * (x[0].abs() + x[1].abs());
            assert!((exact[o] - rounded[o]).abs() <= bound, "{} is not {}", rounded[o], exact[o]);
        }
    }
}
