//! The flow as a user meets it: densities, samples, states, context, counts.

#[path = "common/stir.rs"]
mod stir;

use gaussflow::rand_core::Rng;
use gaussflow::train::{Settings, Trainer};
use gaussflow::{
    Activation, ConstantOutput, ContextDense, Coupling, Dense, Each, FirstHalf, Flow, Head, Householder, Init, Inverse, Layer, MixtureCdf,
    MixtureParams, Parameters, Real, Relu, Residual, Reverse, Role, SharedHead, Swap, Tanh, TanhClamp, Value, Width, Zeros,
    standard_normal,
};
use rand_pcg::Pcg32;
use stir::stir;

type Mixture<T, const K: usize> = MixtureCdf<TanhClamp<T>, K>;
type Net<T, const A: usize, const B: usize> = (Dense<T, A, 16>, Relu, Head<T, Mixture<T, 8>, 16, B>);
type Block<T> = (
    Householder<T, 3, 2>,
    Coupling<FirstHalf, Mixture<T, 8>, Net<T, 1, 2>, 1, 2>,
    Coupling<Swap<FirstHalf>, Mixture<T, 8>, Net<T, 2, 1>, 2, 1>,
);
type Blocks<T> = [Block<T>; 2];

fn stirred<T: Real>(seed: u64) -> Flow<T, Blocks<T>, 3> {
    let mut rng = Pcg32::new(seed, 1);
    let mut flow = Flow::ZEROS;
    flow.init(&mut rng);
    stir(&mut flow, 0.2, &mut rng);
    flow
}

/// The reference's two-moons flow has 46,800 parameters.
#[test]
fn parameters_are_counted() {
    type Net = (Dense<f32, 1, 64>, Relu, Dense<f32, 64, 64>, Relu, Head<f32, Mixture<f32, 8>, 64, 1>);
    type Half<M> = Coupling<M, Mixture<f32, 8>, Net, 1, 1>;
    type Moons = Flow<f32, [(Householder<f32, 2, 2>, Half<FirstHalf>, Half<Swap<FirstHalf>>); 4], 2>;
    assert_eq!(Moons::COUNT, 46_800);
    let mut visited = 0;
    stirred::<f64>(1).visit(&mut |role, slice| visited += if role == Role::Trainable { slice.len() } else { 0 });
    assert_eq!(visited, Flow::<f64, Blocks<f64>, 3>::COUNT);
}

/// A new flow is its rotations alone: within 1e-4 with the default heads, to rounding with the reference's zero heads.
#[test]
fn a_new_flow_is_the_identity() {
    let mut rng = Pcg32::new(1, 1);
    let mut flow = Flow::<f64, Blocks<f64>, 3>::ZEROS;
    flow.init(&mut rng);
    let rotations = flow.bijector.each_ref().map(|block| block.0.clone());
    let rotated = Flow::<f64, _, 3>::new(rotations);
    let compare = |flow: &Flow<f64, Blocks<f64>, 3>, bound: f64| {
        let mut worst: f64 = 0.0;
        for i in 0..200 {
            let x = [0, 1, 2].map(|d| 2.3 * f64::sin(i as f64 * (d + 1) as f64));
            let ((z, log_det), (y, _)) = (flow.forward_and_log_det(&x), rotated.forward_and_log_det(&x));
            worst = z.iter().zip(y).fold(worst, |w, (z, y)| w.max((z - y).abs()));
            // The slope of the quadrature's error is some ten times the error.
            assert!(log_det.abs() < 10.0 * bound);
        }
        assert!(worst < bound, "off by {worst:e}");
    };
    compare(&flow, 4e-4); // Four couplings in a row, each within 1e-4.
    for block in &mut flow.bijector {
        block.1.conditioner.set_constant(&[MixtureParams::<f64, 8>::ZEROS; 2]);
        block.2.conditioner.set_constant(&[MixtureParams::<f64, 8>::ZEROS; 1]);
    }
    compare(&flow, 4e-15);
}

#[test]
fn directions_undo_each_other() {
    let flow = stirred::<f64>(2);
    let turned = Flow::<f64, _, 3>::new(Inverse(flow.bijector.clone()));
    let mut rng = Pcg32::new(5, 5);
    for _ in 0..50 {
        let x = [0; 3].map(|_| 3.0 * standard_normal::<f64, _>(&mut rng));
        let (z, log_det) = flow.forward_and_log_det(&x);
        let (back, inverse_log_det) = flow.inverse_and_log_det(&z);
        assert!(log_det.abs() > 1e-3, "a map with a log-det");
        assert!((log_det + inverse_log_det).abs() < 1e-10 * (1.0 + log_det.abs()));
        assert!(x.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a.abs())), "{x:?} comes back as {back:?}");
        assert_eq!(turned.inverse(&x), z);
        assert_eq!(turned.forward(&z), back);
        let normal: f64 = z.iter().map(|z| -0.5 * z * z - 0.5 * (2.0 * std::f64::consts::PI).ln()).sum();
        assert!((flow.log_prob(&x) - (normal + log_det)).abs() < 1e-12 * (1.0 + log_det.abs() + normal.abs()));
    }
}

#[test]
fn states_start_at_x_and_end_at_z() {
    let flow = stirred::<f64>(3);
    let x = [0.5, -1.0, 2.0];
    let states = flow.states::<7>(&x).expect("x and one state for each of 2 x 3 bijectors");
    assert_eq!((states[0], states[6]), (x, flow.forward(&x)));
    let half = Flow::<f64, _, 3>::new(flow.bijector[0].clone());
    assert_eq!(states[3], half.forward(&x));
    assert!(flow.states::<6>(&x).is_none());
}

