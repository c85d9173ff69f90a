//! Fits a flow to the columns of a file, and uses it: scores rows, draws new ones.
//!
//! ```text
//! cargo run --release --example fit_csv -- data.csv                      # weights, samples and a report in target/fit_csv
//! cargo run --release --example fit_csv -- score new.csv > scores.csv    # log_prob of each row, and an alarm where it is too low
//! cargo run --release --example fit_csv -- sample --count 1000 > new.csv
//! cargo run --release --example fit_csv -- data.csv --context hour,load  # the density of the other columns given these
//! ```

#[path = "../../cli/src/baseline.rs"]
mod baseline;
mod draw;
#[path = "../../cli/src/figures/mod.rs"]
mod figures;
mod fit;
mod instance;
mod saved;
mod table;
mod use_saved;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Fits a flow to the columns of a file, scores rows, draws new ones")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fits a flow; `fit` may be left out
    Fit(Fit),
    /// Prints the log-density of each row, and whether it is below the threshold
    Score(Score),
    /// Prints new rows
    Sample(Sample),
}

/// How files are read.
#[derive(Args, Clone)]
struct Reading {
    /// What stands between two cells
    #[arg(long, default_value_t = ',', value_name = "CHAR")]
    delimiter: char,
    /// Leaves out rows with a missing or bad cell, instead of stopping at the first
    #[arg(long)]
    skip_bad_rows: bool,
}

#[derive(Args)]
struct Fit {
    /// Rows of numbers, with or without a line of names
    #[arg(value_name = "DATA.csv")]
    data: PathBuf,
    /// The columns to model, by name or by number from 1 [default: all but the context's]
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    columns: Vec<String>,
    /// The columns that are given: the flow is the density of the others at these
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    context: Vec<String>,
    /// Most passes over the data [default: 3 million rows in all, 20 to 300 passes]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Passes without a better validation loss after which training stops [default: a quarter of all, at least 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    patience: Option<u32>,
    /// Seed of the split, the starting weights, the order of the rows and the samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Rows in samples.csv
    #[arg(long, default_value_t = 5000)]
    samples: usize,
    /// Writes no figures
    #[arg(long)]
    no_figures: bool,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "target/fit_csv")]
    out: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Args)]
struct Score {
    /// Rows with the columns of the fit
    #[arg(value_name = "NEW.csv")]
    data: PathBuf,
    /// Where the fit has written
    #[arg(long, value_name = "DIR", default_value = "target/fit_csv")]
    model: PathBuf,
    /// The part of ordinary rows that may raise an alarm: the threshold is this quantile of the log-densities of held-out rows
    #[arg(long, default_value_t = 0.01, value_name = "PART")]
    quantile: f64,
    /// Writes to a file
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Args)]
struct Sample {
    /// Where the fit has written
    #[arg(long, value_name = "DIR", default_value = "target/fit_csv")]
    model: PathBuf,
    /// How many rows; for each row of --given-file, where there is one
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// The values of the context's columns
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_hyphen_values = true, conflicts_with = "given_file")]
    given: Vec<f64>,
    /// A file with the context's columns
    #[arg(long, value_name = "FILE.csv")]
    given_file: Option<PathBuf>,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Writes to a file
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// The words of the command line, with `fit` where no command is named.
fn words() -> Vec<OsString> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let named = ["fit", "score", "sample", "help", "--help", "-h"];
    if words.get(1).is_some_and(|first| !named.iter().any(|name| first == name)) {
        words.insert(1, "fit".into());
    }
    words
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse_from(words()) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            let what: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            let what = what.join(" ");
            // Without any word, what comes is the help.
            let what = if what.starts_with("error") { &what } else { "error: no file of rows is named" };
            eprintln!("{what}; --help tells more");
            return ExitCode::from(2);
        }
        Err(help) => help.exit(),
    };
    let result = match arguments.command {
        Command::Fit(fit) => fit::run(&fit),
        Command::Score(score) => use_saved::score(&score),
        Command::Sample(sample) => use_saved::sample(&sample),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
