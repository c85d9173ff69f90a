//! Training: it learns, refuses bad input by name, and leaves the parameters as they were when a step fails.

use std::ops::ControlFlow;

use gaussflow::toy::two_moons;
use gaussflow::train::{Adam, Copies, Fit, FitState, Outcome, Schedule, TrainError, Trainer, fit, mean_nll, shuffle};
use gaussflow::{
    ContextDense, Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Pack, Parameters, Swap, TanhClamp, Value, Wide,
    Zeros, standard_normal,
};
use gaussflow::{Relu, Tanh};
use rand_pcg::Pcg32;

type Mixture<T> = MixtureCdf<TanhClamp<T>, 4>;
type Net<T> = (Dense<T, 1, 16>, Relu, Dense<T, 16, 16>, Relu, Head<T, Mixture<T>, 16, 1>);
type Half<T, M> = Coupling<M, Mixture<T>, Net<T>, 1, 1>;
type Blocks<T> = [(Householder<T, 2, 2>, Half<T, FirstHalf>, Half<T, Swap<FirstHalf>>); 2];

type Four = Trainer<f32, Pack<f32, 4>, Blocks<f32>, 2>;

fn start() -> (Box<Blocks<f32>>, Box<Four>, Pcg32) {
    let mut rng = Pcg32::new(3, 1);
    let mut blocks = Box::new(Blocks::ZEROS);
    blocks.init(&mut rng);
    (blocks, Box::new(Trainer::ZEROS), rng)
}

fn moons(count: usize, seed: u64) -> Vec<[f32; 2]> {
    let mut points = vec![[0.0; 2]; count];
    two_moons(&mut points, 0.05, &mut Pcg32::new(seed, 9));
    points
}

fn parameters<P: Parameters<f32>>(tree: &P) -> Vec<f32> {
    let mut all = Vec::new();
    tree.visit(&mut |_, slice| all.extend_from_slice(slice));
    all
}

