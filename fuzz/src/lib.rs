//! Fuzz targets: each is a function of the fuzzer's bytes, read by `gaussflow::check::Input`, that panics where a promise of the crate is broken.
//!
//! ```text
//! cargo +nightly fuzz run inverse -- -max_total_time=300
//! cargo test --manifest-path fuzz/Cargo.toml                               # replays fuzz/corpus on stable
//! cargo run --manifest-path fuzz/Cargo.toml --bin inverse -- FILE..        # replays files
//! ```

mod flow;
mod triangular;
mod univariate;

pub use flow::{decode, flow_round_trip, train_step};
pub use triangular::triangular;
pub use univariate::{ROUND_TRIP, bisection, inverse, mixture};

/// The program of a target: under cargo-fuzz its entry, elsewhere a replay of the files it is given.
#[macro_export]
macro_rules! target {
    ($run:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $run(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $run(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
}
