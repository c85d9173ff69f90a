//! One mixture: its map, its inverse, its bisection.

use std::cell::Cell;

use gaussflow::check::Input;
use gaussflow::{Mixture, MixtureError, Real, Value, root};

/// `z(x(z))` is within this of `z`, in units of `EPSILON * max(1, |z|)`, or `z` is passed within two floats of `x`.
///
/// The grid takes up to 4, and Newton's method stops within 4 more.
pub const ROUND_TRIP: f64 = 8.0;

/// Calls `$run::<T, K>($input)` with the scalar and the number of components that the first byte picks.
macro_rules! pick {
    ($data:expr, $run:ident) => {{
        let mut input = Input($data);
        let first = input.byte();
        match first & 7 {
            0 => $run::<f32, 1>(&mut input, first),
            1 => $run::<f32, 2>(&mut input, first),
            2 => $run::<f32, 3>(&mut input, first),
            3 => $run::<f32, 8>(&mut input, first),
            4 => $run::<f64, 1>(&mut input, first),
            5 => $run::<f64, 2>(&mut input, first),
            6 => $run::<f64, 3>(&mut input, first),
            _ => $run::<f64, 8>(&mut input, first),
        }
    }};
}

/// A mixture of any bit patterns; `None` where [`Mixture::new`] rightly refuses them. Bit 3 of the first byte picks everyday sizes.
fn parameters<T: Real, const K: usize>(input: &mut Input, first: u8) -> Option<Mixture<T, K>> {
    let everyday = first & 8 != 0;
    let mut part = |limit| input.array::<T, K>(|i| if everyday { i.within(limit) } else { i.any() });
    let (logits, means, log_scales) = (part(32.0), part(32.0), part(4.0));
    let bad = |values: &[T; K]| values.iter().position(|v| !v.is_finite());
    match Mixture::new(&logits, &means, &log_scales) {
        Ok(mixture) => {
            assert!(bad(&logits).or(bad(&means)).or(bad(&log_scales)).is_none(), "accepted {logits:?} {means:?} {log_scales:?}");
            // The lenient constructor makes the same of them.
            assert_eq!(mixture, Mixture::from_raw(&logits, &means, &log_scales));
            Some(mixture)
        }
        Err(MixtureError::Logit(k)) => refused(bad(&logits) == Some(k)),
        Err(MixtureError::Mean(k)) => refused(bad(&means) == Some(k)),
        Err(MixtureError::LogScale(k)) => refused(bad(&log_scales) == Some(k)),
        Err(error) => panic!("{error}"),
    }
}

fn refused<M>(rightly: bool) -> Option<M> {
    assert!(rightly, "the first number that is not finite is named");
    None
}

/// `2^50` or `2^500`, to which `|z|` is held.
pub(crate) fn held<T: Real>(z: T) -> T {
    let limit = T::from_f64(f64::powi(2.0, if T::BITS == 32 { 50 } else { 500 }));
    Value::min(Value::max(z, -limit), limit)
}

fn is_nan<T: Real>(x: T) -> bool {
    let wide: f64 = x.as_();
    wide.is_nan()
}

/// `EPSILON * max(1, |z|)`.
pub(crate) fn unit<T: Real>(z: T) -> T {
    T::EPSILON * Value::max(z.abs(), T::ONE)
}

pub(crate) fn next<T: Real>(x: T, step: i64) -> T {
    T::from_order(x.to_order().saturating_add(step))
}

/// Each map is compiled once a scalar and `K`, and not inlined wherever it is called: a build takes seconds.
#[inline(never)]
fn forward<T: Real, const K: usize>(mixture: &Mixture<T, K>, x: T) -> (T, T) {
    mixture.forward_and_log_det(x)
}

#[inline(never)]
fn invert<T: Real, const K: usize>(mixture: &Mixture<T, K>, z: T) -> (T, T) {
    mixture.inverse_and_log_det(z)
}

#[inline(never)]
fn count<T: Real, const K: usize>(mixture: &Mixture<T, K>, z: T) -> (T, usize) {
    mixture.inverse_counted(z)
}

/// The inverse map of any mixture at any two `z`: it ends in time, inside its bracket, at a finite `x` that gives `z` back, and keeps the order of `z`.
pub fn inverse(data: &[u8]) {
    pick!(data, check_inverse)
}

