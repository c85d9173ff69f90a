//! What a mixture of some scalar type is off at a point, in units that its bounds are in.

use gaussflow::{Mixture, MixtureCdf, MixtureParams, MixtureTape, NoClamp, Real, Univariate, Zeros};

use crate::double::Double;
use crate::truth::{self, Truth};

/// What is bounded.
pub const PROPERTIES: [&str; 17] = [
    "z",
    "log_det",
    "log_cdf",
    "log_sf",
    "log_pdf",
    "dz/dx",
    "dz/dlogits",
    "dz/dmeans",
    "dz/dlog_scales",
    "dL/dx",
    "dL/dlogits",
    "dL/dmeans",
    "dL/dlog_scales",
    "round trip",
    "evaluations",
    "log_det, plain",
    "log_pdf, plain",
];

/// A mixture and a point, all numbers of the scalar type.
#[derive(Clone, Debug)]
pub struct Case {
    /// Logits, means, log-scales.
    pub params: [Vec<f64>; 3],
    pub x: f64,
}

/// The error of each property in epsilons; the number of evaluations of the inverse.
///
/// Values are relative to `max(1, |truth|)`; `log_det` and `log_pdf` also to how they answer to the scales, the sum of the sizes of their derivatives by `log sigma_k`: an epsilon in each
/// scale is one in each distance from a mean, and the arithmetic has no more. Gradients are relative to the largest of their entries and of `max(1, |z|) dz` in them (or 1), each by `R + t_k^2` with
/// `R = 2 + z^2 + sum_k |r_k (t_k^2 - 1)|`, which is how far the rounding of the distances `t_k` is magnified in a component's density and in the shares `r_k`.
pub fn errors<T: Real>(case: &Case) -> [f64; PROPERTIES.len()] {
    macro_rules! of {
        ($($k:literal)+) => {
            match case.params[0].len() {
                $($k => errors_of::<T, $k>(case),)+
                k => panic!("K = {k} has no line"),
            }
        };
    }
    of!(1 2 3 4 6 8 16)
}

fn errors_of<T: Real, const K: usize>(case: &Case) -> [f64; PROPERTIES.len()] {
    let params: MixtureParams<T, K> = std::array::from_fn(|i| std::array::from_fn(|k| T::from_f64(case.params[i][k])));
    let x = T::from_f64(case.x);
    let truth = truth::at(&case.params, case.x);
    let eps: f64 = T::EPSILON.as_();
    let mixture = Mixture::new(&params[0], &params[1], &params[2]).expect("finite parameters");
    let map = MixtureCdf::<NoClamp, K>::ZEROS;
    let mut tape = MixtureTape::ZEROS;
    let (z, log_det) = map.forward_tape(&params, x, &mut tape);
    let plain = |truth: Double, ours: T| truth.error_of(ours.as_(), truth.high.abs().max(1.0)) / eps;
    let of_log_det: f64 = truth.dl.1[2].iter().map(|d| d.high.abs()).sum();
    // d log f = dL - z dz.
    let of_log_pdf: f64 = truth.dl.1[2].iter().zip(&truth.dz.1[2]).map(|(dl, dz)| (*dl - truth.z * *dz).high.abs()).sum();
    let answering = |truth: Double, ours: T, answer: f64| truth.error_of(ours.as_(), truth.high.abs().max(1.0).max(answer)) / eps;
    let Truth { z: true_z, log_det: true_log_det, .. } = truth;
    let mut errors = [0.0; PROPERTIES.len()];
    errors[0] = plain(true_z, z);
    errors[1] = answering(true_log_det, log_det, of_log_det);
    errors[2] = plain(truth.log_cdf, mixture.log_cdf(x));
    errors[3] = plain(truth.log_sf, mixture.log_sf(x));
    errors[4] = answering(truth.log_pdf, mixture.log_pdf(x), of_log_pdf);
    errors[16] = plain(truth.log_pdf, mixture.log_pdf(x));
    errors[15] = plain(true_log_det, log_det);

    // Rounding of `t_k` moves a component's density by `t_k^2`, and all shares by what that does to their sum.
    let reach = 2.0 + true_z.high * true_z.high + of_log_pdf;
    let of_z = true_z.high.abs().max(1.0);
    for (first, dz, d_log_det, (dx, d)) in [(5, T::ONE, T::ZEROS, &truth.dz), (9, T::ZEROS, T::ONE, &truth.dl)] {
        // The largest term, `dL = d log f + z dz`, by how far it is magnified.
        let size = |i: usize| {
            let term = |k: usize| d[i][k].high.abs().max(of_z * truth.dz.1[i][k].high.abs());
            (0..K).map(|k| term(k) * (reach + truth.t[k].high * truth.t[k].high)).fold(reach, f64::max)
        };
        let size_of_dx = size(1).max(of_z * truth.dz.0.high * reach).max(dx.high.abs() * reach);
        let mut ours = MixtureParams::<T, K>::ZEROS;
        let our_dx = map.backward(&params, x, &tape, dz, d_log_det, &mut ours);
        let of = |ours: &[T], truth: &[Double], size: f64| {
            ours.iter().zip(truth).map(|(ours, truth)| truth.error_of(ours.as_(), size) / eps).fold(0.0, f64::max)
        };
        errors[first] = of(&[our_dx], &[*dx], size_of_dx);
        for i in 0..3 {
            errors[first + 1 + i] = of(&ours[i], &d[i], size(i));
        }
    }
    let (back, evaluations) = mixture.inverse_counted(z);
    errors[14] = evaluations as f64;
    // Where one float of `x` is worth more, the neighbour has to pass `z`.
    let again = mixture.forward_and_log_det(back).0;
    let across = T::from_order(back.to_order() + if again < z { 2 } else { -2 });
    let passed = (mixture.forward_and_log_det(across).0 < z) != (again < z);
    let off: f64 = (again - z).abs().as_();
    errors[13] = if passed { 0.0 } else { off / z.abs().as_().max(1.0) / eps };
    errors.map(|error| if error.is_nan() { f64::INFINITY } else { error })
}
