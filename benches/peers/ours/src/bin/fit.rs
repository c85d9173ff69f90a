//! Fits our coupling flow to the points of a folder, for `densities`; how it is called and what it answers stands in `recipe.py`.

use std::path::Path;
use std::{env, fs};

use gaussflow::factory::CouplingBlock;
use gaussflow::train::{Schedule, Settings, Trainer};
use gaussflow::{DifferentiableBijector, Flow, Init, Zeros};
use rand_pcg::Pcg64;

/// The rows of a split.
fn read<const D: usize>(folder: &Path, split: &str) -> Vec<[f32; D]> {
    let bytes = fs::read(folder.join(format!("{split}.f32"))).expect("the points of each split");
    let floats: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    floats.as_chunks().0.to_vec()
}

fn answer<B: DifferentiableBijector<f32, D> + Init<f32> + Zeros, const D: usize>(folder: &Path, settings: &Settings<f32>, seed: u64) {
    let [train, validation, test] = ["train", "validation", "test"].map(|split| read::<D>(folder, split));
    let mut rng = Pcg64::new(seed.into(), 1);
    let [mut flow, mut average, mut best] = [(); 3].map(|()| Box::new(Flow::<f32, B, D>::ZEROS));
    flow.init(&mut rng);
    let mut trainer = Box::new(Trainer::<_>::ZEROS);
    let steps = settings.epochs * train.len().div_ceil(settings.batch) as u32;
    let settings = Settings { schedule: Schedule::Cosine { warmup: 0, steps, last: 0.01 }, ..*settings };
    let fit = flow.fit(&train).settings(settings).validate(&validation).average(&mut average).best(&mut best);
    let outcome = fit.run(&mut trainer, &mut rng).expect("finite points have a density");
    let log_probs: Vec<f64> = test.iter().map(|x| flow.log_prob(x).into()).collect();
    let (parameters, best) = (B::COUNT, outcome.best_validation);
    println!("{{\"parameters\": {parameters}, \"epoch\": {}, \"validation\": {best}, \"log_probs\": {log_probs:?}}}", outcome.best_epoch);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, numbers @ ..] = &arguments[..] else { panic!("the folder of the points, and the numbers of recipe.py") };
    let numbers: Vec<f32> = numbers.iter().map(|number| number.parse().expect("a number")).collect();
    let [dimensions, couplings, hidden, epochs, batch, patience, learning_rate, weight_decay, average, seeds] = numbers[..] else {
        panic!("the numbers of recipe.py")
    };
    let settings = Settings {
        epochs: epochs as u32,
        batch: batch as usize,
        learning_rate,
        weight_decay,
        average,
        patience: patience as u32,
        ..Settings::default()
    };
    let fit = match [dimensions, couplings, hidden].map(|number| number as u32) {
        [2, 8, 64] => answer::<[CouplingBlock<f32, 2, 1, 1>; 4], 2>,
        [8, 4, 32] => answer::<[CouplingBlock<f32, 8, 4, 4, 8, 32>; 2], 8>,
        [10, 4, 32] => answer::<[CouplingBlock<f32, 10, 5, 5, 8, 32>; 2], 10>,
        [16, 4, 32] => answer::<[CouplingBlock<f32, 16, 8, 8, 8, 32>; 2], 16>,
        sizes => panic!("no flow of these dimensions, couplings and hidden widths: {sizes:?}"),
    };
    (0..seeds as u64).for_each(|seed| fit(folder.as_ref(), &settings, seed));
}
