//! Contexts in units of their own, revolutions a minute say: what they cost raw, that a fit says so, and that standardised ones cost nothing.

use gaussflow::start::{DataError, WarmStart};
use gaussflow::store::Quantize;
use gaussflow::train::{Schedule, Settings, TrainError, Trainer};
use gaussflow::{
    Bijector, ContextDense, ContextNorm, Coupling, Dense, FirstHalf, Flow, Head, Householder, Int8Dense, Int8Head, MixtureCdf, Relu, Swap,
    TanhClamp, Zeros,
};
use rand_core::Rng;
use rand_pcg::Pcg64;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Net = (ContextDense<f32, 1, 1, 24>, Relu, Dense<f32, 24, 24>, Relu, Head<f32, Mixture, 24, 1>);
type Block = (Householder<f32, 2, 2>, Coupling<FirstHalf, Mixture, Net, 1, 1>, Coupling<Swap<FirstHalf>, Mixture, Net, 1, 1>);
type Raw = Flow<f32, [Block; 2], 2, 1>;
type Normed = Flow<f32, ContextNorm<f32, [Block; 2], 1>, 2, 1>;

const ROWS: usize = 2000;

/// Vibration and current of a motor at 300 to 1500 revolutions a minute, in units of `rpm`, with a resonance at 900.
fn rows(rpm: f32, seed: u128) -> (Vec<[f32; 2]>, Vec<[f32; 1]>) {
    let mut rng = Pcg64::new(seed, 1);
    let mut uniform = move || rng.next_u32() as f32 / 4_294_967_296.0;
    let row = |_| {
        let speed = 300.0 + 1200.0 * uniform();
        let noise = [(); 2].map(|()| uniform() + uniform() + uniform() - 1.5);
        let resonance = 1.0 / (1.0 + ((speed - 900.0) / 80.0).powi(2));
        ([2.0 * resonance + 0.1 * noise[0], speed / 600.0 + resonance * noise[0] + 0.05 * noise[1]], [speed * rpm])
    };
    (0..ROWS).map(row).unzip()
}

fn settings() -> Settings<f32> {
    let (epochs, batch) = (40, 64);
    let steps = epochs * (ROWS / batch) as u32;
    Settings { epochs, batch, learning_rate: 3e-3, schedule: Schedule::Cosine { warmup: 20, steps, last: 0.01 }, ..Settings::default() }
}

/// Rows at other speeds than those they are told to be at.
fn faults(rpm: f32) -> (Vec<[f32; 2]>, Vec<[f32; 1]>) {
    let (samples, contexts) = rows(rpm, 5);
    let at = |n: usize| contexts[(n + 1) % ROWS];
    let apart = |n: &usize| (at(*n)[0] - contexts[*n][0]).abs() > 150.0 * rpm;
    (0..ROWS).filter(apart).map(|n| (samples[n], at(n))).unzip()
}

/// The mean NLL of new rows, and the share of faults below all but 1 % of them.
fn quality<B: Bijector<f32, 2, 1>>(flow: &Flow<f32, B, 2, 1>, rpm: f32) -> (f32, f32) {
    let log_probs = |(samples, contexts): &(Vec<[f32; 2]>, Vec<[f32; 1]>)| {
        let mut log_probs = vec![0.0; samples.len()];
        flow.log_probs((samples, contexts), &mut log_probs).expect("as many places");
        log_probs.sort_by(f32::total_cmp);
        log_probs
    };
    let (sound, faults) = (log_probs(&rows(rpm, 2)), log_probs(&faults(rpm)));
    let found = faults.partition_point(|log_prob| *log_prob < sound[ROWS / 100]);
    (-sound.iter().sum::<f32>() / ROWS as f32, found as f32 / faults.len() as f32)
}

/// A fit to contexts as they are.
fn raw(rpm: f32) -> (f32, f32) {
    let (samples, contexts) = rows(rpm, 1);
    let mut flow = Raw::random(&mut Pcg64::new(3, 3));
    let (fit, mut trainer) = (flow.fit((&samples, &contexts)).settings(settings()).allow_raw_contexts(), Trainer::<_>::ZEROS);
    fit.run(&mut trainer, &mut Pcg64::new(4, 4)).expect("a fit");
    quality(&flow, rpm)
}

/// The same with standardised contexts.
fn normed(rpm: f32) -> (f32, f32) {
    let (samples, contexts) = rows(rpm, 1);
    let mut flow = Normed::random(&mut Pcg64::new(3, 3));
    flow.bijector.fit(&contexts).expect("contexts that vary");
    let fitted = flow.bijector.clone();
    let mut trainer = Trainer::<_>::ZEROS;
    flow.fit((&samples, &contexts)).settings(settings()).run(&mut trainer, &mut Pcg64::new(4, 4)).expect("a fit");
    assert_eq!((flow.bijector.mean, flow.bijector.scale), (fitted.mean, fitted.scale), "training leaves them alone");
    quality(&flow, rpm)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "trains for a minute without optimization: run it with --release")]
fn standardised_contexts_lose_nothing() {
    let ((raw_nll, raw_found), (nll, found)) = (raw(1.0), normed(1.0));
    println!("NLL {nll:.3} nats, {:.1} % of faults found; raw {raw_nll:.3} nats, {:.1} %", 100.0 * found, 100.0 * raw_found);
    assert!(nll + 1.0 < raw_nll && raw_found + 0.1 < found, "{nll} {found} {raw_nll} {raw_found}");
    // Whatever the unit: turns a second, or a millionth of it.
    for rpm in [1.0 / 60.0, 1e6 / 60.0] {
        let (other, _) = normed(rpm);
        assert!((other - nll).abs() < 0.2, "{other} at {rpm}, {nll} at 1");
    }
}

