//! Training by sampling: it finds a density that is known up to a constant, and refuses what it cannot learn from.

#[path = "common/stack.rs"]
mod stack;

use gaussflow::train::{Schedule, Settings, TrainError, Trainer};
use gaussflow::{
    Affine, ContextDense, Coupling, FirstHalf, Flow, Head, Init, Marginal, NoClamp, Pack, Swap, Tanh, TanhClamp, Zeros, standard_normal,
};
use rand_pcg::Pcg64;

type Four = Pack<f64, 4>;
type Scales = Flow<f64, Marginal<f64, Affine<NoClamp>, 2>, 2>;
type Target = dyn Fn(&[f64; 2]) -> (f64, [f64; 2]);

fn latents<const N: usize>(rng: &mut Pcg64) -> [[f64; 2]; N] {
    std::array::from_fn(|_| [standard_normal(rng), standard_normal(rng)])
}

/// A normal of means 3 and -1, deviations 2 and 1/2, times `e^5`.
fn normal(x: &[f64; 2]) -> (f64, [f64; 2]) {
    let t = [(x[0] - 3.0) / 2.0, (x[1] + 1.0) / 0.5];
    (5.0 - 0.5 * (t[0] * t[0] + t[1] * t[1]), [-t[0] / 2.0, -t[1] / 0.5])
}

/// The flow holds the target exactly: its loss becomes minus the logarithm of the constant, up to the noise of the gradient, which stays there.
#[test]
fn a_normal_is_found() {
    let (mut flow, mut trainer, mut rng) = (Scales::ZEROS, Trainer::<Scales, Four>::ZEROS, Pcg64::new(1, 1));
    flow.init(&mut rng);
    let mut loss = f64::NAN;
    let schedule = Schedule::Cosine { warmup: 0, steps: 3000, last: 0.0 };
    let settings = Settings { learning_rate: 0.05, clip: 100.0, schedule, ..Settings::default() };
    for _ in 0..3000 {
        let z = latents::<16>(&mut rng);
        loss = trainer.step_reverse_kl(&mut flow, &z, |x, _| normal(x), &settings).unwrap().loss;
    }
    let log_constant = 5.0 + (2.0 * std::f64::consts::PI * 2.0 * 0.5).ln();
    assert!((loss + log_constant).abs() < 0.01, "{loss}, not {}", -log_constant);
    for (z, x) in [([0.0, 0.0], [3.0, -1.0]), ([1.0, 1.0], [5.0, -0.5])] {
        let found = flow.inverse(&z);
        assert!((found[0] - x[0]).abs() < 0.03 && (found[1] - x[1]).abs() < 0.01, "{z:?} comes from {found:?}");
    }
}

/// `p(x | c) = N(c, 1) N(x_0 / 2, 1)`: one flow for every `c`.
#[test]
fn a_conditional_density_is_found() {
    type Scale = Affine<TanhClamp<f64>>;
    type Half<M> = Coupling<M, Scale, (ContextDense<f64, 1, 1, 8>, Tanh, Head<f64, Scale, 8, 1>), 1, 1>;
    type Halves = Flow<f64, [(Half<FirstHalf>, Half<Swap<FirstHalf>>); 2], 2, 1>;
    stack::on_large_stack(|| {
        let mut rng = Pcg64::new(2, 2);
        let (mut flow, mut trainer) = (Box::new(Halves::ZEROS), Box::new(Trainer::<Halves, Four>::ZEROS));
        flow.init(&mut rng);
        let target = |x: &[f64; 2], c: &[f64; 1]| {
            let (a, b) = (x[0] - c[0], x[1] - 0.5 * x[0]);
            (-0.5 * (a * a + b * b), [0.5 * b - a, -b])
        };
        let mut divergence = |steps: u32, learning_rate: f64| {
            let settings = Settings { learning_rate, clip: 10.0, ..Settings::default() };
            let mut mean = 0.0;
            for _ in 0..steps {
                let z = latents::<32>(&mut rng);
                let contexts: [[f64; 1]; 32] = std::array::from_fn(|_| [standard_normal(&mut rng)]);
                mean += trainer.step_reverse_kl(&mut flow, (&z, &contexts), target, &settings).unwrap().loss / f64::from(steps);
            }
            mean + (2.0 * std::f64::consts::PI).ln()
        };
        // At the start q is N(0, I): E (c^2 + x_0^2 / 4) / 2 = 5/8.
        let before = divergence(100, 1e-12);
        assert!((before - 0.625).abs() < 0.1, "{before}");
        divergence(500, 2e-2);
        let after = divergence(200, 1e-3);
        println!("divergence {before} before, {after} after");
        assert!((0.0..0.02).contains(&after), "{after}");
    });
}

#[test]
fn refuses_by_name() {
    let (mut flow, mut trainer) = (Scales::ZEROS, Trainer::<Scales, Four>::ZEROS);
    let settings = Settings { learning_rate: 0.1, clip: 1.0, ..Settings::default() };
    let rows = [[0.5, -0.5]; 6];
    let mut step = |latents: &[[f64; 2]], target: &Target| {
        let before = flow.clone();
        let outcome = trainer.step_reverse_kl(&mut flow, latents, |x, _| target(x), &settings);
        assert_eq!((outcome.is_err(), trainer.steps()), (before == flow, u32::from(outcome.is_ok())));
        outcome
    };
    assert_eq!(step(&[], &normal), Err(TrainError::Empty));
    assert_eq!(step(&[[0.0, 0.0], [f64::NAN, 0.0]], &normal), Err(TrainError::Sample(1)));
    // Where the target is 0 or refuses to say, in the second pack.
    let mut odd = rows;
    odd[5] = [7.0, 0.0];
    let nothing = |x: &[f64; 2]| if x[0] > 6.0 { (f64::NEG_INFINITY, [0.0; 2]) } else { normal(x) };
    assert_eq!(step(&odd, &nothing), Err(TrainError::Loss { step: 0, sample: 5 }));
    assert_eq!(step(&rows, &|x| (normal(x).0, [f64::NAN, 0.0])), Err(TrainError::Diverged { step: 0 }));
    assert!(step(&rows, &normal).is_ok());
}
