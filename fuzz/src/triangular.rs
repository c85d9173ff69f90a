//! Triangular maps: `z_i` is a map of `x_i` that the coordinates before it choose.

use gaussflow::check::Input;
use gaussflow::{Bijector, Flow, GaussianMixture, Parameters, Real, Value, Zeros};

use crate::ROUND_TRIP;
use crate::univariate::{held, next, unit};

/// Calls `$run::<T, D, K>($input)` with the scalar, the dimensions and the number of components that the first byte picks.
macro_rules! pick {
    ($data:expr, $run:ident) => {{
        let mut input = Input($data);
        let first = input.byte();
        match first & 3 {
            0 => $run::<f32, 3, 2>(&mut input, first),
            1 => $run::<f32, 2, 3>(&mut input, first),
            2 => $run::<f64, 3, 2>(&mut input, first),
            _ => $run::<f64, 2, 3>(&mut input, first),
        }
    }};
}

/// Compiled once a bijector, and not inlined wherever it is called: a build takes seconds.
#[inline(never)]
fn forward<T: Real, B: Bijector<T, D>, const D: usize>(bijector: &B, mut x: [T; D]) -> ([T; D], T) {
    let log_det = bijector.forward_and_log_det(&mut x, &[]);
    (x, log_det)
}

#[inline(never)]
fn inverse<T: Real, B: Bijector<T, D>, const D: usize>(bijector: &B, mut z: [T; D]) -> ([T; D], T) {
    let log_det = bijector.inverse_and_log_det(&mut z, &[]);
    (z, log_det)
}

/// A triangular map of any parameters at any finite points: finite, in order, and the same there and back. Bit 2 of the first byte picks everyday sizes.
pub fn triangular(data: &[u8]) {
    pick!(data, check_mixture)
}

fn check_mixture<T: Real, const D: usize, const K: usize>(input: &mut Input, first: u8) {
    let everyday = first & 4 != 0;
    let mut mixture = GaussianMixture::<T, D, K>::ZEROS;
    input.parameters(&mut mixture, |input| if everyday { input.within(4.0) } else { input.any() });
    let Some((x, z)) = check(input, first, &mixture) else { return };

    let log_probs: [T; D] = std::array::from_fn(|i| mixture.log_prob(&x[..=i]));
    assert!(log_probs.iter().all(|log| log.is_finite()), "{log_probs:?} at {x:?}: {mixture:?}");
    if everyday {
        let (mut before, mut size) = (T::ZEROS, T::from_f64(16.0));
        for (log, z) in log_probs.iter().zip(&z) {
            size += (*log - before).abs() + *z * *z;
            before = *log;
        }
        let log_prob = Flow::<T, _, D>::new(mixture.clone()).log_prob(&x);
        // Past the root of the largest number squares are infinite, and the density is 0.
        let far = !size.is_finite();
        let slack = T::from_f64(64.0) * T::EPSILON * size;
        assert!(far || (log_prob - before).abs() <= slack, "the flow's {log_prob:e}, not {before:e} at {x:?}: {mixture:?}");
    }
    let given = mixture.conditional(&x[..D - 1]).expect("finite coordinates");
    assert!(given.log_pdf(x[D - 1]).is_finite(), "at {x:?}: {mixture:?}");
    let parts = mixture.responsibilities(&x);
    let total = parts.iter().fold(T::ZEROS, |sum, part| sum + *part);
    assert!((total - T::ONE).abs() <= T::from_f64(K as f64) * T::EPSILON, "{parts:?} at {x:?}: {mixture:?}");
}

/// What any triangular map promises. Returns the point that was tried, and its image; `None` where a number is not finite.
fn check<T: Real, B: Bijector<T, D> + Parameters<T> + core::fmt::Debug, const D: usize>(
    input: &mut Input,
    first: u8,
    part: &B,
) -> Option<([T; D], [T; D])> {
    let x: [T; D] = input.array(Input::any);
    let other: [T; D] = if first & 8 != 0 { x.map(|x| next(x, i64::from(input.byte()) - 128)) } else { input.array(Input::any) };
    if !x.iter().chain(&other).all(|v| v.is_finite()) {
        return None;
    }
    let (z, log_det) = forward(part, x);
    assert!(z.iter().all(|z| z.is_finite()) && log_det.is_finite(), "{z:?}, {log_det:e} at {x:?}: {part:?}");
    let (back, back_log_det) = inverse(part, x);
    assert!(back.iter().all(|x| x.is_finite()) && back_log_det.is_finite(), "{back:?}, {back_log_det:e} from {x:?}: {part:?}");
    let (again, log_det_there) = forward(part, back);
    assert_eq!(log_det_there, -back_log_det, "the log-det at {back:?}, from {x:?}: {part:?}");
    for i in 0..D {
        // The same before `i`, another from there on.
        let turned = std::array::from_fn(|j| if j < i { x[j] } else { other[j] });
        for (way, image, turned_image) in [("forward", z, forward(part, turned).0), ("inverse", back, inverse(part, turned).0)] {
            let same = image[..i].iter().zip(&turned_image[..i]).all(|(a, b)| a.to_order() == b.to_order());
            assert!(same, "{way} {image:?} at {x:?}, but {turned_image:?} at {turned:?}: {part:?}");
            let ordered = if x[i] <= other[i] { image[i] <= turned_image[i] } else { turned_image[i] <= image[i] };
            assert!(ordered, "{way} {image:?} at {x:?}, but {turned_image:?} at {turned:?}: {part:?}");
        }

        let aim = held(x[i]);
        let beside = |steps: i64| {
            let mut moved = back;
            moved[i] = next(back[i], steps);
            forward(part, moved).0[i]
        };
        let slack = T::from_f64(ROUND_TRIP) * unit(aim);
        let passed = || if again[i] < aim { aim - slack <= beside(2) } else { beside(-2) <= aim + slack };
        assert!(Value::abs(again[i] - aim) <= slack || passed(), "{back:?} gives {again:?} for {x:?}: {part:?}");
    }
    Some((x, z))
}
