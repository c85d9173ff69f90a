//! What a project's `main.rs` runs: the fit, and the use of its flow.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use rand_pcg::Pcg64;

use crate::baseline::Mixture;
use crate::data::{Data, Row};
use crate::kept::{Kept, folder};
use crate::plan::Plan;
use crate::select::{Effort, Selected, select};
use crate::table::Table;
use crate::{Error, Result, apply, report};

pub use crate::select::Candidate;

#[derive(Parser)]
#[command(about = "Fits a flow to the project's table, scores rows, draws new ones", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    fit: Fit,
}

#[derive(Subcommand)]
enum Command {
    /// Fits a flow; `fit` may be left out
    Fit(Fit),
    /// Prints the log-density of each row, and whether it is below the threshold
    Score(apply::Score),
    /// Prints new rows
    Sample(apply::Sample),
    /// Tells which columns make a row odd
    Explain(apply::Explain),
}

#[derive(Args)]
struct Fit {
    /// Another table with the same columns
    #[arg(long, value_name = "FILE.csv")]
    data: Option<PathBuf>,
    /// Most passes over the training rows, of each candidate [default: as many as rows and size allow]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Passes without a better validation loss after which a candidate ends [default: a quarter of all, at least 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    patience: Option<u32>,
    /// Seconds after which no pass begins
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Seed of the split, the starting weights, the order of the rows and the samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Writes over the fit that is there
    #[arg(long)]
    force: bool,
}

/// Reads the command line and does what it says, in the project of this folder.
#[must_use]
pub fn run(project: &str, candidates: &[Candidate]) -> ExitCode {
    run_words(project, candidates, std::env::args_os().collect())
}

