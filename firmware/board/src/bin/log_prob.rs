//! `log_prob` of the two-moons flow at 10,000 points; without a floating-point unit, at 100.

#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    board::report_hash("log_prob_100", &flows::log_prob_hash(100));
    if board::FLOATS {
        board::report_hash("log_prob_10000", &flows::log_prob_hash(10_000));
    }
    board::done()
}
