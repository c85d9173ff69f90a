//! 1,000 draws of the two-moons flow; without a floating-point unit, 10.

#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    board::report_hash("sample_10", &flows::sample_hash(10));
    if board::FLOATS {
        board::report_hash("sample_1000", &flows::sample_hash(1_000));
    }
    board::done()
}
