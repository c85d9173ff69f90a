//! The flow on a board: its self-test, and what a sample costs. On this machine, `cargo run -p board` builds that image, runs it in QEMU and adds what it tells to the report.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
#[allow(dead_code)]
#[path = "../../fitted/flow.rs"]
mod flow;
#[cfg(target_os = "none")]
mod measure;
#[cfg(target_os = "none")]
mod report;
#[cfg(target_os = "none")]
#[allow(dead_code)]
#[path = "../../src/shape.rs"]
mod shape;

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    gaussflow_cli::measure::board(env!("CARGO_MANIFEST_DIR"))
}

#[cfg(target_os = "none")]
mod image {
    use core::hint::black_box;

    use crate::flow::{CENTRE, FLOW, SCALE, SELF_TEST, THRESHOLD};
    use crate::measure::{Cost, measure};
    use crate::report::{done, entry, fail, report};
    use crate::shape::{C, D};

    /// Numbers that strain the numerics, in units of a column's scale.
    const HARD: [f32; 16] = [0.0, 1e-6, -0.01, 0.5, -1.0, 2.5, -3.0, 4.0, -6.0, 8.0, -12.0, 30.0, -300.0, 1e6, -1e15, 1e30];

    /// Instructions after which the search for hard points ends: half a minute in QEMU.
    const ENOUGH: u64 = 4_000_000_000;

    fn cost(x: &[f32; D], context: &[f32; C]) -> Cost {
        measure(|| {
            black_box(black_box(&FLOW).given(*black_box(context)).log_prob(black_box(x)));
        })
    }

    #[entry]
    fn main() -> ! {
        // On a stream of samples, `gaussflow::stream::Alarm` asks for several of them in a row.
        let (mut same, mut below) = (0, 0);
        for (x, context, bits) in &SELF_TEST {
            let flow = FLOW.given(*context);
            same += u32::from(flow.log_prob(x).to_bits() == *bits);
            below += u32::from(flow.is_below(x, THRESHOLD));
        }
        report("self_test", same, "rows");
        report("below", below, "rows");

        let (mut worst, mut hardest, mut at) = (Cost { instructions: 0, stack: 0 }, [0.0; D], [0.0; C]);
        for (x, context, _) in &SELF_TEST {
            let cost = cost(x, context);
            report("ordinary", cost.instructions, "instructions");
            if worst.instructions < cost.instructions {
                (worst, hardest, at) = (cost, *x, *context);
            }
        }

        // From the hardest row on, one column after the other takes the number that costs the most.
        let mut spent = 0;
        for _ in 0..2 {
            for d in 0..D {
                for hard in HARD {
                    let mut x = hardest;
                    x[d] = CENTRE[d] + SCALE[d] * hard;
                    if ENOUGH < spent {
                        continue;
                    }
                    let cost = cost(&x, &at);
                    spent += u64::from(cost.instructions);
                    worst.stack = worst.stack.max(cost.stack);
                    if worst.instructions < cost.instructions {
                        (worst.instructions, hardest) = (cost.instructions, x);
                    }
                }
            }
        }
        report("worst", worst.instructions, "instructions");
        report("stack", worst.stack, "bytes");
        if same as usize == SELF_TEST.len() { done() } else { fail() }
    }
}
