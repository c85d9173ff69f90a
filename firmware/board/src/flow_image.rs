//! Images that differ in the shape of their flow alone.

/// An image that tells the stack and the instructions of `log_prob`: `D = A + B` dimensions, hidden layers of `H`, four blocks, eight components.
///
/// The weights are zero: neither the instructions nor the memory depend on them.
#[macro_export]
macro_rules! flow_image {
    ($d:literal, $a:literal, $b:literal, $h:literal) => {
        static FLOW: gaussflow::factory::CouplingFlow<f32, $d, $a, $b, 4, 8, $h> = gaussflow::Zeros::ZEROS;

        #[board::entry]
        fn main() -> ! {
            use core::hint::black_box;

            let cost = board::measure::measure(|| {
                black_box(black_box(&FLOW).log_prob(black_box(&[0.5; $d])));
            });
            board::report("weights", size_of_val(&FLOW) as u32, "bytes");
            board::report("stack", cost.stack, "bytes");
            board::report("log_prob", cost.instructions, "instructions");
            board::done()
        }
    };
}
