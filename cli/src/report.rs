//! The report of a fit.

use std::path::{Path, PathBuf};

use crate::apply::{parts, representatives};
use crate::data::Data;
use crate::figures::{self, Grid, Report};
use crate::kept::Kept;
use crate::plan::{Field, Plan};
use crate::project::Results;
use crate::select::Trial;
use crate::{Error, Result};

/// Columns that figures of all pairs show.
const SHOWN: usize = 6;
/// Rows whose oddness is explained.
const ODDEST: usize = 10;
/// Rows and samples in figures.
const POINTS: usize = 2000;

/// Writes `report.html` and its figures into `folder`.
///
/// # Errors
/// Those of figures and of the file system.
pub fn write(folder: &Path, plan: &Plan, data: &Data, kept: &Kept, trials: &[Trial], results: &Results) -> Result<PathBuf> {
    draw(folder, plan, data, kept, trials, results).map_err(Error::new)
}

fn draw(folder: &Path, plan: &Plan, data: &Data, kept: &Kept, trials: &[Trial], results: &Results) -> std::result::Result<PathBuf, String> {
    let mut report = Report::new(&format!("A flow of {}", plan.data.display()));
    facts(&mut report, plan, kept, results);
    tried(&mut report, trials);
    oddest(&mut report, plan, data, kept, results);
    report.html(&crate::measure::BOARD.concat());
    if let Some(trial) = trials.iter().find(|trial| trial.name == kept.name) {
        let losses = [("training", &trial.curves[0][..]), ("validation", &trial.curves[1][..])];
        let caption = "The loss of each epoch, on standardised columns: of the training rows before each step, and of the validation rows with the averaged weights.";
        if trial.epochs[0] > 1 {
            report.figure("training", caption, figures::loss_curves("Training", &losses, 1))?;
        }
    }
    let contexts = data.contexts;
    let names: Vec<String> = plan.columns.iter().take(SHOWN).map(Field::label).collect();
    let held_out = &data.held_out[..data.held_out.len().min(POINTS)];
    let mut rng = rand_pcg::Pcg64::new(1, 0x7361_6d70);
    let samples: Vec<Vec<f64>> = held_out.iter().map(|row| kept.model.sample(&row.values[..contexts], &mut rng)).collect();
    let of = |rows: &mut dyn Iterator<Item = &[f64]>| -> Vec<Vec<f64>> {
        let rows: Vec<&[f64]> = rows.collect();
        (0..names.len()).map(|d| rows.iter().map(|row| row[d]).collect()).collect()
    };
    let at = if contexts > 0 { ", drawn at the contexts of held-out rows" } else { "" };
    let first = if plan.columns.len() > SHOWN { format!(" The first {SHOWN} of {} columns.", plan.columns.len()) } else { String::new() };
    let caption = format!("Held-out rows and samples of the flow{at}: each column, and each pair of columns.{first}");
    let (rows, drawn) = (of(&mut held_out.iter().map(|row| &row.values[contexts..])), of(&mut samples.iter().map(Vec::as_slice)));
    report.figure("pairs", caption, figures::pairs(&names, &rows, &drawn))?;
    let latents: Vec<Vec<f64>> = held_out.iter().map(|row| kept.model.forward(&row.values[contexts..], &row.values[..contexts])).collect();
    let latents = of(&mut latents.iter().map(Vec::as_slice));
    let caption = "Held-out rows as the flow maps them, with the density of N(0, 1): what departs from it, the flow has not learnt.";
    report.figure("latents", caption, figures::latents("Latents", &latents))?;
    let marks: Vec<(&str, f64)> = kept.usual_threshold().map(|threshold| ("threshold", threshold.value)).into_iter().collect();
    let caption = "Log-densities of held-out rows without the lowest 0.2 %, and the threshold.";
    report.figure("log_prob", caption, figures::histogram("Held-out rows", "log p(x) (nats)", &middle(&results.log_probs), &marks))?;
    if let ([x, y], 0) = (&names[..], contexts) {
        plane(&mut report, [x, y], data, kept)?;
    }
    report.write(folder)
}

