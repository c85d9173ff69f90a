//! Scale and shift of each dimension.

use crate::bijector::coupling::map_present;
use crate::bijector::{Bijector, DifferentiableBijector};
use crate::linalg::within_floats;
use crate::math::exp;
use crate::number::{Real, Value};
use crate::parameters::Part;
use crate::univariate::held;

/// `z_d = e^(s_d) x_d + b_d`: standardises each dimension, the first layer of a flow on raw data.
///
/// | | |
/// |---|---|
/// | forward | `z_d = e^(s_d) x_d + b_d` |
/// | log-det | `sum_d s_d` |
/// | inverse | `x_d = (z_d - b_d) / e^(s_d)` |
/// | inverse log-det | `-sum_d s_d` |
///
/// # Parameters
/// `log_scale[d] = s_d`, held to 88 (`f32`) or 709 (`f64`) in absolute value, and `shift[d] = b_d`. All zero, where
/// [`Init`](crate::Init) puts them, is the identity; [`ActNorm::fit`] takes them from data.
///
/// # Cost
/// `D` exponentials of scalars, whatever the lanes.
///
/// # Source
/// Kingma and Dhariwal (2018), Glow, 3.1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct ActNorm<T, const D: usize> {
    /// The logarithms of the scales.
    pub log_scale: [T; D],
    /// What is added after scaling, in units of `z`.
    pub shift: [T; D],
}

impl<T: Real, const D: usize> ActNorm<T, D> {
    /// `e^(s_d)`, in every lane.
    #[inline(always)]
    fn scale<V: Value<Scalar = T>>(&self, d: usize) -> V {
        V::splat(exp(held(self.log_scale[d])))
    }

    #[inline(always)]
    fn log_det(&self) -> T {
        let mut sum = T::ZEROS;
        for d in 0..D {
            sum += held(self.log_scale[d]);
        }
        sum
    }
}

crate::parameters! {
    impl[T: Real, const D: usize] Parameters<T> + Zeros + Init for ActNorm<T, D> {
        trainable log_scale: [T; D],
        trainable shift: [T; D],
    }
}

impl<T: Real, const D: usize, const C: usize> Bijector<T, D, C> for ActNorm<T, D> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        for d in 0..D {
            x[d] = within_floats(self.scale::<V>(d).mul_add(x[d], V::splat(self.shift[d])));
        }
        V::splat(self.log_det())
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        for d in 0..D {
            z[d] = within_floats((z[d] - V::splat(self.shift[d])) / self.scale(d));
        }
        V::splat(-self.log_det())
    }

    #[inline(always)]
    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], log_dets: &mut [V; D]) -> bool {
        self.forward_and_log_det(x, context);
        for d in 0..D {
            log_dets[d] += V::splat(held(self.log_scale[d]));
        }
        true
    }

    fn log_det_of_present(&self, x: &mut [Option<T>; D], _: &[T; C]) -> Option<T> {
        Some(map_present(x, |d, x| (within_floats(Value::mul_add(self.scale::<T>(d), x, self.shift[d])), held(self.log_scale[d]))))
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("act_norm"));
        visit(Part::Tensor("log_scale", &[D]));
        visit(Part::Tensor("shift", &[D]));
    }
}

impl<T: Real, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for ActNorm<T, D> {
    /// The forward map's input.
    type Tape<V: Value<Scalar = T>> = [V; D];

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut [V; D]) -> V {
        *tape = *x;
        self.forward_and_log_det(x, context)
    }

    /// `dz/dx = e^s`, `dz/ds = e^s x`, `dz/db = 1`; `dlog_det/ds = 1`.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        mut gradient: Option<&mut Self>,
    ) {
        for i in 0..D {
            let dz = d[i];
            d[i] = dz * self.scale(i);
            if let Some(gradient) = &mut gradient {
                gradient.shift[i] += dz.sum();
                gradient.log_scale[i] += d[i].mul_add(tape[i], d_log_det).sum();
            }
        }
    }

    /// `dx/dz = e^-s`, `dx/ds = -x`, `dx/db = -e^-s`; `dlog_det/ds = -1`.
    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        mut gradient: Option<&mut Self>,
    ) {
        for i in 0..D {
            let dx = d[i];
            d[i] = dx / self.scale(i);
            if let Some(gradient) = &mut gradient {
                gradient.log_scale[i] -= dx.mul_add(tape[i], d_log_det).sum();
                gradient.shift[i] -= d[i].sum();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ActNorm;
    use crate::check::{self, Limits, STRICT};
    use crate::number::Zeros;

    const POINTS: [[f64; 3]; 3] = [[0.3, -0.7, 2.0], [1e3, -1e3, 0.0], [-40.0, 0.0, 1.0]];

    #[test]
    fn obeys_the_laws() {
        let layer = ActNorm { log_scale: [0.7, -1.2, 0.1], shift: [3.0, 0.2, -0.4] };
        check::bijector(&layer, &POINTS, &Limits { order: check::Order::Exact, zeros: 0.0, round_trip: 1e-15, log_det: 0.0, ..STRICT })
            .unwrap();
        check::single_precision(&layer, &ActNorm::ZEROS, &POINTS, 1e-6).unwrap();
    }
}
