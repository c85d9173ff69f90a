//! The worst error of each property of a table of bounds.

use std::collections::BTreeMap;

use gaussflow::Real;

/// `(property, f64, f32)`: bounds on the errors in units of `EPSILON`, at most twice what is observed.
pub type Bounds = [(&'static str, f64, f64)];

/// The worst of each property and where it was.
#[derive(Default)]
pub struct Worst(BTreeMap<&'static str, (f64, String)>);

impl Worst {
    /// NaN counts as infinite.
    pub fn add(&mut self, property: &'static str, error: f64, place: impl FnOnce() -> String) {
        let error = if error.is_nan() { f64::INFINITY } else { error };
        let worst = self.0.entry(property).or_insert((-1.0, String::new()));
        if error > worst.0 {
            *worst = (error, place());
        }
    }

    /// Prints the table; panics if a property is above its bound, or its bound is more than twice what was met.
    pub fn hold<T: Real>(&self, bounds: &Bounds) {
        let mut failed = String::new();
        assert_eq!(self.0.len(), bounds.len(), "one bound a property");
        for &(property, double, single) in bounds {
            let bound = if T::BITS == 64 { double } else { single };
            let (error, place) = &self.0[property];
            let line = format!("f{} {property:<16} {error:6.3}, bound {bound:6.3}  {place}\n", T::BITS);
            print!("{line}");
            if !(*error <= bound) || bound > 2.0 * error {
                failed += &line;
            }
        }
        assert!(failed.is_empty(), "above the bound, or below half of it:\n{failed}");
    }
}
