//! Flows that differ in their shape alone.

/// The flow of a shape: `D = A + B` dimensions, hidden layers of `H`, four blocks, eight components, with weights that the build script has drawn.
#[macro_export]
macro_rules! drawn_flow {
    ($d:literal, $a:literal, $b:literal, $h:literal) => {
        #[allow(clippy::approx_constant, clippy::excessive_precision)]
        static FLOW: gaussflow::factory::CouplingFlow<f32, $d, $a, $b, 4, 8, $h> =
            include!(concat!(env!("OUT_DIR"), "/d", $d, "_h", $h, ".rs"));
    };
}

/// An image of such a flow and nothing else, for its size: image `shapes` tells what a call takes.
#[macro_export]
macro_rules! flow_image {
    ($d:literal, $a:literal, $b:literal, $h:literal) => {
        board::drawn_flow!($d, $a, $b, $h);

        #[board::entry]
        fn main() -> ! {
            use core::hint::black_box;

            black_box(black_box(&FLOW).log_prob(black_box(&[0.5; $d])));
            board::report("weights", size_of_val(&FLOW) as u32, "bytes");
            board::done()
        }
    };
}
