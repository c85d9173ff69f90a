//! A search for the mixtures and points of the largest errors: random starts, each climbed by steps of all sizes.

use gaussflow::Real;
use rand_pcg::Pcg64;

use crate::errors::{Case, PROPERTIES, errors};

/// Where mixtures are looked for: bounds of logits, means, log-scales and points.
pub const DOMAIN: [f64; 4] = [30.0, 20.0, 3.0, 1000.0];
const COUNTS: [usize; 7] = [1, 2, 3, 4, 6, 8, 16];
/// Steps without a gain of a hundredth after which a climb ends.
const PATIENCE: u32 = 200;

/// The hardest cases met so far, one a property.
pub struct Search<T> {
    pub hardest: Vec<(f64, Option<Case>)>,
    pub tried: u64,
    rng: Pcg64,
    scalar: std::marker::PhantomData<T>,
}

impl<T: Real> Search<T> {
    pub fn new(seed: u64) -> Self {
        Search {
            hardest: vec![(0.0, None); PROPERTIES.len()],
            tried: 0,
            rng: Pcg64::new(seed.into(), 0x6861_7264),
            scalar: std::marker::PhantomData,
        }
    }

    /// Uniform on (-1, 1).
    fn uniform(&mut self) -> f64 {
        f64::uniform(&mut self.rng) * 2.0 - 1.0
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.uniform() + 1.0) * 0.5 * count as f64) as usize % count
    }

    /// One climb for a property, from a new place or from the hardest so far.
    pub fn climb(&mut self, property: usize) {
        let again = self.below(4) == 0;
        let mut case = match &self.hardest[property].1 {
            Some(case) if again => case.clone(),
            _ => self.start(),
        };
        let mut best = self.look(&case)[property];
        let mut idle = 0;
        while idle < PATIENCE {
            let next = self.step(&case);
            let error = self.look(&next)[property];
            idle += 1;
            // Errors change a little with every float.
            if error > 1.01 * best {
                idle = 0;
            }
            if error >= best {
                (case, best) = (next, error);
            }
        }
    }

    /// The errors of a case, which is kept where it is the hardest.
    pub fn look(&mut self, case: &Case) -> [f64; PROPERTIES.len()] {
        self.tried += 1;
        let errors = errors::<T>(case);
        for (hardest, error) in self.hardest.iter_mut().zip(errors) {
            if error > hardest.0 {
                *hardest = (error, Some(case.clone()));
            }
        }
        errors
    }

    /// A mixture of any of several kinds, and a point near one of its components, in its tails or anywhere.
    fn start(&mut self) -> Case {
        let count = COUNTS[self.below(COUNTS.len())];
        let [logits, means, log_scales, _] = DOMAIN;
        let sizes = [[3.0, 3.0, 1.5], [logits, means, log_scales], [1.0, means, 0.3], [logits, 2.0, log_scales], [1.0, 0.1, log_scales]]
            [self.below(5)];
        let offset = [0.0, -2.7, 0.0][self.below(3)];
        let params = std::array::from_fn(|i| {
            (0..count).map(|_| sizes[i] * self.uniform() + if i == 2 { offset } else { 0.0 }).collect::<Vec<f64>>()
        });
        let k = self.below(count);
        let near = params[1][k] + params[2][k].exp() * 4.0 * self.uniform();
        let far = params[1][k] + params[2][k].exp() * 10f64.powf(1.5 + 1.5 * self.uniform()) * if self.below(2) == 0 { 1.0 } else { -1.0 };
        let x = [near, far, means * 1.3 * self.uniform()][self.below(3)];
        held::<T>(Case { params, x })
    }

    /// Some of the numbers moved, by anything between one float and the size of the domain.
    fn step(&mut self, case: &Case) -> Case {
        let mut next = case.clone();
        let count = case.params[0].len();
        let moved = 1 + self.below(3);
        for _ in 0..moved {
            let (i, k) = (self.below(4), self.below(count));
            let place = if i == 3 { &mut next.x } else { &mut next.params[i][k] };
            let before = T::from_f64(*place);
            let size = if i == 3 { 10.0 } else { DOMAIN[i] };
            let (kind, part, power) = (self.below(3), self.uniform(), -7.0 * f64::uniform(&mut self.rng));
            let place = if i == 3 { &mut next.x } else { &mut next.params[i][k] };
            *place = match kind {
                0 => T::from_order(before.to_order() + (part * 40.0) as i64).as_(),
                1 => *place * (1.0 + part * 10f64.powf(power)),
                _ => *place + size * part * 10f64.powf(power),
            };
        }
        held::<T>(next)
    }
}

/// Within the domain, rounded to the type.
fn held<T: Real>(mut case: Case) -> Case {
    let hold = |x: f64, bound: f64| T::from_f64(x.clamp(-bound, bound)).as_();
    for i in 0..3 {
        for value in &mut case.params[i] {
            *value = hold(*value, DOMAIN[i]);
        }
    }
    case.x = hold(case.x, DOMAIN[3]);
    case
}
