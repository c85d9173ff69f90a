//! Turns the trained weights into Rust source, which the crate includes in `static`s.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use gaussflow::{Parameters, Source, Zeros};

fn main() {
    trained::<shapes::Moons>("moons");
}

/// `weights/NAME.f32`, every parameter of the flow in the order of [`Parameters::visit`] as little-endian `f32`, to `NAME.rs`.
fn trained<F: Parameters<f32> + Zeros + Debug>(name: &str) {
    let path = format!("../weights/{name}.f32");
    println!("cargo::rerun-if-changed={path}");
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let (numbers, rest) = bytes.as_chunks::<4>();
    let mut numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let mut flow = Box::new(F::ZEROS);
    flow.visit_mut(&mut |_, slice| slice.fill_with(|| numbers.next().unwrap_or_else(|| panic!("{path}: too short"))));
    assert!(numbers.next().is_none() && rest.is_empty(), "{path}: too long");
    write(name, &*flow);
}

fn write(name: &str, flow: &impl Debug) {
    let out = env::var_os("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join(name).with_extension("rs"), Source(flow).to_string()).expect("a writable OUT_DIR");
}
