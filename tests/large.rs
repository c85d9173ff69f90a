//! A flow of 10 MB is built, trained, used, saved and loaded from a thread with a 2 MB stack, in a debug build: nothing of a flow's size passes over the stack.

use std::sync::Mutex;
use std::thread;

use gaussflow::store::format::DecodeError;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Pack, Parameters, Relu, Swap, TanhClamp, Zeros};
use rand_pcg::Pcg32;

type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
type Net = (Dense<f32, 1, 560>, Relu, Dense<f32, 560, 560>, Relu, Head<f32, Mixture, 560, 1>);
type Half<M> = Coupling<M, Mixture, Net, 1, 1>;
type Large = Flow<f32, [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 4], 2>;
type Four = Trainer<Large, Pack<f32, 4>>;

const STACK: usize = 2 << 20;
const _: () = assert!(size_of::<Large>() > 10_000_000);

fn train_and_use(flow: &mut Large, trainer: &mut Four, copies: [&mut Large; 2]) {
    let mut rng = Pcg32::new(7, 7);
    flow.init(&mut rng);
    let samples = [[0.5, -1.0], [1.5, 0.25], [-0.75, 0.0]];
    let before: f32 = samples.iter().map(|x| flow.log_prob(x)).sum();
    trainer.step(flow, &samples, &Settings { learning_rate: 1e-4, clip: 1.0, ..Settings::default() }).unwrap();
    let after: f32 = samples.iter().map(|x| flow.log_prob(x)).sum();
    assert!(after > before, "the step lowers the likelihood from {before} to {after}");
    let x = flow.sample(&mut rng);
    assert!(x.iter().all(|x| x.is_finite()));

    let mut bytes = vec![0; Large::ENCODED_LEN];
    flow.encode(&mut bytes).unwrap();
    flow.set_all(0.5);
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(flow.decode(&bytes), Err(DecodeError::Corrupted));
    flow.visit(&mut |_, slice| assert!(slice.iter().all(|p| *p == 0.5)));
    *bytes.last_mut().unwrap() ^= 1;
    flow.decode(&bytes).unwrap();
    let loaded: f32 = samples.iter().map(|x| flow.log_prob(x)).sum();
    assert_eq!(loaded.to_bits(), after.to_bits());

    let [average, best] = copies;
    let settings = Settings { epochs: 2, batch: 2, learning_rate: 1e-4, ..Settings::default() };
    let outcome = flow.fit(&samples).settings(settings).validate(&samples).average(average).best(best).run(trainer, &mut rng).unwrap();
    assert_eq!((outcome.best_epoch, trainer.steps()), (2, 4));
    assert!(flow.mean_nll(&samples) < -after / 3.0);
}

#[test]
fn in_statics() {
    static FLOW: Mutex<Large> = Mutex::new(Large::ZEROS);
    static COPIES: [Mutex<Large>; 2] = [const { Mutex::new(Large::ZEROS) }; 2];
    static TRAINER: Mutex<Four> = Mutex::new(Four::ZEROS);
    let small = thread::Builder::new().stack_size(STACK);
    let run = || {
        let [mut average, mut best] = COPIES.each_ref().map(|copy| copy.lock().unwrap());
        train_and_use(&mut FLOW.lock().unwrap(), &mut TRAINER.lock().unwrap(), [&mut average, &mut best]);
    };
    small.spawn(run).unwrap().join().unwrap();
    assert_eq!(Large::COUNT, 8 * (1120 + 560 * 560 + 560 + 561 * 24) + 16);
}

#[cfg(feature = "bytemuck")]
#[test]
fn in_boxes() {
    let small = thread::Builder::new().stack_size(STACK);
    let run = || {
        let [mut average, mut best] = [0, 1].map(|_| bytemuck::zeroed_box());
        train_and_use(&mut bytemuck::zeroed_box(), &mut bytemuck::zeroed_box(), [&mut average, &mut best]);
    };
    small.spawn(run).unwrap().join().unwrap();
}
