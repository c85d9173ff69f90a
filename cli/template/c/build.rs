//! Writes `flow.h` from what `src/lib.rs` exports.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = cbindgen::Builder::new()
        .with_src(here.join("src/lib.rs"))
        .with_language(cbindgen::Language::C)
        .with_include_guard("FLOW_H")
        .with_cpp_compat(true)
        .with_header("/* The flow for C: written by build.rs from src/lib.rs. */")
        .with_no_includes()
        .with_sys_include("stdbool.h")
        .with_sys_include("stdint.h")
        .with_documentation(true)
        .generate()?;
    header.write_to_file(here.join("flow.h"));
    println!("cargo::rerun-if-changed=src/lib.rs");
    Ok(())
}