/// The same seed gives the same bits on every target: changing these values is a value-breaking change.
#[test]
fn samples_are_stable() {
    let flow = stirred::<f32>(4);
    let mut rng = Pcg32::new(42, 42);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for _ in 0..100 {
        for x in flow.sample(&mut rng) {
            hash = (hash ^ u64::from(x.to_bits())).wrapping_mul(0x100_0000_01b3);
        }
    }
    assert_eq!(hash, SAMPLES_HASH, "the samples' hash is now {hash:#x}");
    let one_word_each = {
        let mut other = Pcg32::new(42, 42);
        flow.sample(&mut other);
        other
    };
    let mut words = Pcg32::new(42, 42);
    for _ in 0..3 {
        words.next_u32();
    }
    assert_eq!(words, one_word_each, "a sample takes D words");
}

/// FNV-1a of the bits of 100 samples.
const SAMPLES_HASH: u64 = 0x406a_a014_e684_c969;

/// A network of the user's own plugs in by one trait.
#[test]
fn a_custom_conditioner_plugs_in() {
    /// Shifts the mean of a single component by the identity half.
    struct Follow;
    impl<T: Real> Layer<T, Width<1>> for Follow {
        type Out = Each<Mixture<T, 1>, 1>;
        fn apply<V: Value<Scalar = T>, F: Activation>(&self, x: &[V; 1], _: &[V; 0], y: &mut [MixtureParams<V, 1>; 1]) {
            *y = [[[V::ZEROS], [x[0]], [V::ZEROS]].map(|part| part.map(F::value))];
        }
    }
    let coupling = Coupling::<FirstHalf, Mixture<f64, 1>, Follow, 1, 1>::new(MixtureCdf::default(), Follow);
    let flow = Flow::<f64, _, 2>::new(coupling);
    let z = flow.forward(&[2.0, 5.0]);
    assert_eq!(z[0], 2.0);
    assert!((z[1] - 3.0).abs() < 1e-14);
}

#[test]
fn context_reaches_every_layer() {
    type Net = (ContextDense<f64, 1, 2, 8>, Tanh, Residual<(ContextDense<f64, 8, 2, 8>, Tanh)>, SharedHead<f64, Mixture<f64, 4>, 8, 1>);
    type Blocks = (Coupling<FirstHalf, Mixture<f64, 4>, Net, 1, 1>, Inverse<Coupling<Swap<FirstHalf>, Mixture<f64, 4>, Net, 1, 1>>);
    let mut rng = Pcg32::new(8, 8);
    let mut flow = Flow::<f64, Blocks, 2, 2>::ZEROS;
    flow.init(&mut rng);
    stir(&mut flow, 0.3, &mut rng);
    let x = [0.3, -0.4];
    let base = flow.given([0.0, 0.0]).forward(&x);
    for c in [[1.0, 0.0], [0.0, 1.0]] {
        let z = flow.given(c).forward(&x);
        assert!(z.iter().zip(base).all(|(z, b)| (z - b).abs() > 1e-4), "the context {c:?} changes both dimensions");
        let back = flow.given(c).inverse(&z);
        assert!(x.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

/// A zero reflector is the identity and has a finite gradient.
#[test]
fn a_zero_reflector_is_the_identity() {
    let mut flow = Flow::<f32, Householder<f32, 2, 2>, 2>::ZEROS;
    assert_eq!(flow.forward(&[1.5, -2.0]), [1.5, -2.0]);
    assert_eq!(flow.inverse(&[1.5, -2.0]), [1.5, -2.0]);
    let settings = Settings { clip: 1.0, ..Settings::default() };
    let mut trainer = Trainer::<_, f32>::ZEROS;
    trainer.step(&mut flow, &[[1.5, -2.0]], &settings).unwrap();
    assert!(flow.bijector.reflectors.as_flattened().iter().all(|v| v.is_finite()));
}

/// What a flow says of itself: its numbers, and its parts with the shapes of their parameters.
#[test]
fn a_flow_displays_its_parts() {
    type Net = (ContextDense<f32, 1, 2, 8>, Tanh, Residual<(Dense<f32, 8, 8>, Relu)>, Head<f32, Mixture<f32, 4>, 8, 2>);
    type Blocks = (Coupling<FirstHalf, Mixture<f32, 4>, Net, 1, 2>, Inverse<Householder<f32, 3, 1>>, Reverse);
    let flow = Flow::<f32, Blocks, 3, 2>::ZEROS;
    assert_eq!(
        flow.to_string(),
        "flow of f32, 3 dimensions, 2 context variables, 323 trainable and 1 fixed parameters: \
         coupling =xx, mixture_cdf, tanh_clamp, context_dense kernel[1, 8] bias[8] context_kernel[2, 8], tanh, \
         residual, dense kernel[8, 8] bias[8], relu, head kernel[8, 2, 12] bias[2, 12], inverse, householder v[1, 3], permutation [2, 1, 0]"
    );
    let flow = stirred::<f64>(1).to_string();
    let mut lines = flow.split(", coupling");
    assert_eq!(lines.next(), Some("flow of f64, 3 dimensions, 2620 trainable and 4 fixed parameters: householder v[2, 3]"));
    assert_eq!(lines.count(), 4);
}
