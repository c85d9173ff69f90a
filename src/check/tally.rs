//! Comparisons, counted.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{Direction, Law, Limits, Place, Report, Violation};

/// Where a number comes from.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub(super) law: Law,
    pub(super) direction: Option<Direction>,
    pub(super) place: Place,
    pub(super) point: Option<usize>,
}

impl Spot {
    pub(super) const fn new(law: Law, place: Place) -> Self {
        Spot { law, direction: None, place, point: None }
    }

    pub(super) const fn at(self, point: usize) -> Self {
        Spot { point: Some(point), ..self }
    }

    pub(super) const fn going(self, direction: Direction) -> Self {
        Spot { direction: Some(direction), ..self }
    }

    pub(super) const fn of(self, place: Place) -> Self {
        Spot { place, ..self }
    }
}

/// What was compared so far, and what was found wrong.
pub(super) struct Tally<'a> {
    pub(super) limits: &'a Limits,
    pub(super) report: Report,
    violations: Vec<Violation>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Tally { limits, report: Report::default(), violations: Vec::new() }
    }

    /// Compares two numbers, which equal each other or are no further apart than `allowed`.
    pub(super) fn close(&mut self, spot: Spot, found: f64, expected: f64, allowed: f64, details: impl FnOnce() -> String) -> bool {
        let error = if found == expected { 0.0 } else { (found - expected).abs() };
        let holds = error <= allowed;
        self.judged(spot, if error == 0.0 { 0.0 } else { error / allowed }, holds, found, expected, allowed, details);
        holds
    }

    /// Counts a comparison whose outcome is known.
    pub(super) fn judged(
        &mut self,
        spot: Spot,
        ratio: f64,
        holds: bool,
        found: f64,
        expected: f64,
        allowed: f64,
        details: impl FnOnce() -> String,
    ) {
        self.report.add(spot.law, 1, if holds { ratio } else { 0.0 });
        if !holds {
            let Spot { law, direction, place, point } = spot;
            let details = details();
            self.violations.push(Violation { law, direction, place, point, found, expected, allowed, details, others: Vec::new() });
        }
    }

    /// Compares two counts.
    pub(super) fn count(&mut self, spot: Spot, what: &str, found: usize, expected: usize) {
        self.close(spot, found as f64, expected as f64, 0.0, || what.to_string());
    }

    /// What was found wrong first, or the report.
    pub(super) fn outcome(mut self) -> Result<Report, Violation> {
        let (undecided, allowed) = (self.report.undecided, self.limits.undecided);
        if undecided > allowed {
            let details = || format!("{undecided} gradients, at no two steps of which differences agree");
            let spot = Spot::new(Law::Undecided, Place::Whole);
            self.judged(spot, 0.0, false, undecided as f64, 0.0, allowed as f64, details);
        }
        let mut violations = self.violations.into_iter();
        match violations.next() {
            None => Ok(self.report),
            Some(mut first) => {
                first.others = violations.collect();
                Err(first)
            }
        }
    }
}
