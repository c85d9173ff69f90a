//! A quantile of a stream in constant memory.

use crate::number::Real;
use crate::stream::StreamError;

/// Heights that are kept: the least and the largest number, the quantile, and one halfway to each.
const MARKERS: usize = 5;

/// An estimate of the `p`-quantile of all numbers that were pushed, in about 60 bytes: a threshold that a device learns while all is well.
///
/// # Method
/// The P-square algorithm: five markers stand at the least number, the largest, and near the `p/2`, `p` and `(1 + p)/2` quantiles. Each number moves their wanted ranks; a marker that
/// has fallen a rank behind follows along a parabola through its neighbours, or a line where the parabola would leave their order. Ranks are kept as gaps of 32 bits, which are halved
/// before one overflows: from then on what is older weighs less.
///
/// # Accuracy
/// No bound holds for every order. Over 16 streams each of normal, uniform, exponential, two-humped and Cauchy numbers, 10,000 long and in random order, half of the estimates had a
/// share of numbers below that differs from `p` by less than 0.001 for `p = 0.01` and 0.99, and 0.002 for 0.1 and 0.5; the worst differed by 0.01 and by 0.1 (`accuracy` in the tests).
/// The worst are of numbers with far outliers, which bend the parabolas, and of an unlucky first five. An order that drifts misleads it altogether: of sorted numbers the share was
/// wrong by as much as 0.6. Of numbers that repeat, it may lie between two that occur, so a step beside the
/// quantile: samples whose columns are whole numbers need a threshold from sorted log-densities instead.
///
/// # Source
/// Jain and Chlamtac (1985), The P² algorithm for dynamic calculation of quantiles and histograms without storing observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile<T> {
    p: T,
    /// In increasing order; of the first five numbers, those that were seen.
    heights: [T; MARKERS],
    /// Numbers between neighbours, at least 1.
    gaps: [u32; MARKERS - 1],
    /// How many ranks each inner marker is behind.
    behind: [T; MARKERS - 2],
    count: u32,
    refused: u32,
}

impl<T: Real> Quantile<T> {
    /// An estimate of the `p`-quantile; nothing has been seen.
    ///
    /// # Errors
    /// [`StreamError::Setting`]: `p` is not between 0 and 1, or is one of them.
    pub fn new(p: T) -> Result<Self, StreamError> {
        if !(T::ZEROS < p && p < T::ONE) {
            return Err(StreamError::Setting("p"));
        }
        let mut fresh =
            Quantile { p, heights: [T::ZEROS; MARKERS], gaps: [1; MARKERS - 1], behind: [T::ZEROS; MARKERS - 2], count: 0, refused: 0 };
        // Five numbers have the ranks 0 to 4, and the quantiles the ranks 4 p.
        for (i, share) in fresh.shares().into_iter().enumerate() {
            fresh.behind[i] = number::<T>(MARKERS as u32 - 1) * share - number(i as u32 + 1);
        }
        Ok(fresh)
    }

    /// The parts of all numbers that are below the inner markers.
    fn shares(&self) -> [T; MARKERS - 2] {
        let half = T::from_f64(0.5);
        [half * self.p, self.p, half + half * self.p]
    }

    /// Takes the next number. One that is infinite or NaN has no place among markers: it is left out, and counted by [`refused`](Self::refused).
    pub fn push(&mut self, x: T) {
        if !x.is_finite() {
            self.refused = self.refused.saturating_add(1);
            return;
        }
        let seen = self.count as usize;
        self.count = self.count.saturating_add(1);
        if seen < MARKERS {
            self.insert(x, seen);
        } else {
            self.follow(x);
        }
    }

    /// One of the first numbers, to its place among those before.
    fn insert(&mut self, mut x: T, seen: usize) {
        for height in self.heights.iter_mut().take(seen) {
            if x < *height {
                core::mem::swap(&mut x, height);
            }
        }
        if let Some(place) = self.heights.get_mut(seen) {
            *place = x;
        }
    }

