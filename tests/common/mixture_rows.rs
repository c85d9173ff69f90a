//! The rows of `tools/gmm_em.py`, and the log-density of a mixture as its definition says.

use gaussflow::{GaussianMixture, Real};

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / 2f64.powi(53)
    }

    /// By Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

/// `count` rows of a family of `tools/gmm_em.py`.
pub fn rows<const D: usize>(family: &str, count: usize, components: usize, seed: u64) -> Vec<[f64; D]> {
    let mut draws = Draws(seed);
    let means: Vec<[f64; D]> = (0..components).map(|_| std::array::from_fn(|_| 3.0 * draws.normal())).collect();
    let mut entry = |i, j| draws.normal() / (D as f64).sqrt() + if i == j { 0.5 } else { 0.0 };
    let maps: Vec<[[f64; D]; D]> = (0..components).map(|_| std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))).collect();
    let row = |_| {
        let k = (draws.uniform() * components as f64) as usize;
        let z: [f64; D] = std::array::from_fn(|_| draws.normal());
        let x: [f64; D] = std::array::from_fn(|i| means[k][i] + (0..D).map(|j| maps[k][i][j] * z[j]).sum::<f64>());
        match family {
            "clusters" => x,
            "tails" => {
                let spread = (-draws.uniform().ln()).sqrt();
                x.map(|v| v / spread)
            }
            "integers" => x.map(|v| (v + 0.5).floor()),
            "skewed" => x.map(|v| (0.3 * v).exp()),
            "ring" => {
                let turn = 2.0 * std::f64::consts::PI * draws.uniform();
                std::array::from_fn(|i| {
                    [3.0 * turn.cos() + 0.2 * z[0], 3.0 * turn.sin() + 0.2 * z[1]].get(i).copied().unwrap_or(x[i] * x[i])
                })
            }
            _ => panic!("no family {family}"),
        }
    };
    (0..count).map(row).collect()
}

/// The log-density at `x`, in double precision.
pub fn log_prob<T: Real, const D: usize, const K: usize>(mixture: &GaussianMixture<T, D, K>, x: &[T; D]) -> f64 {
    let log_sum_exp = |terms: [f64; K]| {
        let largest = terms.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
    };
    let all = log_sum_exp(mixture.logits.map(|logit| logit.as_()));
    log_sum_exp(std::array::from_fn(|k| {
        let mut log_prob = mixture.logits[k].as_() - all;
        for i in 0..D {
            let along = |j: usize| mixture.coefficients[i][j][k].as_() * x[j].as_();
            let mean = mixture.offsets[i][k].as_() + (0..i).map(along).sum::<f64>();
            let log_scale: f64 = mixture.log_scales[i][k].as_();
            let t = (x[i].as_() - mean) / log_scale.exp();
            log_prob -= 0.5 * t * t + log_scale + 0.5 * (2.0 * std::f64::consts::PI).ln();
        }
        log_prob
    }))
}
