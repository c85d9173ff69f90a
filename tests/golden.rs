//! The crate against the golden vectors of `tests/data/golden`: a Keras reference in f64, and 60-digit arithmetic (`*_exact`).
//!
//! The table at the end has one line a case. `cargo test --test golden -- --nocapture` prints the worst error of each property.

#[path = "common/golden.rs"]
mod golden;
#[path = "common/report.rs"]
mod report;
#[path = "common/stack.rs"]
mod stack;
#[path = "common/tensors.rs"]
mod tensors;

use gaussflow::{
    Alternating, Coupling, Dense, DifferentiableBijector, FirstHalf, Flow, Head, Householder, Marginal, MixtureCdf, NoClamp, Orthogonal,
    Pack, Real, Residual, SharedHead, SigmoidClamp, Swap, TanhClamp, Value, Zeros,
};
use gaussflow::{Relu, Tanh};
use golden::Case;
use report::Report;

/// `z`, `log_det`, `log_prob` and states against `*_exact` in the bulk, absolute: the index's "bulk values at ~1e-12". The rounding of the sums over 64 hidden values and of
/// twelve layers stays below.
const BULK: f64 = 1e-12;

/// The same in f32. Weights and inputs are rounded to f32 (6e-8) ahead of networks and scales that magnify the error by some hundreds.
const BULK_F32: f64 = 1e-4;

/// Gradients, relative to the largest of the tensor. The limit is the reference: its f64 CDF has an absolute error, which leaves up to 3e-11 on its gradients
/// (`grad_worst_rel_of_tensor_max` in the verification of the set by an independent implementation). Relative to the tensor, because a small component is the sum over the
/// batch of large terms of both signs.
const GRADIENT: f64 = 1e-9;

/// Gradients by packs against those by samples, relative to the largest of the tensor: the same terms in another order of summation, over at most 256 rows (256 eps = 6e-14),
/// where a term may be larger than the sum.
const REORDERED: f64 = 1e-12;

/// The error of an inverse in units of `eps max(1, |z|)`, times what the map magnifies it by: 2 where Newton's method stops, 2.1 of the forward map that it compares with, half of
/// the rounding of z, and those of the layers before.
const INVERSE: f64 = 8.0;

/// The log-det of an inverse: it is taken at an `x` that is off by up to 9e-11 (the index's conditioning), where it changes by up to ten times as much.
const INVERSE_LOG_DET: f64 = 1e-9;

/// The index's rule for the tails: "a tolerance that grows like `1e-15 (1 + z^2)`, bulk values (`|z| < 8`) at ~1e-12", because the rounding of the input alone moves `log_det` by
/// `z^2 eps`. Relative to the value, as the rounding of the input is, and in units of `eps` (`1e-15 = 4.5 eps` in f64), so that one rule serves f32. `reach` is the largest
/// `|state|` that the row meets in the flow: an inner layer is as badly conditioned as its own `z` says, whatever the last one returns.
///
/// The rule permits anything where `reach` passes 1e6 (two_moons: 2.8e6), but a mixture's far tail is one normal, whose `z` is linear in `x`: relative errors stay those of
/// the bulk. `cap` holds them there.
fn tail_tolerance<T: Real>(bulk: f64, reach: f64, exact: f64) -> f64 {
    let (size, cap) = (exact.abs().max(1.0), if T::BITS == 64 { TAIL } else { TAIL_F32 });
    (4.5 * T::EPSILON.as_() * (1.0 + reach * reach) * size).min(cap * size).max(bulk)
}

/// The cap of [`tail_tolerance`]: [`BULK`], relative.
const TAIL: f64 = 1e-12;

/// As [`TAIL`]. Not `1e-4`: in two_moons the rounding of x and of the inner states is magnified about 1000 times where `|z|` is 3e4 and more (230 eps in f64, 1100 eps in f32).
const TAIL_F32: f64 = 1e-3;

fn to<T: Real, const D: usize>(row: &[f64; D]) -> [T; D] {
    row.map(T::from_f64)
}

fn from<T: Real, const D: usize>(row: &[T; D]) -> [f64; D] {
    row.map(|v| v.as_())
}

