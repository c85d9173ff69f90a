//! The score against differences of the log-density.

#[path = "common/slope.rs"]
mod slope;
#[path = "common/stir.rs"]
mod stir;

use gaussflow::{
    ActNorm, Affine, Alternating, Conditional, ContextDense, Coupling, Dense, DifferentiableBijector, FirstHalf, Flow, Gelu, Head,
    Householder, Init, Inverse, Linear, Marginal, MixtureCdf, NoClamp, Residual, Reverse, Swap, Tanh, TanhClamp, Zeros, standard_normal,
};
use rand_pcg::Pcg64;
use slope::slope;
use stir::stir;

/// The rounding of `log p`, some 30 `eps` of 10, over a step of 1e-4.
const TOLERANCE: f64 = 1e-9;

type Mixture = MixtureCdf<TanhClamp<f64>, 5>;
type Net<const A: usize, const B: usize, const C: usize> =
    (ContextDense<f64, A, C, 12>, Tanh, Residual<(Dense<f64, 12, 12>, Gelu)>, Head<f64, Mixture, 12, B>);
type Scales<const A: usize, const B: usize> = (Dense<f64, A, 8>, Tanh, Head<f64, Affine<TanhClamp<f64>>, 8, B>);
type Every<const C: usize> = (
    (ActNorm<f64, 3>, Linear<f64, 3>, Householder<f64, 3, 2>, Reverse),
    Coupling<FirstHalf, Mixture, Net<1, 2, C>, 1, 2>,
    Inverse<Coupling<Swap<FirstHalf>, Affine<TanhClamp<f64>>, Scales<2, 1>, 2, 1>>,
    Coupling<Swap<Alternating>, Mixture, Net<1, 2, C>, 1, 2>,
    Marginal<f64, MixtureCdf<NoClamp, 3>, 3>,
);

fn draws<const N: usize>(rng: &mut Pcg64, size: f64) -> [f64; N] {
    std::array::from_fn(|_| size * standard_normal::<f64, _>(rng))
}

/// At points in the bulk, and a few deviations out.
fn check<B: DifferentiableBijector<f64, D, C> + Init<f64> + Zeros, const D: usize, const C: usize>() {
    let mut rng = Pcg64::new(5, 6);
    let mut flow = Box::new(Flow::<f64, B, D, C>::ZEROS);
    flow.init(&mut rng);
    stir::<f64, _>(&mut *flow, 0.3, &mut rng);
    let mut worst = 0.0f64;
    for n in 0..60 {
        let (x, context) = (draws::<D>(&mut rng, if n % 3 == 0 { 4.0 } else { 1.0 }), draws::<C>(&mut rng, 1.0));
        let given = flow.given(context);
        for (d, score) in given.score(&x).into_iter().enumerate() {
            let numeric = slope(x[d], 1e-4, |v| {
                let mut moved = x;
                moved[d] = v;
                given.log_prob(&moved)
            });
            let error = (score - numeric).abs() / numeric.abs().max(1.0);
            worst = worst.max(error);
            assert!(error <= TOLERANCE, "row {n}, dimension {d} at {x:?}, {context:?}: {score}, not {numeric}");
        }
    }
    println!("worst difference {worst:.1e}");
}

#[test]
fn without_context() {
    check::<Every<0>, 3, 0>();
}

#[test]
fn with_context() {
    check::<Every<2>, 3, 2>();
    type Alone = Conditional<Mixture, Net<0, 1, 2>, 1>;
    check::<Alone, 1, 2>();
}

/// Of the standard normal it is `-x`, to the bit, with the method of the flow or of the flow at its context.
#[test]
fn of_the_standard_normal() {
    let flow = Flow::<f32, Householder<f32, 2, 1>, 2>::ZEROS;
    for x in [[0.0, 1.5], [-3.25, 1e-30], [1e30, -1e-30]] {
        assert_eq!((flow.score(&x), flow.given([]).score(&x)), (x.map(|x| -x), x.map(|x| -x)));
    }
}
