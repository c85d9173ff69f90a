//! One line of the registry of gradients, in the bulk and in the tails.

use std::fmt::Debug;

use gaussflow::check::{self, Law, Limits, Report, Violation};
use gaussflow::{DifferentiableBijector, DifferentiableLayer, Init, Parameters, Role, Width, standard_normal};
use rand_pcg::Pcg64;

/// How far out the tails go: `F` there is 0 or 1 to f64 for every component (`log F` about -800), and `z` about 40.
pub const FAR: f64 = 40.0;

/// A log-det at least this large is tested: a map of log-det 0 would hide an error in it.
pub const LOG_DET: f64 = 0.1;

/// The size of random weights: means spread over the bulk, scales from `e^-0.9` to `e^0.9`.
pub const SPREAD: f64 = 0.3;

/// Every gradient is decided.
pub const LAYER: Limits = Limits { undecided: 0, ..Limits::DEFAULT };

/// The parameters are not those of the start.
pub const UNIVARIATE: Limits = LAYER;

/// An inverse's tape is filled there and back, at slopes of up to 1e3; a reflector is taken for longer than its softening.
pub const BIJECTOR: Limits = Limits { tape: 1e-12, softening: 1e-7, ..LAYER };

/// Points and their contexts.
pub type Rows<const D: usize, const C: usize> = (Vec<[f64; D]>, Vec<[f64; C]>);

/// `count` rows around the origin; for `tails`, each with one dimension far out.
pub fn rows<const D: usize, const C: usize>(rng: &mut Pcg64, count: usize, tails: bool) -> Rows<D, C> {
    let row = |n: usize| {
        let (mut x, context): ([f64; D], [f64; C]) = (draws(rng), draws(rng));
        if tails {
            x[n % D] = if n & 2 == 0 { FAR } else { -FAR };
        }
        (x, context)
    };
    (0..count).map(row).unzip()
}

fn draws<const N: usize>(rng: &mut Pcg64) -> [f64; N] {
    std::array::from_fn(|_| standard_normal(rng))
}

/// A part with its default settings, whose trainable parameters are `spread` times standard-normal draws.
pub fn random<P: Parameters<f64> + Init<f64>>(rng: &mut Pcg64, spread: f64) -> P {
    let mut part = P::ZEROS;
    part.init(rng);
    part.visit_mut(&mut |role, values| {
        if role == Role::Trainable {
            values.iter_mut().for_each(|v| *v = spread * standard_normal::<f64, _>(rng));
        }
    });
    part
}

/// The part passed, on numbers that test something.
pub fn passed(name: &str, outcome: Result<Report, Violation>, log_det: f64) {
    match outcome {
        Ok(report) => {
            println!("{name}\n{report}");
            assert!(report.compared(Law::Gradient) > 0, "{name}: no gradient was compared");
            assert!(report.log_det() >= log_det, "{name}: a log-det of {} tests nothing", report.log_det());
        }
        Err(found) => {
            let others: Vec<String> = found.others.iter().take(2).map(ToString::to_string).collect();
            panic!("{name}: {found}\n{}", others.join("\n"));
        }
    }
}

/// Every law of a bijector at a few rows.
pub fn bijector<B, const D: usize, const C: usize>(name: &str, limits: &Limits, log_det: f64)
where
    B: DifferentiableBijector<f64, D, C> + Clone + Init<f64>,
{
    let mut rng = Pcg64::new(7, 8);
    let bijector: B = random(&mut rng, SPREAD);
    for tails in [false, true] {
        let (points, contexts) = rows::<D, C>(&mut rng, 4, tails);
        passed(&format!("{name}, tails: {tails}"), check::bijector(&bijector, (&points, &contexts), limits), log_det);
    }
}

/// Every law of a layer at a few rows.
pub fn layer<L, const I: usize, const C: usize>(name: &str, limits: &Limits)
where
    L: DifferentiableLayer<f64, Width<I>, C> + Clone + Init<f64> + Debug,
{
    let mut rng = Pcg64::new(9, 10);
    let layer: L = random(&mut rng, SPREAD);
    for tails in [false, true] {
        let (points, contexts) = rows::<I, C>(&mut rng, 8, tails);
        passed(&format!("layer {name}, tails: {tails}"), check::layer(&layer, (&points, &contexts), limits), 0.0);
    }
}
