//! Analytic gradients against differences: one checker each for bijectors, layers and univariates.
//!
//! A checker returns its finding as a value, so that a negative control can assert that a planted error is found.

use gaussflow::math::sigmoid;
use gaussflow::train::{add_nll_gradient, add_reverse_kl_gradient};
use gaussflow::{
    DifferentiableBijector, DifferentiableLayer, Init, MixtureParams, Pack, Parameters, Role, Shape, Univariate, Value, Width, Zeros,
    log_base, standard_normal,
};
use rand_pcg::Pcg64;

use crate::stack::on_large_stack;

/// The largest error of a component, relative to itself or to [`SMALL`] of the largest of its group: the truncation of [`slope`] at its narrowest step. A wrong term shows as an
/// error of order 1.
const TOLERANCE: f64 = 1e-6;

/// A component smaller than this part of the largest of its group is judged by that part: it is a difference of larger terms.
const SMALL: f64 = 1e-2;

/// The steps of [`slope`], each tried where the one before does not agree: a step may cross a kink of ReLU, or be too wide for what a parameter moves. In the tails, where
/// one component takes over from another within 1 / |t|, and couplings that follow each other magnify by 1e4, that is 1e-6. A wrong gradient agrees at none.
const STEPS: [f64; 4] = [3e-4, 3e-5, 3e-6, 3e-7];

/// An error this far below the tolerance needs no narrower step.
const CLEAR: f64 = 0.1;

/// The rounding of a loss in units of `eps` times the sum of the sizes of its terms: 4.7 of the far tail's `log_det`, and what the layers magnify. The difference quotient
/// divides it by the step.
const ROUNDING: f64 = 32.0;

/// Lanes against samples, relative to the largest of the group: the same terms in another order.
const REORDERED: f64 = 1e-12;

/// `forward_tape` of an inverse against its plain map, relative: it goes there and back, at slopes of up to 1e3.
const RETURNED: f64 = 1e-12;

/// The packs that the lanes' side of each check runs on.
type Four = Pack<f64, 4>;

/// A component whose gradient is wrong.
#[derive(Debug)]
#[allow(dead_code)] // Read through `Debug`.
pub struct Mismatch {
    pub pass: &'static str,
    pub group: String,
    pub index: usize,
    pub analytic: f64,
    pub numeric: f64,
}

/// What a checker that found no mismatch saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// The worst error, in units of its tolerance.
    pub worst: f64,
    /// How many components were compared.
    pub components: usize,
    /// The largest `|log_det|`.
    pub log_det: f64,
}

pub type Outcome = Result<Seen, Vec<Mismatch>>;

#[derive(Default)]
struct Check {
    seen: Seen,
    mismatches: Vec<Mismatch>,
}

impl Check {
    /// Compares one group, such as a row of `x` or one slice of the parameters, with differences: `numeric(i, step)` for component `i`. `size` is that of the loss's terms.
    fn group(&mut self, pass: &'static str, group: &str, analytic: &[f64], size: f64, numeric: impl Fn(usize, f64) -> f64) {
        let wide: Vec<f64> = (0..analytic.len()).map(|i| numeric(i, STEPS[0])).collect();
        let scale = SMALL * wide.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        for (index, &analytic) in analytic.iter().enumerate() {
            let mut best = (f64::INFINITY, wide[index]);
            for step in STEPS {
                let numeric = if step == STEPS[0] { wide[index] } else { numeric(index, step) };
                let noise = ROUNDING * f64::EPSILON * size / step;
                let error = (analytic - numeric).abs() / (TOLERANCE * numeric.abs().max(scale) + noise);
                if error < best.0 {
                    best = (error, numeric);
                }
                if error <= CLEAR {
                    break;
                }
            }
            self.component(pass, group, index, best.0, analytic, best.1);
        }
    }

    /// Compares two lists that only rounding may part by `tolerance`.
    fn same(&mut self, pass: &'static str, group: &str, ours: &[f64], theirs: &[f64], tolerance: f64) {
        assert_eq!(ours.len(), theirs.len(), "{pass} {group}");
        for (index, (&ours, &theirs)) in ours.iter().zip(theirs).enumerate() {
            let error = if ours == theirs { 0.0 } else { (ours - theirs).abs() / tolerance };
            self.component(pass, group, index, error, ours, theirs);
        }
    }

