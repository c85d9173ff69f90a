//! The committed corpus, and a few thousand random inputs, through every target on stable Rust.

use std::path::Path;

use rand_core::Rng;
use rand_pcg::Pcg64;

/// Random inputs a target, beside its corpus.
const RANDOM: usize = 2000;

fn replay(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no corpus");
    for file in &files {
        println!("{}", file.display());
        run(&std::fs::read(file).expect("a file"));
    }
    let mut rng = Pcg64::new(1, 2);
    for _ in 0..RANDOM {
        let mut data = vec![0; 1 + rng.next_u32() as usize % 300];
        rng.fill_bytes(&mut data);
        run(&data);
    }
}

macro_rules! targets {
    ($($name:ident),+) => {$(
        #[test]
        fn $name() {
            replay(stringify!($name), gaussflow_fuzz::$name);
        }
    )+};
}

targets!(inverse, bisection, mixture, triangular, flow_round_trip, train_step, decode);
