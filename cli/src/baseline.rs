//! What a flow is compared with: Gaussian mixtures with full covariances, by expectation-maximisation.

use gaussflow::math::ln;
use rand_core::Rng;
use rand_pcg::Pcg64;

/// One Gaussian: the logarithm of its weight, its mean, and the lower Cholesky factor of its covariance, row by row.
struct Component {
    log_weight: f64,
    mean: Vec<f64>,
    factor: Vec<Vec<f64>>,
}

/// The density of rows whose first numbers may be a context.
pub struct Mixture(Vec<Component>);

/// Added to each variance, of standardised data: no component shrinks to a point.
const LEAST_VARIANCE: f64 = 1e-6;
const ITERATIONS: usize = 60;
/// An iteration that gains less, in nats a row, is the last.
const TOLERANCE: f64 = 1e-4;

impl Component {
    fn new(weight: f64, mean: Vec<f64>, mut covariance: Vec<Vec<f64>>) -> Self {
        for i in 0..mean.len() {
            covariance[i][i] += LEAST_VARIANCE;
        }
        Component { log_weight: ln(weight), mean, factor: cholesky(covariance) }
    }

    /// `log N(x)` of the numbers from `context` on given those before: the factor's rows are regressions on the numbers before them.
    fn log_densities(&self, x: &[f64], context: usize, whitened: &mut [f64]) -> (f64, f64) {
        let (mut given, mut all) = (0.0, 0.0);
        for i in 0..x.len() {
            let mut rest = x[i] - self.mean[i];
            for j in 0..i {
                rest -= self.factor[i][j] * whitened[j];
            }
            whitened[i] = rest / self.factor[i][i];
            all -= 0.5 * whitened[i] * whitened[i] + self.factor[i][i].ln() + 0.5 * std::f64::consts::TAU.ln();
            if i + 1 == context {
                given = all;
            }
        }
        (self.log_weight + given, self.log_weight + all)
    }
}

/// The lower factor of a positive definite matrix; a pivot that rounding makes too small is the least.
fn cholesky(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for i in 0..matrix.len() {
        for j in 0..=i {
            let mut rest = matrix[i][j];
            for k in 0..j {
                rest -= matrix[i][k] * matrix[j][k];
            }
            matrix[i][j] = if i == j { rest.max(LEAST_VARIANCE).sqrt() } else { rest / matrix[j][j] };
        }
        matrix[i][i + 1..].fill(0.0);
    }
    matrix
}

fn log_sum_exp(terms: &[f64]) -> f64 {
    let highest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    highest + terms.iter().map(|term| (term - highest).exp()).sum::<f64>().ln()
}

impl Mixture {
    /// The Gaussian of the rows' mean and covariance.
    pub fn gaussian(rows: &[Vec<f64>]) -> Self {
        let mut sums = Sums::zeros(rows[0].len());
        for row in rows {
            sums.add(1.0, row);
        }
        Mixture(vec![sums.component(rows.len() as f64)])
    }

    /// `count` Gaussians, from centres that lie apart (k-means++).
    pub fn fit(rows: &[Vec<f64>], count: usize, rng: &mut Pcg64) -> Self {
        let width = rows[0].len();
        let mut mixture = Self::start(rows, count, rng);
        let (mut terms, mut whitened) = (vec![0.0; count], vec![0.0; width]);
        let mut last = f64::NEG_INFINITY;
        for _ in 0..ITERATIONS {
            let mut sums: Vec<Sums> = (0..count).map(|_| Sums::zeros(width)).collect();
            let mut likelihood = 0.0;
            for row in rows {
                for (term, component) in terms.iter_mut().zip(&mixture.0) {
                    *term = component.log_densities(row, 0, &mut whitened).1;
                }
                let total = log_sum_exp(&terms);
                likelihood += total / rows.len() as f64;
                for (sums, term) in sums.iter_mut().zip(&terms) {
                    let share = (term - total).exp();
                    if 1e-8 < share {
                        sums.add(share, row);
                    }
                }
            }
            // A component that has lost its rows stays as it was.
            for (component, sums) in mixture.0.iter_mut().zip(&sums) {
                if width as f64 + 1.0 < sums.weight {
                    *component = sums.component(rows.len() as f64);
                }
            }
            if likelihood - last < TOLERANCE {
                break;
            }
            last = likelihood;
        }
        mixture
    }

