//! The Gaussian mixture of `D` dimensions as a triangular map.

mod covariances;
mod density;
mod gradient;
mod missing;
mod seen;

pub use covariances::CovarianceError;

use rand_core::Rng;

use crate::bijector::Bijector;
use crate::bijector::coupling::{map_each, map_each_apart};
use crate::number::{Flat, Real, Value, Zeros};
use crate::parameters::{Init, Parameters, Part, Role};
use seen::Seen;

/// The mixture of `K` Gaussians in `D` dimensions, as the map that carries it to the standard normal (its Knothe-Rosenblatt map).
///
/// Component `k` is `x_i ~ N(m_ik, exp(l_ik)^2)` with `m_ik = a_ik + sum_{j < i} b_ijk x_j`: every parameter is free, and every covariance has such a form.
///
/// | | |
/// |---|---|
/// | forward | `z_i = Phi^-1(sum_k r_ik Phi((x_i - m_ik) / s_ik))`, with `r_ik` the probability of component `k` given `x_1 .. x_i-1` |
/// | log-det | `sum_i log dz_i/dx_i`: the Jacobian is triangular |
/// | inverse | dimension by dimension, each by the root search of [`Mixture`](crate::Mixture) |
/// | inverse log-det | minus the log-det at `x`, to the bit |
///
/// So [`Flow::log_prob`](crate::Flow::log_prob) of this part alone is the mixture's log-density. [`GaussianMixture::log_prob`] is that too, and of leading dimensions;
/// [`GaussianMixture::conditional`] is the mixture of one dimension given those before.
///
/// # Parameters
/// `logits` are those of the weights; row `i` of the others belongs to dimension `i`. Of `coefficients[i]` the first `i` rows are used; the rest is neither trained nor written.
/// [`Init`](crate::Init) draws means uniform on `(-3, 3)`, with equal weights and unit scales, for data that is standardised.
///
/// # Domain
/// That of [`Mixture`](crate::Mixture) in each dimension: values beyond it are held to its border.
///
/// # Accuracy
/// Means, distances and likelihoods are sums in two parts, so that neither a mean that cancels `x` nor components far out lose digits; the bounds stand in `docs/numerics.md`.
///
/// # Cost
/// A mixture of one dimension for each of `D`, and for the means `5 K D^2` additions and multiplications, twice that without fused ones; nothing is kept between
/// calls.
///
/// ```
/// use gaussflow::{Flow, GaussianMixture, Zeros};
///
/// // Two clusters that differ in the first number, on which the second one depends.
/// let mut mixture = GaussianMixture::<f64, 2, 2>::ZEROS;
/// mixture.offsets[0] = [-4.0, 4.0];
/// mixture.coefficients[1][0] = [1.0, -1.0];
/// let flow = Flow::<f64, _, 2>::new(mixture);
/// let x = [-3.0, -2.5];
/// assert!((flow.log_prob(&x) - flow.bijector.log_prob(&x)).abs() < 1e-15);
/// ```
///
/// # Source
/// Rosenblatt, Remarks on a multivariate transformation, Ann. Math. Statist. 23, 1952.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct GaussianMixture<T, const D: usize, const K: usize> {
    /// Logits of the components' weights.
    pub logits: [T; K],
    /// `a_ik`, at `[i][k]`.
    pub offsets: [[T; K]; D],
    /// `b_ijk`, at `[i][j][k]` for `j < i`.
    pub coefficients: [[[T; K]; D]; D],
    /// `l_ik`, at `[i][k]`: logarithms of the conditional standard deviations.
    pub log_scales: [[T; K]; D],
}

impl<T: Real, const D: usize, const K: usize> Zeros for GaussianMixture<T, D, K> {
    const ZEROS: Self =
        GaussianMixture { logits: Zeros::ZEROS, offsets: Zeros::ZEROS, coefficients: Zeros::ZEROS, log_scales: Zeros::ZEROS };
}

impl<T: Real, const D: usize, const K: usize> Parameters<T> for GaussianMixture<T, D, K> {
    const COUNT: usize = K * (1 + 2 * D + D * D.saturating_sub(1) / 2);
    const FIXED: usize = 0;
    const SLICES: usize = 3 + D;

    fn slice(&self, index: usize) -> (Role, &[T]) {
        match index {
            0 => (Role::Trainable, &self.logits),
            1 => (Role::Trainable, self.offsets.flat()),
            2 => (Role::Trainable, self.log_scales.flat()),
            _ => match self.coefficients.get(index - 3) {
                Some(row) => (Role::Trainable, row[..index - 3].as_flattened()),
                None => (Role::Fixed, &[]),
            },
        }
    }

    fn slice_mut(&mut self, index: usize) -> (Role, &mut [T]) {
        match index {
            0 => (Role::Trainable, &mut self.logits),
            1 => (Role::Trainable, self.offsets.flat_mut()),
            2 => (Role::Trainable, self.log_scales.flat_mut()),
            _ => match self.coefficients.get_mut(index - 3) {
                Some(row) => (Role::Trainable, row[..index - 3].as_flattened_mut()),
                None => (Role::Fixed, &mut []),
            },
        }
    }
}

