//! A part of a user's own, tested as a user would: planted errors are found, where they are and with the numbers that show them.

use gaussflow::check::{self, Direction, Law, Limits, Order, Place, Violation};
use gaussflow::{Bijector, DifferentiableBijector, Value, Zeros, math, parameters};
use proptest::prelude::*;

/// What is wrong with the part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    SignOfAGradient,
    SignOfTheLogDet,
    InverseIsOff,
}

/// `z_0 = x_0`, `z_1 = x_1 e^s` with `s = rate_0 x_0 + rate_1`: the second dimension is stretched by the first.
#[derive(Clone, Debug)]
struct Stretch {
    rate: [f64; 2],
    fault: Fault,
}

impl Zeros for Stretch {
    const ZEROS: Self = Stretch { rate: [0.0; 2], fault: Fault::None };
}

parameters! { impl[] Parameters<f64> for Stretch { trainable rate: [f64; 2] } }

impl Stretch {
    fn log_scale<V: Value<Scalar = f64>>(&self, x_0: V) -> V {
        x_0.mul_add(V::splat(self.rate[0]), V::splat(self.rate[1]))
    }

    fn log_det<V: Value<Scalar = f64>>(&self, s: V) -> V {
        if self.fault == Fault::SignOfTheLogDet { -s } else { s }
    }
}

impl Bijector<f64, 2> for Stretch {
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, x: &mut [V; 2], _: &[V; 0]) -> V {
        let s = self.log_scale(x[0]);
        x[1] = x[1] * math::exp(s);
        self.log_det(s)
    }

    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, z: &mut [V; 2], _: &[V; 0]) -> V {
        let s = self.log_scale(z[0]);
        z[1] = z[1] * math::exp(-s);
        if self.fault == Fault::InverseIsOff {
            z[1] += V::splat(1e-3);
        }
        self.log_det(-s)
    }
}

impl DifferentiableBijector<f64, 2> for Stretch {
    /// The forward map's input.
    type Tape<V: Value<Scalar = f64>> = [V; 2];

    fn forward_tape<V: Value<Scalar = f64>>(&self, x: &mut [V; 2], context: &[V; 0], tape: &mut [V; 2]) -> V {
        *tape = *x;
        self.forward_and_log_det(x, context)
    }

    fn backward<V: Value<Scalar = f64>>(
        &self,
        x: &[V; 2],
        _: &[V; 0],
        d: &mut [V; 2],
        d_log_det: V,
        _: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        d[1] = d[1] * math::exp(self.log_scale(x[0]));
        let d_s = d[1].mul_add(x[1], d_log_det);
        d[0] += d_s * V::splat(self.rate[0]);
        if let Some(gradient) = gradient {
            let d_rate = (d_s * x[0]).sum();
            gradient.rate[0] += if self.fault == Fault::SignOfAGradient { -d_rate } else { d_rate };
            gradient.rate[1] += d_s.sum();
        }
    }

    fn inverse_backward<V: Value<Scalar = f64>>(
        &self,
        x: &[V; 2],
        _: &[V; 0],
        d: &mut [V; 2],
        d_log_det: V,
        _: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        let d_s = -d[1].mul_add(x[1], d_log_det);
        d[1] = d[1] * math::exp(-self.log_scale(x[0]));
        d[0] += d_s * V::splat(self.rate[0]);
        if let Some(gradient) = gradient {
            gradient.rate[0] += (d_s * x[0]).sum();
            gradient.rate[1] += d_s.sum();
        }
    }
}

const POINTS: [[f64; 2]; 3] = [[0.3, -0.7], [-1.2, 2.5], [2.0, 0.4]];

/// Each dimension rises with itself, and zeros are the identity.
const LIMITS: Limits = Limits { order: Order::Exact, zeros: 1.0, undecided: 0, ..Limits::DEFAULT };

fn checked(fault: Fault) -> Result<check::Report, Violation> {
    check::bijector(&Stretch { rate: [0.4, -0.2], fault }, &POINTS, &LIMITS)
}

#[test]
fn the_part_obeys_the_laws() -> Result<(), Violation> {
    let report = checked(Fault::None)?;
    assert!(report.compared(Law::Gradient) >= 2 * (3 * 2 + 2), "{report}");
    assert!(report.log_det() > 0.5 && report.undecided() == 0, "{report}");
    Ok(())
}

proptest! {
    #[test]
    fn the_part_obeys_the_laws_wherever(rate in proptest::array::uniform2(-1.0..1.0), points in proptest::array::uniform4(check::points::<f64, 2>())) {
        // Beyond, e^s leaves the numbers.
        prop_assume!(points.iter().all(|x| x[0].abs() < 300.0));
        check::bijector(&Stretch { rate, fault: Fault::None }, &points, &Limits { undecided: usize::MAX, ..LIMITS })?;
    }
}

#[test]
fn a_gradient_of_the_wrong_sign_is_found() {
    let found = checked(Fault::SignOfAGradient).unwrap_err();
    let place = (Law::Gradient, Some(Direction::Forward), Place::Parameter { slice: 0, index: 0 });
    assert_eq!((found.law, found.direction, found.place), place, "{found}");
    assert!((found.found + found.expected).abs() < 1e-6 * found.found.abs() && found.others.is_empty(), "{found}");
    assert!(found.to_string().starts_with("gradient of differences: parameter 0 of slice 0, forward: "), "{found}");
}

#[test]
fn a_log_det_of_the_wrong_sign_is_found() {
    let found = checked(Fault::SignOfTheLogDet).unwrap_err();
    assert_eq!((found.law, found.place, found.point), (Law::LogDetOfBackward, Place::LogDet, Some(0)), "{found}");
    assert!((found.found + found.expected).abs() < 1e-12 && found.found.abs() > 0.05, "{found}");
    assert!(found.others.iter().any(|other| other.law == Law::LogDetOfDifferences), "{found}");
}

#[test]
fn an_inverse_that_is_off_is_found() {
    let found = checked(Fault::InverseIsOff).unwrap_err();
    assert_eq!((found.law, found.place, found.point), (Law::ForwardOfInverse, Place::Dimension(1), Some(0)), "{found}");
    assert!((found.found - found.expected).abs() < 2e-3 && found.allowed < 1e-12, "{found}");
}