fn facts(report: &mut Report, plan: &Plan, kept: &Kept, results: &Results) {
    let list = |fields: &[Field]| fields.iter().map(Field::label).collect::<Vec<_>>().join(", ");
    report.fact("Columns", list(&plan.columns));
    if !plan.context.is_empty() {
        report.fact("Given", list(&plan.context));
    }
    report.fact("Kept", format!("{}, {} parameters", kept.name, kept.model.parameters()));
    for (name, nll) in &results.nll {
        report.fact(&format!("Held-out NLL, {name}"), format!("{nll:.4} nats"));
    }
    if let Ok(threshold) = kept.usual_threshold() {
        report.fact("Threshold", threshold.describe());
    }
}

fn tried(report: &mut Report, trials: &[Trial]) {
    let rows = trials.iter().map(|trial| {
        let loss = trial.validation.as_ref().map_or_else(String::clone, |loss| format!("{loss:.4}"));
        vec![
            trial.name.into(),
            trial.parameters.to_string(),
            trial.epochs[0].to_string(),
            trial.epochs[1].to_string(),
            format!("{:.1}", trial.seconds),
            loss,
        ]
    });
    let head = ["candidate", "parameters", "epochs", "best epoch", "seconds", "validation NLL (nats)"];
    report.table("tried", "What was tried; the lowest validation loss is kept.", &head, rows.collect());
}

fn oddest(report: &mut Report, plan: &Plan, data: &Data, kept: &Kept, results: &Results) {
    let mut order: Vec<usize> = (0..data.held_out.len()).collect();
    order.sort_by(|a, b| results.log_probs[*a].total_cmp(&results.log_probs[*b]));
    let rows: Vec<&[f64]> = data.train.iter().map(|row| &row.values[data.contexts..]).collect();
    let values: Vec<Vec<f64>> = (0..plan.columns.len()).map(|column| representatives(&rows, column)).collect();
    let lines = order.into_iter().take(ODDEST).map(|place| {
        let row = &data.held_out[place];
        let (context, x) = row.values.split_at(data.contexts);
        let parts = parts(kept, x, context, &values).into_iter().take(3).filter(|part| part.gain > 0.0);
        let why =
            parts.map(|part| format!("{} = {} (+{:.1} at {:.4})", plan.columns[part.column].label(), x[part.column], part.gain, part.best));
        vec![row.line.to_string(), format!("{:.3}", results.log_probs[place]), why.collect::<Vec<_>>().join("; ")]
    });
    let caption =
        "The oddest held-out rows: the columns whose change alone raises the log-density the most, by how many nats, and to which value.";
    report.table("oddest", caption, &["line", "log p (nats)", "columns"], lines.collect());
}

fn middle(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.split_off(sorted.len() / 500)
}

/// Two columns have a picture of the density, over the middle of the data.
fn plane(report: &mut Report, names: [&str; 2], data: &Data, kept: &Kept) -> std::result::Result<(), String> {
    let points: Vec<[f64; 2]> = data.held_out.iter().map(|row| [row.values[0], row.values[1]]).collect();
    let spans = figures::central_spans(&points);
    let grid = Grid::over(spans, |x| kept.model.log_prob(&x, &[]));
    let (density, highest) = (grid.map(f64::exp), grid.highest());
    report.figure(
        "density",
        "The density by the units of the columns, and held-out rows.",
        figures::density("Density", names, "p(x)", 0.0..density.highest(), &density, &points),
    )?;
    let caption = "Its logarithm; all below the least number has one colour.";
    report.figure(
        "log_density",
        caption,
        figures::density("Log-density", names, "log p(x) (nats)", highest - 20.0..highest, &grid, &points),
    )
}
