//! Trains a flow on the rows of a table that is spread over the ranks.
//!
//! ```text
//! mpirun -n 4 target/release/train --data table.csv --out fit
//! ```

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use distributed::checkpoint::Kept;
use distributed::flow::{Blocks, Precision, Scalar};
use distributed::for_columns;
use distributed::ranks::{Ranks, Stop, main as start};
use distributed::run::{Run, Shard, validate};
use distributed::sum::ShardSum;
use distributed::table::{Purpose, Reading, Table, generator};
use gaussflow::train::{Copies, FitState, Order, Schedule, Settings, Trainer};
use gaussflow::{ActNorm, Init, Zeros};

#[derive(Parser)]
#[command(about = "Trains a coupling flow by maximum likelihood on a table that is spread over the ranks of an MPI job")]
struct Arguments {
    #[command(flatten)]
    reading: Reading,
    /// A table, read as --data is, whose loss is told after each epoch and stops the fit
    #[arg(long, num_args = 1.., value_name = "FILE")]
    validation: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "f32")]
    scalar: Precision,
    /// Passes over the table
    #[arg(long, default_value_t = 100)]
    epochs: u32,
    /// Rows a step, over all ranks: a multiple of the shards
    #[arg(long, default_value_t = 512)]
    batch: usize,
    #[arg(long, default_value_t = 3e-3)]
    learning_rate: f64,
    #[arg(long, default_value_t = 0.1)]
    weight_decay: f64,
    /// The largest norm of a step's gradient
    #[arg(long, default_value_t = 10.0)]
    clip: f64,
    #[arg(long, value_enum, default_value = "constant")]
    schedule: Rate,
    /// Steps in which the rate of the cosine schedule rises
    #[arg(long, default_value_t = 0)]
    warmup: u32,
    /// The decay a step of the averaged weights
    #[arg(long, default_value_t = 0.9995)]
    average: f64,
    /// Epochs without a better validation loss after which to stop
    #[arg(long, default_value_t = u32::MAX)]
    patience: u32,
    /// Seed of the weights, the order of the rows and generated points
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Keeps the run every so many steps in checkpoint.bin
    #[arg(long, value_name = "STEPS")]
    checkpoint_every: Option<u32>,
    /// Goes on from checkpoint.bin
    #[arg(long)]
    resume: bool,
    /// Where rank 0 writes flow.bin, losses.csv and checkpoint.bin
    #[arg(long, value_name = "DIR", default_value = "fit")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rate {
    Constant,
    Cosine,
}

fn main() -> ExitCode {
    start(|ranks, arguments: &Arguments| {
        let columns = ranks.agree(open(arguments, ranks).map(|table| table.columns))?;
        ranks.agree(for_columns!(arguments.scalar, columns, train(ranks, arguments)))?
    })
}

fn open(arguments: &Arguments, ranks: &Ranks) -> Result<Table, String> {
    let Reading { data, columns, shards } = &arguments.reading;
    let table = Table::open(data, *columns, *shards, ranks.count, arguments.seed)?;
    if arguments.batch == 0 || !arguments.batch.is_multiple_of(table.shards) || arguments.batch > 1 << 24 {
        return Err(format!("--batch {} is not a multiple of the {} shards, up to 2^24", arguments.batch, table.shards));
    }
    Ok(table)
}

/// The shards of this rank.
fn read<T: Scalar, const D: usize>(table: &Table, ranks: &Ranks) -> Result<Vec<Vec<[T; D]>>, Stop> {
    ranks.agree(table.owned(ranks.rank, ranks.count).map(|shard| table.read(shard)).collect())
}