fn check_inverse<T: Real, const K: usize>(input: &mut Input, first: u8) {
    let Some(mixture) = parameters::<T, K>(input, first) else { return };
    let a = input.any::<T>();
    let b = if first & 16 != 0 { next(a, i64::from(input.byte()) - 128) } else { input.any() };
    let value = |x: T| forward(&mixture, x).0;
    let mut ends = [a, b].map(|z| {
        let (x, log_det) = invert(&mixture, z);
        let (again, evaluations) = count(&mixture, z);
        assert!(evaluations <= Mixture::<T, K>::MAX_EVALUATIONS as usize, "{evaluations} evaluations: {mixture:?} at {z:e}");
        if is_nan(z) {
            assert!(is_nan(x) && log_det.is_finite(), "{x:e}, {log_det:e}: {mixture:?} at NaN");
            return (z, x);
        }
        let (low, high) = mixture.bracket(z);
        assert!(low <= x && x <= high && x.is_finite(), "{x:e} is not in [{low:e}, {high:e}]: {mixture:?} at {z:e}");
        assert!(log_det.is_finite(), "log_det {log_det:e} at {x:e}: {mixture:?} at {z:e}");
        let (back, log_det_there) = forward(&mixture, x);
        assert_eq!(log_det_there, -log_det, "the log-det at {x:e}: {mixture:?} at {z:e}");

        assert_eq!(again.to_order(), x.to_order());

        let z = held(z);
        let slack = T::from_f64(ROUND_TRIP) * unit(z);
        let passed = if back < z { z - slack <= value(next(x, 2)) } else { value(next(x, -2)) <= z + slack };
        assert!((back - z).abs() <= slack || passed, "{x:e} gives {back:e} for {z:e}: {mixture:?}");
        (z, x)
    });
    if is_nan(a) || is_nan(b) {
        return;
    }
    if ends[1].0 < ends[0].0 {
        ends.swap(0, 1);
    }
    assert!(ends[0].1 <= ends[1].1, "not monotone: {ends:?}, {mixture:?}");
}

/// Bisection alone: the same promises to the last bit.
pub fn bisection(data: &[u8]) {
    pick!(data, check_bisection)
}

fn check_bisection<T: Real, const K: usize>(input: &mut Input, first: u8) {
    let Some(mixture) = parameters::<T, K>(input, first) else { return };
    let a = input.any::<T>();
    let b = if first & 16 != 0 { next(a, i64::from(input.byte()) - 128) } else { input.any() };
    let value = |x: T| forward(&mixture, x).0;
    let mut ends = [a, b].map(|z| {
        let (x, log_det) = mixture.bisect_and_log_det(z);
        if is_nan(z) {
            assert!(is_nan(x) && log_det.is_finite(), "{x:e}, {log_det:e}: {mixture:?} at NaN");
            return (z, x);
        }
        let z = held(z);
        assert!(x.is_finite() && log_det.is_finite(), "{x:e}, {log_det:e}: {mixture:?} at {z:e}");
        assert_eq!(forward(&mixture, x).1, -log_det, "the log-det at {x:e}: {mixture:?} at {z:e}");
        assert!(x == -T::MAX || value(x) <= z, "f({x:e}) = {:e} is above {z:e}: {mixture:?}", value(x));
        assert!(
            x == T::MAX || next(x, 1) == T::MAX || z < value(next(x, 1)),
            "f at the neighbour of {x:e} is not above {z:e}: {mixture:?}"
        );
        let evaluations = Cell::new(0);
        let again = root::bisect(z, |x| {
            evaluations.set(evaluations.get() + 1);
            value(x)
        });
        assert_eq!((again.to_order(), evaluations.get()), (x.to_order(), T::BITS));
        (z, x)
    });
    if is_nan(a) || is_nan(b) {
        return;
    }
    if ends[1].0 < ends[0].0 {
        ends.swap(0, 1);
    }
    assert!(ends[0].1 <= ends[1].1, "not monotone: {ends:?}, {mixture:?}");
}

/// The forward map at any two points, infinities and NaN included.
pub fn mixture(data: &[u8]) {
    pick!(data, check_mixture)
}

fn check_mixture<T: Real, const K: usize>(input: &mut Input, first: u8) {
    let Some(mixture) = parameters::<T, K>(input, first) else { return };
    let a = input.any::<T>();
    let b = if first & 16 != 0 { next(a, i64::from(input.byte()) - 128) } else { input.any() };
    let mut points = [a, b].map(|x| {
        let (z, log_det) = forward(&mixture, x);
        assert!(
            if is_nan(x) { is_nan(z) } else { z.is_finite() } && log_det.is_finite(),
            "z {z:e}, log_det {log_det:e} at {x:e}: {mixture:?}"
        );
        let (log_cdf, log_sf, cdf, log_pdf) = (mixture.log_cdf(x), mixture.log_sf(x), mixture.cdf(x), mixture.log_pdf(x));
        let told = format!("log_cdf {log_cdf:e}, log_sf {log_sf:e}, cdf {cdf:e}, log_pdf {log_pdf:e} at {x:e}: {mixture:?}");
        if is_nan(x) {
            assert!([log_cdf, log_sf, cdf, log_pdf].into_iter().all(is_nan), "{told}");
        } else {
            assert!([log_cdf, log_sf].into_iter().all(|log| log.is_finite() && log <= T::ZEROS), "{told}");
            assert!(T::ZEROS <= cdf && cdf <= T::ONE && log_pdf.is_finite(), "{told}");
        }
        (x, z, log_det)
    });
    if is_nan(a) || is_nan(b) {
        return;
    }
    if points[1].0 < points[0].0 {
        points.swap(0, 1);
    }
    let [(low, z_low, _), (high, z_high, _)] = points;
    assert!(z_low <= z_high, "z({low:e}) = {z_low:e} but z({high:e}) = {z_high:e}: {mixture:?}");
}