/// As [`run`], with the words of the command line.
pub fn run_words(project: &str, candidates: &[Candidate], words: Vec<OsString>) -> ExitCode {
    let arguments = Arguments::parse_from(words);
    let (project, candidates) = (PathBuf::from(project), candidates.to_vec());
    // Flows and their trainers are made on the stack before they move to the heap.
    let work = move || -> Result<()> {
        let plan = Plan::read(&project)?;
        check(&plan, &candidates)?;
        match arguments.command.unwrap_or(Command::Fit(arguments.fit)) {
            Command::Fit(arguments) => fit(&project, &plan, &candidates, &arguments),
            Command::Score(arguments) => apply::score(&Kept::read(&project, &candidates)?, &plan, &arguments),
            Command::Sample(arguments) => apply::sample(&Kept::read(&project, &candidates)?, &plan, &arguments),
            Command::Explain(arguments) => {
                apply::explain(&Kept::read(&project, &candidates)?, &plan, &data_of(&project, &plan), &arguments)
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 30).spawn(work);
    let done = match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(Error::new("the work ended early")),
        Err(e) => Err(Error::new(format!("no thread: {e}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// The project's types are for its table.
fn check(plan: &Plan, candidates: &[Candidate]) -> Result<()> {
    let sizes = [plan.columns.len(), plan.context.len()];
    match candidates.iter().find(|candidate| candidate.sizes != sizes) {
        Some(Candidate { name, sizes: [d, c], .. }) => Err(Error::new(format!(
            "`{name}` is a flow of {d} columns given {c}, but table.json names {} given {}: change D and C in shape.rs",
            sizes[0], sizes[1]
        ))),
        None => Ok(()),
    }
}

/// The table: a path that is not absolute is in the project.
fn data_of(project: &Path, plan: &Plan) -> PathBuf {
    project.join(&plan.data)
}

fn fit(project: &Path, plan: &Plan, candidates: &[Candidate], arguments: &Fit) -> Result<()> {
    let folder = folder(project);
    if !arguments.force && folder.join("flow.bin").exists() {
        return Err(Error::of(&folder, "a fit is there; --force writes over it"));
    }
    let path = arguments.data.clone().unwrap_or_else(|| data_of(project, plan));
    let table = Table::read(&path, &plan.reading)?;
    let data = Data::read(&table, plan, arguments.seed)?;
    table.notes().iter().for_each(|note| println!("note: {note}"));
    tell(&data, plan);
    let effort = Effort {
        epochs: arguments.epochs,
        patience: arguments.patience,
        time: Duration::from_secs(arguments.seconds),
        seed: arguments.seed,
    };
    let selected = select(candidates, &data, &effort)?;
    let results = results(&data, &selected, arguments.seed);
    let chosen = &candidates[selected.best];
    let Selected { model, trials, interrupted, .. } = selected;
    let kept = Kept::new(model, chosen.name, &results.log_probs);
    println!("{:12}  {:>10}  {:>8}  {:>6}  {:>7}", "tried", "parameters", "epochs", "best", "nats");
    for trial in &trials {
        let loss = trial.validation.as_ref().map_or_else(|why| format!("failed: {why}"), |loss| format!("{loss:.4}"));
        println!(
            "{:12}  {:>10}  {:>8}  {:>6}  {loss:>7}  {:.1} s",
            trial.name, trial.parameters, trial.epochs[0], trial.epochs[1], trial.seconds
        );
    }
    if interrupted {
        println!("note: ended by Ctrl-C; the best until then is kept");
    }
    for (name, nll) in &results.nll {
        println!("held-out NLL  {nll:>10.4} nats  {name}");
    }
    let threshold = kept.usual_threshold()?;
    println!("threshold     {}", threshold.describe());
    let figures: Vec<(&str, f64)> = results.nll.iter().map(|(name, nll)| (name.as_str(), *nll)).collect();
    kept.write(project, plan, &data, &figures)?;
    let page = report::write(&folder, plan, &data, &kept, &trials, &results)?;
    println!("written       {}: flow.bin, flow.json, flow.rs", folder.display());
    println!("report        {}", page.display());
    Ok(())
}

fn tell(data: &Data, plan: &Plan) {
    let [train, validation, held_out] = [&data.train, &data.validation, &data.held_out].map(Vec::len);
    let given = if plan.context.is_empty() { String::new() } else { format!(" given {}", plan.context.len()) };
    println!("rows          {train} for training, {validation} for validation, {held_out} held out; {} columns{given}", plan.columns.len());
    if data.left_out > 0 {
        println!("note: {} rows with a missing or bad cell are left out", data.left_out);
    }
    if let Some(Row { line, .. }) = data.apart.first() {
        println!(
            "note: {} rows are a million spreads from the others, the first in line {line}: they take no part in the fit",
            data.apart.len()
        );
    }
}

/// What held-out rows tell.
pub struct Results {
    /// Mean negative log-likelihoods in nats by the units of the table, of the flow first, then of what it is compared with.
    pub nll: Vec<(String, f64)>,
    /// Log-densities of held-out rows, in order.
    pub log_probs: Vec<f64>,
}

/// Operations that fitting the mixtures may take.
const MIXTURE_WORK: f64 = 2e10;

fn results(data: &Data, selected: &Selected, seed: u64) -> Results {
    let contexts = data.contexts;
    let log_prob = |row: &[f64]| selected.model.log_prob(&row[contexts..], &row[..contexts]);
    let log_probs: Vec<f64> = data.held_out.iter().map(|row| log_prob(&row.values)).collect();
    // With the same noise for all, on other seeds than what was trained on.
    let spread = data.spread_out(&data.held_out, !seed);
    let own = -spread.iter().map(|row| log_prob(row)).sum::<f64>() / spread.len() as f64;
    let width = data.standards.len();
    let most = (MIXTURE_WORK / (30.0 * 60.0 * (width * width) as f64)) as usize;
    let standard = |rows: &[Row]| data.standardised(&data.spread_out(rows, seed));
    let (mut train, validation, held_out) = (standard(&data.train), standard(&data.validation), data.standardised(&spread));
    let gaussian = Mixture::gaussian(&train);
    train.truncate(most.max(1000));
    let mut rng = Pcg64::new(u128::from(seed), 0x656d);
    // A component needs more rows than it has directions.
    let counts = [2, 4, 8, 16].into_iter().filter(|count| count * (width + 2) < train.len());
    let fits = counts.map(|count| Mixture::fit(&train, count, &mut rng));
    let mixture = fits.map(|mixture| (mixture.nll(&validation, contexts), mixture)).min_by(|a, b| a.0.total_cmp(&b.0));
    let units = data.log_units();
    let mut nll = vec![("flow".to_string(), own), ("one Gaussian".to_string(), gaussian.nll(&held_out, contexts) + units)];
    if let Some((_, mixture)) = mixture {
        nll.push((format!("mixture of {} Gaussians", mixture.components()), mixture.nll(&held_out, contexts) + units));
    }
    Results { nll, log_probs }
}
