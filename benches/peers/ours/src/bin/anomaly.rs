//! Fits our model to the rows of a folder, for `anomalies`: `anomaly FOLDER SEEDS`, built with the number of columns in `DIMENSIONS`. Prints a line of JSON a seed.
//!
//! The model: columns standardised by their middle, each with a map of its own or none, then one Gaussian mixture of all, with two broad components of a thousandth of the weight. What kind, of
//! how many components and how held from few rows is chosen by cross-validation in five folds, or by the validation rows where there are many.

#[path = "../anomaly/columns.rs"]
mod columns;
#[path = "../anomaly/mixtures.rs"]
mod mixtures;

use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use columns::{SHAPES, Shape, dequantized, steps};
use gaussflow::{Flow, GaussianMixture, boxed};
use mixtures::{BROAD, Choice, ROOM, Split, Tried, choose, splits};
use rand_pcg::Pcg64;

const D: usize = match option_env!("DIMENSIONS") {
    Some(text) => parse(text),
    None => 2,
};

const fn parse(text: &str) -> usize {
    let (digits, mut number, mut i) = (text.as_bytes(), 0, 0);
    while i < digits.len() {
        number = 10 * number + (digits[i] - b'0') as usize;
        i += 1;
    }
    number
}

type Model = Flow<f32, (Shape<D>, GaussianMixture<f32, D, ROOM>), D>;

/// Seconds for the choice, of one seed.
const BUDGET: f64 = 60.0;

/// Rows times columns up to which candidates are compared by cross-validation.
const MANY: usize = 30_000;

fn read(folder: &Path, name: &str) -> Vec<[f32; D]> {
    let bytes = fs::read(folder.join(name)).expect("the rows of each split");
    let floats: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    floats.as_chunks().0.to_vec()
}

/// What a choice takes in flash: its parameters, without the room for others.
fn bytes(choice: &Choice) -> usize {
    let columns = 2 * D + if choice.shaped { 3 * SHAPES * D } else { 0 };
    4 * (columns + (choice.components + BROAD) * (1 + 2 * D + D * (D - 1) / 2))
}

/// The choice, fitted to the rows.
fn fit(choice: &Choice, rows: &[[f32; D]], rng: &mut Pcg64) -> Option<Box<Model>> {
    let split = Split::new(rows, rows, choice.shaped, rng);
    let mut flow = boxed::<Model>();
    flow.bijector.1 = *split.roomy(choice, 3, rng)?;
    flow.bijector.0 = split.shape.bijector;
    Some(flow)
}

/// Negative log-densities; a density of 0 is the largest number, for JSON has no infinity.
fn scores(flow: &Model, rows: &[[f32; D]], units: f64) -> Vec<f64> {
    let mut log_probs = vec![0.0; rows.len()];
    flow.log_probs(rows, &mut log_probs).expect("as many places as rows");
    log_probs.iter().map(|log_prob| if log_prob.is_finite() { -f64::from(*log_prob) - units } else { f32::MAX.into() }).collect()
}

/// The best of each shape and kind, and the best of each small size: what the report compares.
fn shown(tried: &[Tried]) -> Vec<Tried> {
    let mut shown: Vec<Tried> = Vec::new();
    for t in tried {
        let same_kind = |s: &&Tried| s.choice.shaped == t.choice.shaped && s.choice.covariance == t.choice.covariance;
        let small = t.choice.components <= 8 && !shown.iter().any(|s| s.choice.components == t.choice.components);
        if small || !shown.iter().any(|s| same_kind(&s)) {
            shown.push(*t);
        }
    }
    shown
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, folder, seeds] = &arguments[..] else { panic!("the folder of the rows, and how many seeds") };
    let (folder, seeds) = (Path::new(folder), seeds.parse::<u64>().expect("a number of seeds"));
    let [train, validation, test, noisy] =
        ["train.raw.f32", "validation.raw.f32", "test.raw.f32", "test.noisyraw.f32"].map(|name| read(folder, name));
    let shape = fs::read_to_string(folder.join("shape.json")).expect("the shape of the table");
    let units =
        shape.split("\"units\":").nth(1).and_then(|text| text.trim_end_matches(['}', '\n']).trim().parse().ok()).expect("the units");
    let folds = if (train.len() + validation.len()) * D < MANY { 5 } else { 1 };
    let both: Vec<[f32; D]> = train.iter().chain(&validation).copied().collect();
    for seed in 0..seeds {
        let begin = Instant::now();
        let [plain, shaped] = [false, true].map(|shaped| splits(&train, &validation, folds, shaped, seed));
        let tried = choose(&[(false, &plain), (true, &shaped)], BUDGET, seed);
        let mut rng = Pcg64::new(seed.into(), 9);
        let rows = dequantized(if folds > 1 { &both } else { &train }, &steps(&both), &mut rng);
        let fitted: Vec<(Tried, Box<Model>)> = shown(&tried).iter().filter_map(|t| Some((*t, fit(&t.choice, &rows, &mut rng)?))).collect();
        let (best, flow) = fitted.first().expect("a mixture of the rows");
        let fit_seconds = begin.elapsed().as_secs_f64();
        let again = Instant::now();
        let of_test = scores(flow, &test, 0.0);
        let microseconds = again.elapsed().as_secs_f64() * 1e6 / test.len() as f64;
        let tried: Vec<String> = fitted
            .iter()
            .map(|(t, flow)| {
                let of_test = scores(flow, &test, 0.0);
                format!(
                    "{{\"name\": \"{}\", \"bytes\": {}, \"validation\": {}, \"scores\": {of_test:?}}}",
                    t.choice,
                    bytes(&t.choice),
                    t.loss - units
                )
            })
            .collect();
        println!(
            "{{\"chosen\": \"{}\", \"bytes\": {}, \"fit_seconds\": {fit_seconds}, \"score_microseconds\": {microseconds}, \"scores\": {of_test:?}, \"nll\": {:?}, \"tried\": [{}]}}",
            best.choice,
            bytes(&best.choice),
            scores(flow, &noisy, units),
            tried.join(", ")
        );
    }
}
