//! Mixtures of all columns, chosen by held-out likelihood.

use std::time::Instant;

use gaussflow::start::{Covariance, MixtureEm, MixtureWorkspace};
use gaussflow::{Flow, GaussianMixture, boxed};
use rand_pcg::Pcg64;

use crate::columns::{Shape, dequantized, shaped, standard, steps};

/// Components that a model has room for: those chosen, and two broad ones.
pub const ROOM: usize = 34;
pub const BROAD: usize = 2;

/// One candidate among mixtures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    pub shaped: bool,
    pub components: usize,
    pub covariance: Covariance,
    pub shrinkage: f64,
    pub least_scale: f64,
}

impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.covariance {
            Covariance::Full => "full",
            Covariance::Tied => "tied",
            Covariance::Diagonal => "diagonal",
            Covariance::Spherical => "spherical",
        };
        write!(
            f,
            "{}{} {kind}, shrinkage {}, least scale {:e}",
            if self.shaped { "columns, " } else { "" },
            self.components,
            self.shrinkage,
            self.least_scale
        )
    }
}

/// Rows to fit to and rows held out, as a shape of the columns leaves them.
pub struct Split<const D: usize> {
    pub shape: Box<Flow<f32, Shape<D>, D>>,
    pub train: Vec<[f32; D]>,
    pub held: Vec<[f32; D]>,
    /// The log-dets of the held-out rows.
    pub log_dets: Vec<f32>,
    /// Their log-densities by the broad components.
    pub broad: Vec<f32>,
    pub background: Box<GaussianMixture<f32, D, BROAD>>,
}

impl<const D: usize> Split<D> {
    pub fn new(train: &[[f32; D]], held: &[[f32; D]], with_columns: bool, rng: &mut Pcg64) -> Self {
        let mut shape = standard(train);
        if with_columns {
            shape = shaped(train, &shape, rng);
        }
        let map = |rows: &[[f32; D]]| {
            let (mut rows, mut log_dets) = (rows.to_vec(), vec![0.0; rows.len()]);
            shape.forward_batch(&mut rows, &[], &mut log_dets).expect("as many places as rows");
            (rows, log_dets)
        };
        let (train, _) = map(train);
        let (held, log_dets) = map(held);
        let background = background(&train);
        let mut broad = vec![0.0; held.len()];
        Flow::<f32, _, D>::new((*background).clone()).log_probs(&held, &mut broad).expect("as many places as rows");
        Split { shape, train, held, log_dets, broad, background }
    }

    /// The log-densities of the held-out rows by a mixture of the fitted kind, in the units of the table; `None` where it cannot be fitted.
    fn held_out<const K: usize>(&self, choice: &Choice, starts: u32, rng: &mut Pcg64) -> Option<Vec<f64>> {
        let mixture = fit::<D, K>(&self.train, choice, starts, rng)?;
        let mut log_probs = vec![0.0; self.held.len()];
        Flow::<f32, _, D>::new(*mixture).log_probs(&self.held, &mut log_probs).expect("as many places as rows");
        Some((0..self.held.len()).map(|n| both(log_probs[n].into(), self.broad[n].into()) + f64::from(self.log_dets[n])).collect())
    }
}

/// A density with the broad components: of a thousandth of the weight.
const BROAD_WEIGHT: f64 = 1e-3;

fn both(fitted: f64, broad: f64) -> f64 {
    let (a, b) = (fitted + (1.0 - BROAD_WEIGHT).ln(), broad + BROAD_WEIGHT.ln());
    let most = a.max(b);
    if most == f64::NEG_INFINITY { most } else { most + ((a - most).exp() + (b - most).exp()).ln() }
}

/// One Gaussian of all rows, three and thirty times as wide.
fn background<const D: usize>(rows: &[[f32; D]]) -> Box<GaussianMixture<f32, D, BROAD>> {
    let mut workspace = boxed::<MixtureWorkspace<D, 1>>();
    let mut one = boxed::<GaussianMixture<f32, D, 1>>();
    let settings = MixtureEm { covariance: Covariance::Diagonal, starts: 1, iterations: 2, ..MixtureEm::default() };
    let _ = one.fit(rows, &settings, &mut workspace, &mut Pcg64::new(1, 1));
    let mut broad = boxed::<GaussianMixture<f32, D, BROAD>>();
    broad.logits = [0.0, -2.3];
    for d in 0..D {
        broad.offsets[d] = [one.offsets[d][0]; BROAD];
        broad.log_scales[d] = [3f32, 30.0].map(|wider| one.log_scales[d][0] + wider.ln());
    }
    broad
}

fn fit<const D: usize, const K: usize>(
    rows: &[[f32; D]],
    choice: &Choice,
    starts: u32,
    rng: &mut Pcg64,
) -> Option<Box<GaussianMixture<f32, D, K>>> {
    let (mut mixture, mut workspace) = (boxed::<GaussianMixture<f32, D, K>>(), boxed::<MixtureWorkspace<D, K>>());
    let settings = MixtureEm {
        covariance: choice.covariance,
        shrinkage: choice.shrinkage,
        least_scale: choice.least_scale,
        starts,
        iterations: 200,
        tolerance: 1e-4,
        ..MixtureEm::default()
    };
    mixture.fit(rows, &settings, &mut workspace, rng).ok()?;
    Some(mixture)
}

/// The numbers of components that are tried.
pub const COMPONENTS: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

