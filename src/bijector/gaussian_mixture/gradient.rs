//! The way back through a Gaussian mixture, in both directions.

use super::GaussianMixture;
use super::seen::Seen;
use crate::bijector::DifferentiableBijector;
use crate::bijector::coupling::map_each;
use crate::math::exp;
use crate::mixture::Mixture;
use crate::number::{Real, Value, Zeros};

/// One dimension at the input of the forward map: its mixture there.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub struct DimensionTape<V, const K: usize> {
    /// `(x_i - m_ik) / s_ik`.
    t: [V; K],
    inverse_scales: [V; K],
    /// Each component's part of the weights before the dimension, of its density, and of its smaller tail.
    weights: [V; K],
    responsibilities: [V; K],
    shares: [V; K],
    z: V,
    log_det: V,
    /// `s M(|z|)`, with `s` +1 where the upper tail is the smaller one, else -1.
    mills: V,
}

impl<V: Zeros, const K: usize> Zeros for DimensionTape<V, K> {
    const ZEROS: Self = DimensionTape {
        t: Zeros::ZEROS,
        inverse_scales: Zeros::ZEROS,
        weights: Zeros::ZEROS,
        responsibilities: Zeros::ZEROS,
        shares: Zeros::ZEROS,
        z: V::ZEROS,
        log_det: V::ZEROS,
        mills: V::ZEROS,
    };
}

impl<V: Value, const K: usize> DimensionTape<V, K> {
    /// That of the mixture seen from the input, which is at 0.
    #[inline(always)]
    fn of(mixture: Mixture<V, K>) -> Self {
        let point = mixture.at(V::ZEROS);
        let log_det = point.log_det();
        let (mut weights, total, inverse_scales) = mixture.into_weights_and_scales();
        let (mut responsibilities, mut shares) = (point.density, point.tail);
        let (of_density, of_tail) = (V::ONE / point.total_density, V::ONE / point.total_tail);
        for k in 0..K {
            weights[k] = weights[k] / total;
            responsibilities[k] = responsibilities[k] * inverse_scales[k] * of_density;
            shares[k] = shares[k] * of_tail;
        }
        DimensionTape {
            t: point.t,
            inverse_scales,
            weights,
            responsibilities,
            shares,
            z: point.z,
            log_det,
            mills: point.side * point.mills,
        }
    }
}

impl<T: Real, const D: usize, const K: usize, const C: usize> DifferentiableBijector<T, D, C> for GaussianMixture<T, D, K> {
    /// The forward map's input, and what each dimension was there.
    type Tape<V: Value<Scalar = T>> = ([V; D], [DimensionTape<V, K>; D]);

    #[inline(always)]
    fn forward_tape<V: Value<Scalar = T>>(&self, x: &mut [V; D], _: &[V; C], (input, tapes): &mut Self::Tape<V>) -> V {
        *input = *x;
        let mut seen = Seen::nothing(&self.logits);
        map_each(
            x,
            #[inline(always)]
            |i, x| {
                V::outline(
                    #[inline(always)]
                    || {
                        let next = self.components(i, &*input);
                        tapes[i] = DimensionTape::of(seen.mixture_from(&next, x));
                        seen.see(&next, x);
                        (tapes[i].z.or_nan_of(x), tapes[i].log_det)
                    },
                )
            },
        )
    }

    #[inline(always)]
    fn backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.pull_back(
            tape,
            d,
            d_log_det,
            gradient,
            #[inline(always)]
            |dimension, dz, rest| {
                let dz = d_log_det.mul_add(dimension.z, dz);
                (dz, dz.mul_add(exp(dimension.log_det), rest))
            },
        );
    }

    /// With the cotangent `g` of `x_i`, all that depends on it included, that of `z_i` is `g / e_i`; minus it then goes back through the forward map ([`backward`](Self::backward)).
    #[inline(always)]
    fn inverse_backward<V: Value<Scalar = T>>(
        &self,
        tape: &Self::Tape<V>,
        _: &[V; C],
        d: &mut [V; D],
        d_log_det: V,
        _: &mut [V; C],
        gradient: Option<&mut Self>,
    ) {
        self.pull_back(
            tape,
            d,
            -d_log_det,
            gradient,
            #[inline(always)]
            |dimension, dx, rest| {
                let dz = (dx + rest) * exp(-dimension.log_det);
                (-dz, dz - d_log_det * dimension.z)
            },
        );
    }
}