    fn follow(&mut self, x: T) {
        let [least, .., largest] = &mut self.heights;
        *least = least.min(x);
        *largest = largest.max(x);
        // How many inner markers are at most x: its gap.
        let gap = self.heights[1..MARKERS - 1].iter().filter(|height| **height <= x).count();
        if self.gaps[gap] == u32::MAX {
            self.gaps = self.gaps.map(|gap| (gap / 2).max(1));
        }
        self.gaps[gap] += 1;
        let shares = self.shares();
        for i in 0..MARKERS - 2 {
            self.behind[i] += shares[i];
            if gap <= i {
                self.behind[i] -= T::ONE;
            }
        }
        for i in 0..MARKERS - 2 {
            let (before, after) = (self.gaps[i], self.gaps[i + 1]);
            if T::ONE <= self.behind[i] && after > 1 {
                self.heights[i + 1] = self.moved(i + 1, T::ONE);
                (self.gaps[i], self.gaps[i + 1]) = (before + 1, after - 1);
                self.behind[i] -= T::ONE;
            } else if self.behind[i] <= -T::ONE && before > 1 {
                self.heights[i + 1] = self.moved(i + 1, -T::ONE);
                (self.gaps[i], self.gaps[i + 1]) = (before - 1, after + 1);
                self.behind[i] += T::ONE;
            }
        }
    }

    /// The height of an inner marker one rank up or down: on the parabola of equation 3, where that keeps the order, else on the line to the neighbour.
    fn moved(&self, i: usize, step: T) -> T {
        let [low, here, high] = [self.heights[i - 1], self.heights[i], self.heights[i + 1]];
        let [before, after] = [number::<T>(self.gaps[i - 1]), number(self.gaps[i])];
        let slopes = (before + step) * ((high - here) / after) + (after - step) * ((here - low) / before);
        let curved = here + step * slopes / (before + after);
        if low < curved && curved < high {
            return curved;
        }
        // By parts of both, which do not overflow.
        let (neighbour, gap) = if T::ZEROS < step { (high, after) } else { (low, before) };
        here - here / gap + neighbour / gap
    }

    /// The estimate; of up to five numbers, the one of that rank; `None` before the first.
    #[must_use]
    pub fn value(&self) -> Option<T> {
        let seen = self.count.min(MARKERS as u32);
        if seen == MARKERS as u32 && self.count > seen {
            return Some(self.heights[MARKERS / 2]);
        }
        // The least number that a share of at least p does not exceed.
        let rank = (1..seen).take_while(|rank| number::<T>(*rank) < self.p * number(seen)).count();
        self.heights.iter().take(seen as usize).nth(rank).copied()
    }

    /// How many numbers the estimate is of; at most `u32::MAX`.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many numbers were infinite or NaN and left out; at most `u32::MAX`.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.refused
    }
}

