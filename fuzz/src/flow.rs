//! Flows: layers there and back, training, and files.

use gaussflow::Tanh;
use gaussflow::check::{self, Input, Limits};
use gaussflow::store::format::DecodeError;
use gaussflow::train::{Settings, TrainError, Trainer};
use gaussflow::{
    Bijector, Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Pack, Parameters, Real, Swap, TanhClamp, Value, Zeros,
};
use rand_pcg::Pcg32;

use crate::ROUND_TRIP;

type Half<T, M> = Coupling<M, MixtureCdf<TanhClamp<T>, 2>, (Dense<T, 1, 3>, Tanh, Head<T, MixtureCdf<TanhClamp<T>, 2>, 3, 1>), 1, 1>;
type Small<T> = (Householder<T, 2, 2>, Half<T, FirstHalf>, Half<T, Swap<FirstHalf>>);

/// A small flow; bit 1 of the first byte tells whether its parameters are of everyday size or any bit pattern.
fn flow<T: Real>(input: &mut Input, first: u8) -> Small<T> {
    let mut flow = Small::<T>::ZEROS;
    flow.init(&mut Pcg32::new(0, 0));
    input.parameters(&mut flow, |input| if first & 2 == 0 { input.within(4.0) } else { input.any() });
    flow
}

/// Compiled once a bijector, and not inlined wherever it is called: a build takes seconds.
#[inline(never)]
fn forward<T: Real, B: Bijector<T, 2>>(bijector: &B, mut x: [T; 2]) -> ([T; 2], T) {
    let log_det = bijector.forward_and_log_det(&mut x, &[]);
    (x, log_det)
}

#[inline(never)]
fn inverse<T: Real, B: Bijector<T, 2>>(bijector: &B, mut z: [T; 2]) -> ([T; 2], T) {
    let log_det = bijector.inverse_and_log_det(&mut z, &[]);
    (z, log_det)
}

/// A flow there and back: finite, layer by layer within the bound of [`ROUND_TRIP`], and the tuple equal to its layers in turn.
pub fn flow_round_trip(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() {
        first if first & 1 == 0 => check_flow::<f32>(&mut input, first),
        first => check_flow::<f64>(&mut input, first),
    }
}

fn check_flow<T: Real>(input: &mut Input, first: u8) {
    let flow = flow::<T>(input, first);
    let x: [T; 2] = input.array(Input::any);
    if !x.iter().all(|v| v.is_finite()) {
        return;
    }
    let (rotated, _) = forward(&flow.0, x);
    let (back, _) = inverse(&flow.0, rotated);
    let everyday = first & 2 == 0;
    let largest = Value::max(x[0].abs(), x[1].abs());
    // `v (2 v x / |v|^2)` overflows from `MAX |v|` on.
    if everyday && largest < T::MAX * T::from_f64(1e-6) {
        // Two reflections there and two back, each of them rounded some five times; subnormals have an absolute error.
        let bound = T::from_f64(64.0) * (T::EPSILON * largest) + T::MIN_POSITIVE;
        for d in 0..2 {
            assert!((back[d] - x[d]).abs() <= bound, "{x:?} rotated gives {back:?}: {:?}", flow.0);
        }
    }
    if rotated.iter().all(|v| v.is_finite()) {
        let state = check_coupling(&flow.1, rotated, 1);
        let state = check_coupling(&flow.2, state, 0);
        let (z, log_det) = forward(&flow, x);
        assert_eq!(z, state, "the tuple is its layers in turn");
        assert!(log_det.is_finite());
        if everyday && largest < T::from_f64(1e6) {
            check_laws(&flow, x);
        }
        let (back, log_det) = inverse(&flow, z);
        assert!(log_det.is_finite() && (!everyday || back.iter().all(|v| v.is_finite())), "{z:?} comes from {back:?}");
    }
}

