//! Prints what the images should, computed on this machine. With the argument `short`, a hundredth of the points: for emulated machines.

use flows::{Hash, Learner, log_prob_hash, sample_hash, watch};

fn main() {
    let short = std::env::args().nth(1).as_deref() == Some("short");
    let hash = |name: &str, hash: &Hash| println!("{name} = {:016x} hash", hash.value());
    hash("log_prob_100", &log_prob_hash(100));
    hash("sample_10", &sample_hash(10));
    if !short {
        hash("log_prob_10000", &log_prob_hash(10_000));
        hash("sample_1000", &sample_hash(1_000));
    }

    let seen = watch(|sample| println!("alarm = {sample} sample"));
    hash("anomaly", &seen.hash);
    println!("anomaly_hits = {} samples", seen.hits);
    println!("anomaly_false_alarms = {} samples", seen.false_alarms);
    println!("anomaly_misses = {} samples", seen.misses);
    println!("anomaly_precision = {:.3} fraction", f64::from(seen.hits) / f64::from(seen.hits + seen.false_alarms));
    println!("anomaly_recall = {:.3} fraction", f64::from(seen.hits) / f64::from(seen.hits + seen.misses));

    let learned = Learner::new().learn().expect("finite samples and settings in their domain");
    hash("learn", &learned.hash);
    println!("learn_first = {} millinats", (1000.0 * learned.first) as u32);
    println!("learn_last = {} millinats", (1000.0 * learned.last) as u32);
}
