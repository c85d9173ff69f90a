//! The report.

use std::path::PathBuf;

use crate::Fit;
use crate::figures::{self, Grid, Report};
use crate::fit::{Data, Results};
use crate::saved::Saved;

pub fn report(arguments: &Fit, data: &Data, saved: &Saved, results: &Results, samples: &[Vec<f64>]) -> Result<PathBuf, String> {
    let mut report = Report::new(&format!("A flow of {}", arguments.data.display()));
    facts(&mut report, data, results);
    let losses = [("training", &results.curves[0][..]), ("validation", &results.curves[1][..])];
    let caption = "The loss of each epoch, on standardised columns: of the training rows before each step, and of the validation rows with the averaged weights.";
    report.figure("training", caption, figures::loss_curves("Training", &losses, 1))?;

    let contexts = data.context.len();
    let names: Vec<String> = data.columns.iter().map(|column| column.name.clone()).collect();
    let columns =
        |rows: &[Vec<f64>]| -> Vec<Vec<f64>> { (0..names.len()).map(|d| rows.iter().map(|row| row[contexts + d]).collect()).collect() };
    let at = if contexts > 0 { ", drawn at the contexts of held-out rows" } else { "" };
    let caption = format!("Held-out rows and samples of the flow{at}: each column, and each pair of columns.");
    report.figure("pairs", caption, figures::pairs(&names, &columns(&data.held_out), &columns(samples)))?;

    let latents: Vec<Vec<f64>> = data.held_out.iter().map(|row| saved.model.forward(&row[contexts..], &row[..contexts])).collect();
    let latents: Vec<Vec<f64>> = (0..names.len()).map(|d| latents.iter().map(|z| z[d]).collect()).collect();
    let caption = "Held-out rows as the flow maps them, with the density of N(0, 1): what departs from it, the flow has not learnt.";
    report.figure("latents", caption, figures::latents("Latents", &latents))?;

    let marks: Vec<(&str, f64)> = saved.quantile(0.01).map(|threshold| ("1 % quantile", threshold)).into_iter().collect();
    let shown = middle(&results.log_probs);
    let caption = "Log-densities of held-out rows without the lowest 0.2 %, and the threshold below which a row raises an alarm.";
    report.figure("log_prob", caption, figures::histogram("Held-out rows", "log p(x) (nats)", &shown, &marks))?;
    if let ([x, y], 0) = (&names[..], contexts) {
        plane(&mut report, [x, y], data, saved)?;
    }
    report.write(&arguments.out)
}

fn facts(report: &mut Report, data: &Data, results: &Results) {
    let list = |columns: &[crate::saved::Column]| columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    report.fact("Columns", list(&data.columns));
    if !data.context.is_empty() {
        report.fact("Given", list(&data.context));
    }
    report.fact("Parameters", results.parameters.to_string());
    report
        .fact("Training", format!("{:.1} s, {} epochs, the best {}", results.seconds, results.outcome.epochs, results.outcome.best_epoch));
    let names = ["flow".into(), "Gaussian".into(), format!("mixture of {} Gaussians", results.components)];
    for (name, nll) in names.iter().zip(results.nll) {
        report.fact(&format!("Held-out NLL, {name}"), format!("{nll:.4} nats"));
    }
}

fn middle(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.split_off(sorted.len() / 500)
}

/// Two columns have a picture of the density, over the middle of the data.
fn plane(report: &mut Report, names: [&str; 2], data: &Data, saved: &Saved) -> Result<(), String> {
    let points: Vec<[f64; 2]> = data.held_out.iter().map(|row| [row[0], row[1]]).collect();
    let spans = figures::central_spans(&points);
    let grid = Grid::over(spans, |x| saved.model.log_prob(&x, &[]));
    let (density, highest) = (grid.map(f64::exp), grid.highest());
    let caption = "The density by the units of the columns, and held-out rows.";
    report.figure("density", caption, figures::density("Density", names, "p(x)", 0.0..density.highest(), &density, &points))?;
    let caption = "Its logarithm; all below the least number has one colour.";
    let svg = figures::density("Log-density", names, "log p(x) (nats)", highest - 20.0..highest, &grid, &points);
    report.figure("log_density", caption, svg)
}
