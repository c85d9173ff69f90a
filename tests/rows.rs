//! Rows by their weights: a weight is how often a row counts.

#[path = "common/small.rs"]
mod small;
#[path = "common/stir.rs"]
mod stir;

use gaussflow::train::{Settings, Total, TrainError, Trainer};
use gaussflow::{
    Affine, ContextDense, Coupling, FirstHalf, Flow, Head, Householder, Init, IntoRows, Marginal, MixtureCdf, NoClamp, Pack, Parameters,
    Real, Rows, Tanh, TanhClamp, Value, Wide, Zeros, standard_normal,
};
use rand_pcg::Pcg32;
use small::{Small, start};
use stir::stir;

type Net = (ContextDense<f64, 1, 2, 8>, Tanh, Head<f64, MixtureCdf<TanhClamp<f64>, 3>, 8, 1>);
type Given = Flow<f64, (Householder<f64, 2, 2>, Coupling<FirstHalf, MixtureCdf<TanhClamp<f64>, 3>, Net, 1, 1>), 2, 2>;

/// How often each of 13 rows counts: the first and the last not at all, nor any of a pack of four.
const TIMES: [usize; 13] = [0, 2, 1, 3, 0, 0, 0, 0, 1, 1, 2, 1, 0];

/// Sums of up to 20 terms in another order, relative to the largest.
const REORDERED: f64 = 1e-13;

fn draws<const N: usize>(count: usize, rng: &mut Pcg32) -> Vec<[f64; N]> {
    (0..count).map(|_| std::array::from_fn(|_| standard_normal(rng))).collect()
}

/// Each row as often as it counts.
fn repeated<const N: usize>(rows: &[[f64; N]]) -> Vec<[f64; N]> {
    rows.iter().zip(TIMES).flat_map(|(row, times)| std::iter::repeat_n(*row, times)).collect()
}

fn weights<T: Real>() -> [T; 13] {
    TIMES.map(|times| T::from_f64(times as f64))
}

/// The total, and the gradient as one slice.
fn gradient<V: Value<Scalar = f64>, const P: usize>(flow: &Given, rows: Rows<f64, 2, 2>) -> (Total<f64>, Vec<f64>) {
    let mut trainer = Trainer::<Given, V, P>::ZEROS;
    let (total, mut all) = (trainer.nll_gradient(flow, rows).unwrap(), Vec::new());
    trainer.gradient().visit(&mut |_, slice| all.extend_from_slice(slice));
    (total, all)
}

/// A weight of 2 is the row given twice, a weight of 0 the row left out: in loss and gradient, on any lanes.
#[test]
fn a_weight_is_how_often_a_row_counts() {
    let mut rng = Pcg32::new(4, 4);
    let mut flow = Given::ZEROS;
    flow.init(&mut rng);
    stir::<f64, _>(&mut flow, 0.3, &mut rng);
    let (samples, contexts) = (draws::<2>(13, &mut rng), draws::<2>(13, &mut rng));
    let (many, many_contexts) = (repeated(&samples), repeated(&contexts));
    let weights = weights::<f64>();
    let weighted = (&samples, &contexts).into_rows().weighted(&weights);
    let repeated = (&many, &many_contexts).into_rows();
    assert_eq!((repeated.len(), weighted.len()), (11, 13));
    let (theirs, their_gradient) = gradient::<f64, 1>(&flow, repeated);
    let size = their_gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
    for (lanes, (ours, gradient)) in [
        ("single", gradient::<f64, 1>(&flow, weighted)),
        ("packs", gradient::<Pack<f64, 4>, 1>(&flow, weighted)),
        ("fused", gradient::<Wide<f64>, 1>(&flow, weighted)),
        ("two shares", gradient::<f64, 2>(&flow, weighted)),
    ] {
        assert_eq!(ours.weight, 11.0, "{lanes}");
        assert!((ours.loss - theirs.loss).abs() <= REORDERED * theirs.loss.abs(), "{lanes}: {ours:?}, {theirs:?}");
        for (ours, theirs) in gradient.iter().zip(&their_gradient) {
            assert!((ours - theirs).abs() <= REORDERED * size, "{lanes}: {ours} for {theirs}");
        }
    }
    let (ours, theirs) = (flow.mean_nll(weighted), flow.mean_nll(repeated));
    assert!((ours - theirs).abs() <= REORDERED * theirs.abs(), "{ours}, {theirs}");
    let by_one: f64 = (0..13).map(|n| -weights[n] * flow.given(contexts[n]).log_prob(&samples[n])).sum::<f64>() / 11.0;
    assert!((ours - by_one).abs() <= REORDERED * by_one.abs(), "{ours}, {by_one}");
}