    fn component(&mut self, pass: &'static str, group: &str, index: usize, error: f64, analytic: f64, numeric: f64) {
        self.seen.components += 1;
        // Not `error > 1`: a NaN is a mismatch too.
        if error <= 1.0 {
            self.seen.worst = self.seen.worst.max(error);
        } else {
            self.mismatches.push(Mismatch { pass, group: group.to_owned(), index, analytic, numeric });
        }
    }

    /// Compares the slices of a model's gradient with the differences of `loss`.
    fn parameters<P: Parameters<f64> + Clone>(&mut self, pass: &'static str, model: &P, gradient: &P, size: f64, loss: impl Fn(&P) -> f64) {
        let slices = slices(gradient);
        assert_eq!(slices.iter().map(Vec::len).sum::<usize>(), P::COUNT, "COUNT and the visited slices");
        for (n, analytic) in slices.iter().enumerate() {
            let numeric = |index, step| slope_of_parameter(model, n, index, step, &loss);
            self.group(pass, &format!("parameters {n}"), analytic, size, numeric);
        }
    }

    fn outcome(self) -> Outcome {
        if self.mismatches.is_empty() { Ok(self.seen) } else { Err(self.mismatches) }
    }
}

/// The derivative of `f` at `at`, by the central difference of fourth order: its truncation is `h^4 f''''' / 30`.
fn slope(at: f64, step: f64, f: impl Fn(f64) -> f64) -> f64 {
    let difference = |h: f64| f(at + h) - f(at - h);
    (8.0 * difference(step) - difference(2.0 * step)) / (12.0 * step)
}

/// As [`slope`], by element `i` of `at`.
fn slope_of_element<const N: usize>(at: [f64; N], i: usize, step: f64, f: impl Fn([f64; N]) -> f64) -> f64 {
    slope(at[i], step, |v| {
        let mut moved = at;
        moved[i] = v;
        f(moved)
    })
}

/// As [`slope`], by scalar `index` of parameter slice `slice`.
fn slope_of_parameter<P: Parameters<f64> + Clone>(model: &P, slice: usize, index: usize, step: f64, f: impl Fn(&P) -> f64) -> f64 {
    let with = |model: &mut P, value: &dyn Fn(f64) -> f64| {
        let (mut at, mut old) = (0, f64::NAN);
        model.visit_mut(&mut |_, values| {
            if at == slice {
                old = values[index];
                values[index] = value(old);
            }
            at += 1;
        });
        old
    };
    let mut moved = model.clone();
    let old = with(&mut moved, &|v| v);
    let moved = std::cell::RefCell::new(moved);
    slope(old, step, |v| {
        with(&mut moved.borrow_mut(), &|_| v);
        f(&moved.borrow())
    })
}

/// What a gradient starts from, to see that it is added to: a value that sums hold exactly enough.
const START: f64 = 0.25;

fn started<P: Parameters<f64> + Clone>(model: &P) -> P {
    let mut gradient = model.clone();
    gradient.fill(START);
    gradient
}

/// The slices of a gradient less its start; fixed parameters must have none.
fn slices<P: Parameters<f64>>(gradient: &P) -> Vec<Vec<f64>> {
    let mut slices = Vec::new();
    gradient.visit(&mut |role, values| match role {
        Role::Trainable => slices.push(values.iter().map(|v| v - START).collect()),
        Role::Fixed => {
            assert!(values.iter().all(|v| *v == START), "a fixed parameter has a gradient");
            slices.push(vec![]);
        }
    });
    slices
}

/// `n` standard-normal draws.
pub fn draws<const N: usize>(rng: &mut Pcg64) -> [f64; N] {
    std::array::from_fn(|_| standard_normal(rng))
}

/// A model with its default settings, whose trainable parameters are `spread` times standard-normal draws.
pub fn random<P: Parameters<f64> + Init<f64> + Zeros>(rng: &mut Pcg64, spread: f64) -> P {
    let mut model = P::ZEROS;
    model.init(rng);
    model.visit_mut(&mut |role, values| {
        if role == Role::Trainable {
            values.iter_mut().for_each(|v| *v = spread * standard_normal::<f64, _>(rng));
        }
    });
    model
}