/// The largest of `|v|`; NaN if there is one.
fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |m, v| if v.abs() <= m { m } else { v.abs() })
}

fn distance(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    largest(ours.iter().zip(theirs).map(|(a, b)| a - b))
}

/// 0 for the same bits, else 1.
fn bits(a: f64, b: f64) -> f64 {
    f64::from(a.to_bits() != b.to_bits())
}

/// Bulk and tails of a density.
fn forward<T: Real, B: DifferentiableBijector<T, D>, const D: usize>(case: &Case, flow: &Flow<T, B, D>, bulk: f64, report: &mut Report) {
    let labels = |t64, t32| if T::BITS == 64 { t64 } else { t32 };
    let (x, z, l, p) = (case.rows::<D>("x"), case.rows::<D>("z_exact"), case.column("ldj_exact"), case.column("log_prob_exact"));
    for n in 0..x.len() {
        let x = to(&x[n]);
        let (ours, log_det) = flow.forward_and_log_det(&x);
        let row = || format!("row {n}");
        report.add(labels("z", "f32 z"), distance(&from(&ours), &z[n]), bulk, row);
        report.add(labels("log_det", "f32 log_det"), (log_det.as_() - l[n]).abs(), bulk, row);
        report.add(labels("log_prob", "f32 log_prob"), (flow.log_prob(&x).as_() - p[n]).abs(), bulk, row);
    }
    let (x, z) = (case.rows::<D>("x_tail"), case.rows::<D>("z_tail_exact"));
    let (l, p) = (case.column("ldj_tail_exact"), case.column("log_prob_tail_exact"));
    for n in 0..x.len() {
        let x = to(&x[n]);
        let (ours, log_det) = flow.forward_and_log_det(&x);
        let mut reach = 0.0;
        flow.forward_states(&x, |state| reach = largest(from(state).into_iter().chain([reach])));
        let row = || format!("row {n}, reach {reach:.3e}");
        let size = largest(z[n]);
        report.add(labels("tail z", "f32 tail z"), distance(&from(&ours), &z[n]), tail_tolerance::<T>(bulk, reach, size), row);
        report.add(labels("tail log_det", "f32 tail log_det"), (log_det.as_() - l[n]).abs(), tail_tolerance::<T>(bulk, reach, l[n]), row);
        let log_prob = flow.log_prob(&x).as_();
        report.add(labels("tail log_prob", "f32 tail log_prob"), (log_prob - p[n]).abs(), tail_tolerance::<T>(bulk, reach, p[n]), row);
    }
}

/// The state after each layer.
fn states<B: DifferentiableBijector<f64, D>, const D: usize>(case: &Case, flow: &Flow<f64, B, D>, report: &mut Report) {
    let (x, exact) = (case.rows::<D>("x"), case.rows::<D>("states_exact"));
    for n in 0..x.len() {
        let mut layer = 0;
        flow.forward_states(&x[n], |state| {
            report.add("states", distance(state, &exact[layer * x.len() + n]), BULK, || format!("row {n}, state {layer}"));
            layer += 1;
        });
        assert_eq!(layer * x.len(), exact.len(), "the number of states");
    }
}

/// What one way back gives: the value's rows, the gradient of the parameters, and that of each row of `x`.
struct Back<B, const D: usize> {
    z: Vec<[f64; D]>,
    log_det: Vec<f64>,
    parameters: Box<B>,
    x: Vec<[f64; D]>,
}

