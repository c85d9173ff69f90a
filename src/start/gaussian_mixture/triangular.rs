//! Covariances as regressions of each dimension on those before.

use crate::linalg::symmetric_eigen;
use crate::number::{Value, Zeros};

use super::workspace::Component;

/// Coefficients beyond this, which only rounding makes, are refused: squares of their products stay within the floats.
const LARGEST: f64 = 1e80;

impl<const D: usize> Component<D> {
    /// Takes the covariance of largest likelihood for the scatter of the rows, given in the lower triangle, among those with no deviation below `least` in any direction.
    ///
    /// # Method
    /// In its principal axes, `log det S + tr(S^-1 C)` is least for the variances of `C`, and for `least^2` where they are below. So the axes are looked for only where one is below. The
    /// rest is `C = L D L^T`, `L` of unit diagonal: `I - L^-1` are the coefficients, `D` the conditional variances, none below `least^2`.
    pub fn set_covariance(&mut self, scatter: &[[f64; D]; D], least: f64) {
        let floor = least * least;
        let mut factors = *scatter;
        for d in 0..D {
            factors[d][d] -= floor;
        }
        let above = decompose(&mut factors, f64::MIN_POSITIVE);
        factors = if above { *scatter } else { raised(scatter, floor) };
        decompose(&mut factors, floor);
        for i in 0..D {
            for j in (0..i).rev() {
                let mut b = factors[i][j];
                for m in j + 1..i {
                    b -= factors[i][m] * self.coefficients[m][j];
                }
                self.coefficients[i][j] = b;
            }
            let mut variance = factors[i][i];
            if !(self.coefficients[i].iter().take(i).all(|b| b.abs() <= LARGEST)) {
                self.coefficients[i] = [0.0; D];
                variance = Value::max(scatter[i][i], floor);
            }
            self.rates[i] = 1.0 / Value::sqrt(variance);
        }
    }

    /// Takes a variance for each dimension, and no coefficients.
    pub fn set_variances(&mut self, variances: &[f64; D]) {
        self.coefficients = Zeros::ZEROS;
        self.rates = variances.map(|variance| 1.0 / Value::sqrt(variance));
    }

    /// The lower triangle of the covariance.
    pub fn covariance(&self) -> [[f64; D]; D] {
        let mut covariance: [[f64; D]; D] = Zeros::ZEROS;
        let mut factors = covariance;
        for i in 0..D {
            for j in 0..i {
                factors[i][j] = self.coefficients[i][j];
                for m in j + 1..i {
                    factors[i][j] += self.coefficients[i][m] * factors[m][j];
                }
            }
            factors[i][i] = 1.0;
            for j in 0..=i {
                for m in 0..=j {
                    covariance[i][j] += factors[i][m] * factors[j][m] / (self.rates[m] * self.rates[m]);
                }
            }
        }
        covariance
    }
}

/// `L D L^T` of a lower triangle in place: `L` below the diagonal, `D` on it, raised to `least`; whether none had to be.
fn decompose<const D: usize>(a: &mut [[f64; D]; D], least: f64) -> bool {
    let mut above = true;
    for i in 0..D {
        for j in 0..i {
            let mut sum = a[i][j];
            for m in 0..j {
                sum -= a[i][m] * a[m][m] * a[j][m];
            }
            a[i][j] = sum / a[j][j];
        }
        let mut pivot = a[i][i];
        for m in 0..i {
            pivot -= a[i][m] * a[i][m] * a[m][m];
        }
        if !(least < pivot) {
            (pivot, above) = (least, false);
        }
        a[i][i] = pivot;
    }
    above
}

/// The lower triangle, with variances below `floor` raised to it in the principal axes.
fn raised<const D: usize>(lower: &[[f64; D]; D], floor: f64) -> [[f64; D]; D] {
    let mut axes: [[f64; D]; D] = Zeros::ZEROS;
    for i in 0..D {
        for j in 0..=i {
            axes[j][i] = lower[i][j];
        }
    }
    let vectors = symmetric_eigen(&mut axes);
    let mut raised: [[f64; D]; D] = Zeros::ZEROS;
    for i in 0..D {
        for j in 0..=i {
            for o in 0..D {
                raised[i][j] += vectors[i][o] * vectors[j][o] * Value::max(axes[o][o], floor);
            }
        }
    }
    raised
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::Component;
    use crate::linalg::symmetric_eigen;
    use crate::math::standard_normal;

    /// The lower triangle of `sum_r x_r x_r^T`, of `rank` drawn vectors.
    fn scatter<const D: usize>(rank: usize, rng: &mut Pcg64) -> [[f64; D]; D] {
        let mut scatter = [[0.0; D]; D];
        for _ in 0..rank {
            let x: [f64; D] = core::array::from_fn(|_| standard_normal(rng));
            for i in 0..D {
                for j in 0..=i {
                    scatter[i][j] += x[i] * x[j];
                }
            }
        }
        scatter
    }

    #[test]
    fn a_covariance_comes_back() {
        let mut rng = Pcg64::new(1, 3);
        for _ in 0..20 {
            let scatter = scatter::<6>(12, &mut rng);
            let mut component = Component::ZEROS;
            component.set_covariance(&scatter, 1e-3);
            for (ours, exact) in component.covariance().as_flattened().iter().zip(scatter.as_flattened()) {
                assert!((ours - exact).abs() < 1e-12, "{ours} {exact}");
            }
        }
    }

    /// Singular ones, of points, lines and planes: eigenvalues at or above the floor are those of the scatter.
    #[test]
    fn no_deviation_is_below_the_least() {
        let mut rng = Pcg64::new(1, 4);
        for rank in 0..6 {
            let scatter = scatter::<6>(rank, &mut rng);
            let mut component = Component::ZEROS;
            component.set_covariance(&scatter, 0.1);
            assert!(component.rates.iter().all(|rate| *rate <= 10.0 * (1.0 + 1e-12)), "{component:?}");
            let transposed = |lower: &[[f64; 6]; 6]| core::array::from_fn(|i| core::array::from_fn(|j| lower[j.max(i)][i.min(j)]));
            let (mut ours, mut exact): ([[f64; 6]; 6], [[f64; 6]; 6]) = (transposed(&component.covariance()), transposed(&scatter));
            symmetric_eigen(&mut ours);
            symmetric_eigen(&mut exact);
            for d in 0..6 {
                assert!((ours[d][d] - exact[d][d].max(0.01)).abs() < 1e-11, "{rank}: {} {}", ours[d][d], exact[d][d]);
            }
        }
    }

    /// Whatever rounding leaves of a scatter of any size, the result is finite and no rate is above the largest.
    #[test]
    fn any_scatter() {
        let mut rng = Pcg64::new(1, 5);
        for round in 0..200 {
            let mut scatter = scatter::<5>(round % 7, &mut rng);
            let sizes: [f64; 5] = core::array::from_fn(|_| libm::exp10(25.0 * standard_normal::<f64, _>(&mut rng)).clamp(1e-50, 1e50));
            for i in 0..5 {
                for j in 0..=i {
                    scatter[i][j] *= sizes[i] * sizes[j] * if i == j { 1.0 } else { 1.0 + 1e-9 * standard_normal::<f64, _>(&mut rng) };
                }
            }
            let mut component = Component::ZEROS;
            component.set_covariance(&scatter, 1e-6);
            assert!(component.rates.iter().all(|rate| 0.0 < *rate && *rate <= 1e6 * (1.0 + 1e-12)), "{scatter:?} {component:?}");
            assert!(component.coefficients.iter().flatten().all(|b| b.is_finite()), "{scatter:?} {component:?}");
        }
    }
}
