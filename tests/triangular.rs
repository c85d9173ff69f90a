//! The Gaussian mixture of several dimensions against 60-digit truth (`tests/data/triangular`, written by `tools/triangular_truth.py`).
//!
//! Each file holds 48 mixtures of 1, 2, 5 and 16 dimensions with 1, 3, 8 and 32 components of three kinds, and ten points of each: draws, tails up to 1000 deviations out in every
//! dimension, components 1e6 apart, middles of gaps. Errors are in units of `EPSILON` times a size named beside the bound.

#[path = "common/tensors.rs"]
mod tensors;
#[path = "common/worst.rs"]
mod worst;

use std::collections::BTreeMap;

use gaussflow::{Bijector, Flow, GaussianMixture, Parameters, Real, Zeros, math};
use worst::{Bounds, Worst};

const KINDS: [&str; 3] = ["near", "apart", "wild"];
const POINTS: usize = 10;

/// A file of truth, read from its start to its end.
struct Truth {
    tensors: BTreeMap<String, std::vec::IntoIter<f64>>,
}

impl Truth {
    fn load(name: &str) -> Self {
        let tensors = tensors::read(&format!("triangular/{name}"));
        Truth { tensors: tensors.into_iter().map(|(name, _, values)| (name, values.into_iter())).collect() }
    }

    fn next(&mut self, name: &str) -> Option<f64> {
        self.tensors.get_mut(name).unwrap_or_else(|| panic!("no tensor {name}")).next()
    }

    fn row<T: Real, const D: usize>(&mut self, name: &str) -> [T; D] {
        std::array::from_fn(|_| T::from_f64(self.next(name).expect("a number")))
    }
}

/// A mixture and its points, with the kind's name.
struct Entry<T, const D: usize, const K: usize> {
    mixture: Box<GaussianMixture<T, D, K>>,
    kind: &'static str,
    points: Vec<Point<T, D>>,
}

struct Point<T, const D: usize> {
    x: [T; D],
    z: [f64; D],
    log_p: [f64; D],
}

impl<T: Real, const D: usize, const K: usize> Entry<T, D, K> {
    fn read(truth: &mut Truth, kind: &'static str) -> Self {
        let mut mixture = Box::new(GaussianMixture::<T, D, K>::ZEROS);
        for slice in 0..GaussianMixture::<T, D, K>::SLICES {
            let tensor = ["logits", "offsets", "log_scales"].get(slice).copied().unwrap_or("coefficients");
            mixture.slice_mut(slice).1.iter_mut().for_each(|v| *v = T::from_f64(truth.next(tensor).expect("a parameter")));
        }
        let mut point = |_| Point { x: truth.row("x"), z: truth.row("z"), log_p: truth.row("log_p") };
        Entry { mixture, kind, points: (0..POINTS).map(&mut point).collect() }
    }

    #[inline(never)]
    fn forward(&self, mut x: [T; D]) -> ([T; D], T) {
        let log_det = self.mixture.forward_and_log_det(&mut x, &[]);
        (x, log_det)
    }

    #[inline(never)]
    fn inverse(&self, mut z: [T; D]) -> ([T; D], T) {
        let log_det = self.mixture.inverse_and_log_det(&mut z, &[]);
        (z, log_det)
    }

    fn place(&self, n: usize) -> String {
        format!("{} (D = {D}, K = {K}), point {n}", self.kind)
    }
}

fn double<T: Real, const D: usize, const K: usize>(mixture: &GaussianMixture<T, D, K>) -> Box<GaussianMixture<f64, D, K>> {
    let mut double = Box::new(GaussianMixture::ZEROS);
    for slice in 0..GaussianMixture::<T, D, K>::SLICES {
        double.slice_mut(slice).1.iter_mut().zip(mixture.slice(slice).1).for_each(|(to, from)| *to = from.as_());
    }
    double
}

/// What `z_i` is sensitive to beside the rounding of itself.
struct Conditioning {
    /// `sum_k |dz_i / dL_ik| sum_j<i t_jk^2 / 2`: far out and between components, whose the point is depends on digits of squares that the exponential does not have.
    undecided: f64,
    /// `sum_k |dz_i / dm_ik| sum_j<i |b_ijk x_j|`: the terms of the means, which cancel to twice the digits of the type.
    terms: f64,
}

impl Conditioning {
    fn of<const D: usize, const K: usize>(mixture: &GaussianMixture<f64, D, K>, x: &[f64; D], i: usize) -> Self {
        let (before, after) = (mixture.responsibilities(&x[..i]), mixture.responsibilities(&x[..=i]));
        let given = mixture.conditional(&x[..i]).expect("finite");
        let (z, log_det) = given.forward_and_log_det(x[i]);
        let (side, log_tail) = if z < 0.0 { (-1.0, given.log_cdf(x[i])) } else { (1.0, given.log_sf(x[i])) };
        let t = |j: usize, k: usize| {
            let mean = mixture.offsets[j][k] + (0..j).map(|l| mixture.coefficients[j][l][k] * x[l]).sum::<f64>();
            (x[j] - mean) / mixture.log_scales[j][k].exp()
        };
        let (mut undecided, mut terms) = (0.0, 0.0);
        for k in 0..K {
            let share = (before[k].ln() + math::log_sf(side * t(i, k)) - log_tail).exp();
            let squares: f64 = (0..i).map(|j| t(j, k) * t(j, k) / 2.0).sum();
            undecided += math::mills(z.abs()) * (before[k] - share).abs() * squares;
            terms += after[k] * log_det.exp() * (0..i).map(|j| (mixture.coefficients[i][j][k] * x[j]).abs()).sum::<f64>();
        }
        Conditioning { undecided, terms }
    }
}

