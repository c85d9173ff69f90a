//! The log-density of each row of a table, in the table's order.
//!
//! ```text
//! mpirun -n 4 target/release/score --model fit/flow.bin --data table.csv --out scores.csv
//! ```

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use distributed::flow::{Blocks, Model, Precision, Scalar};
use distributed::for_columns;
use distributed::output::write_in_order;
use distributed::ranks::{Ranks, Stop, main as start};
use distributed::table::{Reading, Table};
use gaussflow::Zeros;

#[derive(Parser)]
#[command(about = "Writes log p(x), in nats, of each row of a table that is spread over the ranks of an MPI job")]
struct Arguments {
    #[command(flatten)]
    reading: Reading,
    /// The flow that `train` wrote
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Seed of generated points
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write, instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    start(|ranks, arguments: &Arguments| {
        let Reading { data, columns, shards } = &arguments.reading;
        let table = ranks.agree(Table::open(data, *columns, *shards, ranks.count, arguments.seed))?;
        let bytes = ranks.read(&arguments.model)?;
        ranks.agree(for_columns!(Precision::of(&bytes), table.columns, score(ranks, arguments, &table, &bytes)))?
    })
}

fn score<T: Scalar, N: Blocks<T, D>, const D: usize>(
    ranks: &Ranks,
    arguments: &Arguments,
    table: &Table,
    bytes: &[u8],
) -> Result<(), Stop> {
    let mut model = Box::new(Model::<T, N, D>::ZEROS);
    ranks.agree(model.decode(bytes).map_err(|e| format!("{}: {e}", arguments.model.display())))?;
    let mut log_probs = Vec::new();
    let scored = table.owned(ranks.rank, ranks.count).try_for_each(|shard| {
        let rows = table.read::<T, D>(shard)?;
        let start = log_probs.len();
        log_probs.resize(start + rows.len(), T::ZEROS);
        model.log_probs(&rows, &mut log_probs[start..]).map_err(|e| e.to_string())
    });
    ranks.agree(scored)?;
    write_in_order(ranks, arguments.out.as_deref(), &["row".into(), "log_prob".into()], log_probs.as_chunks().0, |row, [log_prob]| {
        vec![(row + 1).to_string(), log_prob.to_string()]
    })
}
