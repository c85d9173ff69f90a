//! The worst error of each property of a test, against its tolerance.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Collects errors by property; fails once, at the end, with the whole table (`--nocapture` shows it for a test that passes).
pub struct Report {
    title: String,
    rows: BTreeMap<&'static str, Row>,
}

struct Row {
    count: usize,
    /// How many of them were not within their tolerance.
    above: usize,
    worst: Entry,
    place: String,
}

/// An error and the tolerance where it was met.
#[derive(Clone, Copy)]
struct Entry {
    error: f64,
    tolerance: f64,
}

impl Entry {
    /// NaN is within no tolerance, and what is not a finite number of at least 0 is none.
    fn holds(self) -> bool {
        self.tolerance.is_finite() && self.error <= self.tolerance
    }

    /// The error in units of the tolerance; infinite above a tolerance of 0, which asks for the same bits.
    fn ratio(self) -> f64 {
        let comparable = self.tolerance >= 0.0 && self.tolerance.is_finite() && !self.error.is_nan();
        match self.error {
            _ if !comparable => f64::INFINITY,
            0.0 => 0.0,
            error => error / self.tolerance,
        }
    }

    /// By the ratio, and by the error where that is the same.
    fn order(self, other: Self) -> Ordering {
        self.ratio().total_cmp(&other.ratio()).then(self.error.total_cmp(&other.error))
    }
}

impl Report {
    pub fn new(title: &str) -> Self {
        Report { title: title.to_owned(), rows: BTreeMap::new() }
    }

    /// One error of a property with the tolerance where it was met; NaN is the worst of all. Each must be within its own, and the row of the worst ratio is kept.
    pub fn add(&mut self, property: &'static str, error: f64, tolerance: f64, place: impl FnOnce() -> String) {
        // Without the sign of a NaN, for the order of the errors.
        let entry = Entry { error: error.abs(), tolerance };
        let above = usize::from(!entry.holds());
        match self.rows.get_mut(property) {
            None => {
                self.rows.insert(property, Row { count: 1, above, worst: entry, place: place() });
            }
            Some(row) => {
                (row.count, row.above) = (row.count + 1, row.above + above);
                if entry.order(row.worst).is_gt() {
                    (row.worst, row.place) = (entry, place());
                }
            }
        }
    }

    /// Each property's line of the table, and whether all of its errors are within their tolerances.
    fn lines(&self) -> impl Iterator<Item = (String, bool)> {
        self.rows.iter().map(|(property, row)| {
            let Row { count, above, worst: Entry { error, tolerance }, place } = row;
            let title = &self.title;
            let worst = format!("worst {error:9.2e} of {tolerance:9.2e}");
            (format!("{title:<34} {property:<26} {worst}  ({above} of {count} values above; {place})"), *above == 0)
        })
    }

    /// Prints the table; panics if an error is above its tolerance, or nothing was tested.
    pub fn finish(self) {
        assert!(!self.rows.is_empty(), "{}: nothing was tested", self.title);
        let mut failed = Vec::new();
        for (line, holds) in self.lines() {
            println!("{line}");
            if !holds {
                failed.push(line);
            }
        }
        assert!(failed.is_empty(), "above tolerance:\n{}", failed.join("\n"));
    }
}

mod tests {
    use super::Report;

    /// A report of these errors and tolerances, of one property.
    fn report(entries: &[(f64, f64)]) -> Report {
        let mut report = Report::new("title");
        for (n, &(error, tolerance)) in entries.iter().enumerate() {
            report.add("property", error, tolerance, || format!("value {n}"));
        }
        report
    }

    /// Its line, if it fails.
    fn failure(entries: &[(f64, f64)]) -> Option<String> {
        report(entries).lines().find(|(_, holds)| !holds).map(|(line, _)| line)
    }

    fn fails_at(place: usize, entries: &[(f64, f64)]) {
        let failure = failure(entries);
        assert!(failure.as_ref().is_some_and(|line| line.ends_with(&format!("; value {place})"))), "{entries:?}: {failure:?}");
    }

    #[test]
    fn what_holds_passes() {
        for entries in [&[(0.0, 0.0)][..], &[(0.0, 0.0), (0.0, 0.0), (1e-9, 1e-8)], &[(1.0, 1.0), (0.0, 0.0)], &[(0.5, 1.0), (3.0, 4.0)]] {
            assert_eq!(failure(entries), None, "{entries:?}");
        }
    }

    /// One wrong bit among many right ones, wherever it stands: the errors are 0 or 1, the tolerance is 0.
    #[test]
    fn exact_bits_are_held() {
        for wrong in 0..100 {
            let entries: Vec<_> = (0..100).map(|n| (f64::from(u8::from(n == wrong)), 0.0)).collect();
            fails_at(wrong, &entries);
        }
        let all_but_the_first: Vec<_> = (0..100).map(|n| (f64::from(u8::from(n > 0)), 0.0)).collect();
        assert!(failure(&all_but_the_first).expect("a failure").contains("99 of 100 values above"));
    }

    /// A value that is wrong is found before and after others that hold with a tolerance of 0, or of more.
    #[test]
    fn a_tolerance_of_0_hides_nothing() {
        fails_at(1, &[(0.0, 0.0), (1e-300, 0.0)]);
        fails_at(0, &[(1e-300, 0.0), (0.0, 0.0)]);
        fails_at(1, &[(0.0, 0.0), (2.0, 1.0), (0.0, 0.0)]);
        fails_at(2, &[(1e-9, 1e-8), (0.0, 0.0), (1e-300, 0.0)]);
        // The larger of two that no tolerance allows.
        fails_at(1, &[(1e-300, 0.0), (1e-200, 0.0), (1e-250, 0.0)]);
        // A small error above 0 is worse than a large one within.
        fails_at(0, &[(1e-300, 0.0), (1e9, 1e10)]);
    }

    #[test]
    fn the_worst_ratio_is_told() {
        fails_at(1, &[(2.0, 1.0), (0.3, 0.1), (25.0, 10.0)]);
        fails_at(0, &[(f64::INFINITY, 1.0), (1e300, 1.0)]);
    }

    /// NaN, of either sign, is worse than any number, whatever the tolerance.
    #[test]
    fn nan_is_the_worst() {
        for nan in [f64::NAN, -f64::NAN] {
            for tolerance in [0.0, 1.0, f64::MAX, f64::INFINITY] {
                fails_at(0, &[(nan, tolerance)]);
                fails_at(1, &[(0.0, tolerance.min(1.0)), (nan, tolerance), (0.0, 0.0)]);
                fails_at(1, &[(f64::INFINITY, 1.0), (nan, tolerance), (5.0, 1.0), (5.0, 0.0)]);
            }
        }
    }

    /// What cannot be compared is not a tolerance.
    #[test]
    fn a_tolerance_is_finite() {
        for tolerance in [f64::NAN, f64::INFINITY, -1.0] {
            fails_at(1, &[(0.0, 0.0), (0.0, tolerance)]);
        }
    }

    #[test]
    #[should_panic(expected = "above tolerance:\ntitle")]
    fn one_property_of_several_fails_all() {
        let mut report = report(&[(0.0, 0.0)]);
        report.add("another", 0.0, 0.0, String::new);
        report.add("another", 1.0, 0.0, String::new);
        report.finish();
    }

    #[test]
    #[should_panic(expected = "title: nothing was tested")]
    fn nothing_tested_fails() {
        report(&[]).finish();
    }
}
