//! Infinities and NaN never read as ordinary: not in a sample, a latent or a context, not one by one, not in batches.

use gaussflow::factory::{CouplingFlow, GaussianizationFlow};
use gaussflow::*;
use rand_pcg::Pcg64;

type Mixture = MixtureCdf<TanhClamp<f32>, 4>;
type Spline = RationalQuadraticSpline<f32, 6>;
type Splines = Flow<f32, (Householder<f32, 2, 2>, Marginal<f32, Spline, 2>), 2>;
type Unrotated = Flow<f32, Coupling<FirstHalf, Mixture, (Dense<f32, 1, 16>, Relu, Head<f32, Mixture, 16, 1>), 1, 1>, 2>;
type Affines = Flow<f32, (Linear<f32, 2>, ActNorm<f32, 2>, Marginal<f32, Affine<NoClamp>, 2>, Inverse<Marginal<f32, Spline, 2>>), 2>;
type Given2 = Flow<f32, Conditional<Mixture, (ContextDense<f32, 0, 2, 16>, Relu, Head<f32, Mixture, 16, 2>), 2>, 2, 2>;
type GivenHalf = Coupling<FirstHalf, Mixture, (ContextDense<f32, 1, 2, 16>, Relu, Head<f32, Mixture, 16, 1>), 1, 1>;
type GivenCoupling = Flow<f32, GivenHalf, 2, 2>;
type GivenNorm = Flow<f32, ContextNorm<f32, GivenHalf, 2>, 2, 2>;

const BAD: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// A flow whose every trainable parameter is a draw.
fn stirred<F: Parameters<f32> + Init<f32>>() -> F {
    let mut rng = Pcg64::new(1, 2);
    let mut flow = F::ZEROS;
    flow.init(&mut rng);
    flow.visit_mut(&mut |role, slice| {
        if role == Role::Trainable {
            slice.iter_mut().for_each(|p| *p = 0.4 * standard_normal::<f32, _>(&mut rng));
        }
    });
    flow
}

/// Rows of two numbers with one or both of them bad.
fn bad_pairs() -> Vec<[f32; 2]> {
    BAD.into_iter().flat_map(|bad| [[bad, 0.3], [-0.7, bad], [bad, bad]]).collect()
}

fn refuses<B: DifferentiableBijector<f32, 2, C>, const C: usize>(flow: &Flow<f32, B, 2, C>, rows: &[([f32; 2], [f32; C])]) {
    let (mut samples, contexts): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    for (x, c) in rows {
        let given = flow.given(*c);
        assert_eq!(given.log_prob(x), f32::NEG_INFINITY, "{x:?} given {c:?}");
        assert!(given.is_below(x, f32::MIN) && given.is_below(x, f32::NAN));
        for (y, log_det) in [given.forward_and_log_det(x), given.inverse_and_log_det(x)] {
            assert!(y.iter().all(|y| y.is_nan()) && log_det.is_nan(), "{x:?} given {c:?} goes to {y:?} with {log_det}");
        }
        assert!(given.score(x).iter().all(|d| d.is_nan()));
        let sample = given.sample(&mut Pcg64::new(1, 1));
        assert!(sample.iter().all(|x| x.is_nan() != c.iter().all(|c| c.is_finite())), "a sample given {c:?} is {sample:?}");
    }
    // Beside a sound row, whose result they must not touch.
    let sound = ([0.5, -0.25], [0.25; C]);
    let mut out = vec![0.0; rows.len() + 1];
    samples.push(sound.0);
    let contexts = [contexts, vec![sound.1]].concat();
    flow.log_probs((&samples, &contexts), &mut out).unwrap();
    let (last, first) = out.split_last().unwrap();
    assert!(first.iter().all(|p| *p == f32::NEG_INFINITY) && (last - flow.given(sound.1).log_prob(&sound.0)).abs() < 1e-4, "{out:?}");
    assert_eq!(flow.mean_nll((&samples, &contexts)), f32::INFINITY);
    for inverse in [false, true] {
        let (mut states, mut log_dets) = (samples.clone(), vec![0.0; samples.len()]);
        if inverse {
            flow.inverse_batch(&mut states, &contexts, &mut log_dets).unwrap();
        } else {
            flow.forward_batch(&mut states, &contexts, &mut log_dets).unwrap();
        }
        for (n, (y, log_det)) in states.iter().zip(&log_dets).enumerate() {
            let expect_nan = n < rows.len();
            assert!(y.iter().chain([log_det]).all(|v| v.is_nan() == expect_nan), "row {n}: {y:?}, {log_det}");
        }
    }
}

#[test]
fn samples() {
    let rows: Vec<_> = bad_pairs().into_iter().map(|x| (x, [])).collect();
    refuses(&stirred::<CouplingFlow<f32, 2, 1, 1, 2, 4, 16>>(), &rows);
    refuses(&stirred::<GaussianizationFlow<f32, 2, 2, 4>>(), &rows);
    refuses(&stirred::<Splines>(), &rows);
    refuses(&stirred::<Unrotated>(), &rows);
    refuses(&stirred::<Affines>(), &rows);
}

#[test]
fn contexts() {
    let sound = [0.5, -0.25];
    let rows: Vec<_> = bad_pairs().into_iter().map(|c| (sound, c)).chain(bad_pairs().into_iter().map(|x| (x, sound))).collect();
    refuses(&stirred::<Given2>(), &rows);
    refuses(&stirred::<GivenCoupling>(), &rows);
    refuses(&stirred::<GivenNorm>(), &rows);
}

/// NaN inside of a flow comes out as NaN, whatever part it meets.
#[test]
fn univariates_and_activations_keep_nan() {
    let mixture = Mixture::default();
    let params = [[0.1, 0.2, 0.3, 0.4], [-1.0, 0.0, 1.0, 2.0], [0.0; 4]];
    assert!(mixture.forward_and_log_det(&params, f32::NAN).0.is_nan() && mixture.inverse_and_log_det(&params, f32::NAN).0.is_nan());
    let one = mixture.mixture(&params);
    for value in [one.cdf(f32::NAN), one.log_cdf(f32::NAN), one.log_sf(f32::NAN), one.log_pdf(f32::NAN)] {
        assert!(value.is_nan(), "{value}");
    }
    assert_eq!((one.cdf(f32::INFINITY), one.cdf(f32::NEG_INFINITY)), (1.0, 0.0));
    let (spline, params) = (Spline::default(), [[0.3; 6]; 3]);
    assert!(spline.forward_and_log_det(&params, f32::NAN).0.is_nan() && spline.inverse_and_log_det(&params, f32::NAN).0.is_nan());
    fn keeps<A: Activation>() {
        assert!(A::value(f32::NAN).is_nan() && A::value(f64::NAN).is_nan(), "{}", std::any::type_name::<A>());
    }
    keeps::<Identity>();
    keeps::<Relu>();
    keeps::<LeakyRelu>();
    keeps::<Tanh>();
    keeps::<Sigmoid>();
    keeps::<Silu>();
    keeps::<Softplus>();
    keeps::<Gelu>();
}

/// A density that underflows is 0, not NaN.
#[test]
fn densities_that_underflow() {
    let flow = stirred::<CouplingFlow<f32, 2, 1, 1, 2, 4, 16>>();
    for x in [[f32::MAX, f32::MAX], [f32::MAX, -f32::MAX], [f32::MIN, 0.0], [1e30, -1e30]] {
        let log_prob = flow.log_prob(&x);
        assert!(log_prob < -1e6, "{x:?}: {log_prob}");
        assert!(flow.is_below(&x, -100.0));
    }
}
