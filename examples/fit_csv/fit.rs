//! The fit: reads, splits, trains, compares, writes.

use std::fs;
use std::thread;
use std::time::Instant;

use gaussflow::start::{Column as Shape, Kind};
use gaussflow::train::{Outcome, Schedule, Settings};
use indicatif::{ProgressBar, ProgressStyle};
use rand_pcg::Pcg64;

use crate::baseline::Mixture;
use crate::instance::{Rows, Standard, model};
use crate::saved::{Column, Saved};
use crate::table::Table;
use crate::use_saved::write_samples;
use crate::{Fit, draw};

/// The most columns, and the most context columns.
const MOST: usize = 8;
/// The fewest rows.
const LEAST: usize = 50;
/// A column whose mean is this many deviations from 0 loses digits in f32.
const FAR: f64 = 1e4;

/// The chosen columns of a file, in random order, split 8 : 1 : 1.
pub struct Data {
    pub columns: Vec<Column>,
    pub context: Vec<Column>,
    named: bool,
    /// Rows `(c, x)`: the context's columns first.
    train: Vec<Vec<f64>>,
    validation: Vec<Vec<f64>>,
    pub held_out: Vec<Vec<f64>>,
    /// Of the columns of a row, measured on the training rows.
    standards: Vec<Standard>,
}

/// What a fit has found.
pub struct Results {
    pub parameters: usize,
    pub outcome: Outcome<f32>,
    pub seconds: f64,
    /// Mean losses of each epoch on training and validation rows, in nats, standardised.
    pub curves: [Vec<f32>; 2],
    /// Held-out NLL in nats: the flow, one Gaussian, a mixture.
    pub nll: [f64; 3],
    pub components: usize,
    /// Log-densities of the held-out rows, in order.
    pub log_probs: Vec<f64>,
}

pub fn run(arguments: &Fit) -> Result<(), String> {
    let data = Data::read(arguments)?;
    fs::create_dir_all(&arguments.out).map_err(|e| format!("{}: {e}", arguments.out.display()))?;
    let counts = [&data.train, &data.validation, &data.held_out].map(Vec::len);
    let columns = data.columns.len();
    let given = if data.context.is_empty() { String::new() } else { format!(" given {}", data.context.len()) };
    println!(
        "rows                {} for training, {} for validation, {} held out; {columns} columns{given}",
        counts[0], counts[1], counts[2]
    );
    let (saved, results) = data.fit(arguments)?;

    println!("parameters          {}", results.parameters);
    println!("training            {:.1} s, {} epochs, the best {}", results.seconds, results.outcome.epochs, results.outcome.best_epoch);
    println!("held-out NLL        {:.4} nats  flow", results.nll[0]);
    println!("                    {:.4} nats  Gaussian with full covariance", results.nll[1]);
    println!("                    {:.4} nats  mixture of {} such Gaussians", results.nll[2], results.components);
    if let Some(threshold) = saved.quantile(0.01) {
        println!("alarm threshold     {threshold:.4} nats: 1 % of held-out rows are below");
    }
    saved.write(&arguments.out)?;
    let samples = data.write_samples(arguments, &saved)?;
    println!("written             {}: flow.bin, flow.json, flow.rs, samples.csv", arguments.out.display());
    if !arguments.no_figures {
        println!("figures             {}", draw::report(arguments, &data, &saved, &results, &samples)?.display());
    }
    Ok(())
}