/// A draw with a size in `[0.5, 1.5]`, so that no cotangent is too small to show an error.
fn cotangent(rng: &mut Pcg64) -> f64 {
    let v: f64 = standard_normal(rng);
    v.signum() * (0.5 + sigmoid(v))
}

/// A sample and its context.
pub type Row<const D: usize, const C: usize> = ([f64; D], [f64; C]);

fn pack<V: Value<Scalar = f64>, const N: usize>(rows: &[[f64; N]]) -> [V; N] {
    std::array::from_fn(|i| V::from_lanes(|n| rows[n][i]))
}

fn unpack<V: Value<Scalar = f64>, const N: usize>(lanes: &[V; N], rows: &mut Vec<[f64; N]>) {
    rows.extend((0..V::LANES).map(|n| lanes.map(|v| v.lane(n))));
}

/// The gradients of one way back over some rows.
struct Back<P, const D: usize, const C: usize> {
    parameters: P,
    x: Vec<[f64; D]>,
    context: Vec<[f64; C]>,
}

impl<P: Parameters<f64>, const D: usize, const C: usize> Back<P, D, C> {
    /// The gradients by packs against those by samples.
    fn compare(&self, check: &mut Check, pass: &'static str, samples: &Self) {
        let mut group = |name: &str, ours: &[f64], theirs: &[f64]| {
            // A sum may be smaller than the terms that it reorders, START among them.
            let size = theirs.iter().fold(START, |m: f64, v| m.max(v.abs()));
            check.same(pass, name, ours, theirs, REORDERED * size);
        };
        for (n, (ours, theirs)) in slices(&self.parameters).iter().zip(&slices(&samples.parameters)).enumerate() {
            group(&format!("lanes, parameters {n}"), ours, theirs);
        }
        group("lanes, x", self.x.as_flattened(), samples.x.as_flattened());
        group("lanes, context", self.context.as_flattened(), samples.context.as_flattened());
    }
}

/// One direction of a bijector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Direction {
    Forward,
    Inverse,
}

impl Direction {
    pub const BOTH: [Direction; 2] = [Direction::Forward, Direction::Inverse];

    fn name(self) -> &'static str {
        match self {
            Direction::Forward => "backward",
            Direction::Inverse => "inverse_backward",
        }
    }

    fn apply<V: Value<Scalar = f64>, B: DifferentiableBijector<f64, D, C>, const D: usize, const C: usize>(
        self,
        bijector: &B,
        x: &mut [V; D],
        context: &[V; C],
    ) -> V {
        match self {
            Direction::Forward => bijector.forward_and_log_det(x, context),
            Direction::Inverse => bijector.inverse_and_log_det(x, context),
        }
    }

    /// There and back on the lanes `V`; `cotangents` are those of the result and of the log-det of each row.
    fn back<V: Value<Scalar = f64>, B: DifferentiableBijector<f64, D, C> + Clone, const D: usize, const C: usize>(
        self,
        bijector: &B,
        rows: &[Row<D, C>],
        cotangents: &[([f64; D], f64)],
    ) -> Back<B, D, C> {
        assert_eq!(rows.len() % V::LANES, 0, "rows fill the packs");
        let mut back = Back { parameters: started(bijector), x: vec![], context: vec![] };
        let mut tape = Box::new(B::Tape::<V>::ZEROS);
        for (rows, cotangents) in rows.chunks_exact(V::LANES).zip(cotangents.chunks_exact(V::LANES)) {
            let context = pack::<V, C>(&rows.iter().map(|row| row.1).collect::<Vec<_>>());
            let mut state = pack::<V, D>(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
            if self == Direction::Inverse {
                bijector.inverse_and_log_det(&mut state, &context);
            }
            let mut expected = state;
            let log_det = bijector.forward_tape(&mut state, &context, &mut tape);
            // An `Inverse` finds its log-det at the tape's end, and so may part from its plain map by rounding; all others give the same bits (tests/golden.rs).
            let plain = bijector.forward_and_log_det(&mut expected, &context);
            let same = |a: V, b: V| (0..V::LANES).all(|n| (a.lane(n) - b.lane(n)).abs() <= RETURNED * b.lane(n).abs().max(1.0));
            assert!(same(log_det, plain), "log_det of forward_tape: {log_det:?}, not {plain:?}");
            assert!((0..D).all(|i| same(state[i], expected[i])), "forward_tape: {state:?}, not {expected:?}");
            let mut d = pack::<V, D>(&cotangents.iter().map(|c| c.0).collect::<Vec<_>>());
            let d_log_det = V::from_lanes(|n| cotangents[n].1);
            let mut d_context = [V::splat(START); C];
            let back_through = match self {
                Direction::Forward => B::backward::<V>,
                Direction::Inverse => B::inverse_backward::<V>,
            };
            back_through(bijector, &tape, &context, &mut d, d_log_det, &mut d_context, &mut back.parameters);
            unpack(&d, &mut back.x);
            unpack(&d_context.map(|d| d - V::splat(START)), &mut back.context);
        }
        back
    }
}