fn train<T: Scalar, N: Blocks<T, D>, const D: usize>(ranks: &Ranks, arguments: &Arguments) -> Result<(), Stop> {
    let table = ranks.agree(open(arguments, ranks))?;
    let shards = read::<T, D>(&table, ranks)?;
    let held_out = match &arguments.validation[..] {
        [] => None,
        files => {
            let table =
                ranks.agree(Table::open(files, Some(D), Some(table.shards.next_multiple_of(files.len())), ranks.count, !arguments.seed))?;
            Some(read::<T, D>(&table, ranks)?)
        }
    };
    let share = arguments.batch / table.shards;
    let steps = ranks.max(shards.iter().map(|rows| rows.len().div_ceil(share) as u64).max().unwrap_or(0)) as u32;

    let all_steps =
        ranks.agree(arguments.epochs.checked_mul(steps).ok_or(format!("{} epochs of {steps} steps are too many", arguments.epochs)))?;

    let mut kept = Box::new(Kept::<T, N, D>::ZEROS);
    let [weights, average, best, ..] = &mut *kept;
    weights.init(&mut generator(arguments.seed, Purpose::Weights, 0));
    let rows = standardise(&mut weights.bijector.0, &shards, ranks)?;
    let rate = match arguments.schedule {
        Rate::Constant => Schedule::Constant,
        Rate::Cosine => Schedule::Cosine { warmup: arguments.warmup, steps: all_steps, last: 0.0 },
    };
    let number = T::from_f64;
    let settings = Settings {
        epochs: arguments.epochs,
        batch: arguments.batch,
        learning_rate: number(arguments.learning_rate),
        weight_decay: number(arguments.weight_decay),
        clip: number(arguments.clip),
        schedule: rate,
        average: number(arguments.average),
        patience: arguments.patience,
        ..Settings::default()
    };
    let mut copies = Copies { average: Some(average), best: Some(best) };
    let validation = held_out.as_deref().map(|shards| validate(weights, shards, ranks));
    let state = ranks.agree(FitState::start(weights, validation, &settings, &mut copies).map_err(|e| e.to_string()))?;
    let shard = |(rows, shard): (Vec<_>, _)| {
        let rng = generator(arguments.seed, Purpose::Order, shard);
        Shard { order: Order::given(rows.len()), rows, rng }
    };
    let mut run = Run {
        ranks,
        settings,
        identity: [
            ("--seed", arguments.seed),
            ("--shards", table.shards as u64),
            ("--batch", arguments.batch as u64),
            ("a number of rows of", rows),
        ],
        out: &arguments.out,
        share,
        shards: shards.into_iter().zip(table.owned(ranks.rank, ranks.count)).map(shard).collect(),
        trainer: Box::new(Trainer::ZEROS),
        kept,
        state,
        sum: ShardSum::default(),
        losses: Vec::new(),
        seconds: Vec::new(),
    };
    ranks.agree(if ranks.rank == 0 { fs::create_dir_all(run.out).map_err(|e| format!("{}: {e}", run.out.display())) } else { Ok(()) })?;
    if arguments.resume {
        run.resume()?;
    }
    let start = Instant::now();
    run.fit(steps, arguments.checkpoint_every, held_out.as_deref())?;
    run.report(rows, start.elapsed().as_secs_f64())
}

/// Puts the layer that gives each column mean 0 and deviation 1 over all ranks; returns the number of rows.
fn standardise<T: Scalar, const D: usize>(layer: &mut ActNorm<T, D>, shards: &[Vec<[T; D]>], ranks: &Ranks) -> Result<u64, Stop> {
    let mut sum = ShardSum::default();
    let mut sum_of = |f: &dyn Fn(usize, f64) -> f64| -> [f64; D] {
        for rows in shards {
            sum.add(|to| to.extend((0..D).map(|d| rows.iter().map(|row| f(d, row[d].as_())).sum::<f64>())));
        }
        let sums = sum.over(ranks);
        std::array::from_fn(|d| sums[d])
    };
    let rows = sum_of(&|_, _| 1.0)[0];
    let mean = sum_of(&|_, x| x).map(|sum| sum / rows);
    let squares = sum_of(&|d, x| (x - mean[d]).powi(2));
    for d in 0..D {
        let deviation = (squares[d] / rows).sqrt();
        let fine = deviation > 0.0 && deviation.is_finite();
        ranks.agree(if fine { Ok(()) } else { Err(format!("column {} has no finite, positive standard deviation", d + 1)) })?;
        layer.log_scale[d] = T::from_f64(-deviation.ln());
        layer.shift[d] = T::from_f64(-mean[d] / deviation);
    }
    Ok(rows as u64)
}