impl Data {
    fn read(arguments: &Fit) -> Result<Self, String> {
        let table = Table::read(&arguments.data, &arguments.reading)?;
        let find = |names: &[String]| names.iter().map(|name| table.column(name)).collect::<Result<Vec<usize>, String>>();
        let context = find(&arguments.context)?;
        let columns = match find(&arguments.columns)? {
            chosen if chosen.is_empty() => (0..table.width()).filter(|column| !context.contains(column)).collect(),
            chosen => chosen,
        };
        let both = [&context[..], &columns[..]].concat();
        if let Some(column) = both.iter().enumerate().find_map(|(i, column)| both[..i].contains(column).then_some(column)) {
            return Err(format!("{}: `{}` is chosen twice", table.file(), table.name(*column)));
        }
        if columns.is_empty() || columns.len() > MOST || context.len() > MOST {
            let counts = format!("{} columns to model and {} of context", columns.len(), context.len());
            return Err(format!("{}: {counts}; choose 1 to {MOST} by --columns and up to {MOST} by --context", table.file()));
        }
        let (mut rows, left_out) = table.numbers(&both, arguments.reading.skip_bad_rows)?;
        if left_out > 0 {
            println!("left out            {left_out} rows with a missing or bad cell");
        }
        if rows.len() < LEAST {
            return Err(format!("{}: {} rows of numbers; a fit needs at least {LEAST}", table.file(), rows.len()));
        }
        let mut rng = Pcg64::new(u128::from(arguments.seed), 0x7370_6c69);
        shuffle(&mut rows, &mut rng);
        let held_out = rows.split_off(rows.len() - rows.len() / 10);
        let validation = rows.split_off(rows.len() - held_out.len());
        let mut standards = Vec::new();
        for (place, column) in both.iter().enumerate() {
            let name = table.name(*column);
            let standard =
                standard(&rows, place).ok_or_else(|| format!("{}: `{name}` does not vary over the training rows", table.file()))?;
            if standard.mean.abs() > FAR * standard.deviation {
                println!(
                    "note                `{name}` lies {:.0e} deviations from 0: f32 keeps few of its digits; subtract a constant",
                    standard.mean.abs() / standard.deviation
                );
            }
            standards.push(standard);
            if let Some(note) = note(&rows, place) {
                println!("note                `{name}` {note}");
            }
        }
        let columns_of = |places: &[usize]| places.iter().map(|index| Column { name: table.name(*index), index: *index }).collect();
        let (columns, context) = (columns_of(&columns), columns_of(&context));
        Ok(Data { columns, context, named: table.has_names(), train: rows, validation, held_out, standards })
    }

    fn standardised(&self, rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        rows.iter().map(|row| row.iter().zip(&self.standards).map(|(x, standard)| standard.apply(*x)).collect()).collect()
    }

    fn fit(&self, arguments: &Fit) -> Result<(Saved, Results), String> {
        let [train, validation, held_out] = [&self.train, &self.validation, &self.held_out].map(|rows| self.standardised(rows));
        let contexts = self.context.len();
        // Densities by the units of the file: the Jacobian of the standardisation.
        let log_units: f64 = self.standards[contexts..].iter().map(|standard| standard.deviation.ln()).sum();
        thread::scope(|scope| {
            let baselines = scope.spawn(|| {
                let (gaussian, mixture) = (Mixture::gaussian(&train), best_mixture(&train, &validation, contexts, arguments.seed));
                let nll = [&gaussian, &mixture].map(|baseline| baseline.nll(&held_out, contexts) + log_units);
                (nll, mixture.components())
            });
            let (saved, mut results) = self.train(arguments, &train, &validation)?;
            let (nll, components) = baselines.join().map_err(|_| "the baselines ended early")?;
            (results.nll[1], results.nll[2], results.components) = (nll[0], nll[1], components);
            Ok((saved, results))
        })
    }

    fn train(&self, arguments: &Fit, train: &[Vec<f64>], validation: &[Vec<f64>]) -> Result<(Saved, Results), String> {
        let contexts = self.context.len();
        let mut model = model(self.columns.len(), contexts).ok_or("there is no such flow")?;
        let epochs = arguments.epochs.unwrap_or((3_000_000 / train.len()).clamp(20, 300) as u32);
        let batch = (train.len() / 20).clamp(32, 512);
        let steps = epochs * train.len().div_ceil(batch) as u32;
        let settings = Settings {
            epochs,
            batch,
            learning_rate: 3e-3,
            weight_decay: 0.1,
            schedule: Schedule::Cosine { warmup: 50, steps, last: 0.01 },
            average: 0.998,
            patience: arguments.patience.unwrap_or((epochs / 4).max(10)),
            ..Settings::default()
        };
        let bar = ProgressBar::new(u64::from(epochs));
        let style = "{bar:40} epoch {pos}/{len}, {msg}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).map_err(|e| e.to_string())?);
        let mut curves = [vec![], vec![]];
        let start = Instant::now();
        let halves = [train, validation].map(|rows| rows.iter().map(|row| (row[..contexts].to_vec(), row[contexts..].to_vec())).unzip());
        let [(train_c, train_x), (validation_c, validation_x)]: [(Vec<_>, Vec<_>); 2] = halves;
        let (train, validation) = (Rows { x: &train_x, context: &train_c }, Rows { x: &validation_x, context: &validation_c });
        let outcome = model.fit(&train, &validation, settings, arguments.seed, &mut |progress| {
            curves[0].push(progress.loss);
            curves[1].push(progress.validation);
            bar.set_message(format!("loss {:.4}, validation {:.4} nats", progress.loss, progress.validation));
            bar.inc(1);
        })?;
        bar.finish_and_clear();
        let seconds = start.elapsed().as_secs_f64();
        let (context, x) = self.standards.split_at(contexts);
        model.take_raw(x, context);

        let log_probs: Vec<f64> = self.held_out.iter().map(|row| model.log_prob(&row[contexts..], &row[..contexts])).collect();
        let nll = -log_probs.iter().sum::<f64>() / log_probs.len() as f64;
        let parameters = model.parameters();
        let (columns, context) = (self.columns.clone(), self.context.clone());
        let saved = Saved { model, columns, context, named: self.named, quantiles: quantiles(&log_probs) };
        Ok((saved, Results { parameters, outcome, seconds, curves, nll: [nll, f64::NAN, f64::NAN], components: 0, log_probs }))
    }