/// The laws of every bijector, where the parameters are of everyday size; gradients are for parameters that are drawn.
#[inline(never)]
fn check_laws<T: Real>(flow: &Small<T>, x: [T; 2]) {
    let least = flow.0.reflectors.iter().map(|v| v[0] * v[0] + v[1] * v[1]).fold(T::INFINITY, Value::min);
    // What a reflector's softening takes from a determinant of 1.
    let softening = 1e-11 / least.as_();
    let limits = Limits { gradient: f64::INFINITY, softening, ..Limits::DEFAULT };
    check::bijector(flow, &[x], &limits).unwrap_or_else(|found| panic!("{found}: {flow:?}"));
}

/// `x` through a coupling that transforms the dimension `b`, and back.
fn check_coupling<T: Real, B: Bijector<T, 2>>(coupling: &B, x: [T; 2], b: usize) -> [T; 2] {
    let (z, log_det) = forward(coupling, x);
    assert!(z.iter().all(|v| v.is_finite()) && log_det.is_finite(), "{x:?} gives {z:?}, log_det {log_det:e}");
    let (back, inverse_log_det) = inverse(coupling, z);
    assert!(back[b].is_finite() && back[1 - b].to_order() == x[1 - b].to_order(), "{z:?} comes from {back:?}");
    let (again, log_det) = forward(coupling, back);
    assert_eq!(log_det, -inverse_log_det, "the log-det at {back:?}");
    let (ours, z_b) = (again[b], z[b]);
    let slack = T::from_f64(ROUND_TRIP) * T::EPSILON * Value::max(z_b.abs(), T::ONE);
    let neighbour = |step: i64| {
        let mut x = back;
        x[b] = T::from_order(x[b].to_order() + step);
        forward(coupling, x).0[b]
    };
    let passed = if ours < z_b { z_b - slack <= neighbour(2) } else { neighbour(-2) <= z_b + slack };
    assert!((ours - z_b).abs() <= slack || passed, "{x:?} gives {z:?}, which comes from {back:?}, which gives {again:?}");
    z
}

/// Training steps on any data: finite parameters, or a typed error that changes nothing.
pub fn train_step(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() {
        first if first & 1 == 0 => check_training::<f32, Pack<f32, 4>>(&mut input, first),
        first => check_training::<f64, f64>(&mut input, first),
    }
}

fn bits<T: Real>(flow: &Small<T>) -> Vec<i64> {
    let mut bits = Vec::new();
    flow.visit(&mut |_, slice| bits.extend(slice.iter().map(|p| p.to_order())));
    bits
}

fn check_training<T: Real, V: Value<Scalar = T>>(input: &mut Input, first: u8) {
    let start = flow::<T>(input, first & !2);
    let settings = Settings {
        clip: if first & 4 == 0 { T::from_f64(10.0) } else { T::INFINITY },
        learning_rate: T::from_f64(f64::powi(2.0, -i32::from(first >> 4))),
        ..Settings::default()
    };
    let mut flow = Saved::<T>::new(start.clone());
    let mut trainer = Trainer::<Saved<T>, V>::ZEROS;
    // Sees the batches that were not refused, and none else.
    let (mut shadow, mut shadow_trainer) = (Saved::<T>::new(start), Trainer::<Saved<T>, V>::ZEROS);
    for _ in 0..4 {
        let rows = usize::from(input.byte() % 8);
        let batch: Vec<[T; 2]> = (0..rows).map(|_| input.array(Input::any)).collect();
        let (before, steps) = (bits(&flow.bijector), trainer.steps());
        match trainer.step(&mut flow, &batch, &settings) {
            Ok(step) => {
                assert!(step.loss.is_finite() && step.gradient_norm.is_finite(), "{step:?} of {batch:?}");
                flow.visit(&mut |_, slice| assert!(slice.iter().all(|p| p.is_finite()), "a parameter is not finite after {batch:?}"));
                let again = shadow_trainer.step(&mut shadow, &batch, &settings);
                assert_eq!(again, Ok(step), "a refused batch left a trace");
            }
            Err(error) => {
                let named = match error {
                    TrainError::Empty => batch.is_empty(),
                    TrainError::Sample(n) => !batch[n].iter().all(|x| x.is_finite()),
                    TrainError::Loss { step, sample } => step == steps && sample < rows,
                    TrainError::Diverged { step } => step == steps,
                    _ => false,
                };
                assert!(named, "{error} of {batch:?}");
                assert_eq!((bits(&flow.bijector), trainer.steps()), (before, steps), "{error} changed something");
            }
        }
    }
    assert_eq!(bits(&flow.bijector), bits(&shadow.bijector), "a refused batch left a trace");
}

