//! Weights of 8 and 16 bits from full ones.

use crate::conditioner::{ContextDense, Dense, Head, IntegerContextDense, IntegerDense, IntegerHead, IntegerSharedHead, SharedHead};
use crate::number::{Flat, Real, Value, Weight};
use crate::store::Quantize;
use crate::univariate::Univariate;

/// Each output's weights to multiples of its scale: their largest magnitude over the largest integer. All 0 where that is.
fn quantize<T: Real, W: Weight, R: Flat<T>, S: Flat<W>>(full: &[R], rows: &mut [S], scales: &mut [T]) {
    for (o, scale) in scales.iter_mut().enumerate() {
        let weight = |row: &R| row.flat().get(o).copied().unwrap_or(T::ZEROS);
        let largest = full.iter().fold(T::ZEROS, |largest, row| Value::max(weight(row).abs(), largest));
        *scale = largest / T::from_f64(f64::from(W::LARGEST));
        for (full, row) in full.iter().zip(rows.iter_mut()) {
            if let Some(place) = row.flat_mut().get_mut(o) {
                *place = W::nearest(weight(full) / *scale);
            }
        }
    }
}

impl<W: Weight, T: Real, const I: usize, const O: usize> Quantize<Dense<T, I, O>> for IntegerDense<W, T, I, O> {
    fn quantize(&mut self, full: &Dense<T, I, O>) {
        quantize(&full.weights, &mut self.weights, &mut self.scales);
        self.bias = full.bias;
    }
}

impl<W: Weight, T: Real, const I: usize, const C: usize, const O: usize> Quantize<ContextDense<T, I, C, O>>
    for IntegerContextDense<W, T, I, C, O>
{
    fn quantize(&mut self, full: &ContextDense<T, I, C, O>) {
        self.dense.quantize(&full.dense);
        quantize(&full.context_weights, &mut self.context_weights, &mut self.context_scales);
    }
}

impl<W: Weight, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Quantize<Head<T, U, H, B>>
    for IntegerHead<W, T, U, H, B, P>
{
    fn quantize(&mut self, full: &Head<T, U, H, B>) {
        quantize(&full.weights, &mut self.weights, self.scales.flat_mut());
        self.bias = full.bias;
    }
}