#[test]
fn two_moons_are_learned() {
    let (mut blocks, mut trainer, mut rng) = start();
    let (mut data, test) = (moons(400, 1), moons(400, 2));
    let nll = |blocks: &Blocks<f32>| mean_nll::<f32, f32, _, 2, 0>(blocks, &test, &[]);
    let before = nll(&blocks);
    let settings = Fit { epochs: 8, batch: 64, adam: Adam { learning_rate: 1e-2, ..Adam::default() }, average: 0.9, ..Fit::default() };
    let mut average = Box::new(Blocks::ZEROS);
    let mut told = Vec::new();
    let outcome = fit(
        &mut *blocks,
        (&mut data, &mut []),
        (&[], &[]),
        &settings,
        &mut *trainer,
        Copies { average: Some(&mut *average), best: None },
        &mut rng,
        |p| {
            told.push(p.loss);
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    assert_eq!((outcome.epochs, told.len(), trainer.steps()), (8, 8, 56));
    assert!(told[7] < told[0]);
    assert!(nll(&blocks) < before - 0.5, "held-out NLL goes from {before} to {}", nll(&blocks));
    assert_eq!(*average, *blocks, "the averaged weights are returned");
}

/// Trains with validation on random data that cannot be generalised from, so that the validation loss turns.
fn overfit(patience: u32, best: Option<&mut Blocks<f32>>) -> (Box<Blocks<f32>>, Outcome<f32>, Vec<f32>) {
    let (mut blocks, mut trainer, mut rng) = start();
    let mut draw = |n| -> Vec<[f32; 2]> { (0..n).map(|_| [standard_normal(&mut rng), standard_normal(&mut rng)]).collect() };
    let (mut data, held) = (draw(16), draw(64));
    let settings = Fit { epochs: 40, batch: 16, adam: Adam { learning_rate: 1e-2, ..Adam::default() }, patience, ..Fit::default() };
    let mut losses = Vec::new();
    let outcome =
        fit(&mut *blocks, (&mut data, &mut []), (&held, &[]), &settings, &mut *trainer, Copies { average: None, best }, &mut rng, |p| {
            losses.push(p.validation);
            ControlFlow::Continue(())
        })
        .unwrap();
    let last = mean_nll::<f32, Pack<f32, 4>, _, 2, 0>(&*blocks, &held, &[]);
    losses.push(last);
    (blocks, outcome, losses)
}

#[test]
fn early_stopping_returns_the_best_weights() {
    let mut best = Box::new(Blocks::ZEROS);
    let (_, outcome, losses) = overfit(3, Some(&mut best));
    let (returned, told) = losses.split_last().unwrap();
    let lowest = told.iter().copied().fold(f32::INFINITY, f32::min);
    assert!(outcome.epochs < 40, "it stops early");
    assert_eq!(outcome.epochs, outcome.best_epoch + 3);
    assert_eq!(outcome.best_validation, lowest);
    assert_eq!(*returned, lowest, "the weights returned are those of the best epoch");
    // Without a copy for the best weights the last ones stay.
    let (_, _, losses) = overfit(3, None);
    assert!(losses[losses.len() - 1] > lowest);
}

#[test]
fn progress_can_stop_the_fit() {
    let (mut blocks, mut trainer, mut rng) = start();
    let outcome =
        fit(&mut *blocks, (&mut moons(20, 1), &mut []), (&[], &[]), &Fit::default(), &mut *trainer, Copies::default(), &mut rng, |p| {
            if p.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    assert_eq!(outcome.unwrap().epochs, 2);
}

#[test]
fn bad_samples_are_named_and_nothing_changes() {
    let (mut blocks, mut trainer, mut rng) = start();
    let before = parameters(&*blocks);
    let adam = Adam::default();
    let mut step = |samples: &[[f32; 2]]| trainer.step(&mut *blocks, samples, &[], &adam, 1.0, 1.0);
    assert_eq!(step(&[]), Err(TrainError::Empty));
    assert_eq!(step(&[[0.0, 1.0], [f32::NAN, 0.0]]), Err(TrainError::Sample(1)));
    assert_eq!(step(&[[0.0, 1.0], [1.0, 0.0], [0.0, f32::NEG_INFINITY]]), Err(TrainError::Sample(2)));
    // Finite, but so far out that its gradient is beyond the type.
    assert_eq!(step(&[[0.0, 1.0], [3e30, -3e30]]), Err(TrainError::Diverged { step: 0 }));
    assert_eq!(parameters(&*blocks), before);

    // A fit names the row as it was given, before anything is shuffled.
    let mut data = moons(50, 1);
    data[31][1] = f32::NAN;
    let copy = data.clone();
    let mut run = |data: &mut [[f32; 2]], settings: &Fit<f32>| {
        fit(&mut *blocks, (data, &mut []), (&[], &[]), settings, &mut *trainer, Copies::default(), &mut rng, |_| ControlFlow::Continue(()))
    };
    assert_eq!(run(&mut data, &Fit::default()), Err(TrainError::Sample(31)));
    assert!(data.iter().zip(&copy).all(|(a, b)| a.map(f32::to_bits) == b.map(f32::to_bits)));
    data[31][1] = 0.0;
    let adam = |change: fn(&mut Adam<f32>)| {
        let mut settings = Fit::default();
        change(&mut settings.adam);
        settings
    };
    for (settings, name) in [
        (Fit { epochs: 0, ..Fit::default() }, "epochs"),
        (Fit { batch: 0, ..Fit::default() }, "batch"),
        (Fit { clip: f32::NAN, ..Fit::default() }, "clip"),
        (Fit { average: 1.0, ..Fit::default() }, "average"),
        (Fit { patience: 0, ..Fit::default() }, "patience"),
        (adam(|a| a.learning_rate = f32::INFINITY), "learning_rate"),
        (adam(|a| a.beta1 = 1.0), "beta1"),
        (adam(|a| a.beta2 = -0.1), "beta2"),
        (adam(|a| a.epsilon = 0.0), "epsilon"),
        (adam(|a| a.weight_decay = f32::NAN), "weight_decay"),
    ] {
        assert_eq!(run(&mut data, &settings), Err(TrainError::Setting(name)));
    }
    assert_eq!(parameters(&*blocks), before);
}

#[test]
fn a_loss_beyond_the_type_names_the_sample() {
    // A rotation does not pull far points in, so z^2 / 2 overflows.
    let mut rotation = Householder::<f32, 2, 1> { reflectors: [[1.0, 2.0]] };
    let mut trainer = Trainer::<f32, Pack<f32, 4>, _, 2>::ZEROS;
    let samples = [[0.0, 1.0], [1.0, 1.0], [3.0, 1.0], [2.0, 0.0], [1.0, 1.0], [3e30, 0.0]];
    let step = trainer.step(&mut rotation, &samples, &[], &Adam::default(), 1.0, 1.0);
    assert_eq!(step, Err(TrainError::Loss { step: 0, sample: 5 }));
    assert_eq!(rotation.reflectors, [[1.0, 2.0]]);
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn contexts_are_learned_and_counted() {
    type Net = (ContextDense<f32, 1, 1, 16>, Tanh, Head<f32, Mixture<f32>, 16, 1>);
    type Blocks = (Coupling<FirstHalf, Mixture<f32>, Net, 1, 1>, Coupling<Swap<FirstHalf>, Mixture<f32>, Net, 1, 1>);
    let mut rng = Pcg32::new(5, 5);
    let mut flow = Flow::<f32, Blocks, 2, 1>::ZEROS;
    flow.init(&mut rng);
    // x = c + noise in both dimensions.
    let mut contexts: Vec<[f32; 1]> = (0..512).map(|i| [if i % 2 == 0 { -1.0 } else { 1.0 }]).collect();
    let mut samples: Vec<[f32; 2]> = contexts.iter().map(|[c]| [0, 1].map(|_| c + 0.2 * standard_normal::<f32, _>(&mut rng))).collect();
    shuffle(&mut samples, &mut contexts, &mut rng);
    assert!(samples.iter().zip(&contexts).all(|(x, c)| (x[0] - c[0]).abs() < 1.0), "rows stay together");

    let mut trainer = Trainer::<f32, Wide<f32>, Blocks, 2, 1>::ZEROS;
    let short = trainer.step(&mut flow.bijector, &samples, &contexts[1..], &Adam::default(), 1.0, 1.0);
    assert_eq!(short, Err(TrainError::ContextCount { samples: 512, contexts: 511 }));
    let settings = Fit { epochs: 15, batch: 64, adam: Adam { learning_rate: 2e-2, ..Adam::default() }, ..Fit::default() };
    fit(&mut flow.bijector, (&mut samples, &mut contexts), (&[], &[]), &settings, &mut trainer, Copies::default(), &mut rng, |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    // The entropy of the noise is log(0.2 sqrt(2 pi e)) = -0.19 a dimension.
    let nll = mean_nll::<f32, Wide<f32>, _, 2, 1>(&flow.bijector, &samples, &contexts);
    assert!(nll < 0.2, "NLL {nll}");
    for c in [-1.0f32, 1.0] {
        let mean: f32 = (0..200).map(|_| flow.given(&[c]).sample(&mut rng)[0]).sum::<f32>() / 200.0;
        assert!((mean - c).abs() < 0.3, "samples given {c} have mean {mean}");
    }
}

/// The sum of gradients over a split is that of the whole, on any lanes, also where a pack is not full.
#[test]
fn gradients_add_up_over_lanes_and_splits() {
    let mut rng = Pcg32::new(11, 1);
    let mut blocks = Blocks::<f64>::ZEROS;
    blocks.init(&mut rng);
    blocks.visit_mut(&mut |_, slice| slice.iter_mut().for_each(|p| *p += 0.1 * standard_normal::<f64, _>(&mut rng)));
    let samples: Vec<[f64; 2]> = (0..21).map(|_| [standard_normal(&mut rng), standard_normal(&mut rng)]).collect();
    let (whole, loss) = gradient::<f64>(&blocks, &[&samples]);
    for (parts, name) in [
        (gradient::<f64>(&blocks, &[&samples[..8], &samples[8..]]), "split"),
        (gradient::<Pack<f64, 4>>(&blocks, &[&samples]), "packs"),
        (gradient::<Wide<f64>>(&blocks, &[&samples[..5], &samples[5..]]), "fused packs"),
    ] {
        assert!((parts.1 - loss).abs() < 1e-12 * loss.abs(), "{name}");
        for (a, b) in parts.0.iter().zip(&whole) {
            assert!((a - b).abs() <= 1e-11 * (1.0 + b.abs()), "{name}: {a} instead of {b}");
        }
    }

    fn gradient<V: Value<Scalar = f64>>(blocks: &Blocks<f64>, parts: &[&[[f64; 2]]]) -> (Vec<f64>, f64) {
        let (mut gradient, mut tape) = (Blocks::ZEROS, Zeros::ZEROS);
        let mut loss = 0.0;
        for part in parts {
            loss += gaussflow::train::add_nll_gradient::<f64, V, _, 2, 0>(blocks, part, &[], &mut tape, &mut gradient).unwrap();
        }
        let mut all = Vec::new();
        gradient.visit(&mut |_, slice| all.extend_from_slice(slice));
        (all, loss)
    }
}

#[test]
fn schedules_rise_and_fall() {
    let cosine = Schedule::Cosine { warmup: 10, steps: 110, last: 0.1 };
    let at = |step| cosine.factor::<f64>(step);
    assert_eq!(at(0), 0.1);
    assert_eq!(at(9), 1.0);
    assert!((at(60) - 0.55).abs() < 1e-7);
    assert!((at(110) - 0.1).abs() < 1e-7 && at(u32::MAX) == at(110));
    assert_eq!(Schedule::Constant.factor::<f32>(123), 1.0);
    // Degenerate spans do not divide by zero.
    assert!(Schedule::Cosine { warmup: 5, steps: 0, last: 0.0 }.factor::<f32>(7).is_finite());
}

type Start = (Box<Blocks<f64>>, Pcg32);

/// A fit whose batches are cut into parts, whose weights are kept after `keep` steps, and which goes on from there in fresh memory.
fn by_hand(parts: usize, keep: u32) -> (Vec<f64>, Outcome<f64>, Box<Blocks<f64>>) {
    type Part = Trainer<f64, Pack<f64, 4>, Blocks<f64>, 2>;
    let ((mut blocks, mut rng), [mut data, held], settings) = fit_in_f64();
    let (mut trainer, mut sum) = (Box::new(Part::ZEROS), Box::new(Blocks::ZEROS));
    let (mut average, mut best) = (Box::new(Blocks::ZEROS), Box::new(Blocks::ZEROS));
    let mut copies = Copies { average: Some(&mut *average), best: Some(&mut *best) };
    let (mut kept_average, mut kept_best) = (Box::new(Blocks::ZEROS), Box::new(Blocks::ZEROS));
    let mut kept = Some((&mut *kept_average, &mut *kept_best));
    let mut state = FitState::start(&*blocks, &settings, &mut copies).unwrap();
    let mut losses = Vec::new();
    while !state.is_over(&settings) {
        shuffle(&mut data, &mut [[]; 0], &mut rng);
        for batch in data.chunks(settings.batch) {
            sum.fill(0.0);
            let mut total = 0.0;
            for part in 0..parts {
                let share = &batch[batch.len() * part / parts..batch.len() * (part + 1) / parts];
                total += trainer.nll_gradient(&blocks, share, &[]).unwrap();
                Blocks::zip([&mut *sum], [trainer.gradient()], &mut |_, [sum], [g]| sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += g));
            }
            trainer.gradient_mut().copy_from(&sum);
            losses.push(state.step(&mut *blocks, &mut *trainer, total, batch.len(), &settings, &mut copies).unwrap().loss);
            if state.step == keep
                && let Some((kept_average, kept_best)) = kept.take()
            {
                kept_average.copy_from(copies.average.as_deref().unwrap());
                kept_best.copy_from(copies.best.as_deref().unwrap());
                copies = Copies { average: Some(kept_average), best: Some(kept_best) };
                let mut fresh = Box::new(Part::ZEROS);
                fresh.restore(trainer.moments(), trainer.steps());
                (blocks, trainer) = (blocks.clone(), fresh);
            }
        }
        let validation = mean_nll::<f64, Pack<f64, 4>, _, 2, 0>(copies.current(&blocks), &held, &[]);
        state.end_epoch(&*blocks, Some(validation), &settings, &mut copies);
    }
    let outcome = state.finish(&mut *blocks, &copies);
    (losses, outcome, blocks)
}

/// What starts, the rows to train and to validate on, and how.
fn fit_in_f64() -> (Start, [Vec<[f64; 2]>; 2], Fit<f64>) {
    let mut rng = Pcg32::new(3, 1);
    let mut blocks = Box::new(Blocks::ZEROS);
    blocks.init(&mut rng);
    let (mut data, mut held) = (vec![[0.0; 2]; 50], vec![[0.0; 2]; 40]);
    two_moons(&mut data, 0.05, &mut rng);
    two_moons(&mut held, 0.05, &mut rng);
    let schedule = Schedule::Cosine { warmup: 2, steps: 40, last: 0.1 };
    let adam = Adam { learning_rate: 3e-2, weight_decay: 0.01, ..Adam::default() };
    ((blocks, rng), [data, held], Fit { epochs: 30, batch: 16, adam, clip: 1.0, schedule, average: 0.5, patience: 2 })
}

/// The loop that `fit` is made of gives its bits, also when it is kept and gone on with; batches cut into parts, one of them empty, differ by rounding.
#[test]
fn a_fit_can_be_put_together_from_its_parts() {
    let ((mut blocks, mut rng), [mut data, held], settings) = fit_in_f64();
    let mut trainer = Box::new(Trainer::<f64, Pack<f64, 4>, Blocks<f64>, 2>::ZEROS);
    let (mut average, mut best) = (Box::new(Blocks::ZEROS), Box::new(Blocks::ZEROS));
    let copies = Copies { average: Some(&mut *average), best: Some(&mut *best) };
    let outcome =
        fit(&mut *blocks, (&mut data, &mut []), (&held, &[]), &settings, &mut *trainer, copies, &mut rng, |_| ControlFlow::Continue(()))
            .unwrap();
    assert!(outcome.epochs < settings.epochs && outcome.best_epoch > 1, "patience ends it: {outcome:?}");
    let (losses, same, whole) = by_hand(1, u32::MAX);
    assert_eq!((same, &whole), (outcome, &blocks));
    // In the middle of an epoch of four steps.
    assert_eq!(by_hand(1, 6), (losses.clone(), outcome, blocks));
    let (parted, near, _) = by_hand(3, u32::MAX);
    assert_eq!((near.epochs, parted.len()), (outcome.epochs, losses.len()));
    let far = losses.iter().zip(&parted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(far < 1e-9 && parted != losses, "the losses differ by {far:e}");
}

#[test]
fn half_steps_refuse_what_a_step_refuses() {
    let (mut blocks, mut trainer, _) = start();
    let before = parameters(&*blocks);
    assert_eq!(trainer.nll_gradient(&blocks, &[[0.0, 1.0], [f32::NAN, 0.0]], &[]), Err(TrainError::Sample(1)));
    assert_eq!(trainer.nll_gradient(&blocks, &[], &[]), Ok(0.0));
    let mut apply = |trainer: &mut Four, total, count| trainer.apply(&mut *blocks, total, count, &Adam::default(), 1.0, 1.0);
    assert_eq!(apply(&mut trainer, 0.0, 0), Err(TrainError::Empty));
    assert_eq!(apply(&mut trainer, f32::NAN, 2), Err(TrainError::Diverged { step: 0 }));
    trainer.gradient_mut().fill(f32::INFINITY);
    assert_eq!(apply(&mut trainer, 1.0, 2), Err(TrainError::Diverged { step: 0 }));
    assert_eq!(trainer.steps(), 0);
    assert!(trainer.moments().iter().all(|moment| parameters(*moment).iter().all(|m| *m == 0.0)));
    assert_eq!(parameters(&*blocks), before);
}
