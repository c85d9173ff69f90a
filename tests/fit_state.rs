//! The loop that a fit is made of, put together by hand: the same bits.

#[path = "common/compensated.rs"]
mod compensated;
#[path = "common/small.rs"]
mod small;

use gaussflow::toy::two_moons;
use gaussflow::train::{Copies, FitState, Order, Outcome, Schedule, Settings, Total, Trainer};
use gaussflow::{Pack, Parameters, Zeros};
use small::{Small, start};

type Four = Trainer<Small<f64>, Pack<f64, 4>>;

/// The rows to train and to validate on, and how.
fn rows_and_settings(rng: &mut rand_pcg::Pcg32) -> ([Vec<[f64; 2]>; 2], Settings<f64>) {
    let (mut data, mut held) = (vec![[0.0; 2]; 50], vec![[0.0; 2]; 40]);
    two_moons(&mut data, 0.05, rng);
    two_moons(&mut held, 0.05, rng);
    let schedule = Schedule::Cosine { warmup: 2, steps: 40, last: 0.1 };
    let (learning_rate, weight_decay) = (1e-1, 0.01);
    let settings = Settings {
        epochs: 30,
        batch: 16,
        learning_rate,
        weight_decay,
        clip: 1.0,
        schedule,
        average: 0.5,
        patience: 2,
        ..Settings::default()
    };
    ([data, held], settings)
}

/// A fit whose batches are cut into parts, whose weights are kept after `keep` steps, and which goes on from there in fresh memory. The losses of its steps, and what a fit gives.
fn by_hand(parts: usize, keep: u32) -> (Vec<f64>, Outcome<f64>, Box<Small<f64>>) {
    let (mut flow, mut rng) = start();
    let ([data, held], settings) = rows_and_settings(&mut rng);
    let (mut trainer, mut sum) = (Box::new(Four::ZEROS), Box::new(Small::ZEROS));
    let [mut average, mut best, mut kept_average, mut kept_best] = [0; 4].map(|_| Box::new(Small::ZEROS));
    let mut copies = Copies { average: Some(&mut *average), best: Some(&mut *best) };
    let mut kept = Some((&mut *kept_average, &mut *kept_best));
    let before = compensated::mean_nll(&flow, &held);
    let mut state = FitState::start(&*flow, Some(before), &settings, &mut copies).unwrap();
    let mut losses = Vec::new();
    while !state.is_over(&settings) {
        let order = Order::random(data.len(), &mut rng);
        let rows: Vec<[f64; 2]> = (0..data.len()).map(|place| data[order.row(place)]).collect();
        for batch in rows.chunks(settings.batch) {
            sum.set_all(0.0);
            let mut total = Total::ZEROS;
            for part in 0..parts {
                let share = &batch[batch.len() * part / parts..batch.len() * (part + 1) / parts];
                total += trainer.nll_gradient(&flow, share).unwrap();
                sum.zip(trainer.gradient(), &mut |_, sum, g| sum.iter_mut().zip(g).for_each(|(sum, g)| *sum += g));
            }
            trainer.gradient_mut().copy_from(&sum);
            losses.push(state.step(&mut *flow, &mut *trainer, total, &settings, &mut copies).unwrap().loss);
            if state.step == keep
                && let Some((kept_average, kept_best)) = kept.take()
            {
                kept_average.copy_from(copies.average.as_deref().unwrap());
                kept_best.copy_from(copies.best.as_deref().unwrap());
                copies = Copies { average: Some(kept_average), best: Some(kept_best) };
                let mut fresh = Box::new(Four::ZEROS);
                fresh.restore(trainer.moments(), trainer.steps());
                (flow, trainer) = (flow.clone(), fresh);
                let FitState { step, total, outcome, .. } = state;
                let Outcome { epochs, loss, best_validation, best_epoch, .. } = outcome;
                state = FitState::restored(step, total, [loss, best_validation], [epochs, best_epoch]);
            }
        }
        let validation = compensated::mean_nll(copies.current(&*flow), &held);
        state.end_epoch(&*flow, Some(validation), &settings, &mut copies);
    }
    let outcome = state.finish(&mut *flow, &copies);
    (losses, outcome, flow)
}

/// The loop that a fit is made of gives its bits, also when it is kept and gone on with; batches cut into parts, one of them empty, differ by rounding.
#[test]
fn a_fit_can_be_put_together_from_its_parts() {
    let (mut flow, mut rng) = start();
    let ([data, held], settings) = rows_and_settings(&mut rng);
    let [mut average, mut best] = [0, 1].map(|_| Box::new(Small::ZEROS));
    let fit = flow.fit(&data).settings(settings).validate(&held).average(&mut average).best(&mut best);
    let outcome = fit.run(&mut Box::new(Four::ZEROS), &mut rng).unwrap();
    assert!(outcome.epochs < settings.epochs && outcome.best_epoch > 1, "patience ends it: {outcome:?}");
    let (losses, same, whole) = by_hand(1, u32::MAX);
    assert_eq!((same, &whole), (outcome, &flow));
    // In the middle of an epoch of four steps.
    assert_eq!(by_hand(1, 6), (losses.clone(), outcome, flow));
    let (parted, near, _) = by_hand(3, u32::MAX);
    assert_eq!((near.epochs, parted.len()), (outcome.epochs, losses.len()));
    let far = losses.iter().zip(&parted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(far < 1e-9 && parted != losses, "the losses differ by {far:e}");
}

/// Without validation rows each epoch is the best; without copies the last flow is returned.
#[test]
fn a_fit_without_validation_goes_to_its_end() {
    let (mut flow, _) = start::<f64>();
    let settings = Settings { epochs: 3, patience: 1, ..Settings::default() };
    let mut copies = Copies::default();
    let mut state = FitState::start(&*flow, None, &settings, &mut copies).unwrap();
    let mut epochs = 0;
    while !state.is_over(&settings) {
        epochs += 1;
        let told = state.end_epoch(&*flow, None, &settings, &mut copies);
        assert_eq!((told.epoch, told.best_epoch), (epochs, epochs));
        assert!(told.validation.is_nan() && told.loss.is_nan(), "no step was made");
    }
    let before = flow.clone();
    assert_eq!((state.finish(&mut *flow, &copies).epochs, epochs), (3, 3));
    assert_eq!(flow, before);
}
