//! Watches a stream of motion without a network, and tells what a sample takes: the median over every fifth of the stream, the most over all
//! of it and what a search finds.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::{Spread, report};

#[board::entry]
fn main() -> ! {
    let seen = flows::watch_axes(|sample| report("axes_alarm", sample, "sample"));
    board::report_hash("axes", &seen.hash);
    report("axes_hits", seen.hits, "samples");
    report("axes_false_alarms", seen.false_alarms, "samples");
    report("axes_misses", seen.misses, "samples");
    let log_prob = |x: &[f32; 6]| {
        black_box(flows::AXES.log_prob(x));
    };
    let mut spread = Spread::default();
    for (x, _) in flows::STREAM {
        spread.hard(log_prob, x);
    }
    for (x, _) in flows::STREAM.iter().step_by(5) {
        spread.ordinary(log_prob, x);
    }
    // Longer than elsewhere: a call is short, and what six axes take together is found late.
    spread.search(300, 200, log_prob);
    spread.report("axes_log_prob_median", "axes_log_prob_worst", "axes_stack");
    board::done()
}
