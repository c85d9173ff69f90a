//! One part in both scalars.

use std::boxed::Box;
use std::format;

use super::bijector::usable;
use super::local::{Given, largest, wide};
use super::stack::on_large_stack;
use super::tally::{Spot, Tally};
use super::{Law, Limits, Place, Report, Violation};
use crate::bijector::Bijector;
use crate::flow::IntoRows;
use crate::number::Real;
use crate::parameters::Parameters;

/// Checks that `single`, once it has the parameters of `double`, is the same map: image and log-det at `points`, and there and back, to `tolerance` relative to the larger of 1 and the
/// largest coordinate.
///
/// # Errors
/// The first number that is further off.
///
/// ```
/// use gaussflow::{ActNorm, Zeros, check};
///
/// let double = ActNorm { log_scale: [0.7], shift: [3.0] };
/// check::single_precision(&double, &ActNorm::ZEROS, &[[0.1]], 1e-6)?;
/// # Ok::<(), check::Violation>(())
/// ```
pub fn single_precision<'a, B, S, const D: usize, const C: usize>(
    double: &B,
    single: &S,
    points: impl IntoRows<'a, f64, D, C>,
    tolerance: f64,
) -> Result<Report, Violation>
where
    B: Bijector<f64, D, C> + Parameters<f64>,
    S: Bijector<f32, D, C> + Parameters<f32> + Clone,
{
    let points = points.into_rows();
    on_large_stack(|| {
        let mut tally = Tally::new(&Limits::DEFAULT);
        let spot = Spot::new(Law::SinglePrecision, Place::Whole);
        let mut single = Box::new(single.clone());
        tally.count(spot, "slices of the part in f32, beside those in f64", S::SLICES, B::SLICES);
        for slice in 0..S::SLICES {
            let (_, from) = double.slice(slice);
            let (_, to) = single.slice_mut(slice);
            let spot = spot.of(Place::Parameter { slice, index: 0 });
            tally.count(spot, "scalars of the slice in f32, beside those in f64", to.len(), from.len());
            to.iter_mut().zip(from).for_each(|(to, from)| *to = f32::from_f64(*from));
        }
        for (n, (x, context)) in usable(&points, &mut tally).iter().enumerate() {
            let narrow = context.map(f32::from_f64);
            let (double, single) = (Given { part: double, context }, Given { part: &*single, context: &narrow });
            let (z, log_det) = double.forward(x);
            let (z_single, log_det_single) = single.forward(&x.map(f32::from_f64));
            let (back, back_log_det) = single.inverse(&z_single);
            let details = || format!("{} z is {z:?}, in f32 {z_single:?}, which comes from {back:?}", double.show(x));
            let spot = spot.at(n);
            for d in 0..D {
                tally.close(spot.of(Place::Dimension(d)), wide(&z_single)[d], z[d], tolerance * largest(&z), details);
                tally.close(spot.of(Place::Dimension(d)), wide(&back)[d], x[d], tolerance * largest(x), details);
            }
            let (log_det_single, back_log_det) = (f64::from(log_det_single), f64::from(back_log_det));
            let spot = spot.of(Place::LogDet);
            tally.close(spot, log_det_single, log_det, tolerance * log_det.abs().max(1.0), details);
            tally.close(spot, -back_log_det, log_det_single, tolerance * log_det_single.abs().max(1.0), details);
        }
        tally.outcome()
    })
}
