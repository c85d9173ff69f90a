//! A fit: it learns, stops when it should, and returns what it says.

#[path = "common/compensated.rs"]
mod compensated;
#[path = "common/moons.rs"]
mod moons;
#[path = "common/small.rs"]
mod small;

use gaussflow::train::{Noise, Outcome, Progress, Settings, TrainError, Trainer};
use gaussflow::{
    Affine, ContextDense, Coupling, FirstHalf, Flow, Head, Init, IntoRows, Marginal, MixtureCdf, NoClamp, Pack, Swap, Tanh, TanhClamp,
    Zeros, standard_normal,
};
use rand_pcg::Pcg32;
use small::{Small, start};

type Four = Trainer<Small<f32>, Pack<f32, 4>>;

fn moons(count: usize, seed: u64) -> Vec<[f32; 2]> {
    moons::moons(count, &mut Pcg32::new(seed, 9))
}

#[test]
fn two_moons_are_learned() {
    let (mut flow, mut rng) = start();
    let (data, test) = (moons(400, 1), moons(400, 2));
    let before = flow.mean_nll(&test);
    let settings = Settings { epochs: 8, batch: 64, learning_rate: 1e-2, average: 0.9, ..Settings::default() };
    let (mut average, mut trainer) = (Box::new(Small::ZEROS), Box::new(Four::ZEROS));
    let mut told = Vec::new();
    let fit = flow.fit(&data).settings(settings).average(&mut average).each_epoch(|p| told.push(p.loss));
    let outcome = fit.run(&mut *trainer, &mut rng).unwrap();
    assert_eq!((outcome.epochs, told.len(), trainer.steps()), (8, 8, 56));
    assert!(told[7] < told[0]);
    let after = flow.mean_nll(&test);
    assert!(after < before - 0.5, "held-out NLL goes from {before} to {after}");
    assert_eq!(*average, *flow, "the averaged weights are returned");
}

/// Trains with validation on few draws from a normal of deviation 2, of which only the scale can be generalised, so that the validation loss falls and turns. The losses told after each epoch, and that of the flow returned.
fn overfit(patience: u32, best: Option<&mut Small<f32>>) -> (Outcome<f32>, Vec<f32>, f32) {
    let (mut flow, mut rng) = start();
    let mut draw = |n| -> Vec<[f32; 2]> { (0..n).map(|_| [0, 1].map(|_| 2.0 * standard_normal::<f32, _>(&mut rng))).collect() };
    let (data, held) = (draw(16), draw(64));
    let settings = Settings { epochs: 40, batch: 16, learning_rate: 1e-2, patience, ..Settings::default() };
    let mut told = Vec::new();
    let mut fit = flow.fit(&data).settings(settings).validate(&held);
    if let Some(best) = best {
        fit = fit.best(best);
    }
    let outcome = fit.each_epoch(|p| told.push(p.validation)).run(&mut Box::new(Four::ZEROS), &mut rng).unwrap();
    (outcome, told, compensated::mean_nll(&flow, &held))
}

#[test]
fn early_stopping_returns_the_best_weights() {
    let (outcome, told, returned) = overfit(3, Some(&mut Box::new(Small::ZEROS)));
    let lowest = told.iter().copied().fold(f32::INFINITY, f32::min);
    assert!(outcome.epochs < 40, "it stops early");
    assert!(outcome.epochs == outcome.best_epoch + 3 && outcome.best_epoch > 1, "{outcome:?}");
    assert_eq!(outcome.best_validation, lowest);
    assert_eq!(returned, lowest, "the weights returned are those of the best epoch");
    // Without a copy for the best weights the last ones stay.
    let (_, told, returned) = overfit(3, None);
    assert!(returned > lowest && returned == told[told.len() - 1]);
}

