//! 1,000 draws of the two-moons flow.

#![no_std]
#![no_main]

#[board::entry]
fn main() -> ! {
    board::report_hash(c"sample", flows::sample_hash(1_000));
    board::done()
}