/// `z` is relative to `max(1, |z|)` with an epsilon of [`Conditioning::terms`], and where it is [`Conditioning::undecided`] by more than eight times that, to the sum of both. Log-densities
/// are relative to `max(1, |log p|)`, the flow's to that with the size of the log-det, of which it is a part.
const ACCURACY: &Bounds =
    &[("z", 5.0, 4.5), ("z undecided", 0.14, 0.15), ("log_prob", 4.0, 8.0), ("flow", 5.5, 8.0), ("round trip", 8.0, 8.0)];

fn accuracy<T: Real, const D: usize, const K: usize>(truth: &mut Truth, kind: &'static str, worst: &mut Worst) {
    let eps: f64 = T::EPSILON.as_();
    let entry = Entry::<T, D, K>::read(truth, kind);
    let flow = Box::new(Flow::<T, _, D>::new((*entry.mixture).clone()));
    let double = double(&*entry.mixture);
    for (n, point) in entry.points.iter().enumerate() {
        let wide = point.x.map(|x| x.as_());
        let (z, log_det) = entry.forward(point.x);
        for i in 0..D {
            let (ours, theirs): (f64, f64) = (z[i].as_(), point.z[i]);
            let Conditioning { undecided, terms } = Conditioning::of(&*double, &wide, i);
            let size = theirs.abs().max(1.0) + eps * terms;
            let place = || format!("{ours:e} for {theirs:e}, undecided {undecided:e}, terms {terms:e}, dimension {i}: {}", entry.place(n));
            if undecided <= 8.0 * size {
                worst.add("z", (ours - theirs).abs() / size / eps, place);
            } else {
                worst.add("z undecided", (ours - theirs).abs() / (size + undecided) / eps, place);
            }
            let (ours, theirs): (f64, f64) = (entry.mixture.log_prob(&point.x[..=i]).as_(), point.log_p[i]);
            worst.add("log_prob", (ours - theirs).abs() / theirs.abs().max(1.0) / eps, || {
                format!("{ours:e} for {theirs:e} up to dimension {i}: {}", entry.place(n))
            });
        }
        let (ours, theirs): (f64, f64) = (flow.log_prob(&point.x).as_(), point.log_p[D - 1]);
        let size = theirs.abs() + log_det.abs().as_();
        worst.add("flow", (ours - theirs).abs() / size.max(1.0) / eps, || {
            format!("{ours:e} for {theirs:e} with a log-det of {log_det:e}: {}", entry.place(n))
        });

        let aim = point.z.map(T::from_f64);
        let (x, back_log_det) = entry.inverse(aim);
        let (back, log_det) = entry.forward(x);
        assert_eq!(log_det, -back_log_det, "opposite log-dets: {}", entry.place(n));
        for i in 0..D {
            let z_beside = |steps: i64| {
                let mut beside = x;
                beside[i] = T::from_order(x[i].to_order() + steps);
                entry.forward(beside).0[i]
            };
            // As near as the floats are.
            if !(z_beside(-2) <= aim[i] && aim[i] <= z_beside(2)) {
                let (ours, theirs): (f64, f64) = (back[i].as_(), aim[i].as_());
                worst.add("round trip", (ours - theirs).abs() / theirs.abs().max(1.0) / eps, || {
                    format!("{ours:e} for {theirs:e} in dimension {i}: {}", entry.place(n))
                });
            }
        }
    }
}

macro_rules! all {
    ($t:ty, $truth:expr, $worst:expr; $($d:literal: $($k:literal)+;)+) => {{
        let mut count = 0;
        while let (Some(d), Some(k), Some(kind)) = ($truth.next("D"), $truth.next("K"), $truth.next("kind")) {
            let kind = KINDS[kind as usize];
            match (d as usize, k as usize) {
                $($(($d, $k) => accuracy::<$t, $d, $k>($truth, kind, $worst),)+)+
                other => panic!("D, K = {other:?} has no line"),
            }
            count += 1;
        }
        assert_eq!(count, 48);
    }};
}

fn of_the_file<T: Real>(name: &str, all: fn(&mut Truth, &mut Worst)) {
    let (mut truth, mut worst) = (Truth::load(name), Worst::default());
    all(&mut truth, &mut worst);
    worst.hold::<T>(ACCURACY);
    assert!(truth.tensors.values().all(|rest| rest.len() == 0), "numbers left over");
}

#[test]
fn accuracy_f64() {
    of_the_file::<f64>("f64", |truth, worst| all!(f64, truth, worst; 1: 1 3 8 32; 2: 1 3 8 32; 5: 1 3 8 32; 16: 1 3 8 32;));
}

#[test]
fn accuracy_f32() {
    of_the_file::<f32>("f32", |truth, worst| all!(f32, truth, worst; 1: 1 3 8 32; 2: 1 3 8 32; 5: 1 3 8 32; 16: 1 3 8 32;));
}
