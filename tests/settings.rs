//! Settings out of their domain are refused by name, by all that takes settings, before anything changes.

#[path = "common/small.rs"]
mod small;

use gaussflow::train::{Copies, FitState, Schedule, Settings, Total, TrainError, Trainer};
use gaussflow::{Pack, Zeros};
use small::{Small, start};

type Four = Trainer<Small<f32>, Pack<f32, 4>>;
type Spoil = fn(&mut Settings<f32>);

const SPOILS: [(&str, Spoil); 23] = [
    ("epochs", |s| s.epochs = 0),
    ("batch", |s| s.batch = 0),
    ("learning_rate", |s| s.learning_rate = 0.0),
    ("learning_rate", |s| s.learning_rate = -1e-3),
    ("learning_rate", |s| s.learning_rate = f32::INFINITY),
    ("learning_rate", |s| s.learning_rate = f32::NAN),
    ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 2, last: -0.5 }),
    ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 2, last: 1.5 }),
    ("schedule", |s| s.schedule = Schedule::Cosine { warmup: 1, steps: 2, last: f32::NAN }),
    ("weight_decay", |s| s.weight_decay = -0.1),
    ("weight_decay", |s| s.weight_decay = f32::NAN),
    ("clip", |s| s.clip = 0.0),
    ("clip", |s| s.clip = -1.0),
    ("clip", |s| s.clip = f32::NAN),
    ("adam.beta1", |s| s.adam.beta1 = 1.0),
    ("adam.beta1", |s| s.adam.beta1 = -0.1),
    ("adam.beta2", |s| s.adam.beta2 = 1.0),
    ("adam.beta2", |s| s.adam.beta2 = f32::NAN),
    ("adam.epsilon", |s| s.adam.epsilon = 0.0),
    ("adam.epsilon", |s| s.adam.epsilon = f32::INFINITY),
    ("average", |s| s.average = 1.0),
    ("average", |s| s.average = -0.1),
    ("patience", |s| s.patience = 0),
];

#[test]
fn bad_settings_are_refused_everywhere() {
    let rows = [[0.5f32, -0.25], [1.0, 0.5]];
    let target = |x: &[f32; 2], _: &[f32; 0]| (-0.5 * (x[0] * x[0] + x[1] * x[1]), x.map(|x| -x));
    let (mut flow, mut rng) = start();
    let (before, untouched) = (flow.clone(), rng.clone());
    let [mut average, mut best] = [0, 1].map(|_| Box::new(Small::ZEROS));
    let mut trainer = Box::new(Four::ZEROS);
    // A step was made, on other rows, so that there are moments and a gradient to keep.
    trainer.step(&mut flow.clone(), &[[2.0, 1.0]], &Settings::default()).unwrap();
    let (moments, gradient) = (trainer.moments().map(Clone::clone), trainer.gradient().clone());
    for (name, spoil) in SPOILS {
        let mut settings = Settings::default();
        spoil(&mut settings);
        let refused = TrainError::Setting(name);
        assert_eq!(trainer.step(&mut flow, &rows, &settings), Err(refused));
        assert_eq!(trainer.apply(&mut flow, Total { loss: 1.0, weight: 2.0 }, &settings), Err(refused));
        assert_eq!(trainer.step_reverse_kl(&mut flow, &rows, target, &settings), Err(refused));
        let mut copies = Copies { average: Some(&mut *average), best: Some(&mut *best) };
        assert_eq!(FitState::start(&*flow, Some(1.0), &settings, &mut copies), Err(refused));
        let fit = flow.fit(&rows).settings(settings).validate(&rows).average(&mut average).best(&mut best);
        assert_eq!(fit.run(&mut *trainer, &mut rng), Err(refused));
        assert_eq!((trainer.steps(), &rng), (1, &untouched), "{settings:?}");
        assert!(flow == before && *average == Small::ZEROS && *best == Small::ZEROS, "{settings:?}");
        assert!(trainer.moments() == moments.each_ref() && *trainer.gradient() == gradient, "{settings:?}");
    }
    // And the same calls go through with the settings as they should be.
    let settings = Settings { epochs: 1, clip: f32::INFINITY, ..Settings::default() };
    assert!(trainer.step(&mut flow, &rows, &settings).is_ok());
    assert!(trainer.apply(&mut flow, Total { loss: 1.0, weight: 2.0 }, &settings).is_ok());
    assert!(trainer.step_reverse_kl(&mut flow, &rows, target, &settings).is_ok());
    assert!(flow.fit(&rows).settings(settings).run(&mut *trainer, &mut rng).is_ok());
    assert!(flow != before);
}
