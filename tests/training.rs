//! Training steps: they add up, refuse bad input by name, and leave the flow as it was when they fail.

#[path = "common/moons.rs"]
mod moons;
#[path = "common/small.rs"]
mod small;
#[path = "common/stir.rs"]
mod stir;

use gaussflow::train::{Schedule, Settings, Total, TrainError, Trainer};
use gaussflow::{Flow, Householder, Pack, Parameters, Value, Wide, Zeros, standard_normal};
use rand_pcg::Pcg32;
use small::{Small, start};
use stir::stir;

type Four = Trainer<Small<f32>, Pack<f32, 4>>;

fn parameters<T: Copy, P: Parameters<T>>(tree: &P) -> Vec<T> {
    let mut all = Vec::new();
    tree.visit(&mut |_, slice| all.extend_from_slice(slice));
    all
}

#[test]
fn bad_samples_are_named_and_nothing_changes() {
    let (mut flow, _) = start();
    let (before, mut trainer) = (flow.clone(), Box::new(Four::ZEROS));
    let settings = Settings { clip: 1.0, ..Settings::default() };
    let mut step = |samples: &[[f32; 2]]| trainer.step(&mut flow, samples, &settings);
    assert_eq!(step(&[]), Err(TrainError::Empty));
    assert_eq!(step(&[[0.0, 1.0], [f32::NAN, 0.0]]), Err(TrainError::Sample(1)));
    assert_eq!(step(&[[0.0, 1.0], [1.0, 0.0], [0.0, f32::NEG_INFINITY]]), Err(TrainError::Sample(2)));
    // Finite, but so far out that its gradient is beyond the type.
    assert_eq!(step(&[[0.0, 1.0], [3e30, -3e30]]), Err(TrainError::Diverged { step: 0 }));
    assert_eq!(trainer.steps(), 0);
    assert_eq!(flow, before);
}

#[test]
fn a_loss_beyond_the_type_names_the_sample() {
    // A rotation does not pull far points in, so z^2 / 2 overflows.
    let mut flow = Flow::<f32, _, 2>::new(Householder { reflectors: [[1.0, 2.0]] });
    let mut trainer = Trainer::<_, Pack<f32, 4>>::ZEROS;
    let samples = [[0.0, 1.0], [1.0, 1.0], [3.0, 1.0], [2.0, 0.0], [1.0, 1.0], [3e30, 0.0]];
    assert_eq!(trainer.step(&mut flow, &samples, &Settings::default()), Err(TrainError::Loss { step: 0, sample: 5 }));
    // In the second of two shares.
    let mut shares = Trainer::<_, Pack<f32, 4>, 2>::ZEROS;
    assert_eq!(shares.step(&mut flow, &samples, &Settings::default()), Err(TrainError::Loss { step: 0, sample: 5 }));
    assert_eq!(flow.bijector.reflectors, [[1.0, 2.0]]);
    assert_eq!((trainer.steps(), shares.steps()), (0, 0));
}

/// The sum of gradients over a split is that of the whole, on any lanes and in any shares, also where a pack is not full.
#[test]
fn gradients_add_up_over_lanes_and_splits() {
    let (mut flow, mut rng) = start::<f64>();
    stir::<f64, _>(&mut *flow, 0.1, &mut rng);
    let samples: Vec<[f64; 2]> = (0..21).map(|_| [standard_normal(&mut rng), standard_normal(&mut rng)]).collect();
    let (whole, total) = gradient::<f64, 1>(&flow, &[&samples]);
    for (parts, name) in [
        (gradient::<f64, 1>(&flow, &[&samples[..8], &samples[8..]]), "split"),
        (gradient::<f64, 3>(&flow, &[&samples]), "shares"),
        (gradient::<Pack<f64, 4>, 1>(&flow, &[&samples]), "packs"),
        (gradient::<Pack<f64, 4>, 8>(&flow, &[&samples]), "packs in shares, the last of them empty"),
        (gradient::<Wide<f64>, 1>(&flow, &[&samples[..5], &samples[5..]]), "fused packs"),
    ] {
        assert!((parts.1.loss - total.loss).abs() < 1e-12 * total.loss.abs(), "{name}");
        assert_eq!(parts.1.weight, 21.0, "{name}");
        for (a, b) in parts.0.iter().zip(&whole) {
            assert!((a - b).abs() <= 1e-11 * (1.0 + b.abs()), "{name}: {a} instead of {b}");
        }
    }

    fn gradient<V: Value<Scalar = f64>, const P: usize>(flow: &Small<f64>, parts: &[&[[f64; 2]]]) -> (Vec<f64>, Total<f64>) {
        let (mut sum, mut total) = (vec![0.0; Small::<f64>::COUNT + Small::<f64>::FIXED], Total::ZEROS);
        let mut trainer = Box::new(Trainer::<Small<f64>, V, P>::ZEROS);
        for part in parts {
            total += trainer.nll_gradient(flow, *part).unwrap();
            sum.iter_mut().zip(parameters(trainer.gradient())).for_each(|(sum, g)| *sum += g);
        }
        (sum, total)
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

/// A step takes the factor of the schedule at its own count of steps.
#[test]
fn a_step_follows_the_schedule() {
    let data = moons::moons(30, &mut Pcg32::new(1, 9));
    let (settings, cosine) =
        (Settings { learning_rate: 1e-2, ..Settings::default() }, Schedule::Cosine { warmup: 2, steps: 6, last: 0.25 });
    let ([mut flow, mut by_hand], [mut trainer, mut other]) = ([0, 1].map(|_| start().0), [0, 1].map(|_| Box::new(Four::ZEROS)));
    for step in 0..8 {
        trainer.step(&mut flow, &data, &Settings { schedule: cosine, ..settings }).unwrap();
        let learning_rate = settings.learning_rate * cosine.factor::<f32>(step);
        other.step(&mut by_hand, &data, &Settings { learning_rate, ..settings }).unwrap();
    }
    assert!(flow == by_hand);
}

#[test]
fn half_steps_refuse_what_a_step_refuses() {
    let (mut flow, _) = start();
    let (before, mut trainer) = (flow.clone(), Box::new(Four::ZEROS));
    assert_eq!(trainer.nll_gradient(&flow, &[[0.0, 1.0], [f32::NAN, 0.0]]), Err(TrainError::Sample(1)));
    assert_eq!(trainer.nll_gradient(&flow, &[]), Ok(Total::ZEROS));
    assert!(parameters(trainer.gradient()).iter().all(|g| *g == 0.0));
    let settings = Settings { clip: 1.0, ..Settings::default() };
    let mut apply = |trainer: &mut Four, loss, weight| trainer.apply(&mut flow, Total { loss, weight }, &settings);
    assert_eq!(apply(&mut trainer, 0.0, 0.0), Err(TrainError::Empty));
    assert_eq!(apply(&mut trainer, 1.0, f32::NAN), Err(TrainError::Empty));
    assert_eq!(apply(&mut trainer, f32::NAN, 2.0), Err(TrainError::Diverged { step: 0 }));
    trainer.gradient_mut().set_all(f32::INFINITY);
    assert_eq!(apply(&mut trainer, 1.0, 2.0), Err(TrainError::Diverged { step: 0 }));
    assert_eq!(trainer.steps(), 0);
    assert!(trainer.moments().iter().all(|moment| parameters(*moment).iter().all(|m| *m == 0.0)));
    assert_eq!(flow, before);
}