    fn start(rows: &[Vec<f64>], count: usize, rng: &mut Pcg64) -> Self {
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let uniform = |rng: &mut Pcg64| rng.next_u32() as f64 / 2f64.powi(32);
        let mut centres = vec![(uniform(rng) * rows.len() as f64) as usize];
        let mut nearest: Vec<f64> = rows.iter().map(|row| distance(row, &rows[centres[0]])).collect();
        while centres.len() < count {
            let mut left = uniform(rng) * nearest.iter().sum::<f64>();
            let next = nearest.iter().position(|d| {
                left -= d;
                left < 0.0
            });
            let next = next.unwrap_or(centres.len() % rows.len());
            for (nearest, row) in nearest.iter_mut().zip(rows) {
                *nearest = nearest.min(distance(row, &rows[next]));
            }
            centres.push(next);
        }
        let mut sums: Vec<Sums> = centres.iter().map(|_| Sums::zeros(rows[0].len())).collect();
        for row in rows {
            let closest = (0..count).min_by(|a, b| distance(row, &rows[centres[*a]]).total_cmp(&distance(row, &rows[centres[*b]])));
            sums[closest.unwrap_or(0)].add(1.0, row);
        }
        // A centre with hardly a row begins as wide as all of them.
        let whole = Self::gaussian(rows);
        let spread = whole.0[0].covariance();
        let components = sums.iter().zip(&centres).map(|(sums, centre)| {
            if rows[0].len() as f64 + 1.0 < sums.weight {
                sums.component(rows.len() as f64)
            } else {
                Component::new(1.0 / count as f64, rows[*centre].clone(), spread.clone())
            }
        });
        Mixture(components.collect())
    }

    pub fn components(&self) -> usize {
        self.0.len()
    }

    /// The mean of `-log p(x | c)` over rows `(c, x)` whose first `context` numbers are given, in nats.
    pub fn nll(&self, rows: &[Vec<f64>], context: usize) -> f64 {
        let mut whitened = vec![0.0; rows[0].len()];
        let mut total = 0.0;
        for row in rows {
            let (given, all): (Vec<f64>, Vec<f64>) = self.0.iter().map(|c| c.log_densities(row, context, &mut whitened)).unzip();
            // The weights sum to 1, so without a context the first is log 1, to rounding.
            total -= log_sum_exp(&all) - if context > 0 { log_sum_exp(&given) } else { 0.0 };
        }
        total / rows.len() as f64
    }
}

impl Component {
    fn covariance(&self) -> Vec<Vec<f64>> {
        let row = |i: usize| (0..self.mean.len()).map(|j| (0..=i.min(j)).map(|k| self.factor[i][k] * self.factor[j][k]).sum()).collect();
        (0..self.mean.len()).map(row).collect()
    }
}

/// Sums over rows, each by its share.
struct Sums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<Vec<f64>>,
}

impl Sums {
    fn zeros(width: usize) -> Self {
        Sums { weight: 0.0, first: vec![0.0; width], second: vec![vec![0.0; width]; width] }
    }

    fn add(&mut self, share: f64, row: &[f64]) {
        self.weight += share;
        for i in 0..row.len() {
            let part = share * row[i];
            self.first[i] += part;
            for j in 0..=i {
                self.second[i][j] += part * row[j];
            }
        }
    }

    fn component(&self, count: f64) -> Component {
        let mean: Vec<f64> = self.first.iter().map(|sum| sum / self.weight).collect();
        let entry = |i: usize, j: usize| self.second[i.max(j)][i.min(j)] / self.weight - mean[i] * mean[j];
        let covariance = (0..mean.len()).map(|i| (0..mean.len()).map(|j| entry(i, j)).collect()).collect();
        Component::new(self.weight / count, mean, covariance)
    }
}
