//! `log_prob` of the two-moons flow at 10,000 inputs.

#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    board::report_hash(c"log_prob", flows::log_prob_hash(10_000));
    board::done()
}
