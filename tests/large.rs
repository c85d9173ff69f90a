//! A flow of 10 MB is built, trained, used, saved and loaded from a thread with a 2 MB stack, in a debug build: nothing of a flow's size passes over the stack.

use std::sync::Mutex;
use std::thread;

use gaussflow::Relu;
use gaussflow::store::format::DecodeError;
use gaussflow::train::{Adam, Trainer};
use gaussflow::{Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Pack, Parameters, Swap, TanhClamp, Zeros};
use rand_pcg::Pcg32;

type Mixture = MixtureCdf<TanhClamp<f32>, 8>;
type Net = (Dense<f32, 1, 560>, Relu, Dense<f32, 560, 560>, Relu, Head<f32, Mixture, 560, 1>);
type Half<M> = Coupling<M, Mixture, Net, 1, 1>;
type Blocks = [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 4];

const STACK: usize = 2 << 20;
const _: () = assert!(size_of::<Blocks>() > 10_000_000);

fn train_and_use(flow: &mut Flow<f32, Blocks, 2>, trainer: &mut Trainer<f32, Pack<f32, 4>, Blocks, 2>) {
    let mut rng = Pcg32::new(7, 7);
    flow.init(&mut rng);
    let samples = [[0.5, -1.0], [1.5, 0.25], [-0.75, 0.0]];
    let before: f32 = samples.iter().map(|x| flow.log_prob(x)).sum();
    trainer.step(&mut flow.bijector, &samples, &[], &Adam { learning_rate: 1e-4, ..Adam::default() }, 1.0, 1.0).unwrap();
    let after: f32 = samples.iter().map(|x| flow.log_prob(x)).sum();
    assert!(after > before, "the step lowers the likelihood from {before} to {after}");
    let x = flow.sample(&mut rng);
    assert!(x.iter().all(|x| x.is_finite()));

    let mut bytes = vec![0; Flow::<f32, Blocks, 2>::ENCODED_LEN];
    flow.encode(&mut bytes).unwrap();
    flow.fill(0.5);
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(flow.decode(&bytes), Err(DecodeError::Corrupted));
    flow.visit(&mut |_, slice| assert!(slice.iter().all(|p| *p == 0.5)));
    *bytes.last_mut().unwrap() ^= 1;
    flow.decode(&bytes).unwrap();
    let loaded: f32 = samples.iter().map(|x| flow.log_prob(x)).sum();
    assert_eq!(loaded.to_bits(), after.to_bits());
}

#[test]
fn in_statics() {
    static FLOW: Mutex<Flow<f32, Blocks, 2>> = Mutex::new(Flow::ZEROS);
    static TRAINER: Mutex<Trainer<f32, Pack<f32, 4>, Blocks, 2>> = Mutex::new(Trainer::ZEROS);
    let small = thread::Builder::new().stack_size(STACK);
    small.spawn(|| train_and_use(&mut FLOW.lock().unwrap(), &mut TRAINER.lock().unwrap())).unwrap().join().unwrap();
    assert_eq!(Flow::<f32, Blocks, 2>::COUNT, 8 * (1120 + 560 * 560 + 560 + 561 * 24) + 16);
}

#[cfg(feature = "bytemuck")]
#[test]
fn in_boxes() {
    let small = thread::Builder::new().stack_size(STACK);
    small.spawn(|| train_and_use(&mut bytemuck::zeroed_box(), &mut bytemuck::zeroed_box())).unwrap().join().unwrap();
}
