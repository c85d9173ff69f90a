//! Scale and shift of each dimension.

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::math::{exp, ln};
use crate::number::Real;
use crate::number::Value;
use crate::parameters::Part;
use crate::start::{DataError, check_rows, moments};
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
/// `log_scale[d] = s_d`, held to 40 (`f32`) or 300 (`f64`) in absolute value, and `shift[d] = b_d`. All zero, where [`Init`] puts them, is the identity; [`ActNorm::fit`]
/// takes them from data.
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
    /// Sets scale and shift so that `samples` come out with mean 0 and standard deviation 1 in each dimension; one without spread keeps scale 1.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Sample`].
    pub fn fit(&mut self, samples: &[[T; D]]) -> Result<(), DataError> {
        check_rows(samples)?;
        for d in 0..D {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            let log_scale = if 0.0 < deviation { -ln(deviation) } else { 0.0 };
            self.log_scale[d] = held(T::from_f64(log_scale));
            self.shift[d] = T::from_f64(-mean * exp(self.log_scale[d].as_()));
        }
        Ok(())
    }

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
            x[d] = self.scale::<V>(d).mul_add(x[d], V::splat(self.shift[d]));
        }
        V::splat(self.log_det())
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        for d in 0..D {
            z[d] = (z[d] - V::splat(self.shift[d])) / self.scale(d);
        }
        V::splat(-self.log_det())
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
    use crate::bijector::Bijector;
    use crate::check::{self, Limits, STRICT};
    use crate::number::Zeros;
    use crate::start::{DataError, moments};

    const POINTS: [[f64; 3]; 3] = [[0.3, -0.7, 2.0], [1e3, -1e3, 0.0], [-40.0, 0.0, 1.0]];

    #[test]
    fn obeys_the_laws() {
        let layer = ActNorm { log_scale: [0.7, -1.2, 0.1], shift: [3.0, 0.2, -0.4] };
        check::bijector(&layer, &POINTS, &Limits { order: check::Order::Exact, zeros: 0.0, round_trip: 1e-15, log_det: 0.0, ..STRICT })
            .unwrap();
        check::single_precision(&layer, &ActNorm::ZEROS, &POINTS, 1e-6).unwrap();
    }

    #[test]
    fn fit_standardises() {
        let mut samples = [[1e5, 7.0, -3.0], [1.2e5, 7.0, 1.0], [0.8e5, 7.0, 5.0], [1.1e5, 7.0, 5.0]];
        let mut layer = ActNorm::ZEROS;
        layer.fit(&samples).unwrap();
        for row in &mut samples {
            Bijector::<f64, 3>::forward_and_log_det(&layer, row, &[]);
        }
        for d in [0, 2] {
            let (mean, deviation) = moments(samples.iter().map(|row| row[d]));
            assert!(mean.abs() < 1e-14 && (deviation - 1.0).abs() < 1e-14);
        }
        assert_eq!((layer.log_scale[1], layer.shift[1]), (0.0, -7.0));
    }

    #[test]
    fn degenerate_data() {
        let mut layer = ActNorm::<f32, 1>::ZEROS;
        assert_eq!(layer.fit(&[]), Err(DataError::Empty));
        assert_eq!(layer.fit(&[[0.0], [f32::NAN]]), Err(DataError::Sample(1)));
        for samples in [[[f32::MAX], [-f32::MAX]], [[1e-45], [0.0]], [[f32::MAX]; 2]] {
            layer.fit(&samples).unwrap();
            let mut x = samples[0];
            let log_det = Bijector::<f32, 1>::forward_and_log_det(&layer, &mut x, &[]);
            assert!(x[0].is_finite() && log_det.is_finite());
        }
    }
}
