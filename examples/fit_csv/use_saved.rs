//! Scores and samples of a saved flow.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use rand_pcg::Pcg64;

use crate::saved::{Column, Saved};
use crate::table::Table;
use crate::{Sample, Score};

/// The file, or what is printed.
fn output(path: Option<&Path>) -> Result<csv::Writer<Box<dyn Write>>, String> {
    let to: Box<dyn Write> = match path {
        Some(path) => Box::new(File::create(path).map_err(|e| format!("{}: {e}", path.display()))?),
        None => Box::new(stdout()),
    };
    Ok(csv::Writer::from_writer(Box::new(BufWriter::new(to))))
}

pub fn score(arguments: &Score) -> Result<(), String> {
    let saved = Saved::read(&arguments.model)?;
    if !(0.0..=1.0).contains(&arguments.quantile) {
        return Err(format!("--quantile {} is not between 0 and 1", arguments.quantile));
    }
    let threshold = saved.quantile(arguments.quantile).ok_or("the saved flow has no held-out log-densities")?;
    let table = Table::read(&arguments.data, &arguments.reading)?;
    let both = [&saved.columns[..], &saved.context[..]].concat();
    let (rows, left_out) = table.numbers(&saved.find(&both, &table)?, arguments.reading.skip_bad_rows)?;
    let mut writer = output(arguments.out.as_deref())?;
    let mut alarms = 0;
    writer.write_record(["row", "log_prob", "alarm"]).map_err(|e| e.to_string())?;
    for (number, row) in rows.iter().enumerate() {
        let (x, context) = row.split_at(saved.columns.len());
        let log_prob = saved.model.log_prob(x, context);
        // A density too small for the type is the most alarming.
        let alarm = !(threshold <= log_prob);
        alarms += usize::from(alarm);
        let alarm = if alarm { "1" } else { "0" };
        writer.write_record([&(number + 1).to_string(), &log_prob.to_string(), alarm]).map_err(|e| e.to_string())?;
    }
    writer.flush().map_err(|e| e.to_string())?;
    eprintln!("{alarms} of {} rows are below {threshold:.3} nats, the {} quantile of held-out rows", rows.len(), arguments.quantile);
    if left_out > 0 {
        eprintln!("{left_out} rows with a missing or bad cell were left out");
    }
    Ok(())
}

pub fn sample(arguments: &Sample) -> Result<(), String> {
    let saved = Saved::read(&arguments.model)?;
    let contexts = match &arguments.given_file {
        Some(path) => {
            let table = Table::read(path, &arguments.reading)?;
            let columns = find_contexts(&saved, &table)?;
            table.numbers(&columns, arguments.reading.skip_bad_rows)?.0
        }
        None => vec![arguments.given.clone()],
    };
    if let Some(context) = contexts.iter().find(|context| context.len() != saved.context.len()) {
        let names: Vec<&str> = saved.context.iter().map(|c| c.name.as_str()).collect();
        let all = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(format!("{} values are given where the context has {}: {all}", context.len(), names.len()));
    }
    let mut rng = Pcg64::new(u128::from(arguments.seed), 0x7361_6d70);
    let mut writer = output(arguments.out.as_deref())?;
    write_samples(&mut writer, &saved, contexts.iter().flat_map(|c| std::iter::repeat_n(c.as_slice(), arguments.count)), &mut rng)
}

/// The context's columns of a file: those of the fit, or all, where it has as many.
fn find_contexts(saved: &Saved, table: &Table) -> Result<Vec<usize>, String> {
    match saved.find(&saved.context, table) {
        Err(_) if table.width() == saved.context.len() && !table.has_names() => Ok((0..table.width()).collect()),
        found => found,
    }
}

/// A line of names, then a row for each context: its values and a draw.
pub fn write_samples<'a>(
    writer: &mut csv::Writer<impl Write>,
    saved: &Saved,
    contexts: impl Iterator<Item = &'a [f64]>,
    rng: &mut Pcg64,
) -> Result<(), String> {
    let names = saved.context.iter().chain(&saved.columns).map(|Column { name, .. }| name);
    writer.write_record(names).map_err(|e| e.to_string())?;
    for context in contexts {
        let x = saved.model.sample(context, rng);
        let context = context.iter().map(f64::to_string);
        writer.write_record(context.chain(x.iter().map(|x| (*x as f32).to_string()))).map_err(|e| e.to_string())?;
    }
    writer.flush().map_err(|e| e.to_string())
}