macro_rules! dispatch {
    ($k:expr, |$K:ident| $body:expr, $($n:literal)+) => {
        match $k {
            $($n => { const $K: usize = $n; $body })+
            _ => None,
        }
    };
}

impl<const D: usize> Split<D> {
    pub fn held_out_of(&self, choice: &Choice, starts: u32, rng: &mut Pcg64) -> Option<Vec<f64>> {
        dispatch!(choice.components, |K| self.held_out::<K>(choice, starts, rng), 1 2 3 4 6 8 12 16 24 32)
    }

    /// The mixture with its broad components, in the room of a model.
    pub fn roomy(&self, choice: &Choice, starts: u32, rng: &mut Pcg64) -> Option<Box<GaussianMixture<f32, D, ROOM>>> {
        dispatch!(choice.components, |K| self.in_room::<K>(choice, starts, rng), 1 2 3 4 6 8 12 16 24 32)
    }

    fn in_room<const K: usize>(&self, choice: &Choice, starts: u32, rng: &mut Pcg64) -> Option<Box<GaussianMixture<f32, D, ROOM>>> {
        let fitted = fit::<D, K>(&self.train, choice, starts, rng)?;
        let mut room = boxed::<GaussianMixture<f32, D, ROOM>>();
        // Places without a component.
        room.logits = [-1e4; ROOM];
        let total = log_sum_exp(&fitted.logits);
        put(&fitted, &mut room, 0, (1.0 - BROAD_WEIGHT).ln() - total);
        let total = log_sum_exp(&self.background.logits);
        put(&self.background, &mut room, K, BROAD_WEIGHT.ln() - total);
        Some(room)
    }
}

fn log_sum_exp<const K: usize>(logits: &[f32; K]) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    f64::from(most) + logits.iter().map(|l| f64::from(l - most).exp()).sum::<f64>().ln()
}

fn put<const D: usize, const K: usize>(from: &GaussianMixture<f32, D, K>, to: &mut GaussianMixture<f32, D, ROOM>, at: usize, shift: f64) {
    for k in 0..K {
        to.logits[at + k] = from.logits[k] + shift as f32;
        for d in 0..D {
            to.offsets[d][at + k] = from.offsets[d][k];
            to.log_scales[d][at + k] = from.log_scales[d][k];
            for j in 0..d {
                to.coefficients[d][j][at + k] = from.coefficients[d][j][k];
            }
        }
    }
}

/// A candidate and its held-out loss, in nats a row.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    pub choice: Choice,
    pub loss: f64,
}

/// Divides rows into folds and prepares the splits.
pub fn splits<const D: usize>(train: &[[f32; D]], validation: &[[f32; D]], folds: usize, with_columns: bool, seed: u64) -> Vec<Split<D>> {
    let mut rng = Pcg64::new(seed.into(), 3);
    let all: Vec<[f32; D]> = train.iter().chain(validation).copied().collect();
    let step = steps(&all);
    if folds < 2 {
        let (train, held) = (dequantized(train, &step, &mut rng), dequantized(validation, &step, &mut rng));
        return vec![Split::new(&train, &held, with_columns, &mut rng)];
    }
    let rows = dequantized(&all, &step, &mut rng);
    let division = gaussflow::train::Folds::random(rows.len(), folds, &mut rng);
    (0..folds)
        .map(|fold| {
            let held: std::collections::BTreeSet<usize> = division.rows(fold).collect();
            let of = |inside: bool| -> Vec<[f32; D]> { (0..rows.len()).filter(|n| held.contains(n) == inside).map(|n| rows[n]).collect() };
            Split::new(&of(false), &of(true), with_columns, &mut rng)
        })
        .collect()
}

/// Tries mixtures from small to large and stops a kind where more components no longer help.
pub fn choose<const D: usize>(of: &[(bool, &[Split<D>])], seconds: f64, seed: u64) -> Vec<Tried> {
    let begin = Instant::now();
    let mut tried: Vec<Tried> = Vec::new();
    for (shaped, splits) in of {
        let rows: usize = splits[0].train.len();
        for covariance in [Covariance::Full, Covariance::Diagonal, Covariance::Tied] {
            let mut best = f64::INFINITY;
            let mut worse = 0;
            for components in COMPONENTS {
                if rows < 2 * components || 2 <= worse {
                    break;
                }
                let mut here = f64::INFINITY;
                for shrinkage in [0.0, 3.0, D as f64 + 2.0] {
                    for least_scale in [1e-3, 2e-2, 1e-1] {
                        if begin.elapsed().as_secs_f64() > seconds {
                            break;
                        }
                        let choice = Choice { shaped: *shaped, components, covariance, shrinkage, least_scale };
                        let mut sum = 0.0;
                        let mut count = 0;
                        for (n, split) in splits.iter().enumerate() {
                            let mut rng = Pcg64::new((seed + n as u64).into(), 5);
                            match split.held_out_of(&choice, 1, &mut rng) {
                                Some(log_probs) => {
                                    sum -= log_probs.iter().sum::<f64>();
                                    count += log_probs.len();
                                }
                                None => sum = f64::INFINITY,
                            }
                        }
                        let loss = sum / count.max(1) as f64;
                        tried.push(Tried { choice, loss });
                        here = here.min(loss);
                    }
                }
                worse = if here < best { 0 } else { worse + 1 };
                best = best.min(here);
            }
        }
    }
    tried.retain(|t| t.loss.is_finite());
    tried.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    tried
}
