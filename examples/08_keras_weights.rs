//! A flow that was trained in Keras: reads its weights (see `tools/export_keras.py`) and prints the log-density of each row of a file, in nats.
//!
//! ```text
//! cargo run --release --example 08_keras_weights -- flow.safetensors points.csv > log_prob.csv
//! ```
//!
//! The types below are the flow that the reference's `make_coupling_flow(input_dim=2)` builds; write those of your own.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use gaussflow::Relu;
use gaussflow::{Coupling, Dense, FirstHalf, Flow, Head, Householder, MixtureCdf, Real, Swap, TanhClamp, Zeros, store::keras};

type Mixture<T> = MixtureCdf<TanhClamp<T>, 8>;
type Net<T> = (Dense<T, 1, 64>, Relu, Dense<T, 64, 64>, Relu, Head<T, Mixture<T>, 64, 1>);
type Half<T, M> = Coupling<M, Mixture<T>, Net<T>, 1, 1>;
type Block<T> = (Householder<T, 2, 2>, Half<T, FirstHalf>, Half<T, Swap<FirstHalf>>);
type Moons<T> = Flow<T, [Block<T>; 4], 2>;

#[derive(Parser)]
#[command(about = "Prints the log-density of points under a flow that was trained in Keras")]
struct Arguments {
    /// The flow's weights
    #[arg(value_name = "FLOW.safetensors")]
    weights: PathBuf,
    /// Two columns of numbers, without names
    #[arg(value_name = "POINTS.csv")]
    points: PathBuf,
    /// Computes in f64
    #[arg(long)]
    double: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if arguments.double { print::<f64>(&arguments) } else { print::<f32>(&arguments) }
}

fn print<T: Real>(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut flow = Box::new(Moons::<T>::ZEROS);
    keras::load(&mut flow, &fs::read(&arguments.weights)?)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_path(&arguments.points)?;
    for point in reader.deserialize() {
        let point: [f64; 2] = point?;
        // The shortest digits that name this number and no other.
        println!("{}", flow.log_prob(&point.map(T::from_f64)));
    }
    Ok(())
}
