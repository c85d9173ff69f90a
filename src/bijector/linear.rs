//! Trainable linear maps.

use crate::bijector::{Bijector, DifferentiableBijector};
use crate::linalg::within_floats;
use crate::math::exp;
use crate::number::{Real, Value};
use crate::parameters::Part;
use crate::univariate::held;

/// `z = L U x + b`, with a unit lower triangular `L` and an upper triangular `U` whose diagonal is positive.
///
/// | | |
/// |---|---|
/// | forward | `u = U x`, `z = L u + b` |
/// | log-det | `sum_i log U_ii` |
/// | inverse | `L u = z - b` from the top, `U x = u` from the bottom |
/// | inverse log-det | `-sum_i log U_ii` |
///
/// With a [`Permutation`](crate::Permutation) before it, this is any invertible matrix up to the signs of `z`'s dimensions, which mean nothing to a density.
///
/// # Parameters
/// `factors[i][j]` is `L_ij` below the diagonal and `U_ij` above it; `factors[i][i] = log U_ii`, held to 88 (`f32`) or 709 (`f64`) in absolute value. All zero, where
/// [`Init`](crate::Init) puts them, is the identity.
///
/// # Accuracy
/// Round trips are as exact as the factors are well conditioned: large entries beside small diagonals magnify rounding.
///
/// # Cost
/// `D^2` multiplications and `D` exponentials of scalars, in either direction.
///
/// # Source
/// Kingma and Dhariwal (2018), Glow, eq. 10.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[repr(C)]
pub struct Linear<T, const D: usize> {
    /// `L` below, `U` above and the logarithms of `U`'s diagonal on the diagonal.
    pub factors: [[T; D]; D],
    /// What is added, in units of `z`.
    pub bias: [T; D],
}

impl<T: Real, const D: usize> Linear<T, D> {
    #[inline(always)]
    fn entry<V: Value<Scalar = T>>(&self, i: usize, j: usize) -> V {
        V::splat(self.factors[i][j])
    }

    /// `U_ii`, in every lane.
    #[inline(always)]
    fn diagonal<V: Value<Scalar = T>>(&self, i: usize) -> V {
        V::splat(exp(held(self.factors[i][i])))
    }

    #[inline(always)]
    fn log_det(&self) -> T {
        let mut sum = T::ZEROS;
        for i in 0..D {
            sum += held(self.factors[i][i]);
        }
        sum
    }

    /// `U x`.
    #[inline(always)]
    fn upper<V: Value<Scalar = T>>(&self, x: &mut [V; D]) {
        for i in 0..D {
            let mut sum = self.diagonal::<V>(i) * x[i];
            for j in i + 1..D {
                sum = self.entry::<V>(i, j).mul_add(x[j], sum);
            }
            x[i] = sum;
        }
    }

    /// Adds the outer products of the way back: `v` is the cotangent of `z`, `w = L^T v` that of `u = U x`.
    #[inline(always)]
    fn add_products<V: Value<Scalar = T>>(&self, gradient: &mut Self, v: &[V; D], w: &[V; D], x: &[V; D], d_log_det: V) {
        let mut u = *x;
        self.upper(&mut u);
        for i in 0..D {
            for j in 0..i {
                gradient.factors[i][j] += (v[i] * u[j]).sum();
            }
            gradient.factors[i][i] += (w[i] * self.diagonal(i)).mul_add(x[i], d_log_det).sum();
            for j in i + 1..D {
                gradient.factors[i][j] += (w[i] * x[j]).sum();
            }
            gradient.bias[i] += v[i].sum();
        }
    }
}

crate::parameters! {
    impl[T: Real, const D: usize] Parameters<T> + Zeros + Init for Linear<T, D> {
        trainable factors: [[T; D]; D],
        trainable bias: [T; D],
    }
}

