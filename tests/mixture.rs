//! The mixture against 60-digit truth (`tests/data/mixture`), and the cost of its inverse.
//!
//! Both files hold points of five kinds of mixtures, from `K` = 1 to 64, far tails and gaps included: `f64.safetensors` (2,400 points), and `f32.safetensors` (1,140 points,
//! written by `tools/mixture_truth.py`). Errors are in units of `EPSILON` times a size named beside the bound. What holds of all mixtures is in `tests/hardest`: here are those of everyday.

#[path = "common/tensors.rs"]
mod tensors;
#[path = "common/worst.rs"]
mod worst;

use std::collections::BTreeMap;

use gaussflow::{Flat, Fused, Mixture, MixtureCdf, MixtureParams, MixtureTape, NoClamp, Real, Univariate, Value, Zeros};
use worst::{Bounds, Worst};

const KINDS: [&str; 5] = ["generic", "wild", "separated", "nasty", "peaky"];

/// A file of truth.
struct Truth {
    tensors: BTreeMap<String, Vec<f64>>,
}

/// One mixture of it, by index; its parameters start at `offset`.
#[derive(Clone, Copy)]
struct Entry {
    index: usize,
    k: usize,
    offset: usize,
    kind: usize,
    points: usize,
}

impl Truth {
    fn load(name: &str) -> Self {
        Truth { tensors: tensors::read(&format!("mixture/{name}")).into_iter().map(|(name, _, values)| (name, values)).collect() }
    }

    fn get(&self, name: &str) -> &[f64] {
        self.tensors.get(name).unwrap_or_else(|| panic!("no tensor {name}"))
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        let (counts, offsets) = (self.get("K"), self.get("offsets"));
        let points = self.get("x").len() / counts.len();
        let per_kind = counts.len() / KINDS.len();
        (0..counts.len()).map(move |i| {
            // The f64 file has the same number of each kind, in this order, and does not name them.
            let kind = self.tensors.get("kind").map_or(i / per_kind, |kinds| kinds[i] as usize);
            Entry { index: i, k: counts[i] as usize, offset: offsets[i] as usize, kind, points }
        })
    }

    fn value(&self, name: &str, entry: Entry, point: usize) -> f64 {
        self.get(name)[entry.index * entry.points + point]
    }

    fn gradient(&self, name: &str, entry: Entry, point: usize) -> &[f64] {
        let start = entry.points * entry.offset + point * entry.k;
        &self.get(name)[start..start + entry.k]
    }

    fn params<T: Real, const K: usize>(&self, entry: Entry) -> MixtureParams<T, K> {
        ["logits", "means", "log_scales"].map(|name| std::array::from_fn(|k| T::from_f64(self.get(name)[entry.offset + k])))
    }
}

fn mixture<T: Real, const K: usize>([logits, means, log_scales]: &MixtureParams<T, K>) -> Mixture<T, K> {
    Mixture::new(logits, means, log_scales).expect("finite parameters")
}

/// Calls `$f::<$t, K> $args` with `K` the entry's number of components.
macro_rules! dispatch {
    ($entry:expr, $f:ident, $t:ty, $args:tt) => {
        dispatch!($entry, $f, $t, $args, 1 2 3 4 5 6 7 8 9 10 11 12 16 32 64)
    };
    ($entry:expr, $f:ident, $t:ty, $args:tt, $($k:literal)+) => {
        match $entry.k {
            $($k => $f::<$t, $k> $args,)+
            k => panic!("K = {k} has no line"),
        }
    };
}

/// Values are relative to `max(1, |truth|)`.
///
/// A gradient's error is relative to its largest entry (or 1, or for `dL/dx` and `dL/dmeans` the size `|z| dz/dx` of the two terms that cancel there) and to
/// `reach = 1 + max(z^2, 2 |log f|)`: shares of the density are ratios of `exp(-t^2 / 2)`, so that the rounding of `t` is magnified `t^2` times, in a gap as in a tail.
const ACCURACY: &Bounds = &[
    ("z", 4.0, 3.5),
    ("log_det", 8.0, 4.5),
    ("log_cdf", 3.5, 3.5),
    ("log_sf", 3.5, 3.5),
    ("log_pdf", 3.5, 4.0),
    ("dz/dx", 2.5, 2.0),
    ("dz/dlogits", 1.0, 1.2),
    ("dz/dmeans", 2.5, 2.0),
    ("dz/dlog_scales", 1.2, 1.0),
    ("dL/dx", 6.0, 4.5),
    ("dL/dlogits", 1.2, 1.0),
    ("dL/dmeans", 6.0, 5.0),
    ("dL/dlog_scales", 3.0, 3.0),
];

