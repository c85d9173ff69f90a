//! Batches against single samples, on any length, with contexts and on threads.

#[path = "common/stir.rs"]
mod stir;

use gaussflow::{
    BatchError, ContextDense, Coupling, Dense, FirstHalf, Flow, Head, Householder, Init, MixtureCdf, Real, Relu, Swap, TanhClamp, Zeros,
    standard_normal,
};
use rand_pcg::Pcg32;
use stir::stir;

type Mixture<T> = MixtureCdf<TanhClamp<T>, 5>;
type Net<T, const A: usize, const B: usize> = (ContextDense<T, A, 2, 16>, Relu, Dense<T, 16, 16>, Relu, Head<T, Mixture<T>, 16, B>);
type Block<T> =
    (Householder<T, 3, 2>, Coupling<FirstHalf, Mixture<T>, Net<T, 1, 2>, 1, 2>, Coupling<Swap<FirstHalf>, Mixture<T>, Net<T, 2, 1>, 2, 1>);
type Conditional<T> = Flow<T, [Block<T>; 2], 3, 2>;

/// A flow, rows and their contexts.
type Drawn<T> = (Box<Conditional<T>>, Vec<[T; 3]>, Vec<[T; 2]>);

/// A flow with no trivial part, and rows with their contexts.
fn drawn<T: Real>(count: usize) -> Drawn<T> {
    let mut rng = Pcg32::new(5, 5);
    let mut flow = Box::new(Conditional::<T>::ZEROS);
    flow.init(&mut rng);
    stir::<T, _>(&mut *flow, 0.1, &mut rng);
    let rows = (0..count).map(|_| std::array::from_fn(|_| T::from_f64(2.0) * standard_normal::<T, _>(&mut rng))).collect();
    let contexts = (0..count).map(|_| std::array::from_fn(|_| standard_normal(&mut rng))).collect();
    (flow, rows, contexts)
}

/// What the rounding of two flows' layers may differ by, in units of `eps max(1, |value|)`: twice the 31 that AVX2 lanes meet; plain packs meet 0.
const ROUNDING: f64 = 62.0;

fn near<T: Real>(ours: T, theirs: T, what: &str) -> f64 {
    let error = (ours - theirs).abs().as_() / theirs.abs().as_().max(1.0) / T::EPSILON.as_();
    assert!(error <= ROUNDING, "{what}: {ours:e} for {theirs:e}, {error} units");
    error
}

fn equals_single_samples<T: Real>() {
    let mut worst = 0.0f64;
    for count in [0, 1, 7, 8, 9, 15, 16, 17, 40] {
        let (flow, rows, contexts) = drawn::<T>(count);
        let mut log_probs = vec![T::NAN; count];
        flow.log_probs((&rows, &contexts), &mut log_probs).expect("agreeing lengths");
        let (mut latents, mut log_dets) = (rows.clone(), vec![T::NAN; count]);
        flow.forward_batch(&mut latents, &contexts, &mut log_dets).expect("agreeing lengths");
        let (mut back, mut back_log_dets) = (latents.clone(), vec![T::NAN; count]);
        flow.inverse_batch(&mut back, &contexts, &mut back_log_dets).expect("agreeing lengths");
        for n in 0..count {
            let given = flow.given(contexts[n]);
            worst = worst.max(near(log_probs[n], given.log_prob(&rows[n]), "log_prob"));
            let (z, log_det) = given.forward_and_log_det(&rows[n]);
            worst = worst.max(near(log_dets[n], log_det, "log_det"));
            let (x, inverse_log_det) = given.inverse_and_log_det(&latents[n]);
            worst = worst.max(near(back_log_dets[n], inverse_log_det, "log_det of the inverse"));
            for d in 0..3 {
                worst = worst.max(near(latents[n][d], z[d], "z"));
                worst = worst.max(near(back[n][d], x[d], "x"));
            }
        }
    }
    println!("worst difference from a single sample: {worst:.1} units");
}

#[test]
fn equals_single_samples_f32() {
    equals_single_samples::<f32>();
}

#[test]
fn equals_single_samples_f64() {
    equals_single_samples::<f64>();
}

/// The same words give the same draws as sample by sample, each for its own context, or all for one.
#[test]
fn draws_are_those_of_single_samples() {
    let (flow, _, contexts) = drawn::<f64>(33);
    let mut samples = vec![[f64::NAN; 3]; 33];
    let compare = |samples: &[[f64; 3]], context: &dyn Fn(usize) -> [f64; 2]| {
        let mut rng = Pcg32::new(1, 2);
        for (n, sample) in samples.iter().enumerate() {
            for (ours, theirs) in sample.iter().zip(flow.given(context(n)).sample(&mut rng)) {
                near(*ours, theirs, "a draw");
            }
        }
    };
    flow.fill_given(&mut Pcg32::new(1, 2), &contexts, &mut samples).expect("agreeing lengths");
    compare(&samples, &|n| contexts[n]);
    flow.given(contexts[5]).fill(&mut Pcg32::new(1, 2), &mut samples);
    compare(&samples, &|_| contexts[5]);
}

