//! Whether what comes out is normal.

use gaussflow::check::perturb;
use gaussflow::{DifferentiableBijector, Flow, Init, Real, math};
use rand_pcg::Pcg64;

/// Samples for the Kolmogorov-Smirnov tests.
pub const SAMPLES: usize = 200;

/// The largest distance of an empirical distribution of [`SAMPLES`] values from its own, but for one test in `2e8`: `2 exp(-2 n d^2) = 1e-8` (Dvoretzky, Kiefer and Wolfowitz 1956,
/// with the constant of Massart 1990). With some hundred tests of fixed seeds none is above it by chance.
pub fn critical() -> f64 {
    (f64::ln(2.0 / 1e-8) / (2.0 * SAMPLES as f64)).sqrt()
}

/// The Kolmogorov-Smirnov distance of `values` from N(0, 1).
pub fn distance_from_normal(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let far = |(i, v): (usize, &f64)| {
        let p = math::cdf(*v);
        (p - i as f64 / n).abs().max((p - (i + 1) as f64 / n).abs())
    };
    values.iter().enumerate().map(far).fold(0.0, f64::max)
}

/// Samples of a flow, at one context, pushed forward, are normal.
pub fn samples_are_normal<T: Real, B: DifferentiableBijector<T, D, C> + Init<T>, const D: usize, const C: usize>(name: &str) {
    let mut rng = Pcg64::new(1, 7);
    let mut flow = Box::new(Flow::<T, B, D, C>::random(&mut rng));
    perturb(&mut *flow, T::ONE, &mut rng);
    let mut rng = Pcg64::new(2, 3);
    let given = flow.given([T::from_f64(0.5); C]);
    let latents: Vec<[f64; D]> = (0..SAMPLES).map(|_| given.forward(&given.sample(&mut rng)).map(|z| z.as_())).collect();
    for d in 0..D {
        let mut column: Vec<f64> = latents.iter().map(|z| z[d]).collect();
        let distance = distance_from_normal(&mut column);
        assert!(distance <= critical(), "{name}: dimension {d} is {distance} from normal");
    }
}