/// An inverse that is off by more than 2 neighbours of the true `x` gives `z` back to this, relative to `max(1, |z|)`. The grid of `z` takes up to 4, and Newton's method
/// stops within 4 more.
const ROUND_TRIP: &Bounds = &[("newton", 8.0, 8.0), ("bisection", 4.0, 4.0)];

/// Evaluations of an inverse, of the approximate map too, at most.
const EVALUATIONS: &Bounds =
    &[("generic", 9.0, 5.0), ("wild", 12.0, 9.0), ("separated", 8.0, 8.0), ("nasty", 9.0, 8.0), ("peaky", 12.0, 9.0)];

fn accuracy<T: Real, const K: usize>(truth: &Truth, entry: Entry, worst: &mut Worst) {
    let eps: f64 = T::EPSILON.as_();
    let params = truth.params::<T, K>(entry);
    let mixture = mixture(&params);
    let map = MixtureCdf::<NoClamp, K>::ZEROS;
    for n in 0..entry.points {
        let exact = |name| truth.value(name, entry, n);
        let x = T::from_f64(exact("x"));
        let place = || {
            format!(
                "{} mixture {} (K = {K}), point {n}: x = {x:e}, z = {:e}, log_det = {:e}",
                KINDS[entry.kind],
                entry.index,
                exact("z"),
                exact("log_dzdx")
            )
        };
        let (z, log_det) = mixture.forward_and_log_det(x);
        for (property, ours, name) in [
            ("z", z, "z"),
            ("log_det", log_det, "log_dzdx"),
            ("log_cdf", mixture.log_cdf(x), "log_F"),
            ("log_sf", mixture.log_sf(x), "log_S"),
            ("log_pdf", mixture.log_pdf(x), "log_f"),
        ] {
            let (ours, theirs): (f64, f64) = (ours.as_(), exact(name));
            worst.add(property, (ours - theirs).abs() / theirs.abs().max(1.0) / eps, || format!("{ours:e} for {theirs:e}; {}", place()));
        }
        let reach = 1.0 + (exact("z") * exact("z")).max(2.0 * exact("log_f").abs());
        let mut tape = MixtureTape::<T, K>::ZEROS;
        assert_eq!(map.forward_tape(&params, x, &mut tape), (z, log_det), "with a tape: {}", place());
        for (pass, dz, d_log_det, dx_name) in [("dz", 1.0, 0.0, None), ("dL", 0.0, 1.0, Some("dL_dx"))] {
            let mut d = MixtureParams::<T, K>::ZEROS;
            let dx = map.backward(&params, x, &tape, T::from_f64(dz), T::from_f64(d_log_det), &mut d);
            let mut check = |property, ours: &[T], theirs: &[f64]| {
                let terms = if ["dL/dx", "dL/dmeans"].contains(&property) { exact("z").abs() * exact("log_dzdx").exp() } else { 1.0 };
                let size = theirs.iter().fold(terms.max(1.0), |m, v| m.max(v.abs()));
                for (ours, theirs) in ours.iter().zip(theirs) {
                    let ours: f64 = ours.as_();
                    worst.add(property, (ours - theirs).abs() / (size * reach) / eps, || format!("{ours:e} for {theirs:e}; {}", place()));
                }
            };
            match dx_name {
                Some(name) => check("dL/dx", &[dx], &[exact(name)]),
                None => check("dz/dx", &[dx], &[exact("log_dzdx").exp()]),
            }
            let names =
                if pass == "dz" { ["dz/dlogits", "dz/dmeans", "dz/dlog_scales"] } else { ["dL/dlogits", "dL/dmeans", "dL/dlog_scales"] };
            for (i, (property, tensor)) in names.into_iter().zip(["logits", "means", "logscales"]).enumerate() {
                check(property, d[i].flat(), truth.gradient(&format!("{pass}_d{tensor}"), entry, n));
            }
        }
    }
}

fn accuracy_of<T: Real>(name: &str, run: fn(&Truth, Entry, &mut Worst)) {
    let truth = Truth::load(name);
    let mut worst = Worst::default();
    for entry in truth.entries() {
        run(&truth, entry, &mut worst);
    }
    worst.hold::<T>(ACCURACY);
}