/// Forward and back on the lanes `V`, with the cotangents `cotangent(row, z)` of `z` and `d_log_det` of the log-det.
fn back<V: Value<Scalar = f64>, B: DifferentiableBijector<f64, D> + Zeros, const D: usize>(
    bijector: &B,
    x: &[[f64; D]],
    cotangent: impl Fn(usize, &[f64; D]) -> [f64; D],
    d_log_det: f64,
) -> Back<B, D> {
    let mut back = Back { z: vec![], log_det: vec![], parameters: Box::new(B::ZEROS), x: vec![] };
    let mut tape = Box::new(B::Tape::<V>::ZEROS);
    let row = |lanes: &[V; D], n: usize| lanes.map(|v| v.lane(n));
    for (chunk, rows) in x.chunks_exact(V::LANES).enumerate() {
        let mut state: [V; D] = std::array::from_fn(|d| V::from_lanes(|n| rows[n][d]));
        let log_det = bijector.forward_tape(&mut state, &[], &mut tape);
        let cotangents: Vec<_> = (0..V::LANES).map(|n| cotangent(chunk * V::LANES + n, &row(&state, n))).collect();
        let mut d: [V; D] = std::array::from_fn(|i| V::from_lanes(|n| cotangents[n][i]));
        bijector.backward(&tape, &[], &mut d, V::splat(d_log_det), &mut [], Some(&mut *back.parameters));
        for n in 0..V::LANES {
            back.z.push(row(&state, n));
            back.log_det.push(log_det.lane(n));
            back.x.push(row(&d, n));
        }
    }
    assert_eq!(back.x.len(), x.len(), "the rows fill the packs");
    back
}

/// The gradient of `case` for the cotangents given, against the file's `grad.*`; then by packs against by samples.
///
/// For the likelihood the cotangents of a last layer's `z` and log-det cancel: `z/n - z/n` of `dz + d_log_det z`. So one coupling alone tests `d log f` here, the inner layers of a flow
/// test `dz` too (a wrong sign of `dz/dlogit` fails in two cases only), and `tests/properties` tests both for every layer.
fn gradients<B: DifferentiableBijector<f64, D> + Zeros, const D: usize>(
    case: &Case,
    bijector: &B,
    cotangent: impl Fn(usize, &[f64; D]) -> [f64; D],
    d_log_det: f64,
    report: &mut Report,
) {
    let x = case.rows::<D>("x");
    let ours = back::<f64, B, D>(bijector, &x, &cotangent, d_log_det);
    for n in 0..x.len() {
        let mut state = x[n];
        let log_det = bijector.forward_and_log_det(&mut state, &[]);
        for d in 0..D {
            report.add("forward_tape, bits", bits(state[d], ours.z[n][d]), 0.0, || format!("row {n}"));
        }
        report.add("forward_tape, bits", bits(log_det, ours.log_det[n]), 0.0, || format!("row {n}"));
    }
    let lanes = back::<Pack<f64, 4>, B, D>(bijector, &x, &cotangent, d_log_det);
    for n in 0..x.len() {
        report.add("lanes: log_det, bits", bits(lanes.log_det[n], ours.log_det[n]), 0.0, || format!("row {n}"));
        for d in 0..D {
            report.add("lanes: z, bits", bits(lanes.z[n][d], ours.z[n][d]), 0.0, || format!("row {n}"));
            report.add("lanes: grad.x, bits", bits(lanes.x[n][d], ours.x[n][d]), 0.0, || format!("row {n}"));
        }
    }
    for slice in 0..B::SLICES {
        let (lanes, ours) = (lanes.parameters.slice(slice).1, ours.parameters.slice(slice).1);
        let scale = largest(ours.iter().copied());
        report.add("lanes: gradients", distance(lanes, ours), REORDERED * scale, || format!("slice {slice}"));
    }

    let mut check = |name: &str, ours: &[f64], theirs: &[f64]| {
        let scale = largest(theirs.iter().copied());
        report.add("gradients", distance(ours, theirs), GRADIENT * scale, || name.to_owned());
    };
    case.compare_gradient::<B, D>(&ours.parameters, &mut check);
    check("grad.x", ours.x.as_flattened(), &case.tensor("grad.x").values);
}

/// The largest row sum of `|dx/dz|` at `z`: by how much the inverse magnifies an error of its input.
fn magnification<B: DifferentiableBijector<f64, D>, const D: usize>(bijector: &B, z: &[f64; D], tape: &mut B::Tape<f64>) -> f64 {
    let mut x = *z;
    bijector.inverse_and_log_det(&mut x, &[]);
    bijector.forward_tape(&mut x, &[], tape);
    largest((0..D).map(|i| {
        let mut d = [0.0; D];
        d[i] = 1.0;
        bijector.inverse_backward(tape, &[], &mut d, 0.0, &mut [], None);
        d.iter().map(|d| d.abs()).sum::<f64>()
    }))
}

