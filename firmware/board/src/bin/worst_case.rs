//! Instructions and stack of single calls of the two-moons flow: the median over ordinary points, the most over hard ones and what a search finds. Without a floating-point unit of
//! `log_prob` alone.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::{FLOATS, Spread, report};
use flows::MOONS;

#[board::entry]
fn main() -> ! {
    let log_prob = spread(|x| {
        black_box(MOONS.log_prob(x));
    });
    log_prob.report("log_prob_median", "log_prob_worst", "log_prob_stack");
    if FLOATS {
        let forward = spread(|x| {
            black_box(MOONS.forward(x));
        });
        forward.report("forward_median", "forward_worst", "forward_stack");
        let inverse = spread(|z| {
            black_box(MOONS.inverse(z));
        });
        inverse.report("inverse_median", "inverse_worst", "inverse_stack");
        report("inverse_evaluations_bound", gaussflow::Mixture::<f32, 8>::MAX_EVALUATIONS, "evaluations");
        report("inverse_evaluations_worst", flows::most_evaluations(), "evaluations");
    }
    board::done()
}

/// The costs of `call` at points of every kind.
fn spread(call: impl Fn(&[f32; 2])) -> Spread {
    let mut spread = Spread::of(&call);
    for x in flows::nasty().chain(flows::draws(1_000)) {
        spread.hard(&call, &x);
    }
    spread
}
