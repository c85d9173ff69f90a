//! A flow that was trained in Keras: reads its weights (see `tools/export_keras.py`) and prints the log-density of each row of a file, in nats.
//!
//! ```text
//! cargo run --release --example 08_keras_weights -- flow.safetensors points.csv > log_prob.csv
//! ```
//!
//! The type below is the flow that the reference's `make_coupling_flow(input_dim=2)` builds; write that of your own.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use gaussflow::factory::CouplingFlow;
use gaussflow::{Real, Zeros, store::keras};

type Moons<T> = CouplingFlow<T, 2, 1, 1>;

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
    if arguments.double { print(Box::new(Moons::<f64>::ZEROS), &arguments) } else { print(Box::new(Moons::<f32>::ZEROS), &arguments) }
}

fn print<T: Real>(mut flow: Box<Moons<T>>, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    keras::load(&mut flow, &fs::read(&arguments.weights)?)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_path(&arguments.points)?;
    for point in reader.deserialize() {
        let point: [f64; 2] = point?;
        // The shortest digits that name this number and no other.
        println!("{}", flow.log_prob(&point.map(T::from_f64)));
    }
    Ok(())
}
