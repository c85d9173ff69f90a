//! Compiles the flow of `target/fit_csv/flow.rs` into itself, as firmware does, and compares its log-densities with those that `fit_csv score` gave from the saved weights.
//!
//! ```text
//! cargo run --release --manifest-path firmware/host/Cargo.toml -- DATA.csv SCORES.csv
//! ```

use std::process::ExitCode;
use std::{env, fs};

#[allow(unused_imports)]
mod flow {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/fit_csv/flow.rs"));
}

use flow::{COLUMNS, CONTEXT, FLOW};

/// The first rows are printed.
const SHOWN: usize = 5;

/// The lines of a file with their numbers, without a first line of names.
fn rows(path: &str) -> Result<Vec<(usize, String)>, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let names = text.lines().next().is_some_and(|line| line.split(',').all(|cell| cell.trim().parse::<f64>().is_err()));
    Ok((1..).zip(text.lines().map(String::from)).skip(usize::from(names)).collect())
}

/// The numbers of a row in these columns, and zeros where there are fewer.
fn cells<const N: usize>(path: &str, (line, row): &(usize, String), columns: &[usize]) -> Result<[f32; N], String> {
    let mut values = [0.0; N];
    for (value, column) in values.iter_mut().zip(columns) {
        let cell = row.split(',').nth(*column).and_then(|cell| cell.trim().parse::<f64>().ok());
        *value = cell.ok_or_else(|| format!("{path}: row {line}, column {}: not a number", column + 1))? as f32;
    }
    Ok(values)
}

fn run() -> Result<bool, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [data, scores] = &arguments[..] else { return Err("expected DATA.csv SCORES.csv".into()) };
    let (points, saved) = (rows(data)?, rows(scores)?);
    if points.len() != saved.len() {
        return Err(format!("{data} has {} rows, {scores} {}", points.len(), saved.len()));
    }
    let mut same = 0;
    println!("row  log_prob of the static flow  of the saved weights");
    for (i, (point, score)) in points.iter().zip(&saved).enumerate() {
        let (x, context) = (cells(data, point, COLUMNS)?, cells(data, point, CONTEXT)?);
        let (here, [there]) = (FLOW.given(context).log_prob(&x), cells(scores, score, &[1])?);
        same += usize::from(here.to_bits() == there.to_bits());
        if i < SHOWN {
            println!("{:<4} {here:<28} {there}", i + 1);
        }
    }
    println!("the same bits in {same} of {} rows", points.len());
    Ok(same == points.len())
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