impl<T: Real, const D: usize, const K: usize> GaussianMixture<T, D, K> {
    /// Either way back, from the last dimension to the first; `d_log_det` is the cotangent of the forward map's log-det.
    ///
    /// With `L_ik` the logarithm of component `k`'s likelihood before dimension `i`, and the names of [`MixtureCdf`](crate::MixtureCdf)'s way back, `l + t^2/2` is in `-log f` with the
    /// factor `r_k`, and in `-L_jk` of all later dimensions. Their cotangents add up to `b_k = d_log_det r_k + G_k`, where `G_k` is that of `L_i+1,k`:
    ///
    /// | | cotangent |
    /// |---|---|
    /// | `x_i` | `dz e - sum_k b_k t_k / s_k` |
    /// | `m_ik` | `b_k t_k / s_k - dz r_k e` |
    /// | `l_ik` | `b_k (t_k^2 - 1) - dz r_k s_k t_k e` |
    /// | `L_ik` | `G_k + dz s M(\|z\|) (w_k - rho_k) + d_log_det (r_k - w_k)` |
    ///
    /// with `dz` that of `z_i`, `d_log_det z_i` included. `turn` is given what came down for the dimension and what else its `x` has, and returns `dz` and what goes on.
    #[inline(always)]
    fn pull_back<V: Value<Scalar = T>>(
        &self,
        (x, dimensions): &([V; D], [DimensionTape<V, K>; D]),
        d: &mut [V; D],
        d_log_det: V,
        mut gradient: Option<&mut Self>,
        turn: impl Fn(&DimensionTape<V, K>, V, V) -> (V, V),
    ) {
        let (mut through, mut d_seen) = ([V::ZEROS; D], [V::ZEROS; K]);
        for i in (0..D).rev() {
            let mut d_means = [V::ZEROS; K];
            V::outline(
                #[inline(always)]
                || {
                    let at = &dimensions[i];
                    let (mut both, mut pull) = ([V::ZEROS; K], V::ZEROS);
                    for k in 0..K {
                        both[k] = d_log_det.mul_add(at.responsibilities[k], d_seen[k]);
                        d_means[k] = both[k] * (at.t[k] * at.inverse_scales[k]);
                        pull += d_means[k];
                    }
                    let dz;
                    (dz, d[i]) = turn(at, d[i], through[i] - pull);
                    let (per_x, per_log) = (dz * exp(at.log_det), dz * at.mills);
                    for k in 0..K {
                        let (t, r, w) = (at.t[k], at.responsibilities[k], at.weights[k]);
                        d_means[k] -= r * per_x;
                        if let Some(gradient) = &mut gradient {
                            let d_log_scale = both[k] * (t * t - V::ONE) - r / at.inverse_scales[k] * (t * per_x);
                            gradient.log_scales[i][k] += d_log_scale.sum();
                        }
                        d_seen[k] += per_log * (w - at.shares[k]) + d_log_det * (r - w);
                    }
                },
            );
            V::add_transposed(&d_means, self.coefficients[i][..i].as_flattened(), &mut through[..i]);
            if let Some(gradient) = &mut gradient {
                V::add_outer(&x[..i], &d_means, gradient.coefficients[i][..i].as_flattened_mut(), &mut gradient.offsets[i]);
            }
        }
        if let Some(gradient) = gradient {
            for k in 0..K {
                gradient.logits[k] += d_seen[k].sum();
            }
        }
    }
}
