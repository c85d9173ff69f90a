//! The true values of a mixture at a point, to some 28 digits.

use crate::double::{Double, LN_SQRT_TAU, SQRT_TAU, mills};

/// What [`at`] finds; `dz` and `dl` are the gradients of `z` and of the log-det: by `x`, then by the logits, the means and the log-scales.
pub struct Truth {
    pub z: Double,
    pub log_det: Double,
    pub log_cdf: Double,
    pub log_sf: Double,
    pub log_pdf: Double,
    /// The distances from the means, in scales.
    pub t: Vec<Double>,
    pub dz: (Double, [Vec<Double>; 3]),
    pub dl: (Double, [Vec<Double>; 3]),
}

fn largest(terms: &[Double]) -> Double {
    terms.iter().copied().fold(f64::NEG_INFINITY.into(), |a: Double, b| if a.high < b.high { b } else { a })
}

fn log_sum_exp(terms: &[Double]) -> Double {
    let shift = largest(terms);
    terms.iter().fold(Double::from(0.0), |sum, term| sum + (*term - shift).exp()).ln() + shift
}

fn each(count: usize, f: impl Fn(usize) -> Double) -> Vec<Double> {
    (0..count).map(f).collect()
}

fn sum(terms: impl Iterator<Item = Double>) -> Double {
    terms.fold(0.0.into(), |sum, term| sum + term)
}

/// The mixture of these logits, means and log-scales at `x`.
pub fn at(params: &[Vec<f64>; 3], x: f64) -> Truth {
    let one = Double::from(1.0);
    let [logits, means, log_scales] = params;
    let count = logits.len();
    let raw = each(count, |k| logits[k].into());
    let total = log_sum_exp(&raw);
    let log_w = each(count, |k| raw[k] - total);
    let scales = each(count, |k| Double::from(log_scales[k]).exp());
    let t = each(count, |k| (Double::from(x) - means[k].into()) / scales[k]);
    let half = |t: Double| t * t * 0.5.into();
    // log w_k phi(t_k), and the logarithm of the mass beyond |t_k| of one component.
    let log_phi = each(count, |k| log_w[k] - half(t[k]) - LN_SQRT_TAU);
    let log_beyond = each(count, |k| mills(t[k].abs()).ln() - half(t[k]) - LN_SQRT_TAU);
    // log w_k times the mass above (1) or below (-1).
    let log_masses = |side: f64| {
        each(count, |k| {
            let outer = if side * t[k].high >= 0.0 { log_beyond[k] } else { (one - log_beyond[k].exp()).ln() };
            log_w[k] + outer
        })
    };
    let (below, above) = (log_masses(-1.0), log_masses(1.0));
    let (log_below, log_above) = (log_sum_exp(&below), log_sum_exp(&above));
    let side = if log_above.high < log_below.high { 1.0 } else { -1.0 };
    let (tail, log_tail) = if side > 0.0 { (&above, log_above) } else { (&below, log_below) };
    let rest = (one - log_tail.exp()).ln();
    let (log_cdf, log_sf) = if side > 0.0 { (rest, log_tail) } else { (log_tail, rest) };
    // Newton's method on the logarithm of the tail, from 16 digits.
    let mut distance = Double::from(gaussflow::math::quantile_log_tail(log_tail.high).max(0.0));
    for _ in 0..3 {
        let ratio = mills(distance.abs());
        // Below 0 by rounding at the middle: the tail's slope is the same on both sides.
        let log = if distance.high < 0.0 { (SQRT_TAU * half(distance).exp() - ratio).ln() } else { ratio.ln() };
        distance = distance + (log - half(distance) - LN_SQRT_TAU - log_tail) * ratio;
    }
    let z = distance * side.into();
    let log_f = log_sum_exp(&each(count, |k| log_phi[k] - log_scales[k].into()));
    let log_det = log_f + half(z) + LN_SQRT_TAU;
    let slope = log_det.exp();
    let ratio = mills(distance.abs()) * side.into();
    let r = each(count, |k| (log_phi[k] - log_scales[k].into() - log_f).exp());
    let w = each(count, |k| log_w[k].exp());
    let dz = [
        each(count, |k| ratio * (w[k] - (tail[k] - log_tail).exp())),
        each(count, |k| -r[k] * slope),
        each(count, |k| -r[k] * scales[k] * t[k] * slope),
    ];
    let dl = [
        each(count, |k| r[k] - w[k] + z * dz[0][k]),
        each(count, |k| r[k] * t[k] / scales[k] + z * dz[1][k]),
        each(count, |k| r[k] * (t[k] * t[k] - one) + z * dz[2][k]),
    ];
    let dx = z * slope - sum((0..count).map(|k| r[k] * t[k] / scales[k]));
    Truth { z, log_det, log_cdf, log_sf, log_pdf: log_f, t, dz: (slope, dz), dl: (dx, dl) }
}