/// `inverse` of the rows `z` against the rows `x`, off by up to `reference`, and its log-det against `log_det`; packs give the bits of the samples.
fn inverse<B: DifferentiableBijector<f64, D> + Zeros, const D: usize>(
    flow: &Flow<f64, B, D>,
    z: &[[f64; D]],
    (x, reference): (&[[f64; D]], f64),
    (log_det, log_det_tolerance): (&[f64], f64),
    (property, log_det_property): (&'static str, &'static str),
    report: &mut Report,
) {
    let mut tape = Box::new(B::Tape::<f64>::ZEROS);
    for n in 0..z.len() {
        let (ours, l) = flow.inverse_and_log_det(&z[n]);
        let by = magnification(&flow.bijector, &z[n], &mut tape);
        let tolerance = reference + BULK.max(INVERSE * f64::EPSILON * largest(z[n]).max(1.0) * by);
        report.add(property, distance(&ours, &x[n]), tolerance, || format!("row {n}, dx/dz {by:.1e}"));
        report.add(log_det_property, (l - log_det[n]).abs(), log_det_tolerance, || format!("row {n}, dx/dz {by:.1e}"));
    }
    for (chunk, rows) in z.chunks_exact(4).enumerate() {
        let mut state: [Pack<f64, 4>; D] = std::array::from_fn(|d| Pack::from_lanes(|n| rows[n][d]));
        let l = flow.bijector.inverse_and_log_det(&mut state, &[]);
        for n in 0..4 {
            let (x, log_det) = flow.inverse_and_log_det(&rows[n]);
            let same = (0..D).map(|d| bits(x[d], state[d].lane(n))).chain([bits(log_det, l.lane(n))]);
            report.add("lanes: inverse, bits", largest(same), 0.0, || format!("{property} {}", 4 * chunk + n));
        }
    }
}

/// What every density has: `z`, log-det, log-probability, gradients of the mean negative log-likelihood, and the inverse.
fn density<F64, F32, const D: usize>(case: &Case, report: &mut Report) -> Box<Flow<f64, F64, D>>
where
    F64: DifferentiableBijector<f64, D> + Zeros,
    F32: DifferentiableBijector<f32, D> + Zeros,
{
    let flow = case.flow::<f64, F64, D>();
    forward(case, &flow, BULK, report);
    forward(case, &case.flow::<f32, F32, D>(), BULK_F32, report);

    let x = case.rows::<D>("x");
    let rows = x.len() as f64;
    gradients(case, &flow.bijector, |_, z| z.map(|z| z / rows), -1.0 / rows, report);
    let loss = -x.iter().map(|x| flow.log_prob(x)).sum::<f64>() / rows;
    // A mean of log-probabilities, each exact to `BULK`, against the reference's, which is off by its error in `z`.
    let reference = case.number("max_abs_z_minus_exact") + case.number("max_abs_ldj_minus_exact");
    report.add("loss", (loss - case.column("loss")[0]).abs(), BULK + reference, String::new);

    let exact: Vec<f64> = case.column("ldj_exact").iter().map(|l| -l).collect();
    inverse(&flow, &case.rows("z_exact"), (&x, 0.0), (&exact, INVERSE_LOG_DET), ("inverse of z_exact", "its log_det"), report);
    // The index states the conditioning of the reference's pair: how far its inverse of its z ends from x, because it lost digits of z. Its x_inv is off to one side,
    // ours of the same z may be to the other.
    let gap = 2.0 * case.number("max_abs_x_inv_minus_x");
    let (z, x_inv, l) = (case.rows("z"), case.rows("x_inv"), case.column("inv_ldj"));
    inverse(&flow, &z, (&x_inv, gap), (l, INVERSE_LOG_DET), ("inverse of z", "its log_det, vs inv_ldj"), report);
    flow
}

/// One coupling or marginal layer.
fn coupling<F64, F32, const D: usize>(name: &str)
where
    F64: DifferentiableBijector<f64, D> + Zeros,
    F32: DifferentiableBijector<f32, D> + Zeros,
{
    let mut report = Report::new(name);
    density::<F64, F32, D>(&Case::load(name), &mut report);
    report.finish();
}

