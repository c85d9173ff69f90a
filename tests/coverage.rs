//! Nothing is left out: each function of `math` has its rows in `tests/ulp.rs` and `tests/exhaustive.rs`, each bijector, univariate and clamp a line in `tests/laws.rs`.
//!
//! What there is, is read from the source: the functions that `src/math/mod.rs` exports, and what implements the traits.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The words of `text` that are names of items.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// The `$type` of each `impl .. $of for $type` in the files of `folder`; tuples and arrays have none.
fn implementors(folder: &str, of: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        // Test helpers implement the traits too.
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for after in text.split(&format!("> {of} for ")).skip(1) {
            let name: String = after.chars().take_while(|c| c.is_alphanumeric()).collect();
            if !name.is_empty() {
                found.insert(name);
            }
        }
    }
    found
}

fn none_missing(missing: &[&str], what: &str) {
    assert!(missing.is_empty(), "missing {what} for the following: {}", missing.join(", "));
}

#[test]
fn every_function_has_its_bounds() {
    let exports = read("src/math/mod.rs");
    let functions: BTreeSet<&str> = exports
        .lines()
        .filter_map(|line| line.strip_prefix("pub use ").and_then(|line| line.split_once("::")))
        .flat_map(|(_, names)| words(names))
        .filter(|name| !name.is_empty())
        .collect();
    assert!(functions.len() >= 19 && functions.contains("mills") && functions.contains("quantile_log_sf"), "{functions:?}");

    // Of a slice, so with a test of its own.
    let (table, own) = (read("tests/ulp.rs"), "log_sum_exp");
    assert!(table.contains(&format!("math::{own}(")));
    let has = |text: &str, start: String| text.lines().any(|line| line.trim_start().starts_with(&start));
    let missing: Vec<&str> = functions.iter().filter(|f| **f != own && !has(&table, format!("{f}, "))).copied().collect();
    none_missing(&missing, "rows of tests/ulp.rs");
    let sweeps = read("tests/exhaustive.rs");
    let missing: Vec<&str> = functions.iter().filter(|f| **f != own && !has(&sweeps, format!("{f}: "))).copied().collect();
    none_missing(&missing, "lines of tests/exhaustive.rs");
}

#[test]
fn every_map_has_its_laws() {
    let laws = read("tests/laws.rs");
    // From the types of the registry on: imports do not count.
    let (_, registry) = laws.split_once("\ntype ").expect("the registry's types");
    let registered = words(registry);
    for (folder, of, known) in [
        ("src/bijector", "Bijector<T, D, C>", "Coupling"),
        ("src/univariate", "Univariate<T>", "MixtureCdf"),
        ("src/univariate", "LogScaleClamp<T>", "TanhClamp"),
    ] {
        let found = implementors(folder, of);
        assert!(found.len() >= 3 && found.contains(known), "{of}: {found:?}");
        let missing: Vec<&str> = found.iter().map(String::as_str).filter(|name| !registered.contains(name)).collect();
        none_missing(&missing, "lines of tests/laws.rs");
    }
}
