//! Instructions and stack of `log_prob` for flows of several shapes: the median over points as data are, the most over those and what a search finds.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::Spread;

macro_rules! shapes {
    ($($d:literal = $a:literal + $b:literal: $($h:literal)+;)+) => {
        #[board::entry]
        fn main() -> ! {
            $($({
                board::drawn_flow!($d, $a, $b, $h);
                let spread = Spread::of(|x: &[f32; $d]| {
                    black_box(black_box(&FLOW).log_prob(x));
                });
                spread.report(concat!("d", $d, "_h", $h, "_median"), concat!("d", $d, "_h", $h, "_worst"), concat!("d", $d, "_h", $h, "_stack"));
            })+)+
            board::done()
        }
    };
}

shapes! {
    2 = 1 + 1: 16 32 64;
    3 = 1 + 2: 16 32 64;
    6 = 3 + 3: 16 32 64;
    12 = 6 + 6: 16 32 64;
}