/// A learning rate that ruins the flow from the first epoch on: what comes back is the flow as it was given, averaged or not.
#[test]
fn a_ruined_fit_returns_the_start() {
    for averaged in [false, true] {
        let (mut flow, mut rng) = start();
        let before = flow.clone();
        let (data, held) = (moons(60, 1), moons(60, 2));
        let [mut average, mut best] = [0, 1].map(|_| Box::new(Small::ZEROS));
        let mut told = Vec::new();
        let settings = Settings { epochs: 3, batch: 8, learning_rate: 20.0, average: 0.1, ..Settings::default() };
        let mut fit = flow.fit(&data).settings(settings).validate(&held).best(&mut best);
        if averaged {
            fit = fit.average(&mut average);
        }
        let outcome = fit.each_epoch(|p| told.push(*p)).run(&mut Box::new(Four::ZEROS), &mut rng).unwrap();
        let loss = compensated::mean_nll(&before, &held);
        assert!(told.len() == 3 && told.iter().all(|p| !(p.validation <= loss + 1.0) && p.best_epoch == 0), "{told:?}, {loss} before");
        assert_eq!((outcome.best_epoch, outcome.best_validation, outcome.epochs), (0, loss, 3));
        assert!(flow == before && best == before);
    }
}

/// A normal flow on data of mean 0 and variance 1 starts at the optimum: steps on single rows only lead away.
#[test]
fn a_start_at_the_optimum_is_kept() {
    let mut flow = Flow::<f64, Marginal<f64, Affine<NoClamp>, 1>, 1>::ZEROS;
    let (before, mut best, mut trainer) = (flow.clone(), flow.clone(), Trainer::<_>::ZEROS);
    let data = [[1.0], [-1.0], [1.0], [-1.0]];
    for patience in [2, u32::MAX] {
        let settings = Settings { epochs: 5, batch: 1, learning_rate: 0.1, patience, ..Settings::default() };
        let fit = flow.fit(&data).settings(settings).validate(&data).best(&mut best);
        let outcome = fit.run(&mut trainer, &mut Pcg32::new(1, 1)).unwrap();
        assert_eq!((outcome.best_epoch, outcome.epochs), (0, patience.min(5)));
        assert_eq!((&flow, &best), (&before, &before));
    }
    // The fit did move: without a place for the best flow, the last one comes back.
    let settings = Settings { epochs: 5, batch: 1, learning_rate: 0.1, ..Settings::default() };
    flow.fit(&data).settings(settings).validate(&data).run(&mut trainer, &mut Pcg32::new(1, 1)).unwrap();
    assert!(flow.mean_nll(&data) > before.mean_nll(&data));
}

/// Each epoch is told once, in order, and is the last where `stop_if` says so.
#[test]
fn epochs_are_told_and_stopped() {
    let data = moons(20, 1);
    let settings = Settings { epochs: 6, ..Settings::default() };
    for last in [1, 2, 5, 6, 9] {
        let (mut flow, mut rng) = start();
        let (mut told, mut asked) = (Vec::new(), Vec::new());
        let fit = flow.fit(&data).settings(settings).each_epoch(|p: &Progress<f32>| told.push((p.epoch, p.epochs)));
        let fit = fit.stop_if(|p: &Progress<f32>| {
            asked.push((p.epoch, p.epochs));
            p.epoch == last
        });
        let outcome = fit.run(&mut Box::new(Four::ZEROS), &mut rng).unwrap();
        let expected: Vec<_> = (1..=last.min(6)).map(|epoch| (epoch, 6)).collect();
        assert_eq!((&told, &asked), (&expected, &expected));
        assert_eq!((outcome.epochs, outcome.best_epoch), (last.min(6), last.min(6)));
        assert!(outcome.best_validation.is_nan());
    }
}

/// The same seed gives the same bits, whatever a trainer and the places for copies were used for before, and leaves the rows as they are.
#[test]
fn the_same_seed_gives_the_same_bits() {
    let (data, held) = (moons(50, 1), moons(30, 2));
    let (given, given_held) = (data.clone(), held.clone());
    let [mut average, mut best] = [0, 1].map(|_| Box::new(Small::ZEROS));
    let mut trainer = Box::new(Four::ZEROS);
    let mut run = |seed| {
        let (mut flow, _) = start();
        let settings = Settings { epochs: 3, batch: 16, learning_rate: 1e-2, ..Settings::default() };
        let fit = flow.fit(&data).settings(settings).validate(&held).average(&mut average).best(&mut best);
        let outcome = fit.run(&mut *trainer, &mut Pcg32::new(seed, 1)).unwrap();
        assert_eq!(trainer.steps(), 12);
        (flow, outcome)
    };
    let (first, other, again) = (run(1), run(2), run(1));
    assert_eq!(first, again);
    assert!(first.0 != other.0, "the order of the rows is drawn");
    assert_eq!((data, held), (given, given_held));
}

