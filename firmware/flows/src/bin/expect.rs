//! Prints what the images should, computed on this machine.

use flows::{Learner, log_prob_hash, sample_hash, watch};

fn main() {
    println!("log_prob_100 = {:016x} hash", log_prob_hash(100).value());
    println!("log_prob_10000 = {:016x} hash", log_prob_hash(10_000).value());
    println!("sample_10 = {:016x} hash", sample_hash(10).value());
    println!("sample_1000 = {:016x} hash", sample_hash(1_000).value());

    let seen = watch(|sample| println!("alarm = {sample} sample"));
    println!("anomaly = {:016x} hash", seen.hash.value());
    println!("anomaly_hits = {} samples", seen.hits);
    println!("anomaly_false_alarms = {} samples", seen.false_alarms);
    println!("anomaly_misses = {} samples", seen.misses);
    println!("anomaly_precision = {:.3} fraction", f64::from(seen.hits) / f64::from(seen.hits + seen.false_alarms));
    println!("anomaly_recall = {:.3} fraction", f64::from(seen.hits) / f64::from(seen.hits + seen.misses));

    let learned = Learner::new().learn().expect("finite samples and settings in their domain");
    println!("learn = {:016x} hash", learned.hash.value());
    println!("learn_first = {} millinats", (1000.0 * learned.first) as u32);
    println!("learn_last = {} millinats", (1000.0 * learned.last) as u32);
}
