//! Watches a stream of motion and gives alarm.

#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    let seen = flows::watch(|sample| board::report("alarm", sample, "sample"));
    board::report_hash("anomaly", &seen.hash);
    board::report("anomaly_hits", seen.hits, "samples");
    board::report("anomaly_false_alarms", seen.false_alarms, "samples");
    board::report("anomaly_misses", seen.misses, "samples");
    board::done()
}