/// Means uniform on `(-3, 3)`, equal weights, unit scales, no dimension depends on another: for data that is standardised.
impl<T: Real, const D: usize, const K: usize> Init<T> for GaussianMixture<T, D, K> {
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.set_all(T::ZEROS);
        for offset in self.offsets.flat_mut() {
            *offset = T::from_f64(6.0) * T::uniform(rng) - T::from_f64(3.0);
        }
    }
}

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// Dimension `i` at `x`, given those before in `from`; sees it.
    #[inline(always)]
    fn forward_next<V: Value<Scalar = T>>(&self, i: usize, from: &[V; D], seen: &mut Seen<V, K>, x: V) -> (V, V) {
        let next = self.components(i, from);
        let (z, log_det) = seen.mixture_from(&next, x).forward_and_log_det(V::ZEROS);
        seen.see(&next, x);
        (z.or_nan_of(x), log_det)
    }
}

impl<T: Real, const D: usize, const K: usize, const C: usize> Bijector<T, D, C> for GaussianMixture<T, D, K> {
    #[inline(always)]
    fn forward_and_log_det<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C]) -> V {
        let (from, mut seen) = (*x, Seen::nothing(&self.logits));
        map_each(
            x,
            #[inline(always)]
            |i, x| {
                V::outline(
                    #[inline(always)]
                    || self.forward_next(i, &from, &mut seen, x),
                )
            },
        )
    }

    #[inline(always)]
    fn inverse_and_log_det<V: Value<Scalar = T>>(&self, z: &mut [V; D], _: &[V; C]) -> V {
        let (mut found, mut seen) = ([V::ZEROS; D], Seen::nothing(&self.logits));
        map_each(
            z,
            #[inline(always)]
            |i, z| {
                V::outline(
                    #[inline(always)]
                    || {
                        let next = self.components(i, &found);
                        let (x, _) = seen.mixture(&next).inverse_and_log_det(z);
                        // Of the map itself: the mixture's means are rounded.
                        let (_, log_det) = seen.mixture_from(&next, x).forward_and_log_det(V::ZEROS);
                        seen.see(&next, x);
                        found[i] = x;
                        (x, -log_det)
                    },
                )
            },
        )
    }

    fn forward_and_log_dets<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C], log_dets: &mut [V; D]) -> bool {
        let (from, mut seen) = (*x, Seen::nothing(&self.logits));
        map_each_apart(x, log_dets, |i, x| self.forward_next(i, &from, &mut seen, x));
        true
    }

    fn log_det_of_present(&self, x: &mut [Option<T>; D], _: &[T; C]) -> Option<T> {
        let log_prob = self.log_prob_of_present(x);
        *x = [None; D];
        Some(log_prob)
    }

    fn describe(visit: &mut impl FnMut(Part)) {
        visit(Part::Kind("gaussian_mixture"));
        visit(Part::Tensor("logits", &[K]));
        visit(Part::Tensor("offsets", &[D, K]));
        visit(Part::Tensor("log_scales", &[D, K]));
        visit(Part::Tensor("coefficients", &[D * D.saturating_sub(1) / 2, K]));
    }
}

#[cfg(test)]
mod tests {
    use rand_pcg::Pcg64;

    use super::GaussianMixture;
    use crate::check::{self, Limits, STRICT};
    use crate::number::Zeros;
    use crate::parameters::Init;

    type Mixture<T> = GaussianMixture<T, 2, 3>;

    fn drawn() -> Mixture<f64> {
        let mut mixture = Mixture::ZEROS;
        mixture.init(&mut Pcg64::new(1, 2));
        check::perturb(&mut mixture, 0.4, &mut Pcg64::new(11, 12));
        mixture
    }

    #[test]
    fn obeys_the_laws() {
        // As `Marginal`: the inverse leaves a residual, which the slope divides; in tails the two dimensions magnify each other's.
        let limits = Limits { order: check::Order::Exact, round_trip: 3e-15, log_det: 3e-15, ..STRICT };
        check::bijector(&drawn(), &[[0.3, -0.7], [2.5, 1.1], [-4.0, 0.0], [-1.2, 3.3]], &limits).unwrap();
        check::bijector(&drawn(), &[[14.0, -17.0], [-25.0, 12.0], [30.0, 40.0], [-30.0, -40.0]], &limits).unwrap();
    }

    #[test]
    fn lanes_and_single_precision() {
        check::single_precision(&drawn(), &Mixture::<f32>::ZEROS, &[[0.3, -0.7], [2.5, 1.1], [-14.0, 9.0]], 2e-5).unwrap();
    }

    /// Products beyond the floats are the largest mean, and nothing is NaN.
    #[test]
    fn extremes_stay_finite() {
        let wild = [0.0f32, -1.0, 3e38, -3e38, 1e-40];
        for a in wild {
            for b in wild {
                for c in wild {
                    let mixture =
                        GaussianMixture { logits: [a, b], offsets: [[b, c]; 3], coefficients: [[[c, a]; 3]; 3], log_scales: [[a, c]; 3] };
                    for x in [[a, b, c], [c, c, a], [b, a, a]] {
                        let mut z = x;
                        let log_det = crate::Bijector::<f32, 3>::forward_and_log_det(&mixture, &mut z, &[]);
                        let sound = |x: [f32; 3], log_det: f32| x.iter().all(|x| x.is_finite()) && log_det.is_finite();
                        assert!(sound(z, log_det), "{mixture:?} at {x:?}: {z:?}, {log_det}");
                        assert!(mixture.log_prob(&x).is_finite(), "{mixture:?} at {x:?}");
                        let mut back = x;
                        let log_det = crate::Bijector::<f32, 3>::inverse_and_log_det(&mixture, &mut back, &[]);
                        assert!(sound(back, log_det), "{mixture:?} from {x:?}: {back:?}, {log_det}");
                    }
                }
            }
        }
    }
}
