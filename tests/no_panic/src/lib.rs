//! What a flow does in use, on numbers that the compiler knows nothing of, for programs that link only if none of it can panic.

#![no_std]

use core::hint::black_box;
use core::panic::PanicInfo;

use gaussflow::train::{Settings, Trainer};
use gaussflow::{Bijector, DifferentiableBijector, Flow, Init, IntoRows, Mixture, Real, Value, Zeros};
use rand_pcg::Pcg32;

// The C library starts the programs; it has no such function.
#[link(name = "c")]
unsafe extern "C" {
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: a program that would call this does not link.
    unsafe { a_panic_is_reachable() }
}

/// A random flow, its densities and samples; whether they are finite.
pub fn infer<T: Real, B: Bijector<T, D, C> + Init<T> + Zeros, const D: usize, const C: usize>() -> bool {
    let mut flow = Flow::<T, B, D, C>::ZEROS;
    flow.init(&mut Pcg32::new(black_box(1), 1));
    let (context, x) = (black_box([T::ZEROS; C]), black_box([T::ZEROS; D]));
    let flow = black_box(&flow).given(context);
    let ((z, log_det), (back, back_log_det)) = (flow.forward_and_log_det(&x), flow.inverse_and_log_det(&x));
    let sample = flow.sample(&mut Pcg32::new(black_box(1), 1));
    flow.fill(&mut Pcg32::new(black_box(1), 1), black_box(&mut [[T::ZEROS; D]; 3]));
    black_box(flow.states::<8>(&x));
    let finite = |x: &[T]| x.iter().all(|x| x.is_finite());
    finite(&z) && finite(&back) && finite(&sample) && finite(&[log_det, back_log_det, flow.log_prob(&x)])
}

/// The map and its inverse on the lanes `V`.
pub fn infer_lanes<V: Value, B: Bijector<V::Scalar, D, C> + Zeros, const D: usize, const C: usize>() {
    let bijector = black_box(B::ZEROS);
    let (context, mut x) = (black_box([V::ZEROS; C]), black_box([V::ZEROS; D]));
    black_box(bijector.forward_and_log_det(&mut x, &context));
    black_box(bijector.inverse_and_log_det(&mut x, &context));
    black_box(x);
}

/// One mixture with all its functions.
pub fn mixture<T: Real, const K: usize>() {
    let part = || black_box([T::ZEROS; K]);
    let Ok(mixture) = Mixture::<T, K>::new(&part(), &part(), &part()) else { return };
    let x = black_box(T::ZEROS);
    black_box((mixture.forward_and_log_det(x), mixture.inverse_and_log_det(x), mixture.bisect_and_log_det(x), mixture.bracket(x)));
    black_box((mixture.log_cdf(x), mixture.log_sf(x), mixture.cdf(x), mixture.log_pdf(x)));
}

/// Batches of any length, also where the lengths do not agree.
pub fn batches<T: Real, B: Bijector<T, D, C> + Zeros, const D: usize, const C: usize>(
    rows: &mut [[T; D]],
    contexts: &[[T; C]],
    out: &mut [T],
) {
    let (flow, rows, contexts, out) = (black_box(Flow::<T, B, D, C>::ZEROS), black_box(rows), black_box(contexts), black_box(out));
    black_box(flow.log_probs((&*rows, contexts), out).is_ok());
    black_box(flow.mean_nll((&*rows, contexts).into_rows().weighted(out)));
    black_box(flow.forward_batch(rows, contexts, out).is_ok());
    black_box(flow.inverse_batch(rows, contexts, out).is_ok());
    black_box(flow.fill_given(&mut Pcg32::new(black_box(1), 1), contexts, rows).is_ok());
}

/// A flow from its file and back, and steps of training on the lanes `V`, alone and in a fit.
pub fn learn<V: Value, B: DifferentiableBijector<V::Scalar, D> + Zeros, const D: usize>(file: &mut [u8], samples: &[[V::Scalar; D]]) {
    let (mut flow, mut average, mut best) = (Flow::<V::Scalar, B, D>::ZEROS, Flow::ZEROS, Flow::ZEROS);
    let mut trainer = Trainer::<Flow<V::Scalar, B, D>, V>::ZEROS;
    let (flow, trainer, file, samples) = (black_box(&mut flow), black_box(&mut trainer), black_box(file), black_box(samples));
    black_box(flow.decode(file).is_ok());
    black_box(flow.encode(file).is_ok());
    let (settings, weights) = black_box((Settings::default(), [V::Scalar::ONE; 3]));
    black_box(trainer.step(flow, samples, &settings).is_ok());
    black_box(trainer.step_reverse_kl(flow, samples, |x, _| (V::Scalar::ZEROS, *x), &settings).is_ok());
    let fit = flow.fit(samples.into_rows().weighted(&weights)).settings(settings).validate(samples);
    let fit = fit.average(&mut average).best(&mut best).stop_if(|told| black_box(told.epoch) > 2);
    black_box(fit.run(trainer, &mut Pcg32::new(black_box(1), 1)).is_ok());
    black_box(flow.score(&black_box([V::Scalar::ZEROS; D])));
}
