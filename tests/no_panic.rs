//! No panic is reachable from inference, files and training in a release build.
//!
//! The programs of `tests/no_panic` have a panic handler that calls a function which exists nowhere: one that can panic does not link. To find the place, link all the same
//! with `RUSTFLAGS="-C link-arg=-Wl,--defsym=a_panic_is_reachable=0"` and look for calls of `core::panicking` in the disassembly.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds a program; its path, or what the compiler and the linker said.
fn build(program: &str) -> Result<PathBuf, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/no_panic/Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_panic");
    let built = Command::new(env::var("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--quiet", "--release", "--bin", program, "--manifest-path"])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    if built.status.success() { Ok(target.join("release").join(program)) } else { Err(String::from_utf8_lossy(&built.stderr).into_owned()) }
}

#[test]
fn what_can_panic_does_not_link() {
    let program = build("inference").unwrap_or_else(|errors| panic!("a panic is reachable from inference:\n{errors}"));
    // And it computes something.
    assert!(Command::new(program).status().expect("the program runs").success());

    let errors = build("control").expect_err("a layer that can panic was linked");
    assert!(errors.contains("undefined symbol: a_panic_is_reachable"), "{errors}");
}
