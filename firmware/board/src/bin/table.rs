//! Stack and instructions of `log_prob` by dimension and hidden width, for flows of four blocks with eight components.
//!
//! The weights are zero: neither the instructions nor the memory depend on them.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::measure::measure;
use board::report;
use gaussflow::{Bijector, Zeros, log_base};
use shapes::Deep;

macro_rules! flows {
    ($($module:ident: $d:literal, $a:literal, $b:literal, $h:literal;)+) => {
        $(mod $module {
            use super::*;

            static FLOW: Deep<4, $d, $a, $b, $h> = Zeros::ZEROS;

            /// `log_prob`, as one symbol whose size is that of the code.
            #[unsafe(no_mangle)]
            #[inline(never)]
            fn $module(x: &[f32; $d]) -> f32 {
                let mut z = *x;
                let log_det = black_box(&FLOW).bijector.forward_and_log_det(&mut z, &[]);
                log_base(&z) + log_det
            }

            pub fn tell(name: [&str; 3]) {
                let cost = measure(|| {
                    black_box($module(black_box(&[0.5; $d])));
                });
                report(name[0], size_of_val(&FLOW) as u32, "bytes");
                report(name[1], cost.stack, "bytes");
                report(name[2], cost.instructions, "instructions");
            }
        })+

        #[board::entry]
        fn main() -> ! {
            $($module::tell([
                concat!(stringify!($module), "_weights"),
                concat!(stringify!($module), "_stack"),
                concat!(stringify!($module), "_log_prob"),
            ]);)+
            board::done()
        }
    };
}

flows! {
    d2_h16: 2, 1, 1, 16;
    d2_h32: 2, 1, 1, 32;
    d2_h64: 2, 1, 1, 64;
    d3_h16: 3, 1, 2, 16;
    d3_h32: 3, 1, 2, 32;
    d3_h64: 3, 1, 2, 64;
    d6_h16: 6, 3, 3, 16;
    d6_h32: 6, 3, 3, 32;
    d6_h64: 6, 3, 3, 64;
}