impl<T: Real, const D: usize, const C: usize> Bijector<T, D, C> for Linear<T, D> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        self.upper(x);
        for i in (0..D).rev() {
            let mut sum = x[i] + V::splat(self.bias[i]);
            for j in 0..i {
                sum = self.entry::<V>(i, j).mul_add(x[j], sum);
            }
            x[i] = within_floats(sum);
        }
        V::splat(self.log_det())
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        for i in 0..D {
            let mut rest = z[i] - V::splat(self.bias[i]);
            for j in 0..i {
                rest = self.entry::<V>(i, j).mul_add(-z[j], rest);
            }
            z[i] = rest;
        }
        for i in (0..D).rev() {
            let mut rest = z[i];
            for j in i + 1..D {
                rest = self.entry::<V>(i, j).mul_add(-z[j], rest);
            }
            z[i] = within_floats(rest / self.diagonal(i));
        }
        V::splat(-self.log_det())
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("linear"));
        visit(Part::Tensor("factors", &[D, D]));
        visit(Part::Tensor("bias", &[D]));
    }
}

impl<T: Real, const D: usize, const C: usize> DifferentiableBijector<T, D, C> for Linear<T, D> {
    /// The forward map's input.
    type Tape<V: Value<Scalar = T>> = [V; D];

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], context: &[V; C], tape: &mut [V; D]) -> V {
        *tape = *x;
        self.forward_and_log_det(x, context)
    }

    /// With `v` the cotangent of `z`: `w = L^T v` and `dx = U^T w`; `dL = v u^T`, `dU = w x^T`, `db = v`.
    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        let v = *d;
        for j in 0..D {
            for i in j + 1..D {
                d[j] = self.entry::<V>(i, j).mul_add(d[i], d[j]);
            }
        }
        if let Some(gradient) = gradient {
            self.add_products(gradient, &v, d, tape, d_log_det);
        }
        for j in (0..D).rev() {
            d[j] = self.diagonal::<V>(j) * d[j];
            for i in 0..j {
                d[j] = self.entry::<V>(i, j).mul_add(d[i], d[j]);
            }
        }
    }

    /// With `g` the cotangent of `x`: `U^T w = g` and `L^T v = w` give `dz = v`; `dL = -v u^T`, `dU = -w x^T`, `db = -v`.
    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &[V; D],
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        for j in 0..D {
            for i in 0..j {
                d[j] = self.entry::<V>(i, j).mul_add(-d[i], d[j]);
            }
            d[j] = d[j] / self.diagonal(j);
        }
        let w = d.map(|d| -d);
        for j in (0..D).rev() {
            for i in j + 1..D {
                d[j] = self.entry::<V>(i, j).mul_add(-d[i], d[j]);
            }
        }
        if let Some(gradient) = gradient {
            self.add_products(gradient, &d.map(|d| -d), &w, tape, -d_log_det);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::Linear;
    use crate::bijector::Bijector;
    use crate::check::{self, Limits, STRICT};
    use crate::number::Zeros;

    const POINTS: [[f64; 4]; 3] = [[0.3, -0.7, 2.0, 0.1], [1e3, -1e3, 0.0, 50.0], [-40.0, 0.0, 1.0, -3.0]];

    #[test]
    fn obeys_the_laws() {
        let mut layer = Linear::<f64, 4>::ZEROS;
        check::perturb(&mut layer, 0.5, &mut Pcg64::new(11, 12));
        check::bijector(&layer, &POINTS, &Limits { zeros: 0.0, round_trip: 1e-15, log_det: 0.0, ..STRICT }).unwrap();
        check::single_precision(&layer, &Linear::ZEROS, &POINTS, 5e-6).unwrap();
    }

    #[test]
    fn starts_as_the_identity() {
        let mut x = [1.0, 2.0, 3.0];
        let log_det = Bijector::<f64, 3>::forward_and_log_det(&Linear::ZEROS, &mut x, &[]);
        assert_eq!((x, log_det), ([1.0, 2.0, 3.0], 0.0));
    }

    /// `L U` by hand: `[[1, 0], [3, 1]] [[2, 5], [0, 1/2]] = [[2, 5], [6, 15.5]]`.
    #[test]
    fn factors() {
        let ln_2 = core::f64::consts::LN_2;
        let layer = Linear { factors: [[ln_2, 5.0], [3.0, -ln_2]], bias: [10.0, 20.0] };
        let mut x = [1.0, 1.0];
        let log_det = Bijector::<f64, 2>::forward_and_log_det(&layer, &mut x, &[]);
        assert_eq!((x, log_det), ([17.0, 41.5], 0.0));
    }
}