impl<W: Weight, T: Real, U: Univariate<T>, const H: usize, const B: usize, const P: usize> Quantize<SharedHead<T, U, H, B>>
    for IntegerSharedHead<W, T, U, H, B, P>
{
    fn quantize(&mut self, full: &SharedHead<T, U, H, B>) {
        self.head.quantize(&full.head);
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;
    use rand_pcg::Pcg32;

    use super::*;
    use crate::conditioner::{Activation, Identity, Int8Dense, Int8Head, Int16Dense, Layer, Relu, Tanh, Width};
    use crate::number::{Pack, Wide, Zeros};
    use crate::univariate::{Affine, NoClamp};

    fn apply<T: Real, V: Value<Scalar = T>, F: Activation, const I: usize, const O: usize>(
        layer: &impl Layer<T, Width<I>, 0, Out = Width<O>>,
        x: &[V; I],
    ) -> [V; O] {
        let mut y = [V::constant(7.0); O];
        layer.apply::<V, F>(x, &[], &mut y);
        y
    }

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

    /// The largest share of the stated bound that layers of `W` are off by, over weights and inputs that lie about as far from integers as they can.
    fn worst_share<W: Weight>() -> f64 {
        let mut rng = Pcg32::new(5, 6);
        let mut worst = 0.0f64;
        for round in 0..20_000 {
            let largest = f64::from(W::LARGEST);
            let mut near_half = |most: f64| {
                let whole = (f64::uniform(&mut rng) * most - 1.0).max(0.0) as i32;
                let sign = if round % 2 == 0 || rng.next_u32().is_multiple_of(2) { 1.0 } else { -1.0 };
                sign * (f64::from(whole) + 0.5 + 0.002 * (f64::uniform(&mut rng) - 0.5))
            };
            let scale = 0.7 + 0.1 * (round % 5) as f64;
            // Small whole parts, where halves weigh most, and large ones.
            let most = if round % 3 == 0 { largest } else { 4.0 };
            let mut full = Dense { weights: core::array::from_fn::<_, 6, _>(|_| [scale * near_half(most)]), bias: [near_half(3.0)] };
            full.weights[0][0] = scale * largest;
            let unit = if round % 7 == 0 { 1e200 } else { 2.0f64.powi(-20) };
            let mut x = core::array::from_fn(|_| unit * near_half(if round % 2 == 0 { 32767.0 } else { 20_000.0 }));
            x[round % 6] = unit * 32_767.99;
            let mut small = IntegerDense::<W, f64, 6, 1>::ZEROS;
            small.quantize(&full);
            let ([exact], [rounded]) = (apply::<_, _, Identity, 6, 1>(&full, &x), apply::<_, _, Identity, 6, 1>(&small, &x));
            let sum = |f: &dyn Fn(usize) -> f64| (0..6).map(f).sum::<f64>();
            let most = x.iter().fold(0.0, |most, x| Value::max(x.abs(), most));
            // Back in units of the scale, as the layer has it.
            let stored = sum(&|i| (full.weights[i][0] / small.scales[0]).round_int().abs());
            let bound = small.scales[0] * (0.5 * sum(&|i| x[i].abs()) + most * 2.0f64.powi(-15) * stored);
            // A few roundings of sums of this size.
            let roundings = 8.0 * f64::EPSILON * (full.bias[0].abs() + sum(&|i| (x[i] * full.weights[i][0]).abs()));
            assert!((exact - rounded).abs() <= bound + roundings, "{rounded} is not {exact}, bound {bound:e}");
            worst = Value::max((exact - rounded).abs() / bound, worst);
        }
        worst
    }

    /// The bound of [`IntegerDense`] holds, and is no more than twice what can be found.
    #[test]
    fn layers_are_off_by_no_more_than_stated() {
        let (of_8, of_16) = (worst_share::<i8>(), worst_share::<i16>());
        std::println!("share of the bound: {of_8:.3} with 8 bits, {of_16:.3} with 16");
        assert!(of_8 > 0.5 && of_16 > 0.5, "{of_8} {of_16}");
        assert!(of_8 <= 1.0 && of_16 <= 1.0, "{of_8} {of_16}");
    }

    const WILD: [f32; 12] = [0.0, -0.0, 1.0, -0.3, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, -1e-38, 3e38];

    fn drawn<T: Real, W: Weight, const I: usize, const O: usize>(seed: u64) -> IntegerDense<W, T, I, O> {
        let mut rng = Pcg32::new(seed, 2);
        let mut draw = || T::uniform(&mut rng) * T::from_f64(2.0) - T::ONE;
        let full = Dense { weights: [[(); O]; I].map(|row| row.map(|()| draw())), bias: [(); O].map(|()| draw()) };
        let mut layer = IntegerDense::ZEROS;
        layer.quantize(&full);
        layer
    }

    /// Each lane has the bits of the single sample, whatever is in the others.
    fn lanes_are_single<V: Value, W: Weight>() {
        let layer = drawn::<V::Scalar, W, 5, 13>(3);
        let mut rng = Pcg32::new(1, 9);
        for round in 0..400 {
            let x: [V; 5] = core::array::from_fn(|_| {
                V::from_lanes(|_| {
                    let wild = V::Scalar::from_f64(f64::from(WILD[rng.next_u32() as usize % 12]));
                    let ordinary = V::Scalar::uniform(&mut rng) - V::Scalar::from_f64(0.4);
                    if rng.next_u32() % 16 < round % 5 { wild } else { ordinary }
                })
            });
            let lanes = apply::<_, V, Relu, 5, 13>(&layer, &x);
            for n in 0..V::LANES {
                let single = apply::<_, V::Scalar, Relu, 5, 13>(&layer, &x.map(|x| x.lane(n)));
                for o in 0..13 {
                    assert_eq!(lanes[o].lane(n).to_order(), single[o].to_order(), "{x:?} lane {n} output {o}");
                }
            }
        }
    }

    #[test]
    fn lanes_have_the_bits_of_single_samples() {
        lanes_are_single::<Wide<f32>, i8>();
        lanes_are_single::<Wide<f64>, i8>();
        lanes_are_single::<Pack<f32, 3>, i16>();
        lanes_are_single::<Wide<f64>, i16>();
    }

    /// Zeros give the bias, a NaN gives NaN everywhere, and nothing else does.
    #[test]
    fn every_input_has_its_answer() {
        let (small, large) = (drawn::<f32, i8, 2, 5>(4), drawn::<f32, i16, 2, 5>(4));
        for a in WILD {
            for b in WILD {
                for y in [
                    apply::<_, f32, Identity, 2, 5>(&small, &[a, b]),
                    apply::<_, f32, Relu, 2, 5>(&small, &[a, b]),
                    apply::<_, f32, Tanh, 2, 5>(&large, &[a, b]),
                ] {
                    assert!(y.iter().all(|y| y.is_nan() == (a.is_nan() || b.is_nan())), "{a} {b}: {y:?}");
                }
                if a == 0.0 && b == 0.0 {
                    assert_eq!(apply::<_, f32, Identity, 2, 5>(&small, &[a, b]), small.bias);
                }
            }
        }
        // Far from 1 as at 1: the unit follows.
        for power in [-60, -20, 20, 60] {
            let factor = 2.0f32.powi(power);
            let (one, other) = (IntegerDense { bias: [0.0; 5], ..small.clone() }, [0.37f32, -0.9]);
            let scaled = apply::<_, f32, Identity, 2, 5>(&one, &other.map(|x| x * factor));
            assert_eq!(scaled, apply::<_, f32, Identity, 2, 5>(&one, &other).map(|y| y * factor));
        }
        assert_eq!(apply::<_, f32, Identity, 0, 2>(&drawn::<f32, i8, 0, 2>(1), &[]), drawn::<f32, i8, 0, 2>(1).bias);
    }

    /// A context has a unit of its own; a shared head gives all dimensions the same.
    #[test]
    fn other_layers_are_made_of_dense_ones() {
        let (x, context) = ([0.4f64, -0.2], [1e-6, 3e-7]);
        let full = ContextDense {
            dense: Dense { weights: [[0.3, -1.0], [0.7, 0.2]], bias: [0.1, 0.2] },
            context_weights: [[2e4, 1e4], [-1e4, 5e4]],
        };
        let mut small = IntegerContextDense::<i16, f64, 2, 2, 2>::ZEROS;
        small.quantize(&full);
        let (mut exact, mut rounded) = ([0.0; 2], [0.0; 2]);
        full.apply::<f64, Tanh>(&x, &context, &mut exact);
        small.apply::<f64, Tanh>(&x, &context, &mut rounded);
        assert!((0..2).all(|o| (exact[o] - rounded[o]).abs() < 1e-4 && exact[o] != rounded[o]), "{rounded:?} is not {exact:?}");

        let head = Head::<f64, Affine<NoClamp>, 2, 1> { weights: [[[0.5, -0.25]], [[1.0, 0.75]]], bias: [[0.1, 0.2]] };
        let mut shared = IntegerSharedHead::<i8, f64, Affine<NoClamp>, 2, 3, 2>::ZEROS;
        shared.quantize(&SharedHead { head: head.clone() });
        let mut one = Int8Head::<f64, Affine<NoClamp>, 2, 1, 2>::ZEROS;
        one.quantize(&head);
        let (mut all, mut single) = ([[0.0; 2]; 3], [[0.0; 2]]);
        Layer::<f64, Width<2>, 0>::apply::<f64, Identity>(&shared, &x, &[], &mut all);
        Layer::<f64, Width<2>, 0>::apply::<f64, Identity>(&one, &x, &[], &mut single);
        assert_eq!(all, [single[0]; 3]);
        let dense = Int16Dense::<f64, 2, 2>::ZEROS;
        assert_eq!(apply::<_, f64, Identity, 2, 2>(&dense, &x), [0.0; 2]);
    }
}
