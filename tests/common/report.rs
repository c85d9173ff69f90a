//! The worst error of each property of a test, against its tolerance.

use std::collections::BTreeMap;

/// Collects errors by property; fails once, at the end, with the whole table (`--nocapture` shows it for a test that passes).
pub struct Report {
    title: String,
    rows: BTreeMap<&'static str, Row>,
}

struct Row {
    count: usize,
    error: f64,
    tolerance: f64,
    place: String,
}

impl Report {
    pub fn new(title: &str) -> Self {
        Report { title: title.to_owned(), rows: BTreeMap::new() }
    }

    /// One error of a property with the tolerance where it was met; NaN counts as infinite. The row of the worst ratio is kept.
    pub fn add(&mut self, property: &'static str, error: f64, tolerance: f64, place: impl FnOnce() -> String) {
        let error = if error.is_nan() { f64::INFINITY } else { error };
        let row = self.rows.entry(property).or_insert(Row { count: 0, error: -1.0, tolerance: 1.0, place: String::new() });
        row.count += 1;
        // Products, so that a tolerance of 0 (the same bits) compares too.
        if error * row.tolerance > row.error * tolerance || row.error < 0.0 {
            (row.error, row.tolerance, row.place) = (error, tolerance, place());
        }
    }

    /// Prints the table; panics if an error is above its tolerance, or nothing was tested.
    pub fn finish(self) {
        assert!(!self.rows.is_empty(), "{}: nothing was tested", self.title);
        let mut failed = Vec::new();
        for (property, row) in &self.rows {
            let line = format!(
                "{:<34} {:<26} worst {:9.2e} of {:9.2e}  ({} values; {})",
                self.title, property, row.error, row.tolerance, row.count, row.place
            );
            println!("{line}");
            if !(row.error <= row.tolerance) {
                failed.push(line);
            }
        }
        assert!(failed.is_empty(), "above tolerance:\n{}", failed.join("\n"));
    }
}