#[test]
fn a_fit_says_that_contexts_are_raw() {
    let (samples, contexts) = rows(1.0, 1);
    let (mut flow, mut trainer) = (Raw::random(&mut Pcg64::new(3, 3)), Trainer::<_>::ZEROS);
    let before = flow.clone();
    let error = flow.fit((&samples, &contexts)).settings(settings()).run(&mut trainer, &mut Pcg64::new(4, 4)).unwrap_err();
    assert_eq!((error, &flow), (TrainError::RawContext(0), &before));
    assert!(error.to_string().contains("standardise it (`ContextNorm`)"), "{error}");
    // As a part that was not fitted leaves them.
    let (mut flow, mut unused) = (Normed::random(&mut Pcg64::new(3, 3)), Trainer::<_>::ZEROS);
    let error = flow.fit((&samples, &contexts)).settings(settings()).run(&mut unused, &mut Pcg64::new(4, 4)).unwrap_err();
    assert_eq!(error, TrainError::RawContext(0));
    // Nothing is said of contexts of a usual size.
    let (samples, contexts) = rows(1.0 / 60.0, 1);
    let mut flow = Raw::random(&mut Pcg64::new(3, 3));
    flow.fit((&samples, &contexts)).settings(Settings { epochs: 1, ..settings() }).run(&mut trainer, &mut Pcg64::new(4, 4)).expect("a fit");
}

#[test]
fn a_warm_start_standardises_contexts() {
    let ((samples, contexts), mut scratch) = (rows(1.0, 1), vec![0.0; ROWS]);
    let mut flow = Normed::random(&mut Pcg64::new(3, 3));
    let before = flow.clone();
    let short = flow.warm_start_given(&mut samples.clone(), &contexts[1..], &mut scratch, &WarmStart::default(), &Pcg64::new(4, 4));
    assert_eq!(short, Err(DataError::ContextCount { samples: ROWS, contexts: ROWS - 1 }));
    let mut broken = contexts.clone();
    broken[7][0] = f32::NAN;
    let result = flow.warm_start_given(&mut samples.clone(), &broken, &mut scratch, &WarmStart::default(), &Pcg64::new(4, 4));
    assert_eq!((result, &flow), (Err(DataError::Sample(7)), &before));

    let nll = flow.warm_start_given(&mut samples.clone(), &contexts, &mut scratch, &WarmStart::default(), &Pcg64::new(4, 4)).unwrap();
    let mut fitted = before;
    fitted.bijector.fit(&contexts).unwrap();
    assert_eq!((flow.bijector.mean, flow.bijector.scale), (fitted.bijector.mean, fitted.bijector.scale));
    let measured = flow.mean_nll((&samples, &contexts));
    assert!((nll as f32 - measured).abs() < 1e-3, "{nll} {measured}");
    // Its maps are those that a start without contexts finds.
    let mut plain = Normed::random(&mut Pcg64::new(3, 3));
    assert_eq!(plain.warm_start(&mut samples.clone(), &mut scratch, &WarmStart::default(), &Pcg64::new(4, 4)), Ok(nll));
    assert_eq!(plain.bijector.bijector, flow.bijector.bijector);
}

/// With weights of eight bits, and from a file, it standardises as before.
#[test]
fn goes_with_the_flow() {
    type SmallNet = (ContextDense<f32, 1, 1, 24>, Relu, Int8Dense<f32, 24, 24>, Relu, Int8Head<f32, Mixture, 24, 1, 12>);
    type Small<M> = Coupling<M, Mixture, SmallNet, 1, 1>;
    type SmallNormed = Flow<f32, ContextNorm<f32, [(Householder<f32, 2, 2>, Small<FirstHalf>, Small<Swap<FirstHalf>>); 2], 1>, 2, 1>;
    let (samples, contexts) = rows(1.0, 1);
    let mut flow = Normed::random(&mut Pcg64::new(3, 3));
    flow.bijector.fit(&contexts).unwrap();
    let (fit, mut trainer) = (flow.fit((&samples, &contexts)).settings(Settings { epochs: 2, ..settings() }), Trainer::<_>::ZEROS);
    fit.run(&mut trainer, &mut Pcg64::new(4, 4)).unwrap();
    let mut small = SmallNormed::ZEROS;
    small.quantize(&flow);
    assert_eq!((small.bijector.mean, small.bijector.scale), (flow.bijector.mean, flow.bijector.scale));
    let (full_nll, small_nll) = (flow.mean_nll((&samples, &contexts)), small.mean_nll((&samples, &contexts)));
    assert!((full_nll - small_nll).abs() < 0.02, "{full_nll} {small_nll}");

    let (mut bytes, mut read) = (vec![0; Normed::ENCODED_LEN], Normed::ZEROS);
    flow.encode(&mut bytes).unwrap();
    read.decode(&bytes).unwrap();
    assert_eq!(read, flow);
    assert!(flow.to_string().contains("context_norm mean[1] scale[1]"), "{flow}");
    // A flow without it is another structure.
    let mut other = Raw::ZEROS;
    assert!(other.decode(&bytes).is_err());
}

#[test]
#[ignore = "tells what contexts of each size cost"]
fn what_raw_contexts_cost() {
    for scale in [1e-3, 3e-3, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3, 1.0, 10.0] {
        println!("contexts of {:>6.1} to {:>7.1}: {:.3} nats", 300.0 * scale, 1500.0 * scale, raw(scale).0);
    }
}
