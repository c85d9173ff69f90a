//! Every law of a bijector can fail: a part for each that breaks it and nothing before it.

use gaussflow::check::{self, Law, Limits, Order, Violation};
use gaussflow::*;

/// `z = e^s x` with `s = rate c + base`, of which `base` is fixed; but for one fault.
#[derive(Clone, Debug)]
struct Part {
    rate: f64,
    base: f64,
    fault: Option<Law>,
}

impl Zeros for Part {
    const ZEROS: Self = Part { rate: 0.0, base: 0.0, fault: None };
}

/// By hand, to count wrong.
impl Parameters<f64> for Part {
    const COUNT: usize = 1;
    const FIXED: usize = 1;
    const SLICES: usize = 2;

    fn slice(&self, index: usize) -> (Role, &[f64]) {
        match index {
            0 => (Role::Trainable, self.rate.flat()),
            1 if self.fault == Some(Law::Parameters) => (Role::Trainable, self.base.flat()),
            1 => (Role::Fixed, self.base.flat()),
            _ => (Role::Fixed, &[]),
        }
    }

    fn slice_mut(&mut self, index: usize) -> (Role, &mut [f64]) {
        match index {
            0 => (Role::Trainable, self.rate.flat_mut()),
            1 => (Role::Fixed, self.base.flat_mut()),
            _ => (Role::Fixed, &mut []),
        }
    }
}

impl Part {
    fn has(&self, law: Law) -> bool {
        self.fault == Some(law)
    }

    fn log_scale<V: Value<Scalar = f64>>(&self, c: V) -> V {
        c.mul_add(V::splat(self.rate), V::splat(self.base))
    }

    /// `base` has no gradient, and `rate` adds its own, but for faults.
    fn pull<V: Value<Scalar = f64>>(&self, d_s: V, c: V, d_context: &mut V, gradient: Option<&mut Self>) {
        *d_context += d_s * V::splat(self.rate);
        let Some(gradient) = gradient else { return };
        let d_rate = (d_s * c).sum() * if self.has(Law::Gradient) { 1.001 } else { 1.0 };
        gradient.rate = if self.has(Law::Added) { d_rate } else { gradient.rate + d_rate };
        if self.has(Law::Fixed) {
            gradient.base += d_s.sum();
        }
    }
}

impl Bijector<f64, 1, 1> for Part {
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, x: &mut [V; 1], c: &[V; 1]) -> V {
        let s = self.log_scale(c[0]);
        if self.has(Law::Finite) {
            x[0] = x[0] / V::ZEROS;
        }
        if self.has(Law::Lanes) {
            x[0] = V::splat(x[0].lane(0));
        }
        x[0] = x[0] * math::exp(s);
        s
    }

    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, z: &mut [V; 1], c: &[V; 1]) -> V {
        let s = self.log_scale(c[0]);
        z[0] = z[0] * math::exp(-s);
        if self.has(Law::OppositeLogDets) { s } else { -s }
    }
}

impl DifferentiableBijector<f64, 1, 1> for Part {
    type Tape<V: Value<Scalar = f64>> = [V; 1];

    fn forward_tape<V: Value<Scalar = f64>>(&self, x: &mut [V; 1], c: &[V; 1], tape: &mut [V; 1]) -> V {
        *tape = *x;
        let log_det = self.forward_and_log_det(x, c);
        if self.has(Law::Tape) {
            x[0] += V::splat(1e-9);
        }
        log_det
    }

    fn backward<V: Value<Scalar = f64>>(
        &self,
        x: &[V; 1],
        c: &[V; 1],
        d: &mut [V; 1],
        d_log_det: V,
        d_c: &mut [V; 1],
        gradient: Option<&mut Self>,
    ) {
        d[0] = d[0] * math::exp(self.log_scale(c[0]));
        let d_s = d[0].mul_add(x[0], d_log_det);
        if self.has(Law::WithoutGradient) && gradient.is_none() {
            d_c[0] += V::ONE;
        }
        self.pull(d_s, c[0], &mut d_c[0], gradient);
    }

    fn inverse_backward<V: Value<Scalar = f64>>(
        &self,
        x: &[V; 1],
        c: &[V; 1],
        d: &mut [V; 1],
        d_log_det: V,
        d_c: &mut [V; 1],
        gradient: Option<&mut Self>,
    ) {
        let d_s = -d[0].mul_add(x[0], d_log_det);
        d[0] = d[0] * math::exp(-self.log_scale(c[0]));
        if self.has(Law::Jacobians) {
            d[0] += V::splat(1e-9);
        }
        self.pull(d_s, c[0], &mut d_c[0], gradient);
    }
}

