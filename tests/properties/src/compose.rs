//! Tuples and arrays are their parts in turn.

use gaussflow::check::{self, Limits, Order};
use gaussflow::{Bijector, DifferentiableBijector, Real, Value, Zeros, parameters};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// `z = scale x`: a map whose log-det is not 0.
#[derive(Clone, Copy, Debug)]
struct Stretch(f64);

impl Zeros for Stretch {
    const ZEROS: Self = Stretch(0.0);
}

parameters! { impl[T] Parameters<T> for Stretch {} }

impl Stretch {
    fn by<V: Value, const D: usize>(scale: f64, x: &mut [V; D]) -> V {
        for x in x.iter_mut() {
            *x = *x * V::splat(V::Scalar::from_f64(scale));
        }
        V::splat(V::Scalar::from_f64(D as f64 * scale.ln()))
    }
}

impl<T: Real, const D: usize, const C: usize> Bijector<T, D, C> for Stretch {
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        Self::by(self.0, x)
    }
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        Self::by(1.0 / self.0, z)
    }
}

impl<T: Real, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for Stretch {
    type Tape<V: Value<Scalar = T>> = ();
    fn backward<V: Value<Scalar = T>>(&self, (): &(), _: &[V; C], d: &mut [V; D], _: V, _: &mut [V; C], _: Option<&mut Self>) {
        Self::by(self.0, d);
    }
    fn inverse_backward<V: Value<Scalar = T>>(&self, (): &(), _: &[V; C], d: &mut [V; D], _: V, _: &mut [V; C], _: Option<&mut Self>) {
        Self::by(1.0 / self.0, d);
    }
}

fn forward<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(bijector: &B, x: &[T; D], c: &[T; C]) -> ([T; D], T) {
    let mut state = *x;
    let log_det = bijector.forward_and_log_det(&mut state, c);
    (state, log_det)
}

fn inverse<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>(bijector: &B, z: &[T; D], c: &[T; C]) -> ([T; D], T) {
    let mut state = *z;
    let log_det = bijector.inverse_and_log_det(&mut state, c);
    (state, log_det)
}

fn bits<T: Real, const D: usize>((x, log_det): ([T; D], T)) -> (Vec<i64>, i64) {
    (x.iter().map(|v| v.to_order()).collect(), log_det.to_order())
}

/// Tuples and arrays are their parts in turn, to the bit; a volume-preserving map is one of a log-det that is not 0.
pub fn holds<T: Real, B, const D: usize, const C: usize>(
    bijector: &B,
    (x, c): (&[T; D], &[T; C]),
    limits: &Limits,
) -> Result<(), TestCaseError>
where
    B: DifferentiableBijector<T, D, C> + Clone,
{
    let (narrow, stretch) = (Stretch(0.75), Stretch(1.5));
    let tuple = (narrow, bijector.clone(), stretch);
    let mut state = *x;
    let mut log_det = T::ZEROS;
    log_det += narrow.forward_and_log_det(&mut state, c);
    log_det += bijector.forward_and_log_det(&mut state, c);
    log_det += stretch.forward_and_log_det(&mut state, c);
    prop_assert_eq!(bits(forward(&tuple, x, c)), bits((state, log_det)), "a tuple forwards at {:?}", x);
    let mut log_det = T::ZEROS;
    let mut back = state;
    log_det += stretch.inverse_and_log_det(&mut back, c);
    log_det += bijector.inverse_and_log_det(&mut back, c);
    log_det += narrow.inverse_and_log_det(&mut back, c);
    prop_assert_eq!(bits(inverse(&tuple, &state, c)), bits((back, log_det)), "a tuple backwards at {:?}", state);
    // Its own promises are those of its parts, but for volume and zeros; the order is then one to rounding, of the tuple's own products.
    let of_tuple =
        Limits { volume: false, zeros: f64::INFINITY, gradient: f64::INFINITY, order: limits.order.min(Order::Rounded), ..*limits };
    check::bijector(&tuple, (&[*x], &[*c]), &of_tuple)?;

    let twice = [bijector.clone(), bijector.clone()];
    let (once, first) = forward(bijector, x, c);
    let (state, second) = forward(bijector, &once, c);
    // From 0, as a sum is.
    prop_assert_eq!(bits(forward(&twice, x, c)), bits((state, T::ZEROS + first + second)), "an array at {:?}", x);
    Ok(())
}
