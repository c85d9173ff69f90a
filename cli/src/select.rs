//! The fit: every candidate is trained, the one with the lowest validation loss is kept.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gaussflow::train::{Progress, Schedule, Settings};
use indicatif::{ProgressBar, ProgressStyle};

use crate::data::Data;
use crate::model::{self, Body, Fitted, Model};
use crate::{Error, Result};

/// A fit of one candidate: [`model::fit`] of its type.
type FitOne = fn(&Data, [&[Vec<f64>]; 2], Settings<f32>, u64, &mut dyn FnMut(&Progress<f32>), &dyn Fn() -> bool) -> Result<Fitted>;

/// A type of flow that may be chosen. Its name is that of the type in the project's `shape.rs`, which `flow.rs` writes.
#[derive(Clone, Copy)]
pub struct Candidate {
    /// The name.
    pub name: &'static str,
    /// Columns that are modelled, and those that are given.
    pub sizes: [usize; 2],
    /// How many numbers training may change.
    pub parameters: usize,
    pub(crate) fit: FitOne,
    pub(crate) empty: fn() -> Box<dyn Model>,
}

impl Candidate {
    /// The flow with this body behind the layer that takes raw rows; it starts by a warm start.
    pub fn of<B: Body<D, C>, const D: usize, const C: usize>(name: &'static str) -> Self {
        Candidate { name, sizes: [D, C], parameters: 2 * D + B::COUNT, fit: model::fit::<B, D, C>, empty: model::empty::<B, D, C> }
    }
}

/// How to fit.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Most epochs of a candidate; by default as many as its size and the rows allow.
    pub epochs: Option<u32>,
    /// Epochs without a better validation loss after which a candidate ends.
    pub patience: Option<u32>,
    /// The time after which no epoch begins.
    pub time: Duration,
    /// The seed of starts, orders and noise.
    pub seed: u64,
}

/// What was tried.
pub struct Trial {
    /// The candidate's name.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: usize,
    /// Its best validation loss in nats by the units of the table, or why there is none.
    pub validation: std::result::Result<f64, String>,
    /// Epochs, and the best.
    pub epochs: [u32; 2],
    /// How long it took.
    pub seconds: f64,
    /// Mean losses of each epoch on training and validation rows, standardised.
    pub curves: [Vec<f32>; 2],
}

/// The best candidate and all trials.
pub struct Selected {
    /// Its place among the candidates.
    pub best: usize,
    /// The flow.
    pub model: Box<dyn Model>,
    /// One a candidate that was begun.
    pub trials: Vec<Trial>,
    /// Whether the user ended it.
    pub interrupted: bool,
}

static STOP: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C ends the fit at the end of its epoch, the second the program.
fn listen() {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nending after this epoch; what is best so far is kept");
    };
    // Without a handler, Ctrl-C ends the program, as everywhere.
    let _ = ctrlc::set_handler(handler);
}

/// Parameters times rows times epochs of a default fit: about a minute on two cores of 2020.
const WORK: f64 = 8e10;

fn settings(candidate: &Candidate, rows: usize, effort: &Effort) -> Settings<f32> {
    let batch = (rows / 20).clamp(32, 512);
    let by_rows = 3e6 / rows as f64;
    let by_work = WORK / (rows * candidate.parameters) as f64;
    let epochs = effort.epochs.unwrap_or(by_rows.min(by_work).clamp(20.0, 300.0) as u32);
    // A schedule counts in 32 bits: what is beyond is never reached.
    let steps = u64::from(epochs) * rows.div_ceil(batch) as u64;
    let steps = u32::try_from(steps).unwrap_or(u32::MAX);
    Settings {
        epochs,
        batch,
        learning_rate: 3e-3,
        weight_decay: 0.1,
        schedule: Schedule::Cosine { warmup: 50, steps, last: 0.01 },
        average: 0.998,
        patience: effort.patience.unwrap_or((epochs / 4).max(10)),
        ..Settings::default()
    }
}

/// Trains all candidates.
///
/// # Errors
/// That of the last candidate, where none could be trained.
pub fn select(candidates: &[Candidate], data: &Data, effort: &Effort) -> Result<Selected> {
    listen();
    let rows = [&data.train, &data.validation].map(|rows| data.standardised(&data.spread_out(rows, effort.seed)));
    let [train, validation] = &rows;
    let start = Instant::now();
    let stop = || STOP.load(Ordering::Relaxed) || effort.time < start.elapsed();
    let mut trials = vec![];
    let mut kept: Option<(usize, f64, Box<dyn Model>)> = None;
    for (place, candidate) in candidates.iter().enumerate() {
        if kept.is_some() && stop() {
            break;
        }
        let settings = settings(candidate, train.len(), effort);
        let mut show = Show::new(candidate.name, settings.epochs);
        let (began, mut curves) = (Instant::now(), [vec![], vec![]]);
        let fitted = (candidate.fit)(
            data,
            [train, validation],
            settings,
            effort.seed,
            &mut |progress| {
                curves[0].push(progress.loss);
                curves[1].push(progress.validation);
                show.epoch(progress);
            },
            &stop,
        );
        show.end();
        let seconds = began.elapsed().as_secs_f64();
        let parameters = candidate.parameters;
        let (validation, epochs) = match fitted {
            Ok(fitted) => {
                let loss = f64::from(fitted.outcome.best_validation) + data.log_units();
                if !kept.as_ref().is_some_and(|(_, best, _)| *best <= loss) && loss.is_finite() {
                    kept = Some((place, loss, fitted.model));
                }
                (Ok(loss), [fitted.outcome.epochs, fitted.outcome.best_epoch])
            }
            Err(error) => (Err(error.to_string()), [0; 2]),
        };
        trials.push(Trial { name: candidate.name, parameters, validation, epochs, seconds, curves });
    }
    let interrupted = STOP.load(Ordering::Relaxed);
    match kept {
        Some((best, _, model)) => Ok(Selected { best, model, trials, interrupted }),
        None => {
            let why = trials.iter().find_map(|trial: &Trial| trial.validation.as_ref().err().cloned());
            Err(Error::new(format!("no candidate could be trained: {}", why.unwrap_or_else(|| "no loss is finite".into()))))
        }
    }
}

/// A bar where there is a terminal, else a line an epoch.
struct Show {
    name: &'static str,
    bar: Option<ProgressBar>,
}

impl Show {
    fn new(name: &'static str, epochs: u32) -> Self {
        let style = ProgressStyle::with_template("{prefix:12} {bar:40} epoch {pos}/{len}, {msg}, {eta} left");
        let bar = stderr().is_terminal().then(|| ProgressBar::new(u64::from(epochs)).with_prefix(name));
        let bar = bar.map(|bar| style.map_or(bar.clone(), |style| bar.with_style(style)));
        Show { name, bar }
    }

    fn epoch(&mut self, progress: &Progress<f32>) {
        let losses = format!("loss {:.4}, validation {:.4} nats", progress.loss, progress.validation);
        match &self.bar {
            Some(bar) => {
                bar.set_message(losses);
                bar.inc(1);
            }
            None => eprintln!("{:12} epoch {}/{}: {losses}", self.name, progress.epoch, progress.epochs),
        }
    }

    fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
