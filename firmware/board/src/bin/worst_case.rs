//! Instructions and stack over hard inputs.

#![no_std]
#![no_main]

use core::hint::black_box;
use board::measure::measure;
use flows::MOONS;

#[board::entry]
fn main() -> ! {
    for x in flows::draws::<2>(20) {
        let c = measure(|| { black_box(MOONS.log_prob(black_box(&x))); });
        board::report(c"log_prob", c.instructions, c"instructions");
        board::report(c"log_prob", c.stack, c"bytes");
        let c = measure(|| { black_box(MOONS.inverse(black_box(&x))); });
        board::report(c"inverse", c.instructions, c"instructions");
        board::report(c"inverse", c.stack, c"bytes");
    }
    board::done()
}
