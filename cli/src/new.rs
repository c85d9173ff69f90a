//! `gaussflow new`: a project for a table.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::columns::{self, Column, Kind};
use crate::plan::{Field, Plan};
use crate::propose::{self, Shape, TARGETS};
use crate::table::{Reading, Table};
use crate::{Error, Result, template};

/// The language of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// An image in Rust.
    Rust,
    /// Besides it a static library with a header, and an image in C.
    C,
}

/// A project for a table.
#[derive(Args, Clone, Debug)]
pub struct New {
    /// Where to write it: a folder that is not there, or is empty
    #[arg(value_name = "DIR")]
    pub project: PathBuf,
    /// The table, or - for standard input, which is kept in the project
    #[arg(long, value_name = "FILE.csv")]
    pub data: PathBuf,
    /// The columns to model: names, numbers from 1, ranges such as 2-5 [default: all that are left]
    #[arg(long, value_name = "COLS")]
    pub columns: Vec<String>,
    /// The columns that are given: the flow is the density of the others at these
    #[arg(long, value_name = "COLS")]
    pub context: Vec<String>,
    /// Columns to leave out
    #[arg(long, value_name = "COLS")]
    pub exclude: Vec<String>,
    /// Flash of the chip, for weights and code
    #[arg(long, value_name = "SIZE", default_value = "256k", value_parser = propose::bytes)]
    pub flash: usize,
    /// The chip's target
    #[arg(long, value_name = "TARGET", default_value = TARGETS[0].triple, value_parser = TARGETS.map(|target| target.triple))]
    pub target: String,
    /// The language of the firmware
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    pub lang: Lang,
    /// Writes over files that are there
    #[arg(long)]
    pub force: bool,
    /// How the table is read.
    #[command(flatten)]
    pub reading: Reading,
}

/// The fewest rows that a fit is worth.
pub const LEAST: usize = 50;

/// Runs the command.
///
/// # Errors
/// A table that cannot be read, columns that are not there, a folder that is not empty.
pub fn run(arguments: &New) -> Result<()> {
    if !arguments.force && fs::read_dir(&arguments.project).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::of(&arguments.project, "the folder is not empty; --force writes over what is there"));
    }
    if arguments.lang == Lang::C && !arguments.target.starts_with("thumb") {
        return Err(Error::new(format!("--lang c is for Cortex-M; {} has no start of an image in C here", arguments.target)));
    }
    let (table, kept) = read(arguments)?;
    let every: Vec<Column> = (0..table.width()).map(|column| Column::of(&table, column)).collect();
    println!("{}", columns::page(&table, &every));
    table.notes().iter().for_each(|note| println!("note: {note}"));
    let plan = plan(arguments, &table, &every)?;
    let target = TARGETS.iter().find(|target| target.triple == arguments.target).unwrap_or(&TARGETS[0]);
    let rows = check(&plan, &table, &every)?;
    let shape = Shape::of(plan.columns.len(), plan.context.len(), rows, arguments.flash, target);
    let given = if plan.context.is_empty() { String::new() } else { format!(" given {}", plan.context.len()) };
    println!("columns    {}{given}", plan.columns.len());
    println!("flow       {}", shape.describe());
    println!("flash      {} bytes of weights of {} on {} ({})", shape.bytes(), arguments.flash, target.triple, target.chip);
    if !shape.has_networks() && plan.columns.len() > 1 {
        println!(
            "note: couplings do not fit into {} bytes of flash with their code: only independent columns are proposed",
            arguments.flash
        );
    }
    template::write_all(arguments, &plan, &shape)?;
    if let Some(bytes) = kept {
        write(&arguments.project.join("data.csv"), &bytes)?;
    }
    plan.write(&arguments.project)?;
    let here = arguments.project.display();
    println!("written    {here}: cd {here}, then `cargo run --release` to train, `cargo run -p board` to run it on an emulated board");
    Ok(())
}

/// The table, and the bytes of standard input.
fn read(arguments: &New) -> Result<(Table, Option<Vec<u8>>)> {
    if arguments.data != Path::new("-") {
        return Ok((Table::read(&arguments.data, &arguments.reading)?, None));
    }
    let mut bytes = vec![];
    std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map_err(|e| Error::new(format!("standard input: {e}")))?;
    let table = Table::of_bytes(&bytes, "standard input", &arguments.reading)?;
    Ok((table, Some(bytes)))
}

