//! Scores, samples and explanations of a fitted flow.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use clap::Args;
use rand_pcg::Pcg64;

use crate::columns::short;
use crate::kept::Kept;
use crate::plan::{Field, Plan};
use crate::table::{Cell, Numbers, Reading, Table};
use crate::{Error, Result};

/// Scores rows.
#[derive(Args)]
pub struct Score {
    /// Rows with the columns of the fit, or - for standard input
    #[arg(value_name = "NEW.csv")]
    data: PathBuf,
    /// The part of ordinary rows that may raise an alarm: the threshold is this quantile of the log-densities of held-out rows [default: 0.01, or one row]
    #[arg(long, value_name = "PART")]
    quantile: Option<f64>,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    reading: Reading,
}

/// Draws rows.
#[derive(Args)]
pub struct Sample {
    /// How many rows; for each row of --given-file, where there is one
    #[arg(default_value_t = 1000)]
    count: usize,
    /// The values of the given columns
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true, conflicts_with = "given_file")]
    given: Option<String>,
    /// A file with the given columns
    #[arg(long, value_name = "FILE.csv")]
    given_file: Option<PathBuf>,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    reading: Reading,
}

/// Explains a row.
#[derive(Args)]
pub struct Explain {
    /// Its line in the file
    #[arg(value_name = "LINE")]
    line: usize,
    /// Another file than the project's table
    #[arg(long, value_name = "FILE.csv")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// Where results go.
#[derive(Args)]
struct To {
    /// Writes to a file
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Writes over the file where it is there
    #[arg(long)]
    force: bool,
}

impl To {
    /// The file, or what is printed.
    fn writer(&self) -> Result<csv::Writer<Box<dyn Write>>> {
        let Some(path) = &self.out else { return Ok(csv::Writer::from_writer(Box::new(stdout().lock()))) };
        let mut options = OpenOptions::new();
        let options = if self.force { options.create(true).truncate(true) } else { options.create_new(true) };
        let file = options.write(true).open(path);
        let file = file.map_err(|e| {
            if path.exists() && !self.force { Error::of(path, "the file is there; --force writes over it") } else { Error::of(path, e) }
        })?;
        Ok(csv::Writer::from_writer(Box::new(BufWriter::new(file))))
    }
}

/// What is not said is as for the project's table.
fn reading(said: &Reading, plan: &Plan) -> Reading {
    let Reading { delimiter, header, decimal, comment, encoding, skip_bad_rows } = plan.reading.clone();
    Reading {
        delimiter: said.delimiter.clone().or(delimiter),
        header: said.header.clone().or(header),
        decimal: said.decimal.clone().or(decimal),
        comment: said.comment.or(comment),
        encoding: said.encoding.clone().or(encoding),
        skip_bad_rows: said.skip_bad_rows || skip_bad_rows,
    }
}

fn read(path: &Path, said: &Reading, plan: &Plan, fields: &[Field]) -> Result<Numbers> {
    let reading = reading(said, plan);
    let table = Table::read(path, &reading)?;
    table.numbers(&plan.find(fields, &table)?, reading.skip_bad_rows)
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot write: {e}"))
}

/// `line,log_prob,alarm` of each row.
///
/// # Errors
/// A bad row, a quantile out of its domain, a file that is there.
pub fn score(kept: &Kept, plan: &Plan, arguments: &Score) -> Result<()> {
    let threshold = match arguments.quantile {
        Some(part) => kept.threshold(part)?,
        None => kept.usual_threshold()?,
    };
    let numbers = read(&arguments.data, &arguments.reading, plan, &plan.both())?;
    let mut writer = arguments.to.writer()?;
    let mut alarms = 0;
    writer.write_record(["line", "log_prob", "alarm"]).map_err(failed)?;
    for (line, row) in numbers.lines.iter().zip(&numbers.rows) {
        let (context, x) = row.split_at(plan.context.len());
        let log_prob = kept.model.log_prob(x, context);
        let alarm = log_prob < threshold.value;
        alarms += usize::from(alarm);
        writer.write_record([&line.to_string(), &log_prob.to_string(), &u8::from(alarm).to_string()]).map_err(failed)?;
    }
    writer.flush().map_err(failed)?;
    eprintln!("{alarms} of {} rows are below the threshold, {}", numbers.rows.len(), threshold.describe());
    if numbers.left_out > 0 {
        eprintln!("{} rows with a missing or bad cell were left out", numbers.left_out);
    }
    Ok(())
}

/// A line of names, then a row for each draw: the columns of the table in their order, with those that are given and those that are constant.
///
/// # Errors
/// Given values that are too few, too many or not finite, a bad row, a file that is there.
pub fn sample(kept: &Kept, plan: &Plan, arguments: &Sample) -> Result<()> {
    let contexts = match (&arguments.given_file, &arguments.given) {
        (Some(path), _) => read(path, &arguments.reading, plan, &plan.context)?.rows,
        (None, Some(given)) => vec![given_values(given)?],
        (None, None) => vec![vec![]],
    };
    if let Some(context) = contexts.iter().find(|context| context.len() != plan.context.len()) {
        let names: Vec<String> = plan.context.iter().map(Field::label).collect();
        let all = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(Error::new(format!("{} values are given where the flow takes {}: {all}", context.len(), names.len())));
    }
    let mut rng = Pcg64::new(u128::from(arguments.seed), 0x7361_6d70);
    let mut writer = arguments.to.writer()?;
    let constants = plan.constants.iter().map(|(field, _)| field);
    let fields: Vec<&Field> = plan.context.iter().chain(&plan.columns).chain(constants).collect();
    let mut order: Vec<usize> = (0..fields.len()).collect();
    order.sort_by_key(|place| fields[*place].index);
    writer.write_record(order.iter().map(|place| fields[*place].label())).map_err(failed)?;
    for context in contexts.iter().flat_map(|context| std::iter::repeat_n(context, arguments.count)) {
        let x = kept.model.sample(context, &mut rng);
        let x = x.iter().zip(&plan.steps).map(|(x, step)| on_grid(*x, *step).to_string());
        let values: Vec<String> =
            context.iter().map(f64::to_string).chain(x).chain(plan.constants.iter().map(|(_, value)| value.to_string())).collect();
        writer.write_record(order.iter().map(|place| &values[*place])).map_err(failed)?;
    }
    writer.flush().map_err(failed)
}

/// A value of a column that lies on a grid of whole steps; as a float of 32 bits is written elsewhere.
fn on_grid(x: f64, step: f64) -> f64 {
    let shortest = |x: f64| (x as f32).to_string().parse().unwrap_or(x);
    // Only grids through 0 are known to be hit: two values, say, lie anywhere.
    if step == 1.0 { x.round() + 0.0 } else { shortest(x) }
}

fn given_values(given: &str) -> Result<Vec<f64>> {
    let value = |text: &str| match text.trim().parse::<f64>() {
        Ok(value) if (value as f32).is_finite() => Ok(value),
        _ => Err(Error::new(format!("--given `{}`: not a finite number", text.trim()))),
    };
    given.split(',').map(value).collect()
}

/// What a column has to do with a row's being odd.
pub struct Part {
    /// Its place among the modelled columns.
    pub column: usize,
    /// How much higher the log-density is at the best value, in nats.
    pub gain: f64,
    /// That value.
    pub best: f64,
}

/// For each column, how much the log-density rises at the best of `values` in its place, others as they are; the largest gain first.
pub fn parts(kept: &Kept, x: &[f64], context: &[f64], values: &[Vec<f64>]) -> Vec<Part> {
    let own = kept.model.log_prob(x, context);
    let mut parts: Vec<Part> = (0..x.len())
        .map(|column| {
            let mut at = x.to_vec();
            let mut best = (own, x[column]);
            for value in &values[column] {
                at[column] = *value;
                let log_prob = kept.model.log_prob(&at, context);
                if best.0 < log_prob {
                    best = (log_prob, *value);
                }
            }
            // From minus infinity everything is infinitely better: the numbers there are of no use, their order is.
            Part { column, gain: best.0 - own, best: best.1 }
        })
        .map(|part| Part { gain: if part.gain.is_nan() { 0.0 } else { part.gain }, ..part })
        .collect();
    parts.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    parts
}

/// Values that stand for all of a column: 33 of its quantiles.
pub fn representatives(rows: &[&[f64]], column: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = rows.iter().map(|row| row[column]).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    let mut values: Vec<f64> = (0..=32).filter_map(|i| sorted.get((f64::from(i) / 32.0 * last).round() as usize).copied()).collect();
    values.dedup();
    values
}

/// Prints the parts of a row.
///
/// # Errors
/// No row in that line, a bad cell there.
pub fn explain(kept: &Kept, plan: &Plan, data: &Path, arguments: &Explain) -> Result<()> {
    let path = arguments.data.as_deref().unwrap_or(data);
    let options = Reading { skip_bad_rows: true, ..reading(&arguments.reading, plan) };
    let table = Table::read(path, &options)?;
    let places = plan.find(&plan.both(), &table)?;
    let numbers = table.numbers(&places, true)?;
    let Some(place) = numbers.lines.iter().position(|line| *line == arguments.line) else {
        let bad = places.iter().find_map(|column| {
            let (_, cell) = table.cells(*column).find(|(line, _)| *line == arguments.line)?;
            (!matches!(cell, Cell::Number(_))).then(|| format!("`{}`: {cell}", table.label(*column)))
        });
        let why = bad.unwrap_or_else(|| "no row begins there".into());
        return Err(Error::new(format!("{}: line {}: {why}", table.file(), arguments.line)));
    };
    let contexts = plan.context.len();
    let (context, x) = numbers.rows[place].split_at(contexts);
    let rows: Vec<&[f64]> = numbers.rows.iter().map(|row| &row[contexts..]).collect();
    let values: Vec<Vec<f64>> = (0..x.len()).map(|column| representatives(&rows, column)).collect();
    let threshold = kept.usual_threshold()?;
    let log_prob = kept.model.log_prob(x, context);
    println!("line {}: log-density {} nats; threshold {}", arguments.line, short(log_prob), threshold.describe());
    println!("\n{:24}  {:>12}  {:>12}  {:>12}", "column", "value", "nats gained", "at");
    for part in parts(kept, x, context, &values) {
        let [value, gain, best] = [x[part.column], part.gain, part.best].map(short);
        println!("{:24}  {value:>12}  {gain:>12}  {best:>12}", plan.columns[part.column].label());
    }
    Ok(())
}
