//! Derivatives by differences.

/// The derivative of `f` at `at`, by the central difference of fourth order: its truncation is `step^4 f''''' / 30`.
pub fn slope(at: f64, step: f64, f: impl Fn(f64) -> f64) -> f64 {
    let difference = |h: f64| f(at + h) - f(at - h);
    (8.0 * difference(step) - difference(2.0 * step)) / (12.0 * step)
}