/// Checks `backward` at `rows` and `inverse_backward` at their images, by samples and by packs: parameters, `x`, context, for random cotangents of the result and of the log-det.
///
/// The number of rows must fill packs of four.
pub fn check_bijector<B, const D: usize, const C: usize>(bijector: &B, rows: &[Row<D, C>]) -> Outcome
where
    B: DifferentiableBijector<f64, D, C> + Clone + Sync,
{
    on_large_stack(|| bijector_outcome(bijector, rows))
}

fn bijector_outcome<B, const D: usize, const C: usize>(bijector: &B, rows: &[Row<D, C>]) -> Outcome
where
    B: DifferentiableBijector<f64, D, C> + Clone,
{
    let mut check = Check::default();
    let mut rng = Pcg64::new(1, 2);
    for direction in Direction::BOTH {
        let pass = direction.name();
        let rows: Vec<Row<D, C>> = rows
            .iter()
            .map(|&(mut x, context)| {
                if direction == Direction::Inverse {
                    bijector.forward_and_log_det(&mut x, &context);
                }
                (x, context)
            })
            .collect();
        let cotangents: Vec<([f64; D], f64)> =
            rows.iter().map(|_| (std::array::from_fn(|_| cotangent(&mut rng)), cotangent(&mut rng))).collect();
        // One row's loss, and the sum of the sizes of its terms.
        let loss = |bijector: &B, n: usize, (mut x, context): Row<D, C>| {
            let log_det = direction.apply(bijector, &mut x, &context);
            let (d, d_log_det) = &cotangents[n];
            let terms = || x.iter().zip(d).map(|(x, d)| x * d).chain([log_det * d_log_det]);
            (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>(), log_det)
        };
        let samples = direction.back::<f64, B, D, C>(bijector, &rows, &cotangents);
        direction.back::<Four, B, D, C>(bijector, &rows, &cotangents).compare(&mut check, pass, &samples);

        let mut total = 0.0;
        for (n, &(x, context)) in rows.iter().enumerate() {
            let (_, size, log_det) = loss(bijector, n, (x, context));
            check.seen.log_det = check.seen.log_det.max(log_det.abs());
            total += size;
            let by_x = |i, step| slope_of_element(x, i, step, |x| loss(bijector, n, (x, context)).0);
            check.group(pass, "x", &samples.x[n], size, by_x);
            let by_context = |i, step| slope_of_element(context, i, step, |context| loss(bijector, n, (x, context)).0);
            check.group(pass, "context", &samples.context[n], size, by_context);
        }
        let sum = |moved: &B| rows.iter().enumerate().map(|(n, row)| loss(moved, n, *row).0).sum();
        check.parameters(pass, bijector, &samples.parameters, total, sum);
    }
    check.outcome()
}

/// Checks the gradient of the summed negative log-likelihood, as training takes it, on the lanes `V`; the rows may leave the last pack part empty.
pub fn check_nll<V: Value<Scalar = f64>, B, const D: usize, const C: usize>(bijector: &B, rows: &[Row<D, C>]) -> Outcome
where
    B: DifferentiableBijector<f64, D, C> + Clone + Sync,
{
    on_large_stack(|| nll_outcome::<V, B, D, C>(bijector, rows))
}

