//! `log_prob` of the two-moons flow with weights of eight bits: the median over ordinary points, the most over hard ones.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::measure::{Spread, measure};
use board::{FLOATS, report};

#[board::entry]
fn main() -> ! {
    board::report_hash("int8_100", &flows::int8_hash(100));
    report("int8_weights", size_of_val(&flows::INT8_MOONS) as u32, "bytes");
    let cost = |x: &[f32; 2]| {
        measure(|| {
            black_box(flows::INT8_MOONS.log_prob(black_box(x)));
        })
    };
    let mut spread = Spread::default();
    for x in flows::ordinary(if FLOATS { 200 } else { 50 }) {
        spread.ordinary(cost(&x));
    }
    for x in flows::nasty().step_by(if FLOATS { 1 } else { 8 }) {
        spread.hard(cost(&x));
    }
    spread.report("int8_log_prob_median", "int8_log_prob_worst", "int8_stack");
    board::done()
}