fn number<T: Real>(n: u32) -> T {
    T::from_f64(f64::from(n))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use rand_core::Rng;
    use rand_pcg::Pcg32;

    use super::Quantile;
    use crate::math::standard_normal;
    use crate::number::Real;
    use crate::stream::StreamError;

    const COUNT: usize = 10_000;

    fn uniform(rng: &mut Pcg32) -> f64 {
        (f64::from(rng.next_u32()) + 0.5) / 2f64.powi(32)
    }

    type Draw = fn(&mut Pcg32) -> f64;
    const KINDS: [Draw; 5] = [
        |rng| standard_normal(rng),
        uniform,
        |rng| -libm::log(uniform(rng)),
        |rng| libm::tan(core::f64::consts::PI * (uniform(rng) - 0.5)),
        |rng| if rng.next_u32() % 4 == 0 { 9.0 + 0.1 * standard_normal::<f64, _>(rng) } else { standard_normal(rng) },
    ];
    /// Of 0 to 4, half of them 0.
    const INTEGERS: Draw = |rng| libm::floor(5.0 * uniform(rng) * uniform(rng));

    fn estimate<T: Real>(p: f64, numbers: &[f64]) -> f64 {
        let mut quantile = Quantile::new(T::from_f64(p)).unwrap();
        numbers.iter().for_each(|x| quantile.push(T::from_f64(*x)));
        quantile.value().unwrap().as_()
    }

    /// The share of numbers below the estimate, less `p`.
    fn share_error(p: f64, numbers: &[f64], estimate: f64) -> f64 {
        numbers.iter().filter(|x| **x < estimate).count() as f64 / numbers.len() as f64 - p
    }

    /// The estimate less the exact quantile.
    fn distance(p: f64, numbers: &[f64], estimate: f64) -> f64 {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        estimate - sorted[(p * sorted.len() as f64) as usize]
    }

    /// The median and the worst error over 16 streams of each kind.
    fn errors<T: Real>(p: f64, kinds: &[Draw], error: fn(f64, &[f64], f64) -> f64) -> [f64; 2] {
        let streams = kinds.iter().flat_map(|kind| (0..16).map(move |seed| (kind, Pcg32::new(seed, 0x7175_616e))));
        let errors = streams.map(|(kind, mut rng)| {
            let numbers: Vec<f64> = (0..COUNT).map(|_| kind(&mut rng)).collect();
            error(p, &numbers, estimate::<T>(p, &numbers)).abs()
        });
        let mut errors: Vec<f64> = errors.collect();
        errors.sort_by(f64::total_cmp);
        [errors[errors.len() / 2], errors[errors.len() - 1]]
    }

    /// The shares that the documentation states. The worst are of Cauchy numbers, whose far ones bend the parabolas, and of an unlucky first five.
    #[test]
    fn accuracy() {
        for (p, median, worst) in [(0.01, 0.001, 0.01), (0.1, 0.001, 0.1), (0.5, 0.002, 0.1), (0.99, 0.001, 0.01)] {
            for errors in [errors::<f64>(p, &KINDS, share_error), errors::<f32>(p, &KINDS, share_error)] {
                std::println!("{p}: median, worst {errors:?}");
                assert!(errors[0] <= median && errors[1] <= worst, "{p}: {errors:?}");
            }
        }
    }

    /// Of repeated numbers the estimate is within a step of the quantile, on either side.
    #[test]
    fn repeated_numbers() {
        for p in [0.01, 0.25, 0.9] {
            let error = errors::<f32>(p, &[INTEGERS], distance)[1];
            std::println!("{p}: {error}");
            assert!(error < 1.0, "{p}: {error}");
        }
        assert_eq!(estimate::<f32>(0.01, &[-7.5; 1000]), -7.5);
    }

    /// Of up to five numbers the estimate is one of them: the least that a share of at least `p` does not exceed.
    #[test]
    fn few_numbers_are_exact() {
        let numbers = [3.0f32, -1.0, 2.0, 7.0, 2.0];
        for p in [0.01f32, 0.2, 0.4, 0.5, 0.61, 0.99] {
            let mut quantile = Quantile::new(p).unwrap();
            assert_eq!(quantile.value(), None);
            for seen in 1..=numbers.len() {
                quantile.push(numbers[seen - 1]);
                let mut sorted = numbers[..seen].to_vec();
                sorted.sort_by(f32::total_cmp);
                let exact = sorted.iter().find(|x| sorted.iter().filter(|y| y <= x).count() as f32 >= p * seen as f32);
                assert_eq!(quantile.value().as_ref(), exact, "{p} of {sorted:?}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_left_out_and_counted() {
        let (mut all, mut finite) = (Quantile::new(0.1f32).unwrap(), Quantile::new(0.1f32).unwrap());
        for n in 0..1000u16 {
            let x = f32::from(n * 37 % 101);
            finite.push(x);
            for x in [f32::NAN, x, f32::NEG_INFINITY, f32::INFINITY] {
                all.push(x);
            }
        }
        assert_eq!((all.value(), all.count(), all.refused()), (finite.value(), 1000, 3000));
    }

    /// The largest numbers of both signs keep the markers finite and in order.
    #[test]
    fn nothing_overflows() {
        let mut rng = Pcg32::new(3, 4);
        let mut quantile = Quantile::new(0.3f32).unwrap();
        for _ in 0..10_000 {
            quantile.push(if rng.next_u32().is_multiple_of(2) { f32::MAX } else { -f32::MAX });
            assert!(quantile.heights.is_sorted() || quantile.count < 5);
            assert!(quantile.value().unwrap().is_finite());
        }
    }

    /// Where a gap would overflow, all are halved, and the estimate goes on.
    #[test]
    fn counts_are_halved_before_they_overflow() {
        let mut quantile = Quantile::new(0.5f64).unwrap();
        (0..1000).for_each(|n| quantile.push(f64::from(n * 37 % 101)));
        let before = quantile.value();
        quantile.gaps = quantile.gaps.map(|gap| gap * 17_000_000);
        quantile.gaps[3] = u32::MAX;
        quantile.push(200.0);
        let moved = quantile.value().zip(before).map(|(after, before)| (after - before).abs());
        assert!(quantile.gaps[3].abs_diff(u32::MAX / 2) <= 2 && moved.is_some_and(|moved| moved < 1e-6), "{quantile:?}");
    }

    #[test]
    fn refuses_shares_by_name() {
        for p in [0.0, 1.0, -0.1, 1.5, f32::NAN, f32::INFINITY] {
            assert_eq!(Quantile::new(p), Err(StreamError::Setting("p")));
        }
    }
}