#[test]
fn accuracy_f64() {
    accuracy_of::<f64>("f64", |truth, entry, worst| dispatch!(entry, accuracy, f64, (truth, entry, worst)));
}

#[test]
fn accuracy_f32() {
    accuracy_of::<f32>("f32", |truth, entry, worst| dispatch!(entry, accuracy, f32, (truth, entry, worst)));
}

/// How many evaluations the inverse makes, by kind of mixture.
struct Cost {
    /// `counts[kind][n]`: the inverses that took `n` evaluations.
    counts: [Vec<usize>; 5],
    most: Worst,
}

fn inverse<T: Real, const K: usize>(truth: &Truth, entry: Entry, worst: &mut Worst, cost: &mut Cost) {
    let eps: f64 = T::EPSILON.as_();
    let mixture = mixture(&truth.params::<T, K>(entry));
    for n in 0..entry.points {
        let (x, z) = (T::from_f64(truth.value("x", entry, n)), T::from_f64(truth.value("z", entry, n)));
        let place = |ours: T| format!("{ours:e} for {x:e}; {} mixture {} (K = {K}), point {n}, z = {z:e}", KINDS[entry.kind], entry.index);
        let (counted, evaluations) = mixture.inverse_counted(z);
        assert_eq!(counted.to_order(), mixture.inverse_and_log_det(z).0.to_order());
        let counts = &mut cost.counts[entry.kind];
        counts.resize(counts.len().max(evaluations + 1), 0);
        counts[evaluations] += 1;
        cost.most.add(KINDS[entry.kind], evaluations as f64, || place(counted));
        for (property, ours) in [("newton", mixture.inverse_and_log_det(z).0), ("bisection", mixture.bisect_and_log_det(z).0)] {
            let steps = ours.to_order().abs_diff(x.to_order());
            if steps > 2 {
                let back = mixture.forward_and_log_det(ours).0;
                worst.add(property, (back - z).abs().as_() / Value::max(z.abs(), T::ONE).as_() / eps, || place(ours));
            }
        }
    }
}

fn inverse_of<T: Real>(name: &str, run: fn(&Truth, Entry, &mut Worst, &mut Cost)) {
    let truth = Truth::load(name);
    let (mut worst, mut cost) = (Worst::default(), Cost { counts: Default::default(), most: Worst::default() });
    for entry in truth.entries() {
        run(&truth, entry, &mut worst, &mut cost);
    }
    worst.hold::<T>(ROUND_TRIP);
    for (kind, counts) in KINDS.iter().zip(&cost.counts) {
        let total: usize = counts.iter().sum();
        let mean = counts.iter().enumerate().map(|(n, c)| n * c).sum::<usize>() as f64 / total as f64;
        println!("{name} evaluations, {kind:<10} mean {mean:.2}, times 0, 1, 2, ..: {counts:?}");
    }
    cost.most.hold::<T>(EVALUATIONS);
}

#[test]
fn inverse_f64() {
    inverse_of::<f64>("f64", |truth, entry, worst, cost| dispatch!(entry, inverse, f64, (truth, entry, worst, cost)));
}

#[test]
fn inverse_f32() {
    inverse_of::<f32>("f32", |truth, entry, worst, cost| dispatch!(entry, inverse, f32, (truth, entry, worst, cost)));
}

/// Neither `z` nor the inverse's `x` falls, over runs of neighbours around every point of the truth.
fn never_falls<V: Value<Lane = V>, const K: usize>(truth: &Truth, entry: Entry) {
    let [logits, means, log_scales] = truth.params::<V::Scalar, K>(entry).map(|part| part.map(V::splat));
    let mixture = Mixture::from_raw(&logits, &means, &log_scales);
    // Every float, and every eighth, which is about what the inverse tells apart.
    for (name, step) in [("x", 1), ("x", 97), ("z", 1), ("z", 8)] {
        for n in 0..entry.points {
            let middle = V::Scalar::from_f64(truth.value(name, entry, n)).to_order();
            let mut top = -V::Scalar::INFINITY;
            for i in -16..16 {
                let point = V::Scalar::from_order(middle + step * i);
                let map = if name == "x" { Mixture::forward_and_log_det } else { Mixture::inverse_and_log_det };
                let value = map(&mixture, V::splat(point)).0.lane(0);
                assert!(
                    top <= value,
                    "{top:e} falls to {value:e} at {name} = {point:e}: {} mixture {} (K = {K})",
                    KINDS[entry.kind],
                    entry.index
                );
                top = value;
            }
        }
    }
}

