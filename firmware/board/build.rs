//! Puts the board's memory map where the linker finds it, as in the projects of the tool, and draws the weights of the images that differ in shape.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use gaussflow::factory::CouplingFlow;
use gaussflow::store::RustSource;
use gaussflow::{Init, Parameters, Role, Zeros, standard_normal};
use rand_pcg::Pcg32;

#[path = "../../cli/template/board/build.rs"]
mod memory_map;

fn main() {
    memory_map::main();
    println!("cargo::rerun-if-changed=build.rs");

    let out = env::var("OUT_DIR").expect("set by cargo");
    macro_rules! shapes {
        ($($d:literal = $a:literal + $b:literal),+) => {$(
            draw::<CouplingFlow<f32, $d, $a, $b, 4, 8, 16>>(&out, concat!("d", $d, "_h16"));
            draw::<CouplingFlow<f32, $d, $a, $b, 4, 8, 32>>(&out, concat!("d", $d, "_h32"));
            draw::<CouplingFlow<f32, $d, $a, $b, 4, 8, 64>>(&out, concat!("d", $d, "_h64"));
        )+};
    }
    shapes!(2 = 1 + 1, 3 = 1 + 2, 6 = 3 + 3, 12 = 6 + 6);
}

/// A flow with its starting values and 0.2 times a normal draw on each, as Rust source: what an evaluation takes depends on the mixtures that the weights make.
fn draw<F: Parameters<f32> + Zeros + Init<f32> + Debug>(out: &str, name: &str) {
    let mut rng = Pcg32::new(14, 0x6472_6177);
    let mut flow = Box::new(F::ZEROS);
    flow.init(&mut rng);
    flow.visit_mut(&mut |role, slice| {
        for x in slice {
            *x += if role == Role::Trainable { 0.2 * standard_normal::<f32, _>(&mut rng) } else { 0.0 };
        }
    });
    fs::write(Path::new(out).join(name).with_extension("rs"), RustSource(&*flow).to_string()).expect("a writable OUT_DIR");
}
