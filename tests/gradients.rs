//! Every gradient that is written by hand, against central differences in f64: forward and inverse map, parameters, input and context, in the bulk and in the tails.
//!
//! A new layer is one line in its table below. The last tables are negative controls: parts with one wrong gradient, each of which the checker must report.

#[path = "common/gradient.rs"]
mod gradient;
#[path = "common/planted.rs"]
mod planted;
#[path = "common/stack.rs"]
mod stack;

use gaussflow::{
    Alternating, Conditional, ContextDense, Coupling, Dense, DifferentiableBijector, FirstHalf, Flow, Head, Householder, Init, Inverse,
    MixtureCdf, MixtureParams, NoClamp, Pack, Parameters, Residual, SharedHead, SigmoidClamp, Swap, TanhClamp, Wide, Zeros,
};
use gaussflow::{Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use gradient::{
    Direction, Mismatch, Outcome, Row, check_bijector, check_layer, check_nll, check_reverse_kl, check_univariate, draws, random,
};
use planted::{Fault, Planted};
use rand_pcg::Pcg64;

/// How far out the tails go: `F` there is 0 or 1 to f64 for every component (`log F` about -800), and `z` about 40.
const FAR: f64 = 40.0;

/// A log-det at least this large is tested: a map of log-det 0 would hide an error in it.
const LOG_DET: f64 = 0.1;

/// The size of random weights: means spread over the bulk, scales from `e^-0.9` to `e^0.9`.
const SPREAD: f64 = 0.3;

/// `count` rows around the origin; for `tails`, each with one dimension far out.
fn rows<const D: usize, const C: usize>(rng: &mut Pcg64, count: usize, tails: bool) -> Vec<Row<D, C>> {
    let row = |n: usize| {
        let (mut x, context) = (draws::<D>(rng), draws(rng));
        if tails {
            x[n % D] = if n & 2 == 0 { FAR } else { -FAR };
        }
        (x, context)
    };
    (0..count).map(row).collect()
}

fn passed(name: &str, outcome: Outcome, log_det: f64) {
    match outcome {
        Ok(seen) => {
            println!("{name:<44} worst {:8.1e} of its tolerance, {} components", seen.worst, seen.components);
            assert!(seen.components > 0, "{name}: nothing was compared");
            assert!(seen.log_det >= log_det, "{name}: a log-det of {} tests nothing", seen.log_det);
        }
        Err(mismatches) => panic!("{name}: {} mismatches, the first {:#?}", mismatches.len(), &mismatches[..mismatches.len().min(3)]),
    }
}

fn bijector<B, const D: usize, const C: usize>(name: &str, log_det: f64)
where
    B: DifferentiableBijector<f64, D, C> + Clone + Init<f64> + Zeros + Sync,
{
    let mut rng = Pcg64::new(7, 8);
    let bijector: B = random(&mut rng, SPREAD);
    passed(name, check_bijector(&bijector, &rows::<D, C>(&mut rng, 4, false)), log_det);
    passed(&format!("{name}, tails"), check_bijector(&bijector, &rows::<D, C>(&mut rng, 4, true)), log_det);
}

type Mix<const K: usize, S = TanhClamp<f64>> = MixtureCdf<S, K>;
type MixHead<const K: usize, const H: usize, const B: usize, S = TanhClamp<f64>> = Head<f64, Mix<K, S>, H, B>;

// Univariates

/// At `x` in the bulk, between and beyond the components.
fn mixture<S: gaussflow::LogScaleClamp<f64> + Zeros>(name: &str) {
    let mut univariate = MixtureCdf::<S, 4> { clamp: S::ZEROS };
    gaussflow::Univariate::init(&mut univariate);
    let params = MixtureParams::new([0.3, -0.4, 0.8, -1.0], [-1.5, 0.2, 0.9, 2.0], [-0.3, 0.4, -0.7, 0.2]);
    let xs = [-FAR, -8.0, -2.5, -0.9, 0.0, 0.45, 1.3, 3.0, 9.0, FAR];
    passed(name, check_univariate(&univariate, &params, &["logits", "means", "log-scales"], &xs), LOG_DET);
}

#[test]
fn univariates() {
    mixture::<TanhClamp<f64>>("mixture, TanhClamp");
    mixture::<SigmoidClamp<f64>>("mixture, SigmoidClamp");
    mixture::<NoClamp>("mixture, NoClamp");
}

// Layers

macro_rules! layers {
    ($($name:ident: $layer:ty, $inputs:literal, $context:literal;)+) => {$(
        #[test]
        #[allow(clippy::type_complexity)] // A network is a type.
        fn $name() {
            let mut rng = Pcg64::new(9, 10);
            let layer: $layer = random(&mut rng, SPREAD);
            for tails in [false, true] {
                let rows = rows::<$inputs, $context>(&mut rng, 8, tails);
                passed(concat!("layer ", stringify!($name)), check_layer(&layer, &rows), 0.0);
            }
        }
    )+};
}

layers! {
    dense: Dense<f64, 3, 5>, 3, 0;
    dense_wide: Dense<f64, 2, 41>, 2, 1;
    context_dense: ContextDense<f64, 3, 2, 5>, 3, 2;
    relu: Relu, 5, 0;
    leaky_relu: LeakyRelu, 5, 0;
    tanh: Tanh, 5, 0;
    sigmoid: Sigmoid, 5, 0;
    silu: Silu, 5, 0;
    softplus: Softplus, 5, 0;
    gelu: Gelu, 5, 0;
    residual: Residual<(ContextDense<f64, 4, 2, 4>, Tanh)>, 4, 2;
    residual_of_dense: Residual<Dense<f64, 3, 3>>, 3, 0;
    head: MixHead<3, 4, 2>, 4, 0;
    shared_head: SharedHead<f64, Mix<3>, 4, 3>, 4, 0;
    layers_2: (Dense<f64, 3, 4>, Silu), 3, 0;
    layers_3: (Dense<f64, 3, 4>, Tanh, Dense<f64, 4, 2>), 3, 0;
    layers_4: (ContextDense<f64, 3, 2, 4>, Tanh, ContextDense<f64, 4, 2, 5>, Gelu), 3, 2;
    layers_5: (ContextDense<f64, 3, 2, 4>, Tanh, Dense<f64, 4, 5>, Silu, MixHead<2, 5, 2>), 3, 2;
    layers_6: (Tanh, ContextDense<f64, 3, 2, 4>, Tanh, Dense<f64, 4, 5>, Silu, MixHead<2, 5, 2>), 3, 2;
    layers_7: (Dense<f64, 3, 4>, Tanh, Dense<f64, 4, 5>, Silu, Dense<f64, 5, 3>, Sigmoid, MixHead<2, 3, 1>), 3, 0;
    layers_8: (Tanh, Dense<f64, 3, 4>, Tanh, ContextDense<f64, 4, 1, 5>, Silu, Dense<f64, 5, 3>, Sigmoid, MixHead<2, 3, 1>), 3, 1;
    layers_nested: ((Dense<f64, 2, 4>, Tanh), Residual<(Dense<f64, 4, 4>, Silu)>, (Dense<f64, 4, 3>, Softplus)), 2, 0;
}

// Bijectors

// Conditioners that end in tanh, or the far rows would part a mixture's components so far that the map is flat between them and no difference resolves its inverse.

type Net<const I: usize, const B: usize, A = Tanh> = (Dense<f64, I, 5>, A, Dense<f64, 5, 4>, Tanh, MixHead<3, 4, B>);
type Plain3 = Coupling<FirstHalf, Mix<3>, Net<1, 2>, 1, 2>;
type Swapped3 = Coupling<Swap<FirstHalf>, Mix<3>, Net<2, 1, Silu>, 2, 1>;
type Relu3 = Coupling<FirstHalf, Mix<3>, Net<1, 2, Relu>, 1, 2>;
type Given3 = Coupling<FirstHalf, Mix<3>, (ContextDense<f64, 1, 2, 5>, Tanh, MixHead<3, 5, 2>), 1, 2>;
type SwappedGiven3 = Coupling<Swap<FirstHalf>, Mix<3>, (ContextDense<f64, 2, 2, 5>, Tanh, MixHead<3, 5, 1>), 2, 1>;
type Shared4 = Coupling<Alternating, Mix<3>, (Dense<f64, 2, 5>, Tanh, SharedHead<f64, Mix<3>, 5, 2>), 2, 2>;
type Deep2 = Coupling<FirstHalf, Mix<4>, (Dense<f64, 1, 4>, Tanh, Residual<(Dense<f64, 4, 4>, Tanh)>, MixHead<4, 4, 1>), 1, 1>;
type Sigmoid3 = Coupling<FirstHalf, Mix<2, SigmoidClamp<f64>>, (Dense<f64, 1, 4>, Tanh, MixHead<2, 4, 2, SigmoidClamp<f64>>), 1, 2>;
type Linear2 = Coupling<FirstHalf, Mix<2, NoClamp>, (Tanh, MixHead<2, 1, 1, NoClamp>), 1, 1>;

// Parts of compositions: compiled once.
type T3 = Planted<Householder<f64, 3, 2>>;
type P3 = Planted<Plain3>;
type S3 = Planted<Swapped3>;
type G3 = Planted<Given3>;
type H3 = Planted<SwappedGiven3>;
type GivenFlow = [(T3, G3, H3); 2];

macro_rules! bijectors {
    ($($name:ident: $bijector:ty, $d:literal, $c:literal, log_det $log_det:expr;)+) => {$(
        #[test]
        fn $name() {
            bijector::<$bijector, $d, $c>(stringify!($name), $log_det);
        }
    )+};
}

bijectors! {
    coupling: Plain3, 3, 0, log_det LOG_DET;
    coupling_swapped: Swapped3, 3, 0, log_det LOG_DET;
    coupling_relu: Relu3, 3, 0, log_det LOG_DET;
    coupling_with_context: Given3, 3, 2, log_det LOG_DET;
    coupling_without_use_of_context: Plain3, 3, 2, log_det LOG_DET;
    coupling_shared_alternating: Shared4, 4, 0, log_det LOG_DET;
    coupling_residual: Deep2, 2, 0, log_det LOG_DET;
    coupling_sigmoid_clamp: Sigmoid3, 3, 0, log_det LOG_DET;
    coupling_no_clamp: Linear2, 2, 0, log_det LOG_DET;
    conditional: Conditional<Mix<4>, (ContextDense<f64, 0, 2, 5>, Tanh, MixHead<4, 5, 1>), 1>, 1, 2, log_det LOG_DET;
    conditional_of_two: Conditional<Mix<3>, (ContextDense<f64, 0, 3, 5>, Tanh, MixHead<3, 5, 2>), 2>, 2, 3, log_det LOG_DET;
    householder: Householder<f64, 4, 3>, 4, 0, log_det 0.0;
    householder_one: Householder<f64, 2, 1>, 2, 1, log_det 0.0;
    inverse_coupling: Inverse<P3>, 3, 0, log_det LOG_DET;
    inverse_coupling_with_context: Inverse<G3>, 3, 2, log_det LOG_DET;
    inverse_householder: Inverse<T3>, 3, 0, log_det 0.0;
    inverse_of_tuple: Inverse<(T3, P3, Inverse<S3>)>, 3, 0, log_det LOG_DET;
    inverse_of_inverse: Inverse<Inverse<P3>>, 3, 0, log_det LOG_DET;
    tuple_1: (P3,), 3, 0, log_det LOG_DET;
    tuple_2: (T3, P3), 3, 0, log_det LOG_DET;
    tuple_3: (S3, T3, P3), 3, 0, log_det LOG_DET;
    tuple_4: (P3, T3, S3, T3), 3, 0, log_det LOG_DET;
    tuple_5: (T3, P3, T3, Inverse<S3>, T3), 3, 0, log_det LOG_DET;
    tuple_6: (T3, G3, T3, H3, T3, P3), 3, 2, log_det LOG_DET;
    tuple_7: (T3, P3, T3, S3, T3, T3, T3), 3, 0, log_det LOG_DET;
    tuple_8: (T3, T3, T3, T3, T3, P3, T3, S3), 3, 0, log_det LOG_DET;
    array: [(T3, P3); 3], 3, 0, log_det LOG_DET;
    array_in_tuple: ([T3; 2], [P3; 2]), 3, 0, log_det LOG_DET;
    flow_with_context: GivenFlow, 3, 2, log_det LOG_DET;
}

/// As training takes it: the negative log-likelihood of a [`Flow`], with a last pack that is part empty.
#[test]
fn flow_likelihood() {
    let mut rng = Pcg64::new(11, 12);
    let flow: Flow<f64, GivenFlow, 3, 2> = random(&mut rng, SPREAD);
    for tails in [false, true] {
        let rows = &rows(&mut rng, 7, tails);
        passed("likelihood, samples", check_nll::<f64, _, 3, 2>(&flow.bijector, rows), LOG_DET);
        passed("likelihood, packs of 4", check_nll::<Pack<f64, 4>, _, 3, 2>(&flow.bijector, rows), LOG_DET);
        passed("likelihood, fused packs", check_nll::<Wide<f64>, _, 3, 2>(&flow.bijector, rows), LOG_DET);
    }
    assert_eq!(<Flow<f64, GivenFlow, 3, 2> as Parameters<f64>>::COUNT, <GivenFlow as Parameters<f64>>::COUNT);
}

#[test]
fn reverse_kl() {
    let mut rng = Pcg64::new(13, 14);
    let flow: Flow<f64, GivenFlow, 3, 2> = random(&mut rng, SPREAD);
    let latents = &rows(&mut rng, 7, false);
    passed("reverse KL, samples", check_reverse_kl::<f64, _, 3, 2>(&flow.bijector, latents), LOG_DET);
    passed("reverse KL, packs of 4", check_reverse_kl::<Pack<f64, 4>, _, 3, 2>(&flow.bijector, latents), LOG_DET);
    passed("reverse KL, fused packs", check_reverse_kl::<Wide<f64>, _, 3, 2>(&flow.bijector, latents), LOG_DET);
}

// Negative controls

/// The planted errors: the wrong sign, and a part in a thousand too much.
const FACTORS: [f64; 2] = [-1.0, 1.001];

/// The checker reported the error, in `groups` (by the start of the name) of `pass`, and nothing else of that pass.
fn caught(what: &str, outcome: Outcome, pass: &str, groups: &[&str]) {
    let Err(mismatches) = outcome else { panic!("{what}: the planted error was not reported") };
    let in_groups = |m: &Mismatch| groups.iter().any(|group| m.group == *group || m.group == format!("lanes, {group}"));
    let of_pass: Vec<&Mismatch> = mismatches.iter().filter(|m| m.pass == pass).collect();
    for group in groups {
        assert!(of_pass.iter().any(|m| m.group == *group), "{what}: {pass} of {group} is not among {mismatches:#?}");
    }
    assert!(of_pass.iter().all(|m| in_groups(m)), "{what}: more than {groups:?} in {mismatches:#?}");
}

/// A planted part without a fault passes: what the controls report is the fault.
fn control(what: &str, check: impl Fn(Fault, f64) -> Outcome, pass: &str, faults: &[(Fault, &[&str])]) {
    passed(&format!("{what}, no fault"), check(Fault::None, -1.0), 0.0);
    for (fault, groups) in faults {
        for factor in FACTORS {
            caught(&format!("{what}, {fault:?} times {factor}"), check(*fault, factor), pass, groups);
        }
    }
}

#[test]
fn planted_in_a_univariate() {
    let params = MixtureParams::new([0.3, -0.4, 0.8], [-1.5, 0.2, 0.9], [-0.3, 0.4, -0.7]);
    let names = ["logits", "means", "log-scales"];
    let check = |fault, factor| check_univariate(&Planted::new(Mix::<3>::default(), fault, factor), &params, &names, &[-0.9, 0.3, 30.0]);
    let faults: [(Fault, &[&str]); 5] = [
        (Fault::Slice(0), &["logits"]),
        (Fault::Slice(1), &["means"]),
        (Fault::Slice(2), &["log-scales"]),
        (Fault::X, &["x"]),
        (Fault::LogDet, &["x", "logits", "means", "log-scales"]),
    ];
    control("univariate", check, "backward", &faults);
    // Fixes of one sign on the way there hide nothing on the way back, where the parameters' and the input's gradients meet.
    for (fault, group) in [(Fault::Slice(0), "logits"), (Fault::Slice(1), "means"), (Fault::Slice(2), "log-scales")] {
        caught("univariate, inverse", check(fault, -1.0), "inverse_backward", &[group]);
    }
    caught("univariate, inverse", check(Fault::X, -1.0), "inverse_backward", &["x", "logits", "means", "log-scales"]);
}

#[test]
fn planted_in_a_layer() {
    let mut rng = Pcg64::new(13, 14);
    let dense: ContextDense<f64, 3, 2, 4> = random(&mut rng, SPREAD);
    let rows_dense = rows::<3, 2>(&mut rng, 4, false);
    let check = |fault, factor| check_layer(&Planted::new(dense.clone(), fault, factor), &rows_dense);
    let faults: [(Fault, &[&str]); 5] = [
        (Fault::Slice(0), &["parameters 0"]),
        (Fault::Slice(1), &["parameters 1"]),
        (Fault::Slice(2), &["parameters 2"]),
        (Fault::X, &["x"]),
        (Fault::Context, &["context"]),
    ];
    control("context dense: weights, bias, context weights", check, "layer", &faults);

    let head: MixHead<3, 2, 2> = random(&mut rng, SPREAD);
    let rows_head = rows::<2, 0>(&mut rng, 4, false);
    let check = |fault, factor| check_layer(&Planted::new(head.clone(), fault, factor), &rows_head);
    let faults: [(Fault, &[&str]); 3] = [(Fault::Slice(1), &["parameters 1"]), (Fault::Slice(5), &["parameters 5"]), (Fault::X, &["x"])];
    control("head: a weight row, the bias of a dimension", check, "layer", &faults);

    let rows_tanh = rows::<3, 0>(&mut rng, 4, false);
    let check = |fault, factor| check_layer(&Planted::new(Tanh, fault, factor), &rows_tanh);
    control("activation", check, "layer", &[(Fault::X, &["x"])]);
}

#[test]
fn planted_in_a_bijector() {
    let mut rng = Pcg64::new(15, 16);
    let turn: Householder<f64, 3, 2> = random(&mut rng, SPREAD);
    let given: Given3 = random(&mut rng, SPREAD);
    let (rows_turn, rows_given) = (rows::<3, 0>(&mut rng, 4, false), rows::<3, 2>(&mut rng, 4, false));
    for direction in Direction::BOTH {
        let pass = if direction == Direction::Forward { "backward" } else { "inverse_backward" };
        let check = |fault, factor| check_bijector(&Planted { direction, ..Planted::new(turn.clone(), fault, factor) }, &rows_turn);
        control("householder: reflectors", check, pass, &[(Fault::Slice(0), &["parameters 0"]), (Fault::X, &["x"])]);

        let check = |fault, factor| check_bijector(&Planted { direction, ..Planted::new(given.clone(), fault, factor) }, &rows_given);
        // Slice 0 is the clamp's fixed bound; then weights, bias and context weights of the dense layer, and the head.
        let faults: [(Fault, &[&str]); 5] = [
            (Fault::Slice(1), &["parameters 1"]),
            (Fault::Slice(2), &["parameters 2"]),
            (Fault::Slice(3), &["parameters 3"]),
            (Fault::X, &["x"]),
            (Fault::Context, &["context"]),
        ];
        control("coupling", check, pass, &faults);
        caught_somewhere("coupling: cotangent of the log-det", check(Fault::LogDet, -1.0), pass);
    }
}

#[test]
fn planted_in_reverse_kl() {
    let mut rng = Pcg64::new(17, 18);
    let given: Given3 = random(&mut rng, SPREAD);
    let latents = rows::<3, 2>(&mut rng, 4, false);
    let check = |fault, factor| {
        check_reverse_kl::<f64, _, 3, 2>(&Planted { direction: Direction::Inverse, ..Planted::new(given.clone(), fault, factor) }, &latents)
    };
    control("reverse KL of a coupling", check, "reverse KL", &[(Fault::Slice(1), &["parameters 1"]), (Fault::Slice(2), &["parameters 2"])]);
    caught_somewhere("reverse KL: cotangent of the log-det", check(Fault::LogDet, -1.0), "reverse KL");
}

/// The checker reported the error in that pass; where, depends on what lies before the part that has it.
fn caught_somewhere(what: &str, outcome: Outcome, pass: &str) {
    let Err(mismatches) = outcome else { panic!("{what}: the planted error was not reported") };
    assert!(mismatches.iter().any(|m| m.pass == pass), "{what}: nothing in {pass}");
}

/// An error deep inside a flow is reported through all that lies around it.
#[test]
fn planted_inside_a_flow() {
    type Faulty = Planted<Mix<3>>;
    type Inside = Planted<Coupling<FirstHalf, Faulty, (Dense<f64, 1, 4>, Planted<Tanh>, Head<f64, Faulty, 4, 2>), 1, 2>>;

    let flow: (T3, Inside, S3) = random(&mut Pcg64::new(17, 18), SPREAD);
    let rows = rows::<3, 0>(&mut Pcg64::new(19, 20), 4, false);
    passed("inside a flow, no fault", check_bijector(&flow, &rows), LOG_DET);
    let reported = |what: &str, flow: &(T3, Inside, S3)| {
        let outcome = check_bijector(flow, &rows);
        let Err(mismatches) = outcome else { panic!("{what}: the planted error was not reported") };
        for pass in ["backward", "inverse_backward"] {
            assert!(mismatches.iter().any(|m| m.pass == pass), "{what}: nothing in {pass}");
        }
    };
    for fault in [Fault::Slice(0), Fault::Slice(1), Fault::Slice(2), Fault::X, Fault::LogDet] {
        let mut flow = flow.clone();
        let univariate = &mut flow.1.inner.univariate;
        (univariate.fault, univariate.factor) = (fault, -1.0);
        reported(&format!("univariate inside a flow, {fault:?}"), &flow);
    }
    let mut flow = flow.clone();
    let activation = &mut flow.1.inner.conditioner.1;
    (activation.fault, activation.factor) = (Fault::X, -1.0);
    reported("activation inside a flow", &flow);
}
