//! Every law of layers, univariates, losses and both scalars can fail.

use gaussflow::check::{self, Law, Limits};
use gaussflow::*;

const DECIDED: Limits = Limits { undecided: 0, ..Limits::DEFAULT };

/// A loss that no difference resolves: undecided, and no violation but where that is asked for.
#[test]
fn of_what_is_undecided() {
    let part = ActNorm::<f64, 1> { log_scale: [0.0], shift: [0.0] };
    let mut gradient = ActNorm::ZEROS;
    gradient.shift[0] = 1.0;
    let corner = |part: &ActNorm<f64, 1>| (part.shift[0].max(0.0), 1.0);
    assert_eq!(check::loss(&part, &gradient, corner, &Limits::DEFAULT).unwrap().undecided(), 1);
    assert_eq!(check::loss(&part, &gradient, corner, &DECIDED).unwrap_err().law, Law::Undecided);
}

/// A layer that doubles, but for one fault.
#[derive(Clone, Debug)]
struct Double {
    fault: Option<Law>,
}

impl Zeros for Double {
    const ZEROS: Self = Double { fault: None };
}

parameters! { impl[] Parameters<f64> for Double {} }

impl Layer<f64, Width<2>> for Double {
    type Out = Width<2>;
    fn apply<V: Value<Scalar = f64>, F: Activation>(&self, x: &[V; 2], _: &[V; 0], y: &mut [V; 2]) {
        for i in 0..2 {
            let doubled = x[i] + x[i];
            y[i] = if self.fault == Some(Law::Following) { doubled } else { F::value(doubled) };
        }
    }
}

impl DifferentiableLayer<f64, Width<2>> for Double {
    type Tape<V: Value<Scalar = f64>> = ();
    fn backward<V: Value<Scalar = f64>>(
        &self,
        _: &[V; 2],
        _: &[V; 0],
        _: &[V; 2],
        (): &(),
        dy: &[V; 2],
        dx: &mut [V; 2],
        _: &mut [V; 0],
        _: Option<&mut Self>,
    ) {
        for i in 0..2 {
            let before = if self.fault == Some(Law::WithoutGradient) { dx[i] } else { V::ZEROS };
            dx[i] = before + dy[i] + dy[i];
        }
    }
}

#[test]
fn of_a_layer() {
    let checked = |fault| check::layer(&Double { fault }, &[[0.3, -0.7]], &DECIDED);
    assert!(checked(None).unwrap().compared(Law::Following) == 2);
    // A layer that adds to the input's cotangent, which it should replace, gives another one wherever something else was there.
    for law in [Law::Following, Law::WithoutGradient] {
        assert_eq!(checked(Some(law)).unwrap_err().law, law);
    }
}

/// `z = x + p`, whose backward pass adds to the parameters' cotangents.
#[derive(Clone, Debug)]
struct Moved;

impl Zeros for Moved {
    const ZEROS: Self = Moved;
}

parameters! { impl[] Parameters<f64> for Moved {} }

impl Univariate<f64> for Moved {
    type Params<V: Value<Scalar = f64>> = [V; 1];
    type Tape<V: Value<Scalar = f64>> = ();
    fn forward_and_log_det<V: Value<Scalar = f64>>(&self, p: &[V; 1], x: V) -> (V, V) {
        (x + p[0], V::ZEROS)
    }
    fn inverse_and_log_det<V: Value<Scalar = f64>>(&self, p: &[V; 1], z: V) -> (V, V) {
        (z - p[0], V::ZEROS)
    }
    fn backward<V: Value<Scalar = f64>>(&self, _: &[V; 1], _: V, (): &(), dz: V, _: V, d_params: &mut [V; 1]) -> V {
        d_params[0] += dz;
        dz
    }
    fn identity(&self) -> [f64; 1] {
        [0.5]
    }
}

#[test]
fn of_a_univariate() {
    let found = check::univariate(&Moved, &[0.3], &[[0.2]], &DECIDED).unwrap_err();
    assert_eq!(found.law, Law::Added, "{found}");
    let found = check::univariate(&Moved, &[0.3], &[[0.2]], &Limits { start: 0.1, ..DECIDED }).unwrap_err();
    assert_eq!((found.law, found.found), (Law::Start, 0.7), "{found}");
}

#[test]
fn of_both_scalars() {
    let double = ActNorm { log_scale: [0.3], shift: [2.0] };
    assert!(check::single_precision(&double, &ActNorm::ZEROS, &[[0.7]], 1e-6).is_ok());
    let found = check::single_precision(&double, &ActNorm::ZEROS, &[[0.7]], 1e-9).unwrap_err();
    assert_eq!(found.law, Law::SinglePrecision, "{found}");
}