/// A trained flow: also the states between its layers, and the inverse of draws.
fn flow<F64, F32, const D: usize>(name: &str)
where
    F64: DifferentiableBijector<f64, D> + Zeros,
    F32: DifferentiableBijector<f32, D> + Zeros,
{
    let (case, mut report) = (Case::load(name), Report::new(name));
    let flow = density::<F64, F32, D>(&case, &mut report);
    states(&case, &flow, &mut report);
    let (z, x, l) = (case.rows("z_new"), case.rows("x_of_z_new"), case.column("inv_ldj_new"));
    // Only draws whose round trips agree to this in the reference are in the file.
    let gap = case.number("inverse_tolerance");
    inverse(&flow, &z, (&x, gap), (l, INVERSE_LOG_DET), ("inverse of z_new", "its log_det, vs inv_ldj_new"), &mut report);
    report.finish();
}

/// A product of reflections: the gradient is that of `sum(c y)`.
fn householder<F64, F32, const D: usize>(name: &str)
where
    F64: DifferentiableBijector<f64, D> + Zeros,
    F32: DifferentiableBijector<f32, D> + Zeros,
{
    let (case, mut report) = (Case::load(name), Report::new(name));
    let (flow, single) = (case.flow::<f64, F64, D>(), case.flow::<f32, F32, D>());
    let (x, y, c) = (case.rows::<D>("x"), case.rows::<D>("y_exact"), case.rows::<D>("c"));
    for n in 0..x.len() {
        let (ours, log_det) = flow.forward_and_log_det(&x[n]);
        report.add("y", distance(&ours, &y[n]), BULK, || format!("row {n}"));
        report.add("log_det is 0", log_det.abs(), 0.0, || format!("row {n}"));
        let (ours, log_det) = single.forward_and_log_det(&to(&x[n]));
        report.add("f32 y", distance(&from(&ours), &y[n]), BULK_F32, || format!("row {n}"));
        report.add("log_det is 0", f64::from(log_det.abs()), 0.0, || format!("row {n}"));
    }
    gradients(&case, &flow.bijector, |n, _| c[n], 0.0, &mut report);
    let zeros = vec![0.0; x.len()];
    inverse(&flow, &y, (&x, 0.0), (&zeros, 0.0), ("inverse of y_exact", "its log_det"), &mut report);
    // The reference's inverse reflects once more, with the same 1e-12 in the denominator: short of ours by 4e-12 / |v|^2 of `w` a reflector.
    let softened: f64 = case.rows::<D>("v").iter().map(|v| 4e-12 / v.iter().map(|v| v * v).sum::<f64>()).sum();
    let w = case.rows::<D>("w");
    let gap = softened * largest(w.iter().map(|w| w.iter().map(|w| w * w).sum::<f64>().sqrt()));
    inverse(&flow, &w, (&case.rows("w_inv"), gap), (&zeros, 0.0), ("inverse of w", "its log_det"), &mut report);
    report.finish();
}

/// A fixed rotation.
fn orthogonal<F64, F32, const D: usize>(name: &str)
where
    F64: DifferentiableBijector<f64, D> + Zeros,
    F32: DifferentiableBijector<f32, D> + Zeros,
{
    let (case, mut report) = (Case::load(name), Report::new(name));
    let (flow, single) = (case.flow::<f64, F64, D>(), case.flow::<f32, F32, D>());
    let (x, y, x_inv) = (case.rows::<D>("x"), case.rows::<D>("y"), case.rows::<D>("x_inv"));
    for n in 0..x.len() {
        let row = || format!("row {n}");
        report.add("y", distance(&flow.forward(&x[n]), &y[n]), BULK, row);
        report.add("f32 y", distance(&from(&single.forward(&to(&x[n]))), &y[n]), BULK_F32, row);
        // Both multiply by the transpose, so both miss x by the rounding of q.
        report.add("inverse of y", distance(&flow.inverse(&y[n]), &x_inv[n]), BULK, row);
    }
    report.finish();
}