/// A dimension with one value has no density: a fit names it, whatever rows without weight hold.
#[test]
fn constant_dimensions_are_named() {
    let (mut flow, mut rng) = start();
    let (before, mut trainer) = (flow.clone(), Box::new(Four::ZEROS));
    let mut rows = moons(50, 1);
    rows.iter_mut().for_each(|row| row[1] = -0.25);
    assert_eq!(flow.fit(&rows).run(&mut *trainer, &mut rng), Err(TrainError::Constant(1)));
    let mut weights = [1.0; 50];
    (rows[7][1], weights[7]) = (3.0, 0.0);
    assert_eq!(flow.fit(rows.into_rows().weighted(&weights)).run(&mut *trainer, &mut rng), Err(TrainError::Constant(1)));
    assert_eq!(flow, before);
    // Two values it can be fitted to.
    let settings = Settings { epochs: 1, ..Settings::default() };
    assert!(flow.fit(&rows).settings(settings).run(&mut *trainer, &mut rng).is_ok());
    assert!(TrainError::Constant(1).to_string().contains("dimension 1"));
}

/// All rows are checked before the first step; a row that fails in a step is named by its place among all.
#[test]
fn bad_rows_are_named() {
    let (mut flow, mut rng) = start();
    let (before, mut trainer) = (flow.clone(), Box::new(Four::ZEROS));
    let settings = Settings { batch: 4, ..Settings::default() };
    let (good, mut bad) = (moons(50, 1), moons(50, 1));
    bad[31][1] = f32::NAN;
    assert_eq!(flow.fit(&bad).settings(settings).run(&mut *trainer, &mut rng), Err(TrainError::Sample(31)));
    assert_eq!(flow.fit(&good).validate(&bad).run(&mut *trainer, &mut rng), Err(TrainError::Sample(31)));
    assert_eq!(flow.fit(&[]).run(&mut *trainer, &mut rng), Err(TrainError::Empty));
    assert_eq!(flow.fit(&good).validate(&[]).run(&mut *trainer, &mut rng), Err(TrainError::Empty));
    assert_eq!(flow, before);

    // Two of the first steps pass; `z^2 / 2` of row 31 is infinite.
    let mut flow = Flow::<f32, Marginal<f32, Affine<NoClamp>, 2>, 2>::ZEROS;
    let mut trainer = Trainer::<_, Pack<f32, 4>>::ZEROS;
    bad[31] = [3e30, 0.0];
    let mut failed = 0;
    for seed in 0..8 {
        match flow.fit(&bad).settings(settings).run(&mut trainer, &mut Pcg32::new(seed, 1)) {
            Err(TrainError::Loss { step, sample: 31 }) => failed = step.max(failed),
            other => panic!("{other:?}"),
        }
    }
    assert!(failed > 1, "row 31 is never far from the start");
}

