//! The rows of a table, split, standardised, and with noise where they lie on a grid.

use rand_core::Rng;
use rand_pcg::Pcg64;

use crate::columns::middle;
use crate::new::LEAST;
use crate::plan::Plan;
use crate::table::Table;
use crate::{Error, Result};

/// A row is set apart where a value is this many spreads from the median: beyond it, one row would outweigh all others in the loss.
const APART: f64 = 1e6;
/// Where the deviation is this many spreads, a few far values have set it, and the spread takes its place.
const HEAVY: f64 = 10.0;

/// A row: the context's values, then the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its line in the file.
    pub line: usize,
    /// Its values.
    pub values: Vec<f64>,
}

/// Where a column is put before training: its centre to 0, its scale to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// The mean, or the median where far values have set the deviation.
    pub centre: f64,
    /// The deviation, or the spread of the middle.
    pub scale: f64,
}

impl Standard {
    /// The standardised value.
    pub fn apply(&self, x: f64) -> f64 {
        (x - self.centre) / self.scale
    }

    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let sorted = sorted(values);
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let deviation = (sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        let (median, spread) = middle(&sorted);
        // What rounding alone makes of equal values is no spread.
        if !(deviation.is_finite() && deviation > 1e-12 * mean.abs()) {
            return None;
        }
        let heavy = 0.0 < spread && HEAVY * spread < deviation;
        Some(if heavy { Standard { centre: median, scale: spread } } else { Standard { centre: mean, scale: deviation } })
    }
}

/// A table's rows in random order, split 8 : 1 : 1.
#[derive(Clone, Debug)]
pub struct Data {
    /// How many columns of a row are given.
    pub contexts: usize,
    /// What is trained on.
    pub train: Vec<Row>,
    /// What chooses among candidates and epochs.
    pub validation: Vec<Row>,
    /// What figures and the threshold come from.
    pub held_out: Vec<Row>,
    /// Rows with a value so far out that they take no part.
    pub apart: Vec<Row>,
    /// Of the columns of a row, measured on the training rows.
    pub standards: Vec<Standard>,
    /// The grid steps of the columns of a row.
    steps: Vec<f64>,
    /// How many rows were left out for a missing or bad cell.
    pub left_out: usize,
}

impl Data {
    /// Reads and splits.
    ///
    /// # Errors
    /// A bad cell, too few rows, a column that does not vary over the training rows.
    pub fn read(table: &Table, plan: &Plan, seed: u64) -> Result<Self> {
        let numbers = plan.numbers(table)?;
        let all: Vec<Row> = numbers.lines.into_iter().zip(numbers.rows).map(|(line, values)| Row { line, values }).collect();
        let width = plan.both().len();
        let bounds: Vec<(f64, f64)> = (0..width).map(|place| middle(&sorted(all.iter().map(|row| row.values[place])))).collect();
        let far = |row: &Row| row.values.iter().zip(&bounds).any(|(x, (median, spread))| (x - median).abs() > APART * spread);
        let (apart, mut rows): (Vec<Row>, Vec<Row>) = all.into_iter().partition(far);
        if rows.len() < LEAST {
            return Err(Error::new(format!("{}: {} rows of numbers; a fit needs at least {LEAST}", table.file(), rows.len())));
        }
        shuffle(&mut rows, &mut Pcg64::new(u128::from(seed), 0x7370_6c69));
        let held_out = rows.split_off(rows.len() - rows.len() / 10);
        let validation = rows.split_off(rows.len() - held_out.len());
        let standard = |place: usize| {
            let label = plan.both()[place].label();
            let standard = Standard::of(rows.iter().map(|row| row.values[place]));
            standard.ok_or_else(|| {
                Error::new(format!("{}: `{label}` does not vary over the training rows; --exclude leaves it out", table.file()))
            })
        };
        let standards = (0..width).map(standard).collect::<Result<_>>()?;
        let steps = [vec![0.0; plan.context.len()], plan.steps.clone()].concat();
        let contexts = plan.context.len();
        Ok(Data { contexts, train: rows, validation, held_out, apart, standards, steps, left_out: numbers.left_out })
    }

    /// Rows with uniform noise of one step where a column lies on a grid: a density there has no bound, and of such rows it is the mean over the step.
    pub fn spread_out(&self, rows: &[Row], seed: u64) -> Vec<Vec<f64>> {
        let mut rng = Pcg64::new(u128::from(seed), 0x6e6f_6973);
        let mut noise = |step: f64| if step > 0.0 { step * (f64::from(rng.next_u32()) / 2f64.powi(32) - 0.5) } else { 0.0 };
        rows.iter().map(|row| row.values.iter().zip(&self.steps).map(|(x, step)| x + noise(*step)).collect()).collect()
    }

    /// Standardised rows.
    pub fn standardised(&self, rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        rows.iter().map(|row| row.iter().zip(&self.standards).map(|(x, standard)| standard.apply(*x)).collect()).collect()
    }

    /// What a density by the standardised columns is to be divided by, as a logarithm.
    pub fn log_units(&self) -> f64 {
        self.standards[self.contexts..].iter().map(|standard| standard.scale.ln()).sum()
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn shuffle(rows: &mut [Row], rng: &mut Pcg64) {
    for i in (1..rows.len()).rev() {
        let j = ((u64::from(rng.next_u32()) * (i as u64 + 1)) >> 32) as usize;
        rows.swap(i, j);
    }
}
