//! Gauss-Hermite quadrature: the standard normal as a mixture of narrower ones.

use crate::math::ln;
use crate::number::Value;

/// The scale of the starting components: narrow enough to part, wide enough that `K` nodes resolve `N(0, 1)` within 1e-4 on `|x| < 4`.
pub(super) fn start_scale(k: usize) -> f64 {
    match k {
        0 | 1 => 1.0,
        2 => 0.9985,
        3 => 0.989,
        4 => 0.957,
        5 => 0.917,
        6 => 0.875,
        7 => 0.826,
        _ => 0.8,
    }
}

/// The `k`-th smallest root of the Hermite polynomial of degree `n`, weight `phi`: an eigenvalue of the Jacobi matrix with squared off-diagonals 1, 2, .., n - 1, found by
/// counting sign changes in 64 halvings (Golub and Welsch 1969; Sturm sequences).
pub(super) fn hermite_node(n: usize, k: usize) -> f64 {
    let (mut low, mut high) = (-2.0 * (n as f64), 2.0 * n as f64);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        let mut below = 0;
        let mut pivot = 1.0;
        for i in 0..n {
            pivot = -middle - if i == 0 { 0.0 } else { i as f64 / pivot };
            if pivot == 0.0 {
                pivot = f64::MIN_POSITIVE;
            }
            below += usize::from(pivot < 0.0);
        }
        if below > k {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// The logarithm of the quadrature weight at a node: `-log sum_{i<n} h_i(node)^2` with `h_i` the orthonormal polynomials.
pub(super) fn hermite_log_weight(n: usize, node: f64) -> f64 {
    let (mut before, mut last, mut sum) = (0.0, 1.0, 1.0);
    for i in 1..n {
        let next = (node * last - Value::sqrt((i - 1) as f64) * before) / Value::sqrt(i as f64);
        (before, last) = (last, next);
        sum += last * last;
    }
    -ln(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::exp;

    /// Gauss-Hermite nodes and weights of degree 3: 0 and +-sqrt(3), 2/3 and 1/6.
    #[test]
    fn quadrature_is_that_of_hermite() {
        assert!((hermite_node(3, 2) - 1.732_050_807_568_877_2).abs() < 1e-15 && hermite_node(3, 1).abs() < 1e-15);
        assert!((exp(hermite_log_weight(3, 0.0)) - 2.0 / 3.0).abs() < 1e-15);
        assert!((exp(hermite_log_weight(3, hermite_node(3, 0))) - 1.0 / 6.0).abs() < 1e-15);
    }
}