/// A step, and one of the reverse divergence, on weighted rows is one on the rows as often.
#[test]
fn a_step_takes_weights() {
    let (mut flow, mut rng) = start::<f64>();
    stir::<f64, _>(&mut *flow, 0.1, &mut rng);
    let (samples, weights) = (draws::<2>(13, &mut rng), weights::<f64>());
    let (many, settings) = (repeated(&samples), Settings { learning_rate: 1e-2, ..Settings::default() });
    let target = |x: &[f64; 2], _: &[f64; 0]| (-0.5 * (x[0] * x[0] + 4.0 * x[1] * x[1]), [-x[0], -4.0 * x[1]]);
    let step = |rows: Rows<f64, 2>, reverse: bool| {
        let (mut flow, mut trainer) = (flow.clone(), Box::new(Trainer::<Small<f64>, Pack<f64, 4>>::ZEROS));
        let done =
            if reverse { trainer.step_reverse_kl(&mut flow, rows, target, &settings) } else { trainer.step(&mut flow, rows, &settings) };
        let (done, mut all) = (done.unwrap(), Vec::new());
        flow.visit(&mut |_, slice| all.extend_from_slice(slice));
        all.extend([done.loss, done.gradient_norm]);
        all
    };
    for reverse in [false, true] {
        let (ours, theirs) = (step(samples.into_rows().weighted(&weights), reverse), step(many.into_rows(), reverse));
        for (n, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            // Adam's first step is the sign of the gradient, which is far from 0 beside its epsilon.
            assert!((ours - theirs).abs() <= 1e-8 * theirs.abs().max(1.0), "{n}: {ours} for {theirs}");
        }
    }
}

/// Where all weights are one power of 2, a fit has the bits of one without; the validation loss is that of the weighted rows.
#[test]
fn a_fit_takes_weights() {
    let mut rng = Pcg32::new(4, 4);
    let (samples, held) = (draws::<2>(40, &mut rng), draws::<2>(13, &mut rng));
    let settings = Settings { epochs: 3, batch: 16, learning_rate: 1e-2, ..Settings::default() };
    let fit = |rows: Rows<f64, 2>, validation: Rows<f64, 2>| {
        let (mut flow, mut rng) = start::<f64>();
        let fit = flow.fit(rows).settings(settings).validate(validation);
        let outcome = fit.run(&mut Box::new(Trainer::<_, Pack<f64, 4>>::ZEROS), &mut rng).unwrap();
        (flow, outcome)
    };
    let (twos, times) = ([2.0; 40], weights::<f64>());
    let plain = fit(samples.into_rows(), held.into_rows());
    assert_eq!(fit(samples.into_rows().weighted(&twos), held.into_rows()), plain);
    let many = repeated(&held);
    let (ours, theirs) = (fit(samples.into_rows(), held.into_rows().weighted(&times)).1, fit(samples.into_rows(), many.into_rows()).1);
    assert!((ours.best_validation - theirs.best_validation).abs() <= REORDERED * theirs.best_validation.abs());
    assert!(ours.best_validation != plain.1.best_validation);
}