fn nll_outcome<V: Value<Scalar = f64>, B, const D: usize, const C: usize>(bijector: &B, rows: &[Row<D, C>]) -> Outcome
where
    B: DifferentiableBijector<f64, D, C> + Clone,
{
    let mut check = Check::default();
    let (samples, contexts): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    // The loss, the sum of the sizes of its terms, and the largest log-det.
    let loss = |bijector: &B| {
        rows.iter().fold((0.0, 0.0, 0.0), |(loss, size, largest): (f64, f64, f64), &(mut x, context)| {
            let log_det = bijector.forward_and_log_det(&mut x, &context);
            let log_base = log_base(&x);
            (loss - log_base - log_det, size + log_base.abs() + log_det.abs(), largest.max(log_det.abs()))
        })
    };
    let (total, size, log_det) = loss(bijector);
    check.seen.log_det = log_det;
    let mut gradient = started(bijector);
    let mut tape = Box::new(B::Tape::<V>::ZEROS);
    let value = add_nll_gradient::<f64, V, B, D, C>(bijector, &samples, &contexts, &mut tape, &mut gradient).expect("a finite loss");
    check.same("nll", "value", &[value], &[total], REORDERED * size);
    check.parameters("nll", bijector, &gradient, size, |moved| loss(moved).0);
    check.outcome()
}

/// A target that is no flow's density: `log p(x | c) = -sum_i x_i^4 / 4 + x_i x_(i + 1) + c_i x_i` (indices modulo the number of dimensions, of context variables), and its gradient.
fn target<const D: usize, const C: usize>(x: &[f64; D], context: &[f64; C]) -> (f64, [f64; D]) {
    let pull = |i: usize| if C > 0 { context[i % C] } else { 0.0 };
    let value = (0..D).map(|i| -0.25 * x[i].powi(4) + x[i] * x[(i + 1) % D] + pull(i) * x[i]).sum();
    (value, std::array::from_fn(|i| -x[i].powi(3) + x[(i + 1) % D] + x[(i + D - 1) % D] + pull(i)))
}

/// Checks the gradient of the summed reverse KL divergence, the rows being latents, on the lanes `V`; the rows may leave the last pack part empty.
pub fn check_reverse_kl<V: Value<Scalar = f64>, B, const D: usize, const C: usize>(bijector: &B, rows: &[Row<D, C>]) -> Outcome
where
    B: DifferentiableBijector<f64, D, C> + Clone + Sync,
{
    on_large_stack(|| reverse_kl_outcome::<V, B, D, C>(bijector, rows))
}

fn reverse_kl_outcome<V: Value<Scalar = f64>, B, const D: usize, const C: usize>(bijector: &B, rows: &[Row<D, C>]) -> Outcome
where
    B: DifferentiableBijector<f64, D, C> + Clone,
{
    let mut check = Check::default();
    let (latents, contexts): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    // The loss, the sum of the sizes of its terms, and the largest log-det.
    let loss = |bijector: &B| {
        rows.iter().fold((0.0, 0.0, 0.0), |(loss, size, largest): (f64, f64, f64), &(mut x, context)| {
            let log_base = log_base(&x);
            let log_det = bijector.inverse_and_log_det(&mut x, &context);
            let (log_p, _) = target(&x, &context);
            (loss + log_base - log_det - log_p, size + log_base.abs() + log_det.abs() + log_p.abs(), largest.max(log_det.abs()))
        })
    };
    let (total, size, log_det) = loss(bijector);
    check.seen.log_det = log_det;
    let mut gradient = started(bijector);
    let mut tape = Box::new(B::Tape::<V>::ZEROS);
    let value = add_reverse_kl_gradient::<f64, V, B, _, D, C>(bijector, &latents, &contexts, target, &mut tape, &mut gradient);
    check.same("reverse KL", "value", &[value.expect("a finite loss")], &[total], REORDERED * size);
    check.parameters("reverse KL", bijector, &gradient, size, |moved| loss(moved).0);
    check.outcome()
}