    /// Writes samples.csv: with a context, at those of held-out rows. Returns the rows `(c, x)`.
    fn write_samples(&self, arguments: &Fit, saved: &Saved) -> Result<Vec<Vec<f64>>, String> {
        let path = arguments.out.join("samples.csv");
        let contexts = self.held_out.iter().cycle().map(|row| &row[..self.context.len()]).take(arguments.samples);
        let rng = Pcg64::new(u128::from(arguments.seed), 0x7361_6d70);
        let mut writer = csv::Writer::from_path(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        write_samples(&mut writer, saved, contexts.clone(), &mut rng.clone())?;
        let mut again = rng;
        Ok(contexts.map(|context| [context, &saved.model.sample(context, &mut again)].concat()).collect())
    }
}

/// The mixture of 2 to 16 Gaussians with the best likelihood of the validation rows.
fn best_mixture(train: &[Vec<f64>], validation: &[Vec<f64>], contexts: usize, seed: u64) -> Mixture {
    let mut rng = Pcg64::new(u128::from(seed), 0x656d);
    let fits = [2, 4, 8, 16].map(|count| Mixture::fit(train, count, &mut rng));
    let scored = fits.into_iter().map(|mixture| (mixture.nll(validation, contexts), mixture));
    let best = scored.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(|| Mixture::gaussian(train), |(_, mixture)| mixture)
}

fn standard(rows: &[Vec<f64>], place: usize) -> Option<Standard> {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|row| row[place]).sum::<f64>() / n;
    let deviation = (rows.iter().map(|row| (row[place] - mean).powi(2)).sum::<f64>() / n).sqrt();
    // What rounding alone makes of equal values is no spread.
    (deviation.is_finite() && deviation > 1e-12 * mean.abs()).then_some(Standard { mean, deviation })
}

/// What a density cannot have, or is bent by.
fn note(rows: &[Vec<f64>], place: usize) -> Option<String> {
    let column = Shape::of(&mut rows.iter().map(|row| row[place]).collect::<Vec<f64>>()).ok()?;
    match column.kind {
        Kind::TwoValued => Some(format!("has two values, {} and {}: better as --context", column.least, column.greatest)),
        Kind::Stepped => {
            let step = if column.even { "lies on steps of" } else { "repeats its values, at least apart by" };
            Some(format!("{step} {}: {} values in {} rows, on which a density sharpens", column.step, column.distinct, rows.len()))
        }
        Kind::Spiked => {
            Some(format!("is {} in {} of {} rows: a density has no such point", column.most_common, column.repeats, rows.len()))
        }
        _ if column.outliers > 0 => {
            let (least, greatest) = (column.least, column.greatest);
            Some(format!("has {} rows far from all others, of {least} to {greatest}: they set its scale", column.outliers))
        }
        _ => None,
    }
}

/// At 1,001 places from the least to the greatest.
fn quantiles(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = (sorted.len() - 1) as f64;
    (0..=1000).map(|i| sorted[(f64::from(i) / 1000.0 * last).round() as usize]).collect()
}

fn shuffle(rows: &mut [Vec<f64>], rng: &mut Pcg64) {
    use rand_core::Rng;
    for i in (1..rows.len()).rev() {
        let j = ((u64::from(rng.next_u32()) * (i as u64 + 1)) >> 32) as usize;
        rows.swap(i, j);
    }
}