/// A conditioner of two hidden layers.
type Mlp<T, A, const I: usize, const H0: usize, const H1: usize, L> = (Dense<T, I, H0>, A, Dense<T, H0, H1>, A, L);
/// The reference's default univariate.
type Tanh3<T, const K: usize> = MixtureCdf<TanhClamp<T>, K>;
type TanhHead<T, const K: usize, const H: usize, const B: usize> = Head<T, Tanh3<T, K>, H, B>;
type SharedTanhHead<T, const K: usize, const H: usize, const B: usize> = SharedHead<T, Tanh3<T, K>, H, B>;
type SigmoidMixture<T> = MixtureCdf<SigmoidClamp<T>, 5>;

type HalfD2<T, M = FirstHalf> = Coupling<M, Tanh3<T, 8>, Mlp<T, Relu, 1, 64, 64, TanhHead<T, 8, 64, 1>>, 1, 1>;
type HalfD5<T> = Coupling<FirstHalf, Tanh3<T, 5>, Mlp<T, Relu, 2, 16, 16, TanhHead<T, 5, 16, 3>>, 2, 3>;
type Interleaved<T> = Coupling<Alternating, Tanh3<T, 6>, Mlp<T, Relu, 2, 32, 16, TanhHead<T, 6, 16, 2>>, 2, 2>;
type Shared<T> = Coupling<FirstHalf, Tanh3<T, 6>, Mlp<T, Relu, 2, 24, 24, SharedTanhHead<T, 6, 24, 2>>, 2, 2>;
type SigmoidD3<T> = Coupling<FirstHalf, SigmoidMixture<T>, Mlp<T, Tanh, 1, 20, 20, Head<T, SigmoidMixture<T>, 20, 2>>, 1, 2>;
type ResidualNet<T> = (Dense<T, 1, 32>, Tanh, Residual<(Dense<T, 32, 32>, Tanh)>, TanhHead<T, 8, 32, 1>);
type ResidualD2<T> = Coupling<FirstHalf, Tanh3<T, 8>, ResidualNet<T>, 1, 1>;

type TwoMoons<T> = [(Householder<T, 2, 2>, HalfD2<T>, HalfD2<T, Swap<FirstHalf>>); 4];
type SharedD4<T, M> = Coupling<M, Tanh3<T, 6>, Mlp<T, Relu, 2, 32, 32, SharedTanhHead<T, 6, 32, 2>>, 2, 2>;
type SharedFlow<T> = [(Householder<T, 4, 4>, SharedD4<T, FirstHalf>, SharedD4<T, Swap<FirstHalf>>); 2];

type MarginalD3<T> = Marginal<T, MixtureCdf<NoClamp, 6>, 3>;
type OrthogonalD4<T> = Orthogonal<T, 4>;
type Gaussianization<T> = [(Householder<T, 3, 3>, MarginalD3<T>); 3];

type HouseholderD3<T> = Householder<T, 3, 2>;
type HouseholderD5<T> = Householder<T, 5, 5>;

macro_rules! golden {
    ($($name:ident: $kind:ident($model:ident, $d:literal);)+) => {$(
        #[test]
        fn $name() {
            stack::on_large_stack(|| $kind::<$model<f64>, $model<f32>, $d>(stringify!($name)));
        }
    )+};
}

golden! {
    coupling_half_d2_k8_h64x64: coupling(HalfD2, 2);
    coupling_half_d5_k5: coupling(HalfD5, 5);
    coupling_interleaved_d4: coupling(Interleaved, 4);
    coupling_shared_d4: coupling(Shared, 4);
    coupling_sigmoid_clamp_d3: coupling(SigmoidD3, 3);
    coupling_residual_d2: coupling(ResidualD2, 2);

    householder_d3_r2: householder(HouseholderD3, 3);
    householder_d5_r5: householder(HouseholderD5, 5);

    trained_flow_two_moons: flow(TwoMoons, 2);
    trained_flow_two_moons_symbroken: flow(TwoMoons, 2);
    trained_flow_shared: flow(SharedFlow, 4);

    marginal_d3_k6: coupling(MarginalD3, 3);
    fixed_ortho_d4: orthogonal(OrthogonalD4, 4);
    gaussianization_flow_d3: flow(Gaussianization, 3);
}