/// Batches of rows without weight make no step; a row without weight may lie where the flow has no density.
#[test]
fn rows_without_weight_are_left_out() {
    let mut rng = Pcg32::new(4, 4);
    let (mut samples, weights) = (draws::<2>(13, &mut rng), weights::<f64>());
    for (x, times) in samples.iter_mut().zip(TIMES) {
        if times == 0 {
            *x = [1e300, -1e300];
        }
    }
    let rows = samples.into_rows().weighted(&weights);
    let mut flow = Flow::<f64, Marginal<f64, Affine<NoClamp>, 2>, 2>::ZEROS;
    assert_eq!(flow.log_prob(&samples[0]), f64::NEG_INFINITY);
    let mut trainer = Trainer::<_, Pack<f64, 4>>::ZEROS;
    let (ours, theirs) = (trainer.nll_gradient(&flow, rows).unwrap(), flow.mean_nll(rows));
    assert!((ours.mean() - theirs).abs() <= REORDERED * theirs);
    let gradient = trainer.gradient().clone();
    trainer.nll_gradient(&flow, &repeated(&samples)).unwrap();
    for (ours, theirs) in gradient.bijector.params.as_flattened().iter().zip(trainer.gradient().bijector.params.as_flattened()) {
        assert!((ours - theirs).abs() <= REORDERED * theirs.abs().max(1.0), "{ours} for {theirs}");
    }
    assert!((theirs - flow.mean_nll(&repeated(&samples))).abs() <= REORDERED * theirs);
    assert_eq!(flow.mean_nll(&samples), f64::INFINITY);
    // A target that says nothing of the rows without weight, which are far out.
    let target = |x: &[f64; 2], _: &[f64; 0]| if x[0].abs() < 1e9 { (0.0, [0.0; 2]) } else { (f64::NAN, [f64::NAN; 2]) };
    assert!(trainer.step_reverse_kl(&mut flow, rows, target, &Settings::default()).is_ok());
    // Of 13 rows 7 count.
    for (batch, steps) in [(1, 7..=7), (4, 2..=4), (usize::MAX, 1..=1)] {
        let settings = Settings { epochs: 1, batch, ..Settings::default() };
        for seed in 0..20 {
            flow.set_all(0.0);
            flow.fit(rows).settings(settings).validate(rows).run(&mut trainer, &mut Pcg32::new(seed, 1)).unwrap();
            assert!(steps.contains(&trainer.steps()), "{} steps in batches of {batch}", trainer.steps());
        }
    }
}

#[test]
fn bad_weights_are_named() {
    let (mut flow, mut rng) = start::<f64>();
    let (before, mut trainer) = (flow.clone(), Box::new(Trainer::<Small<f64>, Pack<f64, 4>>::ZEROS));
    let (samples, settings) = (draws::<2>(3, &mut rng), Settings::default());
    let target = |_: &[f64; 2], _: &[f64; 0]| (0.0, [0.0; 2]);
    for (weights, error) in [
        (&[1.0, -1e-9, 1.0][..], TrainError::Weight(1)),
        (&[1.0, 1.0, f64::NAN], TrainError::Weight(2)),
        (&[f64::INFINITY, 1.0, f64::NAN], TrainError::Weight(0)),
        (&[1.0, 1.0], TrainError::WeightCount { samples: 3, weights: 2 }),
        (&[1.0; 4], TrainError::WeightCount { samples: 3, weights: 4 }),
        (&[0.0, -0.0, 0.0], TrainError::Empty),
    ] {
        let rows = samples.into_rows().weighted(weights);
        assert_eq!(trainer.step(&mut flow, rows, &settings), Err(error), "{weights:?}");
        assert_eq!(trainer.step_reverse_kl(&mut flow, rows, target, &settings), Err(error), "{weights:?}");
        assert_eq!(flow.fit(rows).run(&mut *trainer, &mut rng), Err(error), "{weights:?}");
        assert_eq!(flow.fit(&samples).validate(rows).run(&mut *trainer, &mut rng), Err(error), "{weights:?}");
        let sums = trainer.nll_gradient(&flow, rows);
        assert_eq!(sums, if error == TrainError::Empty { Ok(Total::ZEROS) } else { Err(error) }, "{weights:?}");
    }
    assert_eq!((flow, trainer.steps()), (before, 0));
}

/// Where there is nothing to take a mean of, it is NaN, and no row's loss.
#[test]
fn a_mean_of_nothing_is_nan() {
    let mut rng = Pcg32::new(4, 4);
    let (samples, contexts) = (draws::<2>(3, &mut rng), draws::<2>(4, &mut rng));
    let (small, given) = (start::<f64>().0, Given::random(&mut rng));
    assert!(given.mean_nll((&samples, &contexts[..3])).is_finite());
    assert!(small.mean_nll(&samples).is_finite());
    for mean in [
        small.mean_nll(&[]),
        given.mean_nll((&[], &[])),
        given.mean_nll((&samples, &contexts)),
        given.mean_nll((&samples, &contexts[..2])),
        given.mean_nll((&samples, &contexts[..1])),
        given.mean_nll((&samples, &[])),
        given.mean_nll((&[], &contexts)),
        small.mean_nll(samples.into_rows().weighted(&[1.0, 1.0])),
        small.mean_nll(samples.into_rows().weighted(&[1.0; 4])),
        small.mean_nll(samples.into_rows().weighted(&[0.0; 3])),
    ] {
        assert!(mean.is_nan(), "{mean}");
    }
}
