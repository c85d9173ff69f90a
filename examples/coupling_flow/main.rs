//! The main job: trains the coupling flow of the reference on two moons, shows that it works, and writes `metrics.json`.
//!
//! ```text
//! cargo run --release --example coupling_flow
//! ```

mod data;
mod draw;
#[path = "../../cli/src/figures/mod.rs"]
mod figures;
mod job;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use gaussflow::{ClampedMixture, Coupling, Dense, FirstHalf, Head, Householder, Relu, Residual, SharedHead, Swap, Tanh};

use data::{Points, Standard};

/// Eight components a dimension, scales between e^-3 and e^3.
type Mixture = ClampedMixture<f32, 8>;
type Hidden = (Dense<f32, 1, 64>, Relu, Dense<f32, 64, 64>, Relu);
/// The reference's conditioner: hidden layers of 64 and 64, a mixture for each transformed dimension.
type PerDim = (Hidden, Head<f32, Mixture, 64, 1>);
/// As [`PerDim`], with one mixture for all transformed dimensions.
type Shared = (Hidden, SharedHead<f32, Mixture, 64, 1>);
/// Two tanh layers of 32, the second with a skip.
type Skip = (Dense<f32, 1, 32>, Tanh, Residual<(Dense<f32, 32, 32>, Tanh)>, Head<f32, Mixture, 32, 1>);

type Half<M, N> = Coupling<M, Mixture, N, 1, 1>;
type Block<N> = (Householder<f32, 2, 2>, Half<FirstHalf, N>, Half<Swap<FirstHalf>, N>);
type Blocks<N> = [Block<N>; 4];

#[derive(Parser)]
#[command(about = "Trains a coupling flow on two moons, or on two columns of a file")]
struct Arguments {
    /// The network from the identity half to the mixtures
    #[arg(long, value_enum, default_value = "per-dim")]
    conditioner: Conditioner,
    /// Passes over the data
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Seed of the data, the starting weights and the order of the samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Starts from iterative Gaussianization of the data instead of the identity
    #[arg(long)]
    warm_start: bool,
    /// Two columns of raw numbers to train on
    #[arg(long, value_name = "FILE.csv")]
    data: Option<PathBuf>,
    /// Two columns of raw numbers to test on
    #[arg(long, value_name = "FILE.csv")]
    test: Option<PathBuf>,
    /// Writes numbers alone: no figures, and no other conditioners to compare with
    #[arg(long)]
    no_figures: bool,
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "target/coupling_flow")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Conditioner {
    PerDim,
    Shared,
    Residual,
}

impl Conditioner {
    const ALL: [Self; 3] = [Conditioner::PerDim, Conditioner::Shared, Conditioner::Residual];

    fn name(self) -> &'static str {
        match self {
            Conditioner::PerDim => "a mixture per dimension",
            Conditioner::Shared => "shared mixture",
            Conditioner::Residual => "residual network",
        }
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            eprintln!("{}", text.lines().next().unwrap_or_default());
            return ExitCode::from(2);
        }
        Err(help) => help.exit(),
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let raw = match &arguments.data {
        Some(path) => data::read(path)?,
        None => data::moons(5000, arguments.seed),
    };
    let standard = Standard::of(&raw, &arguments.data.as_ref().map_or("two moons".into(), |path| path.display().to_string()))?;
    let train = standard.apply(&raw);
    let test = match (&arguments.test, &arguments.data) {
        (Some(path), _) => standard.apply(&data::read(path)?),
        (None, None) => standard.apply(&data::moons(20_000, !arguments.seed)),
        (None, Some(_)) => Points::new(),
    };
    std::fs::create_dir_all(&arguments.out).map_err(|e| format!("{}: {e}", arguments.out.display()))?;
    match arguments.conditioner {
        Conditioner::PerDim => job::run::<PerDim>(arguments, &train, &test),
        Conditioner::Shared => job::run::<Shared>(arguments, &train, &test),
        Conditioner::Residual => job::run::<Skip>(arguments, &train, &test),
    }
}