/// As above, of a flow without context.
#[test]
fn draws_without_context() {
    let mut rng = Pcg32::new(5, 5);
    let mut flow =
        Flow::<f32, Coupling<FirstHalf, Mixture<f32>, (Dense<f32, 1, 16>, Relu, Head<f32, Mixture<f32>, 16, 2>), 1, 2>, 3>::ZEROS;
    flow.init(&mut rng);
    stir(&mut flow, 0.1, &mut rng);
    for count in [0, 1, 15, 16, 17, 40] {
        let mut samples = vec![[f32::NAN; 3]; count];
        let (mut rng, mut other) = (Pcg32::new(1, 2), Pcg32::new(1, 2));
        flow.fill(&mut rng, &mut samples);
        for sample in &samples {
            for (ours, theirs) in sample.iter().zip(flow.sample(&mut other)) {
                near(*ours, theirs, "a draw");
            }
        }
        assert_eq!(rng, other, "a draw takes as many words");
    }
}

/// The bits do not depend on where in a batch a sample stands, nor on what stands beside it.
#[test]
fn a_sample_does_not_see_its_neighbours() {
    let (flow, rows, contexts) = drawn::<f32>(50);
    let mut whole = vec![0.0; 50];
    flow.log_probs((&rows, &contexts), &mut whole).expect("agreeing lengths");
    for start in [1, 13, 31] {
        let mut part = vec![0.0; 50 - start];
        flow.log_probs((&rows[start..], &contexts[start..]), &mut part).expect("agreeing lengths");
        assert_eq!(part, whole[start..]);
    }
}

#[test]
fn threads_change_no_bit() {
    let (flow, rows, contexts) = drawn::<f32>(1111);
    let mut one = vec![0.0; 1111];
    flow.log_probs((&rows, &contexts), &mut one).expect("agreeing lengths");
    let (mut states, mut log_dets) = (rows.clone(), vec![0.0; 1111]);
    flow.forward_batch(&mut states, &contexts, &mut log_dets).expect("agreeing lengths");
    let mut back = states.clone();
    flow.inverse_batch(&mut back, &contexts, &mut vec![0.0; 1111]).expect("agreeing lengths");
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let (mut log_probs, mut par_states, mut par_log_dets) = (vec![0.0; 1111], rows.clone(), vec![0.0; 1111]);
            flow.par_log_probs((&rows, &contexts), &mut log_probs).expect("agreeing lengths");
            flow.par_forward_batch(&mut par_states, &contexts, &mut par_log_dets).expect("agreeing lengths");
            assert_eq!((&log_probs, &par_states, &par_log_dets), (&one, &states, &log_dets));
            flow.par_inverse_batch(&mut par_states, &contexts, &mut par_log_dets).expect("agreeing lengths");
            assert_eq!(par_states, back);
        });
    }
}

#[test]
fn lengths_must_agree() {
    let (flow, mut rows, contexts) = drawn::<f32>(3);
    let before = rows.clone();
    let mut out = [7.0f32; 3];
    let (short, rest) = (BatchError::Contexts { samples: 3, contexts: 2 }, BatchError::Output { samples: 3, output: 1 });
    assert_eq!(flow.log_probs((&rows, &contexts[..2]), &mut out), Err(short));
    assert_eq!(flow.par_log_probs((&rows, &contexts[..2]), &mut out), Err(short));
    assert_eq!(flow.log_probs((&rows, &contexts), &mut out[..1]), Err(rest));
    assert_eq!(flow.par_log_probs((&rows, &contexts), &mut out[..1]), Err(rest));
    assert_eq!(flow.forward_batch(&mut rows, &contexts, &mut out[..1]), Err(rest));
    assert_eq!(flow.inverse_batch(&mut rows, &contexts, &mut []), Err(BatchError::Output { samples: 3, output: 0 }));
    assert_eq!(flow.par_inverse_batch(&mut rows, &contexts[..2], &mut out), Err(short));
    let mut rng = Pcg32::new(1, 2);
    assert_eq!(flow.fill_given(&mut rng, &contexts[..2], &mut rows), Err(short));
    assert_eq!((rows, out, rng), (before, [7.0; 3], Pcg32::new(1, 2)));
}
