//! One line of the registry of laws, on drawn parameters and points.

use std::cell::RefCell;
use std::fmt::Debug;

use gaussflow::check::{self, Law, Limits, Report, Violation};
use gaussflow::{DifferentiableBijector, Init, Real};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rand_pcg::Pcg64;

use crate::{compose, distribution};

/// Random parameters a line, each at four points.
const CASES: u32 = 32;

/// Of the draws. Among them no reflector is so short that its softening shows.
const SEED: [u8; 32] = [7; 32];

/// Holds every law on [`CASES`] drawn parts; prints the worst error of each, in units of what is allowed.
pub fn hold<T: Real, B, const D: usize, const C: usize>(name: &str, limits: &Limits)
where
    B: DifferentiableBijector<T, D, C> + Init<T> + Clone + Debug,
{
    let seen = RefCell::new(Report::default());
    // The start is that of other parameters.
    let drawn = Limits { start: f64::INFINITY, ..*limits };
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let contexts = proptest::array::uniform4(check::points::<T, C>());
    let outcome = runner.run(&(check::cases::<T, B, D>(), contexts), |((part, points), contexts)| {
        let see = |report: Result<Report, Violation>| -> Result<(), TestCaseError> {
            *seen.borrow_mut() += report?;
            Ok(())
        };
        see(check::bijector(&*part, (&points, &contexts), &drawn))?;
        compose::holds(&*part, (&points[0], &contexts[0]), &drawn)?;
        if limits.start.is_finite() {
            let mut start = Box::new(B::ZEROS);
            start.init(&mut Pcg64::new(u128::from(points[0][0].to_order() as u64), 1));
            let near = points.map(|x| x.map(|v| v / T::from_f64(250.0)));
            see(check::bijector(&*start, (&near, &contexts), limits))?;
        }
        Ok(())
    });
    for line in seen.borrow().lines() {
        println!("{name:<28} {:<28} {:9.2e} of what is allowed, in {} numbers", line.law, line.worst, line.compared);
    }
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
    for law in [Law::ForwardOfInverse, Law::InverseOfForward, Law::OppositeLogDets, Law::LogDetOfBackward, Law::Jacobians] {
        let compared = seen.borrow().compared(law);
        assert!(compared >= CASES as usize / 4, "{name}: {law} was tried {compared} times only");
    }
    distribution::samples_are_normal::<T, B, D, C>(name);
}