const POINTS: [[f64; 1]; 2] = [[0.3], [-1.7]];
const CONTEXTS: [[f64; 1]; 2] = [[0.9], [-0.4]];

fn checked(fault: Option<Law>, limits: &Limits) -> Result<check::Report, Violation> {
    check::bijector(&Part { rate: 0.6, base: 0.2, fault }, (&POINTS, &CONTEXTS), limits)
}

const ORDERED: Limits = Limits { order: Order::Exact, zeros: 1.0, undecided: 0, ..Limits::DEFAULT };

#[test]
fn of_a_bijector() {
    let report = checked(None, &ORDERED).unwrap();
    for law in [
        Law::Parameters,
        Law::Finite,
        Law::Tape,
        Law::OppositeLogDets,
        Law::Jacobians,
        Law::Lanes,
        Law::WithoutGradient,
        Law::Added,
        Law::Fixed,
        Law::Gradient,
    ] {
        assert!(report.compared(law) > 0, "{law} was not compared");
        let found = checked(Some(law), &ORDERED).unwrap_err();
        assert_eq!(found.law, law, "{found}");
        assert!(!(found.found == found.expected) || law == Law::Parameters, "{found}");
    }
}

/// Those of which `tests/own_part.rs` finds the errors: here that they are compared.
#[test]
fn of_any_part() {
    let report = checked(None, &ORDERED).unwrap();
    for law in [Law::ForwardOfInverse, Law::InverseOfForward, Law::LogDetOfBackward, Law::LogDetOfDifferences] {
        assert!(report.compared(law) > 0, "{law} was not compared");
    }
    let table = report.to_string();
    assert_eq!(table.lines().count(), report.lines().len(), "{table}");
}

#[test]
fn of_a_promise() {
    for (law, limits) in [
        (Law::Volume, Limits { volume: true, ..ORDERED }),
        (Law::Start, Limits { start: 0.1, ..ORDERED }),
        (Law::InverseOfForward, Limits { round_trip: -1.0, ..ORDERED }),
        (Law::OppositeLogDets, Limits { log_det: -1.0, ..ORDERED }),
        (Law::LogDetOfDifferences, Limits { jacobian: -1.0, ..ORDERED }),
    ] {
        let found = checked(None, &limits).unwrap_err();
        assert!(found.law == law || found.others.iter().any(|other| other.law == law), "{law}: {found}");
    }
    // A part that falls: its log-det is that of what rises.
    let falling = check::bijector(&Falling, &[[0.5], [1.5]], &Limits { order: Order::Exact, ..Limits::DEFAULT }).unwrap_err();
    assert_eq!(falling.law, Law::Order, "{falling}");
    let zeros = check::bijector(&Falling, &[[0.5]], &Limits { zeros: 1.0, ..Limits::DEFAULT }).unwrap_err();
    assert_eq!(zeros.law, Law::Zeros, "{zeros}");
    assert!(check::bijector(&Falling, &[[0.5]], &Limits::DEFAULT).is_ok());
}

/// `z = -x`.
#[derive(Clone, Debug)]
struct Falling;

impl Zeros for Falling {
    const ZEROS: Self = Falling;
}

parameters! { impl[] Parameters<f64> for Falling {} }

impl Bijector<f64, 1> for Falling {
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, x: &mut [V; 1], _: &[V; 0]) -> V {
        x[0] = -x[0];
        V::ZEROS
    }
    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, z: &mut [V; 1], _: &[V; 0]) -> V {
        z[0] = -z[0];
        V::ZEROS
    }
}

impl DifferentiableBijector<f64, 1> for Falling {
    type Tape<V: Value<Scalar = f64>> = ();
    fn backward<V: Value<Scalar = f64>>(&self, (): &(), _: &[V; 0], d: &mut [V; 1], _: V, _: &mut [V; 0], _: Option<&mut Self>) {
        d[0] = -d[0];
    }
    fn inverse_backward<V: Value<Scalar = f64>>(&self, (): &(), _: &[V; 0], d: &mut [V; 1], _: V, _: &mut [V; 0], _: Option<&mut Self>) {
        d[0] = -d[0];
    }
}

#[test]
fn of_points() {
    let part = Part { rate: 0.6, base: 0.2, fault: None };
    let none: [[f64; 1]; 0] = [];
    for found in [
        check::bijector(&part, (&none, &none), &ORDERED),
        check::bijector(&part, (&POINTS, &CONTEXTS[..1]), &ORDERED),
        check::bijector(&part, (&[[f64::NAN]], &[[0.0]]), &ORDERED),
        check::bijector(&part, (&[[0.0]], &[[f64::INFINITY]]), &ORDERED),
    ] {
        assert_eq!(found.unwrap_err().law, Law::Points);
    }
}