/// `tests/exhaustive.rs` takes every `f32`.
#[test]
fn neighbours_keep_their_order_f32() {
    let truth = Truth::load("f32");
    for entry in truth.entries() {
        dispatch!(entry, never_falls, f32, (&truth, entry));
        if entry.k == 3 {
            never_falls::<Fused<f32>, 3>(&truth, entry);
        }
    }
}

#[test]
fn neighbours_keep_their_order_f64() {
    let truth = Truth::load("f64");
    for entry in truth.entries() {
        dispatch!(entry, never_falls, f64, (&truth, entry));
        if entry.k == 3 {
            never_falls::<Fused<f64>, 3>(&truth, entry);
        }
    }
}

/// One component is an affine map, whatever the distance: `z = (x - mu) / sigma`, and back.
fn far<T: Real>() {
    let mixture = Mixture::<T, 1>::new(&[T::ZEROS], &[T::ZEROS], &[T::ZEROS]).expect("finite parameters");
    // In sixteenths of an octave, out to where `z` saturates.
    let limit = if T::BITS == 32 { 50 } else { 500 };
    for e in -16..16 * limit {
        let size = f64::powf(2.0, f64::from(e) / 16.0);
        for x in [T::from_f64(size), T::from_f64(-size)] {
            let eps = T::EPSILON * Value::max(x.abs(), T::ONE);
            let four = T::from_f64(4.0) * eps;
            let (z, log_det) = mixture.forward_and_log_det(x);
            assert!((z - x).abs() <= four, "z {z:e} at {x:e}");
            assert!(log_det.abs() <= T::from_f64(4.0) * T::EPSILON, "log_det {log_det:e} at {x:e}");
            for back in [mixture.inverse_and_log_det(z).0, mixture.bisect_and_log_det(z).0] {
                assert!((back - x).abs() <= four + four, "{back:e} for {x:e}");
            }
        }
    }
}

#[test]
fn far_f64() {
    far::<f64>();
}

#[test]
fn far_f32() {
    far::<f32>();
}

/// Components about as narrow as the floats are apart: Newton's steps are short there, be the root near or on the plateau beyond.
fn narrow<T: Real, const K: usize>(params: [[f64; K]; 3], zs: &[f64]) {
    let mixture = mixture(&params.map(|part| part.map(T::from_f64)));
    for &z in zs {
        let z = T::from_f64(z);
        let (x, log_det) = mixture.inverse_and_log_det(z);
        let (back, log_det_there) = mixture.forward_and_log_det(x);
        assert_eq!(log_det, -log_det_there);
        let across = T::from_order(x.to_order() + if back < z { 2 } else { -2 });
        let passed = (mixture.forward_and_log_det(across).0 < z) != (back < z);
        let near = (back - z).abs() <= T::from_f64(8.0) * T::EPSILON * Value::max(z.abs(), T::ONE);
        assert!(near || passed, "{x:e} gives {back:e} for {z:e}: {mixture:?}");
    }
}

#[test]
fn narrower_than_the_floats() {
    // Found by fuzzing.
    narrow::<f32, 3>([[-0.2373, -0.2344, 0.0], [-13.128906, 0.0, -15.75], [-13.25, 0.0, 15.53]], &[0.0, -0.1, 0.4, 1.0]);
    narrow::<f64, 2>([[-5e300, 0.0], [1.0, 1.0], [-12.5, -16.0]], &[-16.0, -1.0, 7.384765625]);
    narrow::<f32, 2>([[0.0, 0.0], [-0.9999999, 1.1754942e-38], [0.0, 0.0]], &[1.1755033e-38, 0.0]);
    // A grid of them.
    for log_scale in (8..40).map(|n| -f64::from(n)) {
        let zs: Vec<f64> = (-40..=40).map(|n| 0.25 * f64::from(n)).collect();
        narrow::<f32, 3>([[0.0, 0.3, -1.0], [-13.1, 0.7, 5.0], [log_scale, 0.0, 6.0]], &zs);
        narrow::<f64, 3>([[0.0, 0.3, -1.0], [-13.1, 0.7, 5.0], [log_scale, 0.0, 6.0]], &zs);
        narrow::<f64, 2>([[0.0, 1.0], [-13.1, 7.0], [log_scale, log_scale]], &zs);
    }
}
