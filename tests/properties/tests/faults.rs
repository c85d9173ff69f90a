//! Negative controls: parts that hand on to another one and get one gradient wrong, each of which is reported where it is.

use gaussflow::check::{self, Direction, Law, Limits, Place, Report, Violation};
use gaussflow::{ContextDense, Coupling, Dense, FirstHalf, Head, Householder, Tanh};
use properties::gradients::{BIJECTOR, LAYER, LOG_DET, SPREAD, UNIVARIATE, passed, random, rows};
use properties::parts::{Given3, Mix, MixHead, S3, T3};
use properties::planted::{FACTORS, Fault, Planted};
use rand_pcg::Pcg64;

type Outcome = Result<Report, Violation>;

/// What a wrong gradient is one of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Group {
    X,
    Context,
    Slice(usize),
    /// A third of a univariate's parameters.
    Third(usize),
}
use Group::{Context, Slice, Third, X};

/// The components of a univariate here.
const K: usize = 3;

fn of_group(found: &Violation, group: Group) -> bool {
    match (found.place, group) {
        (Place::Dimension(_), X) | (Place::Context(_), Context) => true,
        (Place::Parameter { slice, .. }, Slice(s)) => slice == s,
        (Place::Parameter { index, .. }, Third(third)) => index / K == third,
        _ => false,
    }
}

fn all(found: &Violation) -> impl Iterator<Item = &Violation> {
    std::iter::once(found).chain(&found.others)
}

/// The error was reported in `groups` of the gradients in that direction, and nothing else of them.
fn caught(what: &str, outcome: Outcome, direction: Option<Direction>, groups: &[Group]) {
    let found = outcome.expect_err(what);
    let gradients: Vec<&Violation> = all(&found).filter(|v| v.law == Law::Gradient && v.direction == direction).collect();
    for group in groups {
        assert!(gradients.iter().any(|v| of_group(v, *group)), "{what}: {group:?} is not among {gradients:#?}");
    }
    assert!(gradients.iter().all(|v| groups.iter().any(|g| of_group(v, *g))), "{what}: more than {groups:?} in {gradients:#?}");
}

/// The error was reported in that direction; where, depends on what lies before the part that has it.
fn caught_somewhere(what: &str, outcome: Outcome, direction: Direction) {
    let found = outcome.expect_err(what);
    assert!(all(&found).any(|v| v.law == Law::Gradient && v.direction == Some(direction)), "{what}: nothing {direction:?} in {found:#?}");
}

/// A planted part without a fault passes: what the controls report is the fault.
fn control(what: &str, check: impl Fn(Fault, f64) -> Outcome, direction: Option<Direction>, faults: &[(Fault, &[Group])]) {
    passed(&format!("{what}, no fault"), check(Fault::None, -1.0), 0.0);
    for (fault, groups) in faults {
        for factor in FACTORS {
            caught(&format!("{what}, {fault:?} times {factor}"), check(*fault, factor), direction, groups);
        }
    }
}

#[test]
fn in_a_univariate() {
    let params = [[0.3, -0.4, 0.8], [-1.5, 0.2, 0.9], [-0.3, 0.4, -0.7]];
    let points = [[-0.9], [0.3], [30.0]];
    let check = |fault, factor| check::univariate(&Planted::new(Mix::<K>::default(), fault, factor), &params, &points, &UNIVARIATE);
    let faults: [(Fault, &[Group]); 5] = [
        (Fault::Slice(0), &[Third(0)]),
        (Fault::Slice(1), &[Third(1)]),
        (Fault::Slice(2), &[Third(2)]),
        (Fault::X, &[X]),
        (Fault::LogDet, &[X, Third(0), Third(1), Third(2)]),
    ];
    control("univariate", check, Some(Direction::Forward), &faults);
    // Fixes of one sign on the way there hide nothing on the way back, where the parameters' and the input's gradients meet.
    for third in 0..3 {
        caught("univariate, inverse", check(Fault::Slice(third), -1.0), Some(Direction::Inverse), &[Third(third)]);
    }
    caught("univariate, inverse", check(Fault::X, -1.0), Some(Direction::Inverse), &[X, Third(0), Third(1), Third(2)]);
}

