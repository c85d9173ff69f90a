//! Prints the public items of a crate, one a line, from its documentation as JSON: `public_api FILE.json`. An item that stands under two paths, and what an implemented trait
//! prescribes, are not repeated.

use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("error: name the JSON of the documentation");
        return ExitCode::from(2);
    };
    let api = public_api::Builder::from_rustdoc_json(path).omit_blanket_impls(true).omit_auto_trait_impls(true).build();
    match api {
        Ok(api) => print(api.items().map(ToString::to_string)),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn print(items: impl Iterator<Item = String>) {
    let mut seen = BTreeSet::new();
    // `Self::` in the implementation of a trait whose items are being passed over.
    let mut implementer = None;
    for item in items {
        if item.starts_with("impl") {
            let after = item.split_once(" for ").map(|(_, after)| after.split(" where ").next().unwrap_or(after));
            implementer = after.map(|name| format!(" {name}::"));
        } else if implementer.as_ref().is_some_and(|name| item.contains(name.as_str())) {
            continue;
        }
        if seen.insert(item.clone()) {
            println!("{item}");
        }
    }
}
