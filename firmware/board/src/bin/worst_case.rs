//! Instructions and stack of single calls of the two-moons flow: the median over ordinary points, the most over hard ones.

#![no_std]
#![no_main]

use core::hint::black_box;

use board::Spread;
use board::measure::measure;
use board::report;
use flows::MOONS;

#[board::entry]
fn main() -> ! {
    let forward = spread(|x| {
        black_box(MOONS.forward(x));
    });
    forward.report("forward_median", "forward_worst", "forward_stack");
    let log_prob = spread(|x| {
        black_box(MOONS.log_prob(x));
    });
    log_prob.report("log_prob_median", "log_prob_worst", "log_prob_stack");
    let inverse = spread(|z| {
        black_box(MOONS.inverse(z));
    });
    inverse.report("inverse_median", "inverse_worst", "inverse_stack");
    report("inverse_evaluations_bound", gaussflow::Mixture::<f32, 8>::MAX_EVALUATIONS, "evaluations");
    report("inverse_evaluations_worst", flows::most_evaluations(), "evaluations");
    board::done()
}

/// The costs of `call` at ordinary and at hard points, and at what a search finds.
fn spread(call: impl Fn(&[f32; 2])) -> Spread {
    let mut spread = Spread::default();
    for x in flows::ordinary(200) {
        spread.ordinary(measure(|| call(black_box(&x))));
    }
    for x in flows::nasty().chain(flows::draws(1_000)) {
        spread.hard(measure(|| call(black_box(&x))));
    }
    flows::search(40, 40, |x| spread.hard(measure(|| call(black_box(x)))));
    spread
}
