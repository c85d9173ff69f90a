//! A mixture of Gaussians with covariances of their own, fitted by expectation-maximisation: what a flow is compared with.

use gaussflow::Real;
use rand_pcg::Pcg64;

/// The most components.
pub const MOST: usize = 16;
/// Points a component needs: it has six numbers to find.
const POINTS: usize = 20;
const ROUNDS: usize = 200;
/// A fit is over when a round gains less than this, in nats a point: far below what is shown.
const GAIN: f64 = 1e-5;
/// Of the data's own variance, added to each component's: one that sits on a single point would have an infinite density.
const FLOOR: f64 = 1e-6;

#[derive(Clone, Copy)]
struct Component {
    log_weight: f64,
    mean: [f64; 2],
    /// `xx, xy, yy`.
    covariance: [f64; 3],
}

impl Component {
    /// `log w N(x; m, S)`.
    fn log_density(&self, x: &[f64; 2]) -> f64 {
        let [xx, xy, yy] = self.covariance;
        let [a, b] = [x[0] - self.mean[0], x[1] - self.mean[1]];
        let determinant = xx * yy - xy * xy;
        let squared = (yy * a * a - 2.0 * xy * a * b + xx * b * b) / determinant;
        self.log_weight - 0.5 * (squared + determinant.ln()) - std::f64::consts::TAU.ln()
    }

    /// Of the weighted points.
    fn fitted<'a>(points: impl Iterator<Item = (f64, &'a [f64; 2])> + Clone, all: f64, floor: [f64; 2]) -> Component {
        let weight = points.clone().map(|(w, _)| w).sum::<f64>().max(f64::MIN_POSITIVE);
        let mean = [0, 1].map(|d| points.clone().map(|(w, x)| w * x[d]).sum::<f64>() / weight);
        let moment = |i: usize, j: usize| points.clone().map(|(w, x)| w * (x[i] - mean[i]) * (x[j] - mean[j])).sum::<f64>() / weight;
        Component { log_weight: (weight / all).ln(), mean, covariance: [moment(0, 0) + floor[0], moment(0, 1), moment(1, 1) + floor[1]] }
    }
}

/// A fitted mixture.
pub struct Gaussians(Vec<Component>);

impl Gaussians {
    /// As many components as the points allow, [`MOST`] at most; none for too few points, or for points on an axis-parallel line.
    pub fn fit(points: &[[f32; 2]], seed: u64) -> Option<Self> {
        let points: Vec<[f64; 2]> = points.iter().map(|x| x.map(f64::from)).collect();
        let count = (points.len() / POINTS).min(MOST);
        let all = points.len() as f64;
        let whole = Component::fitted(points.iter().map(|x| (1.0, x)), all, [0.0; 2]);
        let [xx, _, yy] = whole.covariance;
        if count == 0 || !(xx > 0.0 && yy > 0.0) {
            return None;
        }
        let floor = [FLOOR * xx, FLOOR * yy];
        let mut mixture = Gaussians(start(&points, count, [xx, yy], &mut Pcg64::new(seed.into(), 0x656d)));
        let (mut shares, mut before) = (vec![0.0; count * points.len()], f64::NEG_INFINITY);
        for _ in 0..ROUNDS {
            let mut sum = 0.0;
            for (x, shares) in points.iter().zip(shares.chunks_exact_mut(count)) {
                let log_density = mixture.log_density(x);
                sum += log_density;
                for (share, component) in shares.iter_mut().zip(&mixture.0) {
                    *share = (component.log_density(x) - log_density).exp();
                }
            }
            if !(sum / all > before + GAIN) {
                break;
            }
            before = sum / all;
            for (k, component) in mixture.0.iter_mut().enumerate() {
                *component = Component::fitted(shares.iter().skip(k).step_by(count).copied().zip(&points), all, floor);
            }
        }
        Some(mixture)
    }

    fn log_density(&self, x: &[f64; 2]) -> f64 {
        let most = self.0.iter().map(|component| component.log_density(x)).fold(f64::NEG_INFINITY, f64::max);
        most + self.0.iter().map(|component| (component.log_density(x) - most).exp()).sum::<f64>().ln()
    }

    pub fn components(&self) -> usize {
        self.0.len()
    }

    /// The mean of `-log p`, in nats.
    pub fn mean_nll(&self, points: &[[f32; 2]]) -> f64 {
        -points.iter().map(|x| self.log_density(&x.map(f64::from))).sum::<f64>() / points.len() as f64
    }
}

/// Round components at points that are far from each other: each is drawn by the square of its distance from those before (Arthur and Vassilvitskii 2007).
fn start(points: &[[f64; 2]], count: usize, variance: [f64; 2], rng: &mut Pcg64) -> Vec<Component> {
    let mut distances = vec![1.0; points.len()];
    let mut components: Vec<Component> = Vec::new();
    for _ in 0..count {
        let mut left = distances.iter().sum::<f64>() * <f64 as Real>::uniform(rng);
        let chosen = distances.iter().position(|d| {
            left -= d;
            left < 0.0
        });
        let mean = points[chosen.unwrap_or(0)];
        let covariance = [variance[0] / count as f64, 0.0, variance[1] / count as f64];
        components.push(Component { log_weight: -(count as f64).ln(), mean, covariance });
        for (x, distance) in points.iter().zip(&mut distances) {
            let here = (0..2).map(|d| (x[d] - mean[d]).powi(2) / variance[d]).sum::<f64>();
            *distance = if components.len() == 1 { here } else { distance.min(here) };
        }
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DENSITIES;

    /// Against a density that is a mixture, and one that is not: its truth is 0.289, one Gaussian has 1.88.
    #[test]
    fn fits_what_it_can() {
        let nll = |density: usize| {
            let mixture = Gaussians::fit(&DENSITIES[density].draw(2000, 1), 1).unwrap();
            assert_eq!(mixture.components(), MOST);
            let held = DENSITIES[density].draw(2000, 2);
            mixture.mean_nll(&held) - DENSITIES[density].mean_nll(&held)
        };
        let (eight, moons) = (nll(2), nll(0));
        assert!(0.0 < eight && eight < 0.05, "{eight}");
        assert!(0.0 < moons && moons < 0.06, "{moons}");
    }

    #[test]
    fn few_points_and_lines() {
        assert!(Gaussians::fit(&[[1.0, 2.0]; 19], 1).is_none());
        assert!(Gaussians::fit(&[[1.0, 2.0]; 100], 1).is_none());
        let one = Gaussians::fit(&DENSITIES[1].draw(30, 1), 1).unwrap();
        assert!(one.components() == 1 && one.mean_nll(&DENSITIES[1].draw(30, 2)).is_finite());
        let twice: Vec<_> = (0..400).map(|i| [(i % 2) as f32, (i % 4) as f32]).collect();
        assert!(Gaussians::fit(&twice, 1).unwrap().mean_nll(&twice).is_finite());
    }
}
