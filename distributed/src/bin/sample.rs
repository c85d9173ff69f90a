//! Samples of a flow: the same ones for any number of ranks.
//!
//! ```text
//! mpirun -n 4 target/release/sample --model fit/flow.bin --count 1000000 --out samples.csv
//! ```

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use distributed::flow::{Blocks, Model, Precision, Scalar};
use distributed::for_columns;
use distributed::output::write_in_order;
use distributed::ranks::{Ranks, Stop, main as start};
use distributed::table::{Purpose, generator};
use gaussflow::Zeros;

#[derive(Parser)]
#[command(about = "Draws samples of a flow on the ranks of an MPI job")]
struct Arguments {
    /// The flow that `train` wrote
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The flow's dimensions
    #[arg(long, default_value_t = 2)]
    columns: usize,
    /// How many samples
    #[arg(long, default_value_t = 1000)]
    count: usize,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write, instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Samples of one generator.
const BLOCK: usize = 4096;

fn main() -> ExitCode {
    start(|ranks, arguments: &Arguments| {
        let bytes = ranks.read(&arguments.model)?;
        ranks.agree(for_columns!(Precision::of(&bytes), arguments.columns, sample(ranks, arguments, &bytes)))?
    })
}

fn sample<T: Scalar, N: Blocks<T, D>, const D: usize>(ranks: &Ranks, arguments: &Arguments, bytes: &[u8]) -> Result<(), Stop> {
    let mut model = Box::new(Model::<T, N, D>::ZEROS);
    ranks.agree(model.decode(bytes).map_err(|e| format!("{}: {e}", arguments.model.display())))?;
    let blocks = arguments.count.div_ceil(BLOCK);
    let owned = blocks * ranks.rank / ranks.count..blocks * (ranks.rank + 1) / ranks.count;
    let start = owned.start * BLOCK;
    let mut samples = vec![[T::ZEROS; D]; (owned.end * BLOCK).min(arguments.count).saturating_sub(start)];
    for (samples, block) in samples.chunks_mut(BLOCK).zip(owned) {
        model.fill(&mut generator(arguments.seed, Purpose::Samples, block), samples);
    }
    let names: Vec<String> = (1..=D).map(|d| format!("x{d}")).collect();
    write_in_order(ranks, arguments.out.as_deref(), &names, &samples, |_, x| x.iter().map(T::to_string).collect())
}
