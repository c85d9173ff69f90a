//! What a check saw.

use std::fmt;
use std::vec::Vec;

use super::Law;

/// What a check that found nothing wrong has compared.
///
/// Displays as a table. Reports add up (`+=`) over parts, points and cases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    lines: Vec<Line>,
    log_det: f64,
    pub(super) undecided: usize,
}

/// What was seen of one law.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// The law.
    pub law: Law,
    /// How many numbers were compared.
    pub compared: usize,
    /// The worst error, in units of what was allowed.
    pub worst: f64,
}

impl Report {
    /// What was seen of `law`, if anything was compared.
    pub fn line(&self, law: Law) -> Option<&Line> {
        self.lines.iter().find(|line| line.law == law)
    }

    /// Every law of which something was compared, in their order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How many numbers were compared for `law`.
    pub fn compared(&self, law: Law) -> usize {
        self.line(law).map_or(0, |line| line.compared)
    }

    /// The worst error of `law`, in units of what was allowed; 0 where nothing was compared.
    pub fn worst(&self, law: Law) -> f64 {
        self.line(law).map_or(0.0, |line| line.worst)
    }

    /// The largest `|log_det|`: where it is 0, an error in its gradient could hide.
    pub fn log_det(&self) -> f64 {
        self.log_det
    }

    /// How many gradients were left undecided: no two steps of differences told a slope there, as in gaps and at corners.
    pub fn undecided(&self) -> usize {
        self.undecided
    }

    pub(super) fn saw_log_det(&mut self, log_det: f64) {
        self.log_det = self.log_det.max(log_det.abs());
    }

    pub(super) fn add(&mut self, law: Law, compared: usize, ratio: f64) {
        let at = self.lines.partition_point(|line| line.law < law);
        match self.lines.get_mut(at) {
            Some(line) if line.law == law => *line = Line { law, compared: line.compared + compared, worst: line.worst.max(ratio) },
            _ => self.lines.insert(at, Line { law, compared, worst: ratio }),
        }
    }
}

impl core::ops::AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        for line in other.lines {
            self.add(line.law, line.compared, line.worst);
        }
        self.saw_log_det(other.log_det);
        self.undecided += other.undecided;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{:<30} {:9.2e} of what is allowed, in {} numbers", line.law, line.worst, line.compared)?;
        }
        if self.undecided > 0 {
            writeln!(f, "{:<30} {} gradients", "undecided", self.undecided)?;
        }
        Ok(())
    }
}
