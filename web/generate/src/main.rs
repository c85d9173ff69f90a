//! Writes the JavaScript that loads a WebAssembly module: what the command `wasm-bindgen` does, of which this is the library.
//!
//! ```text
//! cargo run -p generate -- MODULE.wasm DIRECTORY
//! ```

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, directory] = arguments.as_slice() else {
        eprintln!("usage: generate MODULE.wasm DIRECTORY");
        return ExitCode::FAILURE;
    };
    let mut bindings = Bindgen::new();
    let done = bindings.web(true).and_then(|bindings| {
        bindings.input_path(module).typescript(false).remove_name_section(true).remove_producers_section(true).generate(directory)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{module}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
