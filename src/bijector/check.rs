//! The laws that every bijector's unit tests assert: round trips, log-dets and gradients against differences, lanes against samples.

use rand_pcg::Pcg64;

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::math::{ln, standard_normal};
use crate::number::{Pack, Real, Value, Zeros};
use crate::parameters::{Parameters, Role};

/// What a round trip may lose.
pub(crate) struct Limits {
    /// Of `x` and `z`, relative to the larger of 1 and the value.
    pub(crate) round_trip: f64,
    /// Of the sum of both log-dets.
    pub(crate) log_det: f64,
}

/// The step of [`slope`].
const STEP: f64 = 3e-4;

/// The largest error of a derivative relative to itself; truncation of [`slope`] is `h^4 / 30` times the fifth derivative.
const RELATIVE: f64 = 1e-6;

/// The rounding of a loss in units of `eps` times the size of its terms; the difference quotient divides it by [`STEP`].
const ROUNDING: f64 = 100.0;

/// The derivative of `f` at 0 by the central difference of fourth order.
fn slope(mut f: impl FnMut(f64) -> f64) -> f64 {
    let mut difference = |h: f64| f(h) - f(-h);
    (8.0 * difference(STEP) - difference(2.0 * STEP)) / (12.0 * STEP)
}

fn close(what: &str, analytic: f64, numeric: f64, size: f64) {
    let allowed = RELATIVE * numeric.abs() + ROUNDING * f64::EPSILON * size / STEP;
    assert!((analytic - numeric).abs() <= allowed, "{what}: {analytic} by hand, {numeric} by differences, {allowed} allowed");
}

/// The `index`-th trainable scalar, after adding `by` to it.
fn nudge<P: Parameters<f64>>(model: &mut P, index: usize, by: f64) -> f64 {
    let (mut before, mut value) = (0, f64::NAN);
    model.visit_mut(&mut |role, slice| {
        if role == Role::Trainable {
            if let Some(v) = index.checked_sub(before).and_then(|i| slice.get_mut(i)) {
                *v += by;
                value = *v;
            }
            before += slice.len();
        }
    });
    value
}

