//! Puts the board's memory map where the linker finds it.

use std::path::Path;
use std::{env, fs};

pub fn main() {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
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
}
