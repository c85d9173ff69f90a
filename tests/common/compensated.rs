//! The mean loss to the bit, whatever the machine: a fit on lanes that are not fused has it.

use gaussflow::{Bijector, Flow, Real};

/// The mean of `-log p(x)` over `rows`, one by one, in a compensated sum (Kahan 1965).
pub fn mean_nll<T: Real, B: Bijector<T, D>, const D: usize>(flow: &Flow<T, B, D>, rows: &[[T; D]]) -> T {
    let (mut sum, mut lost) = (T::ZEROS, T::ZEROS);
    for x in rows {
        let term = -flow.log_prob(x) - lost;
        let next = sum + term;
        (sum, lost) = (next, (next - sum) - term);
    }
    sum / T::from_f64(rows.len() as f64)
}