#[test]
fn contexts_are_learned() {
    type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
    type Net = (ContextDense<f32, 1, 1, 16>, Tanh, Head<f32, Mixture, 16, 1>);
    type Given = Flow<f32, (Coupling<FirstHalf, Mixture, Net, 1, 1>, Coupling<Swap<FirstHalf>, Mixture, Net, 1, 1>), 2, 1>;
    let mut rng = Pcg32::new(5, 5);
    let mut flow = Given::ZEROS;
    flow.init(&mut rng);
    // x = c + noise in both dimensions.
    let contexts: Vec<[f32; 1]> = (0..512).map(|i| [if i % 2 == 0 { -1.0 } else { 1.0 }]).collect();
    let samples: Vec<[f32; 2]> = contexts.iter().map(|[c]| [0, 1].map(|_| c + 0.2 * standard_normal::<f32, _>(&mut rng))).collect();
    let mut trainer = Trainer::<_>::ZEROS;
    let short = Err(TrainError::ContextCount { samples: 512, contexts: 511 });
    assert_eq!(flow.fit((&samples, &contexts[1..])).run(&mut trainer, &mut rng), short);
    assert_eq!(flow.fit((&samples, &contexts)).validate((&samples, &contexts[1..])).run(&mut trainer, &mut rng), short);
    let settings = Settings { epochs: 15, batch: 64, learning_rate: 2e-2, ..Settings::default() };
    flow.fit((&samples, &contexts)).settings(settings).run(&mut trainer, &mut rng).unwrap();
    // The entropy of the noise is log(0.2 sqrt(2 pi e)) = -0.19 a dimension.
    let nll = flow.mean_nll((&samples, &contexts));
    assert!(nll < 0.2, "NLL {nll}");
    for c in [-1.0f32, 1.0] {
        let mean: f32 = (0..200).map(|_| flow.given([c]).sample(&mut rng)[0]).sum::<f32>() / 200.0;
        assert!((mean - c).abs() < 0.3, "samples given {c} have mean {mean}");
    }
}

/// Noise of a column's step makes a density of a coin's throws: uniform on `(-1/2, 3/2)`, of entropy `ln 2`. The same noise for any number of shares.
#[test]
fn noise_makes_a_density_of_repeated_values() {
    type Coin = Flow<f64, Marginal<f64, MixtureCdf<NoClamp, 8>, 1>, 1>;
    let throws: Vec<[f64; 1]> = (0..400).map(|n| [f64::from(u8::from(n % 2 == 0))]).collect();
    let noise = Noise { steps: [1.0], deviations: [0.0] };
    let settings = Settings { epochs: 60, batch: 50, learning_rate: 0.03, ..Settings::default() };
    let mut dequantized = throws.clone();
    noise.add(&mut dequantized, &mut Pcg32::new(9, 1));
    let fit = |noise: Noise<f64, 1>| {
        let mut flow = Coin::random(&mut Pcg32::new(1, 1));
        let mut trainer = Box::new(Trainer::<_, Pack<f64, 4>, 1>::ZEROS);
        flow.fit(&throws).settings(settings).noise(noise).run(&mut *trainer, &mut Pcg32::new(2, 1)).unwrap();
        [flow.mean_nll(&throws), flow.mean_nll(&dequantized)]
    };
    let [_, with] = fit(noise);
    // Normals make no vertical edges: they cost some hundredths.
    assert!((with - 2f64.ln()).abs() < 0.1, "{with}");
    let [on_values, without] = fit(Noise::default());
    assert!(on_values < -0.5 && without > 1.0, "{on_values}, {without}");

    // A first step by two shares differs by the order of sums alone: by 1e-16, not by that of other noise.
    let first = |shares: bool| {
        let mut flow = Coin::random(&mut Pcg32::new(1, 1));
        let (settings, mut rng) = (Settings { epochs: 1, batch: 400, ..settings }, Pcg32::new(2, 1));
        let fit = flow.fit(&throws).settings(settings).noise(noise);
        if shares {
            fit.run(&mut *Box::new(Trainer::<_, Pack<f64, 4>, 2>::ZEROS), &mut rng).unwrap().loss
        } else {
            fit.run(&mut *Box::new(Trainer::<_, Pack<f64, 4>, 1>::ZEROS), &mut rng).unwrap().loss
        }
    };
    assert!((first(true) - first(false)).abs() < 1e-12);

    let unsound = Noise { steps: [f64::NAN], deviations: [0.0] };
    let (mut flow, mut trainer) = (Coin::ZEROS, Box::new(Trainer::<_>::ZEROS));
    let refused = flow.fit(&throws).noise(unsound).run(&mut *trainer, &mut Pcg32::new(2, 1));
    assert_eq!(refused, Err(TrainError::Setting("noise.steps")));
}
