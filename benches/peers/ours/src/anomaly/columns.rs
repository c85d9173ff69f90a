//! Columns as they are: the step of repeated values, and one map to a normal for each.

use gaussflow::rand_core::Rng;
use gaussflow::start::{Em, FitUnivariate};
use gaussflow::train::Noise;
use gaussflow::{ActNorm, Flow, Marginal, MixtureCdf, NoClamp, boxed};

/// Components of a column's own map: six fitted, and two broad ones for values far out.
pub const SHAPES: usize = 8;
const FITTED: usize = 6;

/// Columns standardised, then each by a map of its own (or by none).
pub type Shape<const D: usize> = (ActNorm<f32, D>, Marginal<f32, MixtureCdf<NoClamp, SHAPES>, D>);

/// The least distance between two different values of each column: 0 where all are the same.
pub fn steps<const D: usize>(rows: &[[f32; D]]) -> [f32; D] {
    std::array::from_fn(|d| {
        let mut values: Vec<f32> = rows.iter().map(|row| row[d]).collect();
        values.sort_by(f32::total_cmp);
        values.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| 0.0 < *step).fold(f32::INFINITY, f32::min)
    })
    .map(|step: f32| if step.is_finite() { step } else { 0.0 })
}

/// The rows with uniform noise of the steps.
pub fn dequantized<const D: usize, R: Rng>(rows: &[[f32; D]], steps: &[f32; D], rng: &mut R) -> Vec<[f32; D]> {
    let mut rows = rows.to_vec();
    Noise { steps: *steps, deviations: [0.0; D] }.add(&mut rows, rng);
    rows
}

/// Mean and deviation of the middle of a column: its median, and the width of the middle half as a normal has it; the deviation of all where that is 0.
fn middle<const D: usize>(rows: &[[f32; D]], d: usize) -> (f64, f64) {
    let mut values: Vec<f64> = rows.iter().map(|row| f64::from(row[d])).collect();
    values.sort_by(f64::total_cmp);
    let at = |p: f64| values[((values.len() - 1) as f64 * p).round() as usize];
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let deviation = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64).sqrt();
    let width = (at(0.75) - at(0.25)) / 1.349;
    // A column that is one value for most rows has no middle half; one of two values far apart no middle.
    let scale = if width > 0.01 * deviation { width } else { deviation };
    (at(0.5), if 0.0 < scale { scale } else { 1.0 })
}

/// Standardises, by the middle of each column, and without maps of its own.
pub fn standard<const D: usize>(rows: &[[f32; D]]) -> Box<Flow<f32, Shape<D>, D>> {
    let mut flow = boxed::<Flow<f32, Shape<D>, D>>();
    for d in 0..D {
        let (centre, scale) = middle(rows, d);
        flow.bijector.0.log_scale[d] = -(scale.ln() as f32);
        flow.bijector.0.shift[d] = -(centre / scale) as f32;
    }
    flow
}

/// Adds a map to each column: its distribution as a mixture, with broad components, so that one value far out costs tens of nats and not the square of its distance.
pub fn shaped<const D: usize, R: Rng>(rows: &[[f32; D]], standard: &Flow<f32, Shape<D>, D>, rng: &mut R) -> Box<Flow<f32, Shape<D>, D>> {
    let mut flow = boxed::<Flow<f32, Shape<D>, D>>();
    flow.bijector.0 = standard.bijector.0.clone();
    let univariate = MixtureCdf::<NoClamp, FITTED>::default();
    for d in 0..D {
        let norm = &standard.bijector.0;
        let mut column: Vec<f32> = rows.iter().map(|row| norm.log_scale[d].exp() * row[d] + norm.shift[d]).collect();
        let settings = Em { starts: 2, iterations: 200, tolerance: 1e-5, ..Em::default() };
        let Ok([logits, means, scales]) = univariate.fit(&mut column, &settings, rng) else { continue };
        let total = logits.iter().map(|l| l.exp()).sum::<f32>().ln();
        let params = &mut flow.bijector.1.params[d];
        for k in 0..SHAPES {
            let broad = k.checked_sub(FITTED);
            let (weight, mean, scale) = match broad {
                None => (logits[k] - total, means[k], scales[k]),
                Some(n) => ([-6.9, -9.2][n], 0.0, [5f32, 200.0][n].ln()),
            };
            (params[0][k], params[1][k], params[2][k]) = (weight, mean, scale);
        }
    }
    flow
}
