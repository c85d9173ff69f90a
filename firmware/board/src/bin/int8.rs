//! `log_prob` of the two-moons flow with weights of eight bits.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::measure::measure;
use board::report;

#[board::entry]
fn main() -> ! {
    board::report_hash("int8_100", &flows::int8_hash(100));
    let cost = measure(|| {
        black_box(flows::INT8_MOONS.log_prob(black_box(&[0.5, -1.0])));
    });
    report("int8_weights", size_of_val(&flows::INT8_MOONS) as u32, "bytes");
    report("int8_stack", cost.stack, "bytes");
    report("int8_log_prob", cost.instructions, "instructions");
    board::done()
}