#[test]
fn in_a_layer() {
    let mut rng = Pcg64::new(13, 14);
    let dense: ContextDense<f64, 3, 2, 4> = random(&mut rng, SPREAD);
    let (points, contexts) = rows::<3, 2>(&mut rng, 4, false);
    let check = |fault, factor| check::layer(&Planted::new(dense.clone(), fault, factor), (&points, &contexts), &LAYER);
    let faults: [(Fault, &[Group]); 5] = [
        (Fault::Slice(0), &[Slice(0)]),
        (Fault::Slice(1), &[Slice(1)]),
        (Fault::Slice(2), &[Slice(2)]),
        (Fault::X, &[X]),
        (Fault::Context, &[Context]),
    ];
    control("context dense: weights, bias, context weights", check, None, &faults);

    let head: MixHead<3, 2, 2> = random(&mut rng, SPREAD);
    let (points, _) = rows::<2, 0>(&mut rng, 4, false);
    let check = |fault, factor| check::layer(&Planted::new(head.clone(), fault, factor), &points, &LAYER);
    let faults: [(Fault, &[Group]); 3] = [(Fault::Slice(0), &[Slice(0)]), (Fault::Slice(1), &[Slice(1)]), (Fault::X, &[X])];
    control("head: weights, bias", check, None, &faults);

    let (points, _) = rows::<3, 0>(&mut rng, 4, false);
    let check = |fault, factor| check::layer(&Planted::new(Tanh, fault, factor), &points, &LAYER);
    control("activation", check, None, &[(Fault::X, &[X])]);
}

#[test]
fn in_a_bijector() {
    let mut rng = Pcg64::new(15, 16);
    let turn: Householder<f64, 3, 2> = random(&mut rng, SPREAD);
    let given: Given3 = random(&mut rng, SPREAD);
    let ((turned, _), (points, contexts)) = (rows::<3, 0>(&mut rng, 4, false), rows::<3, 2>(&mut rng, 4, false));
    for direction in [Direction::Forward, Direction::Inverse] {
        let check =
            |fault, factor| check::bijector(&Planted { direction, ..Planted::new(turn.clone(), fault, factor) }, &turned, &BIJECTOR);
        control("householder: reflectors", check, Some(direction), &[(Fault::Slice(0), &[Slice(0)]), (Fault::X, &[X])]);

        let rows = (&points, &contexts);
        let check = |fault, factor| check::bijector(&Planted { direction, ..Planted::new(given.clone(), fault, factor) }, rows, &BIJECTOR);
        // Slice 0 is the clamp's fixed bound; then weights, bias and context weights of the dense layer, and the head.
        let faults: [(Fault, &[Group]); 5] = [
            (Fault::Slice(1), &[Slice(1)]),
            (Fault::Slice(2), &[Slice(2)]),
            (Fault::Slice(3), &[Slice(3)]),
            (Fault::X, &[X]),
            (Fault::Context, &[Context]),
        ];
        control("coupling", check, Some(direction), &faults);
        caught_somewhere("coupling: cotangent of the log-det", check(Fault::LogDet, -1.0), direction);
    }
}

/// An error deep inside a flow is reported through all that lies around it.
#[test]
fn inside_a_flow() {
    type Faulty = Planted<Mix<3>>;
    type Inside = Planted<Coupling<FirstHalf, Faulty, (Dense<f64, 1, 4>, Planted<Tanh>, Head<f64, Faulty, 4, 2>), 1, 2>>;

    let flow: (T3, Inside, S3) = random(&mut Pcg64::new(17, 18), SPREAD);
    let (points, _) = rows::<3, 0>(&mut Pcg64::new(19, 20), 4, false);
    let limits = Limits { ..BIJECTOR };
    passed("inside a flow, no fault", check::bijector(&flow, &points, &limits), LOG_DET);
    let reported = |what: &str, flow: &(T3, Inside, S3)| {
        let found = check::bijector(flow, &points, &limits).expect_err(what);
        for direction in [Direction::Forward, Direction::Inverse] {
            assert!(all(&found).any(|v| v.law == Law::Gradient && v.direction == Some(direction)), "{what}: nothing {direction:?}");
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