/// What a layer gives, as a list of values.
pub trait Flat<V>: Zeros {
    fn values(&self) -> Vec<V>;
    fn set(&mut self, values: &[V]);
}

impl<V: Value, const N: usize> Flat<V> for [V; N] {
    fn values(&self) -> Vec<V> {
        self.to_vec()
    }
    fn set(&mut self, values: &[V]) {
        self.copy_from_slice(values);
    }
}

impl<V: Value, const K: usize, const B: usize> Flat<V> for [MixtureParams<V, K>; B] {
    fn values(&self) -> Vec<V> {
        self.iter().flat_map(|params| params.as_ref()).copied().collect()
    }
    fn set(&mut self, values: &[V]) {
        for (params, values) in self.iter_mut().zip(values.chunks_exact(3 * K)) {
            params.as_mut().copy_from_slice(values);
        }
    }
}

type Output<L, V, const I: usize, const C: usize> = <<L as gaussflow::Layer<f64, Width<I>, C>>::Out as Shape<f64>>::Of<V>;

/// There and back through a layer on the lanes `V`.
fn layer_back<V: Value<Scalar = f64>, L, const I: usize, const C: usize>(layer: &L, rows: &[Row<I, C>], dys: &[Vec<f64>]) -> Back<L, I, C>
where
    L: DifferentiableLayer<f64, Width<I>, C> + Clone,
    Output<L, V, I, C>: Flat<V>,
{
    assert_eq!(rows.len() % V::LANES, 0, "rows fill the packs");
    let mut back = Back { parameters: started(layer), x: vec![], context: vec![] };
    let mut tape = Box::new(L::Tape::<V>::ZEROS);
    for (rows, dys) in rows.chunks_exact(V::LANES).zip(dys.chunks_exact(V::LANES)) {
        let context = pack::<V, C>(&rows.iter().map(|row| row.1).collect::<Vec<_>>());
        let x = pack::<V, I>(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
        let mut y = Output::<L, V, I, C>::ZEROS;
        let expected = layer.apply(&x, &context);
        layer.apply_tape(&x, &context, &mut y, &mut tape);
        assert_eq!(y.values(), expected.values(), "apply_tape at {x:?}");
        let mut dy = Output::<L, V, I, C>::ZEROS;
        dy.set(&(0..dys[0].len()).map(|o| V::from_lanes(|n| dys[n][o])).collect::<Vec<_>>());
        // dx is overwritten, d_context added to.
        let (mut dx, mut d_context) = ([V::splat(START); I], [V::splat(START); C]);
        layer.backward(&x, &context, &y, &tape, &dy, &mut dx, &mut d_context, &mut back.parameters);
        unpack(&dx, &mut back.x);
        unpack(&d_context.map(|d| d - V::splat(START)), &mut back.context);
    }
    back
}

/// Checks a layer's `backward` at `rows`, by samples and by packs: parameters, `x` and context, for a random cotangent of its output.
pub fn check_layer<L, const I: usize, const C: usize>(layer: &L, rows: &[Row<I, C>]) -> Outcome
where
    L: DifferentiableLayer<f64, Width<I>, C> + Clone,
    Output<L, f64, I, C>: Flat<f64>,
    Output<L, Four, I, C>: Flat<Four>,
{
    let mut check = Check::default();
    let mut rng = Pcg64::new(3, 4);
    let outputs = Output::<L, f64, I, C>::ZEROS.values().len();
    let dys: Vec<Vec<f64>> = rows.iter().map(|_| (0..outputs).map(|_| cotangent(&mut rng)).collect()).collect();
    let loss = |layer: &L, n: usize, (x, context): Row<I, C>| {
        let values = layer.apply(&x, &context).values();
        let terms = || values.iter().zip(&dys[n]).map(|(y, d)| y * d);
        (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>())
    };
    let samples = layer_back::<f64, L, I, C>(layer, rows, &dys);
    layer_back::<Four, L, I, C>(layer, rows, &dys).compare(&mut check, "layer", &samples);
    let mut total = 0.0;
    for (n, &(x, context)) in rows.iter().enumerate() {
        let (_, size) = loss(layer, n, (x, context));
        total += size;
        let by_x = |i, step| slope_of_element(x, i, step, |x| loss(layer, n, (x, context)).0);
        check.group("layer", "x", &samples.x[n], size, by_x);
        let by_context = |i, step| slope_of_element(context, i, step, |context| loss(layer, n, (x, context)).0);
        check.group("layer", "context", &samples.context[n], size, by_context);
    }
    let sum = |moved: &L| rows.iter().enumerate().map(|(n, row)| loss(moved, n, *row).0).sum();
    check.parameters("layer", layer, &samples.parameters, total, sum);
    check.outcome()
}

/// Checks a univariate's `backward` at each of `xs`, and `inverse_backward` at its image, by samples and by packs: the parameters, named by equal parts of their slice, and `x`.
pub fn check_univariate<U: Univariate<f64>>(univariate: &U, params: &U::Params<f64>, names: &[&str], xs: &[f64]) -> Outcome {
    let mut check = Check::default();
    let mut rng = Pcg64::new(5, 6);
    let part = params.as_ref().len() / names.len();
    for &at in xs {
        let z = univariate.forward_and_log_det(params, at).0;
        for direction in Direction::BOTH {
            let pass = direction.name();
            let (d, d_log_det) = (cotangent(&mut rng), cotangent(&mut rng));
            let apply = |params: &U::Params<f64>, v: f64| match direction {
                Direction::Forward => univariate.forward_and_log_det(params, v),
                Direction::Inverse => univariate.inverse_and_log_det(params, v),
            };
            let loss = |params: &U::Params<f64>, v: f64| {
                let (value, log_det) = apply(params, v);
                d * value + d_log_det * log_det
            };
            let start = if direction == Direction::Forward { at } else { z };
            let (value, log_det) = apply(params, start);
            check.seen.log_det = check.seen.log_det.max(log_det.abs());
            let size = (d * value).abs() + (d_log_det * log_det).abs();

            // `d_params` is overwritten.
            let mut d_params = *params;
            let mut lane_params: U::Params<Four> = Zeros::ZEROS;
            for (lane, p) in lane_params.as_mut().iter_mut().zip(params.as_ref()) {
                *lane = Four::splat(*p);
            }
            let mut lane_d_params = lane_params;
            let x = if direction == Direction::Forward { at } else { value };
            let (mut tape, mut lane_tape): (U::Tape<f64>, U::Tape<Four>) = (Zeros::ZEROS, Zeros::ZEROS);
            let taped = univariate.forward_tape(params, x, &mut tape);
            assert_eq!(taped, univariate.forward_and_log_det(params, x), "with a tape");
            univariate.forward_tape(&lane_params, Four::splat(x), &mut lane_tape);
            let (lane_d, lane_d_log_det) = (Four::splat(d), Four::splat(d_log_det));
            let (dx, lane_dx) = match direction {
                Direction::Forward => (
                    univariate.backward(params, x, &tape, d, d_log_det, &mut d_params),
                    univariate.backward(&lane_params, Four::splat(x), &lane_tape, lane_d, lane_d_log_det, &mut lane_d_params),
                ),
                Direction::Inverse => (
                    univariate.inverse_backward(params, x, &tape, d, d_log_det, &mut d_params),
                    univariate.inverse_backward(&lane_params, Four::splat(x), &lane_tape, lane_d, lane_d_log_det, &mut lane_d_params),
                ),
            };
            check.same(pass, "lanes, x", &[lane_dx.lane(3)], &[dx], 0.0);
            let lane: Vec<f64> = lane_d_params.as_ref().iter().map(|v| v.lane(3)).collect();
            check.same(pass, "lanes, parameters", &lane, d_params.as_ref(), 0.0);

            check.group(pass, "x", &[dx], size, |_, step| slope(start, step, |v| loss(params, v)));
            for (n, (name, analytic)) in names.iter().zip(d_params.as_ref().chunks(part)).enumerate() {
                check.group(pass, name, analytic, size, |i, step| {
                    let i = n * part + i;
                    slope(params.as_ref()[i], step, |v| {
                        let mut moved = *params;
                        moved.as_mut()[i] = v;
                        loss(&moved, start)
                    })
                });
            }
        }
    }
    check.outcome()
}
