//! Weights of eight bits from full ones.

use crate::conditioner::{Dense, Head, Int8Dense, Int8Head};
use crate::number::{Flat, Real, Value};
use crate::store::Quantize;
use crate::univariate::Univariate;

/// The scale of weights that are all within `largest`.
fn scale<T: Real>(largest: T) -> T {
    largest / T::from_f64(127.0)
}

/// The nearest multiple of the scale; 0 where the scale is.
fn round<T: Real>(weight: T, scale: T) -> i8 {
    let ratio: f64 = (weight / scale).round_int().as_();
    ratio as i8
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
            for (p, s) in self.scales[b].flat_mut().iter_mut().enumerate().take(P) {
                let weight = |h: usize| full.weights[h][b].flat().get(p).copied().unwrap_or(T::ZEROS);
                *s = scale((0..H).fold(T::ZEROS, |largest, h| Value::max(weight(h).abs(), largest)));
                for h in 0..H {
                    self.weights[h][b][p] = round(weight(h), *s);
                }
            }
        }
        self.bias = full.bias;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditioner::{Identity, Layer, Width};
    use crate::number::Zeros;

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
        let (mut exact, mut rounded) = ([0.0; 3], [0.0; 3]);
        Layer::<f64, Width<2>, 0>::apply::<f64, Identity>(&full, &x, &[], &mut exact);
        Layer::<f64, Width<2>, 0>::apply::<f64, Identity>(&small, &x, &[], &mut rounded);
        for o in 0..3 {
            let bound = 0.5001 * small.scales[o] * (x[0].abs() + x[1].abs());
            assert!((exact[o] - rounded[o]).abs() <= bound, "{} is not {}", rounded[o], exact[o]);
        }
    }
}
