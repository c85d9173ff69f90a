//! Wrong shapes do not build, and the compiler says what to change.
//!
//! Each file of `tests/ui` is built as a program of its own; it must fail with every sentence that its `//@` lines name. Const assertions fire when a program is built, not
//! in `cargo check`, so the programs are built.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn wrong_shapes_are_refused_with_a_sentence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    fs::create_dir_all(package.join("src/bin")).unwrap();
    let manifest = format!(
        "[package]\nname = \"ui\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\ngaussflow = {{ path = {root:?}, default-features = false }}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();

    let mut programs = 0;
    let mut failures = Vec::new();
    for entry in fs::read_dir(root.join("tests/ui")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = fs::read_to_string(&path).unwrap();
        fs::write(package.join(format!("src/bin/{name}.rs")), &source).unwrap();
        let built = Command::new(env::var("CARGO").unwrap_or("cargo".into()))
            .args(["build", "--quiet", "--bin", &name])
            .current_dir(&package)
            .env("CARGO_TARGET_DIR", package.join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&built.stderr);
        let sentences: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("//@ ")).collect();
        let right = name.starts_with("right");
        if built.status.success() != right {
            failures.push(format!("{name}: {}\n{errors}", if right { "does not build" } else { "builds" }));
        }
        for sentence in &sentences {
            if !errors.contains(sentence) {
                failures.push(format!("{name}: the compiler does not say `{sentence}` but\n{errors}"));
            }
        }
        assert!(right == sentences.is_empty(), "{name}: a wrong program names sentences, a right one does not");
        programs += 1;
    }
    assert!(programs >= 18, "only {programs} programs were found");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