/// Adds normal noise of size `by` to every trainable parameter, the same at each call.
pub(crate) fn perturb<P: Parameters<f64>>(model: &mut P, by: f64) {
    let mut rng = Pcg64::new(11, 12);
    for i in 0..P::COUNT {
        nudge(model, i, by * standard_normal::<f64, _>(&mut rng));
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Forward,
    Inverse,
}

impl Direction {
    fn apply<V: Value<Scalar = f64>, B: Bijector<f64, D>, const D: usize>(self, bijector: &B, x: &mut [V; D]) -> V {
        match self {
            Direction::Forward => bijector.forward_and_log_det(x, &[]),
            Direction::Inverse => bijector.inverse_and_log_det(x, &[]),
        }
    }

    /// Back from the cotangent `d` of what this direction gave, with the forward map's input `x`.
    fn back<V: Value<Scalar = f64>, B: DifferentiableBijector<f64, D>, const D: usize>(
        self,
        bijector: &B,
        mut x: [V; D],
        d: &mut [V; D],
        d_log_det: V,
        gradient: &mut B,
    ) {
        let mut tape = B::Tape::ZEROS;
        bijector.forward_tape(&mut x, &[], &mut tape);
        match self {
            Direction::Forward => bijector.backward(&tape, &[], d, d_log_det, &mut [], Some(gradient)),
            Direction::Inverse => bijector.inverse_backward(&tape, &[], d, d_log_det, &mut [], Some(gradient)),
        }
    }
}

/// `log|det a|`, by elimination with pivots.
fn log_abs_det<const D: usize>(mut a: [[f64; D]; D]) -> f64 {
    let mut sum = 0.0;
    for k in 0..D {
        let pivot = (k..D).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        sum += ln(a[k][k].abs());
        for i in k + 1..D {
            let factor = a[i][k] / a[k][k];
            for j in k..D {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    sum
}

fn largest<const D: usize>(x: &[f64; D]) -> f64 {
    x.iter().fold(1.0, |m, v| v.abs().max(m))
}

fn distance<const D: usize>(a: &[f64; D], b: &[f64; D]) -> f64 {
    let apart: [f64; D] = core::array::from_fn(|d| (a[d] - b[d]).abs());
    assert!(apart.iter().all(|d| d.is_finite()), "{a:?} {b:?}");
    apart.into_iter().fold(0.0, f64::max)
}

/// Asserts every law at each of `points`.
pub(crate) fn laws<B: DifferentiableBijector<f64, D> + Clone, const D: usize, const N: usize>(
    bijector: &B,
    points: &[[f64; D]; N],
    limits: &Limits,
) {
    let mut rng = Pcg64::new(21, 22);
    for x in points {
        let mut z = *x;
        let log_det = bijector.forward_and_log_det(&mut z, &[]);
        let mut back = z;
        let inverse_log_det = bijector.inverse_and_log_det(&mut back, &[]);
        assert!(distance(x, &back) <= limits.round_trip * largest(x), "{x:?} comes back as {back:?}");
        assert!((log_det + inverse_log_det).abs() <= limits.log_det, "at {x:?}: {log_det} there, {inverse_log_det} back");
        let mut again = back;
        bijector.forward_and_log_det(&mut again, &[]);
        assert!(distance(&z, &again) <= limits.round_trip * largest(&z), "{z:?} comes back as {again:?}");

        let mut taped = *x;
        let mut tape = B::Tape::<f64>::ZEROS;
        assert_eq!((bijector.forward_tape(&mut taped, &[], &mut tape), taped), (log_det, z), "the tape's forward at {x:?}");

        let jacobian: [[f64; D]; D] = core::array::from_fn(|i| {
            core::array::from_fn(|j| {
                slope(|h| {
                    let mut moved = *x;
                    moved[i] += h;
                    bijector.forward_and_log_det(&mut moved, &[]);
                    moved[j]
                })
            })
        });
        let numeric = log_abs_det(jacobian);
        assert!((numeric - log_det).abs() <= RELATIVE * largest(&z), "at {x:?}: log_det {log_det}, {numeric} by differences");

        for (direction, start) in [(Direction::Forward, *x), (Direction::Inverse, z)] {
            gradients(bijector, direction, &start, x, &mut rng);
        }
    }
    for direction in [Direction::Forward, Direction::Inverse] {
        lanes(bijector, direction, points, &mut rng);
    }
}

/// The gradients of `d . y + d_log_det * log_det` with random cotangents, by hand and by differences.
fn gradients<B: DifferentiableBijector<f64, D> + Clone, const D: usize>(
    bijector: &B,
    direction: Direction,
    start: &[f64; D],
    x: &[f64; D],
    rng: &mut Pcg64,
) {
    let d: [f64; D] = core::array::from_fn(|_| standard_normal(rng));
    let d_log_det: f64 = standard_normal(rng);
    let terms = |bijector: &B, mut state: [f64; D]| {
        let log_det = direction.apply(bijector, &mut state);
        let products: [f64; D] = core::array::from_fn(|i| d[i] * state[i]);
        (products.iter().sum::<f64>() + d_log_det * log_det, products.iter().map(|p| p.abs()).sum::<f64>() + (d_log_det * log_det).abs())
    };
    let size = terms(bijector, *start).1;
    let mut pulled = d;
    let mut gradient = bijector.clone();
    // Gradients are added to what is there.
    gradient.set_all(0.25);
    direction.back(bijector, *x, &mut pulled, d_log_det, &mut gradient);
    for i in 0..D {
        let numeric = slope(|h| {
            let mut moved = *start;
            moved[i] += h;
            terms(bijector, moved).0
        });
        close("x", pulled[i], numeric, size);
    }
    let mut moved = bijector.clone();
    for i in 0..B::COUNT {
        let numeric = slope(|h| {
            nudge(&mut moved, i, h);
            let value = terms(&moved, *start).0;
            nudge(&mut moved, i, -h);
            value
        });
        close("parameter", nudge(&mut gradient, i, 0.0) - 0.25, numeric, size);
    }
    gradient.visit(&mut |role, slice| {
        assert!(role == Role::Trainable || slice.iter().all(|v| *v == 0.25), "fixed parameters have no gradient")
    });
}

/// A pack gives each lane the bits of the single sample, and the sum of the lanes' gradients.
fn lanes<B: DifferentiableBijector<f64, D> + Clone, const D: usize, const N: usize>(
    bijector: &B,
    direction: Direction,
    points: &[[f64; D]; N],
    rng: &mut Pcg64,
) {
    let d: [f64; D] = core::array::from_fn(|_| standard_normal(rng));
    let d_log_det: f64 = standard_normal(rng);
    let mut starts = *points;
    if direction == Direction::Inverse {
        for x in &mut starts {
            bijector.forward_and_log_det(x, &[]);
        }
    }
    let pack = |rows: &[[f64; D]; N]| -> [Pack<f64, N>; D] { core::array::from_fn(|i| Pack::from_lanes(|n| rows[n][i])) };
    let mut state = pack(&starts);
    let log_det = direction.apply(bijector, &mut state);
    let mut pulled = d.map(Pack::splat);
    let mut gradient = bijector.clone();
    gradient.set_all(0.0);
    direction.back(bijector, pack(points), &mut pulled, Pack::splat(d_log_det), &mut gradient);
    let mut sum = gradient.clone();
    sum.set_all(0.0);
    for n in 0..N {
        let mut one = starts[n];
        let one_log_det = direction.apply(bijector, &mut one);
        assert_eq!((state.map(|v| v.lane(n)), log_det.lane(n)), (one, one_log_det), "lane {n}");
        let mut one = d;
        direction.back(bijector, points[n], &mut one, d_log_det, &mut sum);
        assert_eq!(pulled.map(|v| v.lane(n)), one, "the cotangent of lane {n}");
    }
    for i in 0..B::COUNT {
        let (by_lanes, by_samples) = (nudge(&mut gradient, i, 0.0), nudge(&mut sum, i, 0.0));
        assert!(
            (by_lanes - by_samples).abs() <= 1e-12 * (1.0 + by_samples.abs()),
            "parameter {i}: {by_lanes} by lanes, {by_samples} by samples"
        );
    }
}

/// The map in `f32` against the one in `f64`, relative to the larger of 1 and the value.
pub(crate) fn single_precision<B: Bijector<f64, D> + Parameters<f64>, S: Bijector<f32, D> + Parameters<f32> + Clone, const D: usize>(
    double: &B,
    single: &S,
    points: &[[f64; D]],
    tolerance: f64,
) {
    let mut single = single.clone();
    let mut at = 0;
    single.visit_mut(&mut |_, slice| {
        let mut slices = 0;
        double.visit(&mut |_, from| {
            if slices == at {
                for (to, from) in slice.iter_mut().zip(from) {
                    *to = *from as f32;
                }
            }
            slices += 1;
        });
        at += 1;
    });
    for x in points {
        let (mut z, mut z32) = (*x, x.map(f32::from_f64));
        let (log_det, log_det32) = (double.forward_and_log_det(&mut z, &[]), single.forward_and_log_det(&mut z32, &[]));
        assert!(distance(&z, &z32.map(f64::from)) <= tolerance * largest(&z), "{z:?} {z32:?}");
        assert!((log_det - f64::from(log_det32)).abs() <= tolerance * log_det.abs().max(1.0), "{log_det} {log_det32}");
        let back_log_det = single.inverse_and_log_det(&mut z32, &[]);
        assert!(distance(x, &z32.map(f64::from)) <= tolerance * largest(x), "{x:?} {z32:?}");
        assert!((log_det32 + back_log_det).abs() <= tolerance as f32 * log_det32.abs().max(1.0), "{log_det32} {back_log_det}");
    }
}

/// A planted error is found.
#[test]
#[should_panic(expected = "by hand")]
fn negative_control() {
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
            gradient.unwrap().0[0] += d[0].sum();
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
            gradient.unwrap().0[0] += d[0].sum();
        }
    }

    laws(&Wrong([0.7]), &[[0.2]], &Limits { round_trip: 1e-15, log_det: 0.0 });
}
