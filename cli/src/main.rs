//! The tool `gaussflow`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use gaussflow_cli::columns::{self, Column};
use gaussflow_cli::table::{Reading, Table};
use gaussflow_cli::{Result, measure, new};

#[derive(Parser)]
#[command(name = "gaussflow", version, about = "From a table to a normalizing flow on a microcontroller")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints a page about the columns of a table
    Columns(Columns),
    /// Writes a project that fits a flow to a table, and runs it on a board
    New(new::New),
    /// Builds a project's image for its chip and runs it in QEMU
    Measure(measure::Measure),
}

#[derive(Args)]
struct Columns {
    /// A table, or - for standard input
    #[arg(value_name = "FILE.csv")]
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

fn columns(arguments: &Columns) -> Result<()> {
    let table = Table::read(&arguments.data, &arguments.reading)?;
    let columns: Vec<Column> = (0..table.width()).map(|column| Column::of(&table, column)).collect();
    print!("{}", columns::page(&table, &columns));
    for note in table.notes().iter().cloned().chain(columns.iter().flat_map(Column::notes)) {
        println!("note: {note}");
    }
    Ok(())
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Columns(arguments) => columns(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Measure(arguments) => measure::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