/// Any bytes as a file: a flow that writes the same bytes again, or a typed error that changes nothing.
///
/// Bits 1 and 2 of the first byte pick bytes as they come, a file with edits, and a file of any parameters with the right checksum.
pub fn decode(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() {
        first if first & 1 == 0 => check_decode::<f32>(&mut input, first),
        first => check_decode::<f64>(&mut input, first),
    }
}

type Saved<T> = Flow<T, Small<T>, 2>;

fn check_decode<T: Real>(input: &mut Input, first: u8) {
    let mut flow = Saved::<T>::ZEROS;
    flow.init(&mut Pcg32::new(1, 0));
    let mut file = vec![0; Saved::<T>::ENCODED_LEN];
    assert_eq!(flow.encode(&mut file), Ok(file.len()));
    let (header, body) = (32, file.len() - 4);
    match first >> 1 & 3 {
        0 | 1 => file = input.0.to_vec(),
        2 => {
            for _ in 0..input.byte() % 4 {
                let at = usize::from(u16::from_le_bytes([input.byte(), input.byte()])) % file.len();
                file[at] ^= input.byte();
            }
            let len = usize::from(input.byte());
            if first & 8 != 0 {
                file.truncate(len);
            } else if first & 16 != 0 {
                file.resize(file.len() + len, input.byte());
            }
        }
        _ => {
            for place in file[header..body].chunks_exact_mut(size_of::<T>()) {
                let x: f64 = input.any::<T>().as_();
                if T::BITS == 32 { place.copy_from_slice(&(x as f32).to_le_bytes()) } else { place.copy_from_slice(&x.to_le_bytes()) }
            }
            let checksum = crc32fast::hash(&file[..body]).to_le_bytes();
            file[body..].copy_from_slice(&checksum);
        }
    }
    let before = bits(&flow.bijector);
    match flow.decode(&file) {
        Ok(()) => {
            let mut again = vec![0; file.len()];
            assert_eq!(flow.encode(&mut again), Ok(file.len()));
            assert_eq!(again, file);
        }
        Err(error) => {
            assert_eq!(bits(&flow.bijector), before, "{error} changed something");
            let right = match error {
                DecodeError::Truncated { needed, found } => found == file.len() && found < needed,
                DecodeError::TrailingBytes { needed, found } => found == file.len() && needed < found,
                DecodeError::NotAFlow => !file.starts_with(b"gaussflw"),
                DecodeError::Version(version) => version != 1,
                DecodeError::Scalar { expected, found } => expected == T::BITS && found != expected,
                DecodeError::Corrupted => crc32fast::hash(&file[..file.len() - 4]).to_le_bytes() != file[file.len() - 4..],
                DecodeError::AnotherFlow => file[16..32] != encoded_header(&flow)[16..],
                DecodeError::NotFinite(index) => {
                    let place = &file[header + index * size_of::<T>()..];
                    // All ones in the exponent.
                    place[size_of::<T>() - 1] & 0x7f == 0x7f
                }
                _ => false,
            };
            assert!(right, "{error} of {file:?}");
        }
    }
}

/// The first bytes of the flow's own file.
fn encoded_header<T: Real>(flow: &Saved<T>) -> [u8; 32] {
    let mut file = vec![0; Saved::<T>::ENCODED_LEN];
    flow.encode(&mut file).expect("room");
    *file.first_chunk().expect("a header")
}
