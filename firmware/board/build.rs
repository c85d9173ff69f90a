//! Puts the board's memory map where the linker finds it, and draws the weights of the images that differ in shape.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use gaussflow::factory::CouplingFlow;
use gaussflow::store::RustSource;
use gaussflow::{Init, Parameters, Role, Zeros, standard_normal};
use rand_pcg::Pcg32;

fn main() {
    let set = |name| env::var(name).unwrap_or_default();
    let (arch, abi) = (set("CARGO_CFG_TARGET_ARCH"), set("CARGO_CFG_TARGET_ABI"));
    let map = match (&*arch, &*abi) {
        // The MPS2 board with the AN386 image, a Cortex-M4F.
        ("arm", "eabihf") => "MEMORY { FLASH : ORIGIN = 0, LENGTH = 4M  RAM : ORIGIN = 0x20000000, LENGTH = 4M }",
        // The micro:bit, a Cortex-M0.
        ("arm", _) => "MEMORY { FLASH : ORIGIN = 0, LENGTH = 256K  RAM : ORIGIN = 0x20000000, LENGTH = 16K }",
        // QEMU's `virt` machine, whose flash is left alone: the loader writes all of the image to RAM.
        _ => {
            "MEMORY { FLASH : ORIGIN = 0x80000000, LENGTH = 4M  RAM : ORIGIN = 0x80400000, LENGTH = 4M }
             REGION_ALIAS(REGION_TEXT, FLASH); REGION_ALIAS(REGION_RODATA, FLASH); REGION_ALIAS(REGION_DATA, RAM);
             REGION_ALIAS(REGION_BSS, RAM); REGION_ALIAS(REGION_HEAP, RAM); REGION_ALIAS(REGION_STACK, RAM);"
        }
    };
    let out = env::var("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join("memory.x"), map).expect("a writable OUT_DIR");
    println!("cargo::rustc-link-search={out}");
    if arch == "riscv32" {
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rerun-if-changed=build.rs");

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