/// Which columns are modelled, which are given, which are left out and why.
fn plan(arguments: &New, table: &Table, every: &[Column]) -> Result<Plan> {
    let field = |index: &usize| Field { name: table.name(*index).unwrap_or_default().into(), index: *index };
    let context = table.choose(&arguments.context)?;
    let exclude = table.choose(&arguments.exclude)?;
    let explicit = !arguments.columns.is_empty();
    let mut chosen = match explicit {
        true => table.choose(&arguments.columns)?,
        false => (0..table.width()).filter(|column| !context.contains(column)).collect(),
    };
    chosen.retain(|column| !exclude.contains(column));
    if let Some(column) = chosen.iter().find(|column| context.contains(column)) {
        return Err(Error::new(format!("{}: `{}` is both modelled and given", table.file(), table.label(*column))));
    }
    if !explicit {
        // What row names and words are, no density can say.
        if table.has_names() && table.name(0).is_none() && chosen.first() == Some(&0) {
            println!("note: the first column has no name and is taken for an index: left out; --columns takes it in by its number");
            chosen.remove(0);
        }
        for column in chosen.iter().filter(|column| every[**column].kind == Kind::Text) {
            println!("note: `{}` holds words: left out ({})", table.label(*column), every[*column].wrong);
        }
        chosen.retain(|column| every[*column].kind != Kind::Text);
        // The first of two columns of one name would be read for both, later and elsewhere.
        for column in &chosen {
            if let Some(name) = table.name(*column) {
                table.named(name)?;
            }
        }
    }
    // Chosen by number, a column whose name others have too is found by its place.
    let field = |index: &usize| match field(index) {
        Field { name, index } if table.named(&name).is_err() => Field { name: String::new(), index },
        field => field,
    };
    let mut constants = vec![];
    let constant = |column: &usize| match every[*column].kind {
        Kind::Constant(value) => Some(value),
        _ => None,
    };
    for column in &chosen {
        if let Some(value) = constant(column) {
            constants.push((field(column), value));
        }
    }
    let kept: Vec<usize> = chosen.iter().filter(|column| constant(column).is_none()).copied().collect();
    let given: Vec<usize> = context.iter().filter(|column| constant(column).is_none()).copied().collect();
    if let Some(column) = context.iter().find(|column| constant(column).is_some()) {
        println!("note: `{}` is given, but the same in every row: left out", table.label(*column));
    }
    if kept.is_empty() {
        let wrong = every.iter().find(|column| !column.wrong.is_empty()).map_or_else(String::new, |column| format!("; {}", column.wrong));
        return Err(Error::new(format!("{}: no column of numbers that vary is left to model{wrong}", table.file())));
    }
    for column in chosen.iter().chain(&context) {
        every[*column].notes().iter().for_each(|note| println!("note: {note}"));
    }
    let step = |column: &usize| match every[*column] {
        Column { kind: Kind::Stepped(step), .. } => step,
        Column { kind: Kind::TwoValued, range: [least, _, most], .. } => most - least,
        _ => 0.0,
    };
    let data = match arguments.data == Path::new("-") {
        true => PathBuf::from("data.csv"),
        false => fs::canonicalize(&arguments.data).map_err(|e| Error::of(&arguments.data, e))?,
    };
    let (columns, steps) = (kept.iter().map(field).collect(), kept.iter().map(step).collect());
    let context = given.iter().map(field).collect();
    Ok(Plan { data, reading: arguments.reading.clone(), columns, context, constants, steps, target: arguments.target.clone() })
}

/// Reads all numbers once, so that the fit will not stop there; tells of rows that repeat.
fn check(plan: &Plan, table: &Table, every: &[Column]) -> Result<usize> {
    let numbers = plan.numbers(table)?;
    if numbers.left_out > 0 {
        println!("note: {} rows with a missing or bad cell are left out", numbers.left_out);
    }
    if numbers.rows.len() < LEAST {
        return Err(Error::new(format!("{}: {} rows of numbers; a fit needs at least {LEAST}", table.file(), numbers.rows.len())));
    }
    let repeated = columns::repeated(&numbers.rows);
    let coarse = plan.both().iter().all(|field| every[field.index].kind != Kind::Continuous);
    if repeated > 0 && !coarse {
        println!(
            "note: {repeated} rows equal one before: where both halves of such a pair are trained on and held out, held-out figures flatter"
        );
    }
    Ok(numbers.rows.len())
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| Error::of(folder, e))?;
    }
    fs::File::create(path).and_then(|mut file| file.write_all(bytes)).map_err(|e| Error::of(path, e))
}
