//! `log_prob` of the two-moons flow with weights of eight bits: the median over ordinary points, the most over hard ones and what a search finds.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::{Spread, report};

#[board::entry]
fn main() -> ! {
    board::report_hash("int8_100", &flows::int8_hash(100));
    report("int8_weights", size_of_val(&flows::INT8_MOONS) as u32, "bytes");
    let log_prob = |x: &[f32; 2]| {
        black_box(flows::INT8_MOONS.log_prob(x));
    };
    let mut spread = Spread::of(log_prob);
    for x in flows::nasty() {
        spread.hard(log_prob, &x);
    }
    spread.report("int8_log_prob_median", "int8_log_prob_worst", "int8_stack");
    board::done()
}
