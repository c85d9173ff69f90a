//! Turns the trained weights into Rust source, which the crate includes in `static`s, and the recorded stream likewise.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use gaussflow::store::{Quantize, RustSource};
use gaussflow::{Parameters, Zeros};
use shapes::{Axes, Int8Moons, Moons, PreparedAxes, Watch};

fn main() {
    println!("cargo::rerun-if-changed=../weights");
    println!("cargo::rerun-if-changed=../data");
    let moons = trained::<Moons>("moons");
    let mut small = Box::new(Int8Moons::ZEROS);
    small.quantize(&moons);
    write("int8_moons", RustSource(&*small).to_string());
    trained::<Watch>("watch");
    let axes = trained::<Axes>("axes");
    let mut prepared = PreparedAxes::ZEROS;
    prepared.quantize(&axes);
    write("axes", RustSource(&prepared).to_string());
    stream();
}

/// `weights/NAME.f32`, every parameter of the flow in the order of [`Parameters::visit`] as little-endian `f32`, to `NAME.rs`.
fn trained<F: Parameters<f32> + Zeros + Debug>(name: &str) -> Box<F> {
    let path = format!("../weights/{name}.f32");
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let (numbers, rest) = bytes.as_chunks::<4>();
    let mut numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let mut flow = Box::new(F::ZEROS);
    flow.visit_mut(&mut |_, slice| slice.fill_with(|| numbers.next().unwrap_or_else(|| panic!("{path}: too short"))));
    assert!(numbers.next().is_none() && rest.is_empty(), "{path}: too long");
    write(name, RustSource(&*flow).to_string());
    flow
}

/// `data/stream.csv` as a slice of rows and labels.
fn stream() {
    let text = fs::read_to_string("../data/stream.csv").expect("data/stream.csv");
    let mut source = String::from("&[");
    for line in text.lines().skip(1) {
        let (row, label) = line.rsplit_once(',').expect("numbers and a label");
        let row: Vec<f32> = row.split(',').map(|cell| cell.parse().expect("a number")).collect();
        source += &format!("({row:?},{}),", label == "1");
    }
    write("stream", source + "]");
}

fn write(name: &str, source: String) {
    let out = env::var_os("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join(name).with_extension("rs"), source).expect("a writable OUT_DIR");
}
