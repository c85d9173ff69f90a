//! Prints what the images should, computed on this machine.

fn main() {
    println!("log_prob = {:016x} hash", flows::log_prob_hash(10_000));
    println!("sample = {:016x} hash", flows::sample_hash(1_000));
}
