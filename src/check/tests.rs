//! Planted errors are found: the library's own unit tests would see them.

use super::{Direction, Law, Place, STRICT};
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::number::Value;

#[derive(Clone)]
struct Wrong([f64; 1]);

crate::parameters! { impl[] Parameters<f64> + Zeros for Wrong { trainable 0: [f64; 1] } }

impl Bijector<f64, 1> for Wrong {
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, x: &mut [V; 1], _: &[V; 0]) -> V {
        x[0] += V::splat(self.0[0]);
        V::ZEROS
    }
    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, z: &mut [V; 1], _: &[V; 0]) -> V {
        z[0] -= V::splat(self.0[0]);
        V::ZEROS
    }
}

impl DifferentiableBijector<f64, 1> for Wrong {
    type Tape<V: Value<Scalar = f64>> = ();

    fn backward<V: Value<Scalar = f64>>(&self, (): &(), _: &[V; 0], d: &mut [V; 1], _: V, _: &mut [V; 0], gradient: Option<&mut Self>) {
        gradient.into_iter().for_each(|g| g.0[0] += d[0].sum());
    }

    // The sign of the parameter's gradient is wrong.
    fn inverse_backward<V: Value<Scalar = f64>>(
        &self,
        (): &(),
        _: &[V; 0],
        d: &mut [V; 1],
        _: V,
        _: &mut [V; 0],
        gradient: Option<&mut Self>,
    ) {
        gradient.into_iter().for_each(|g| g.0[0] += d[0].sum());
    }
}

#[test]
fn negative_control() {
    let found = super::bijector(&Wrong([0.7]), &[[0.2]], &super::Limits { round_trip: 1e-15, log_det: 0.0, ..STRICT }).unwrap_err();
    assert_eq!(
        (found.law, found.direction, found.place),
        (Law::Gradient, Some(Direction::Inverse), Place::Parameter { slice: 0, index: 0 })
    );
    assert!((found.found + found.expected).abs() < 1e-9 && found.others.is_empty(), "{found}");
}
