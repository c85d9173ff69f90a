//! The gradients of both losses that training takes, against central differences in f64, with a last pack that is part empty.

#[path = "../../common/stack.rs"]
mod stack;

use gaussflow::check::{self, Limits, Place, Report, Violation};
use gaussflow::train::{Settings, Trainer};
use gaussflow::{DifferentiableBijector, Flow, Pack, Parameters, Value, Wide, Zeros, log_base};
use properties::gradients::{LAYER, LOG_DET, Rows, SPREAD, passed, random, rows};
use properties::parts::{Given3, GivenFlow};
use properties::planted::{FACTORS, Fault, Planted};
use rand_pcg::Pcg64;

const LIMITS: Limits = LAYER;

/// The value of a loss, of terms that only their order parts, relative to their size.
const REORDERED: f64 = 1e-12;

/// The loss, the sum of the sizes of its terms, and the largest log-det.
type Loss = (f64, f64, f64);

fn compared<F: Parameters<f64> + Clone>(flow: &F, value: f64, gradient: &F, loss: impl Fn(&F) -> Loss + Sync) -> Result<Report, Violation> {
    let (total, size, log_det) = loss(flow);
    assert!((value - total).abs() <= REORDERED * size, "a loss of {value}, not {total}");
    assert!(log_det >= LOG_DET, "a log-det of {log_det} tests nothing");
    check::loss(flow, gradient, |flow| (loss(flow).0, size), &LIMITS)
}

/// The gradient of the summed negative log-likelihood, on the lanes `V`.
fn nll<V: Value<Scalar = f64>, B, const D: usize, const C: usize>(flow: &Flow<f64, B, D, C>, rows: &Rows<D, C>) -> Result<Report, Violation>
where
    B: DifferentiableBijector<f64, D, C> + Clone,
{
    stack::on_large_stack(|| {
        let loss = |flow: &Flow<f64, B, D, C>| {
            rows.0.iter().zip(&rows.1).fold((0.0, 0.0, 0.0), |(loss, size, largest): Loss, (x, context)| {
                let mut x = *x;
                let log_det = flow.bijector.forward_and_log_det(&mut x, context);
                let log_base = log_base(&x);
                (loss - log_base - log_det, size + log_base.abs() + log_det.abs(), largest.max(log_det.abs()))
            })
        };
        let mut trainer = Box::new(Trainer::<Flow<f64, B, D, C>, V>::ZEROS);
        let total = trainer.nll_gradient(flow, (&rows.0, &rows.1)).expect("a finite loss");
        assert_eq!(total.weight, rows.0.len() as f64);
        compared(flow, total.loss, trainer.gradient(), loss)
    })
}

/// A target that is no flow's density: `log p(x | c) = -sum_i x_i^4 / 4 + x_i x_(i + 1) + c_i x_i` (indices modulo the number of dimensions, of context variables), and its gradient.
fn target<const D: usize, const C: usize>(x: &[f64; D], context: &[f64; C]) -> (f64, [f64; D]) {
    let pull = |i: usize| if C > 0 { context[i % C] } else { 0.0 };
    let value = (0..D).map(|i| -0.25 * x[i].powi(4) + x[i] * x[(i + 1) % D] + pull(i) * x[i]).sum();
    (value, std::array::from_fn(|i| -x[i].powi(3) + x[(i + 1) % D] + x[(i + D - 1) % D] + pull(i)))
}

/// The gradient of the summed reverse KL divergence, the rows being latents, on the lanes `V`.
fn reverse_kl<V: Value<Scalar = f64>, B, const D: usize, const C: usize>(
    flow: &Flow<f64, B, D, C>,
    rows: &Rows<D, C>,
) -> Result<Report, Violation>
where
    B: DifferentiableBijector<f64, D, C> + Clone,
{
    stack::on_large_stack(|| {
        let loss = |flow: &Flow<f64, B, D, C>| {
            rows.0.iter().zip(&rows.1).fold((0.0, 0.0, 0.0), |(loss, size, largest): Loss, (z, context)| {
                let mut x = *z;
                let log_base = log_base(&x);
                let log_det = flow.bijector.inverse_and_log_det(&mut x, context);
                let (log_p, _) = target(&x, context);
                (loss + log_base - log_det - log_p, size + log_base.abs() + log_det.abs() + log_p.abs(), largest.max(log_det.abs()))
            })
        };
        let mut trainer = Box::new(Trainer::<Flow<f64, B, D, C>, V>::ZEROS);
        // The step that follows moves a flow of its own.
        let step = trainer.step_reverse_kl(&mut flow.clone(), (&rows.0, &rows.1), target, &Settings::default()).expect("a finite loss");
        compared(flow, step.loss * rows.0.len() as f64, trainer.gradient(), loss)
    })
}

type Given = Flow<f64, GivenFlow, 3, 2>;

#[test]
fn likelihood() {
    let mut rng = Pcg64::new(11, 12);
    let flow: Given = random(&mut rng, SPREAD);
    for tails in [false, true] {
        let rows = &rows(&mut rng, 7, tails);
        passed("likelihood, samples", nll::<f64, _, 3, 2>(&flow, rows), 0.0);
        passed("likelihood, packs of 4", nll::<Pack<f64, 4>, _, 3, 2>(&flow, rows), 0.0);
        passed("likelihood, fused packs", nll::<Wide<f64>, _, 3, 2>(&flow, rows), 0.0);
    }
    assert_eq!(<Given as Parameters<f64>>::COUNT, <GivenFlow as Parameters<f64>>::COUNT);
}

#[test]
fn divergence() {
    let mut rng = Pcg64::new(13, 14);
    let flow: Given = random(&mut rng, SPREAD);
    let latents = &rows(&mut rng, 7, false);
    passed("reverse KL, samples", reverse_kl::<f64, _, 3, 2>(&flow, latents), 0.0);
    passed("reverse KL, packs of 4", reverse_kl::<Pack<f64, 4>, _, 3, 2>(&flow, latents), 0.0);
    passed("reverse KL, fused packs", reverse_kl::<Wide<f64>, _, 3, 2>(&flow, latents), 0.0);
}

/// A planted error is found: in its slice, and nowhere else.
#[test]
fn planted_in_the_divergence() {
    let mut rng = Pcg64::new(17, 18);
    let given: Given3 = random(&mut rng, SPREAD);
    let latents = rows::<3, 2>(&mut rng, 4, false);
    let outcome = |fault, factor| {
        let direction = check::Direction::Inverse;
        reverse_kl::<f64, _, 3, 2>(&Flow::new(Planted { direction, ..Planted::new(given.clone(), fault, factor) }), &latents)
    };
    passed("no fault", outcome(Fault::None, -1.0), 0.0);
    for planted in [1, 2] {
        for factor in FACTORS {
            let found = outcome(Fault::Slice(planted), factor).expect_err("the planted error was not reported");
            let in_slice = |v: &Violation| matches!(v.place, Place::Parameter { slice, .. } if slice == planted);
            assert!(in_slice(&found) && found.others.iter().all(in_slice), "{found} {:?}", found.others);
        }
    }
    outcome(Fault::LogDet, -1.0).expect_err("the planted error was not reported");
}
