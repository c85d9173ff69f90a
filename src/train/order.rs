//! The order of the rows in an epoch, without a list of them.

use rand_core::Rng;

/// A random order of `count` rows, in constant memory: where each place of an epoch takes its row from.
///
/// Rows stay where they are, in flash or in a mapped file; only indices are shuffled.
///
/// ```
/// use gaussflow::train::Order;
///
/// let order = Order::random(10, &mut rand_pcg::Pcg32::new(1, 1));
/// let mut rows: Vec<usize> = (0..10).map(|place| order.row(place)).collect();
/// assert_ne!(rows, (0..10).collect::<Vec<_>>());
/// rows.sort();
/// assert_eq!(rows, (0..10).collect::<Vec<_>>());
/// ```
///
/// # Method
/// A place is written as two digits, of bases `a` and `b` of about `sqrt(count)`, and each digit is moved in turn by a hash of the other one: a Feistel network, which is a permutation of
/// all pairs of digits. A pair beyond `count` is sent through again; there are fewer than `a` of them, so that happens less than `a` times, and seldom at all.
///
/// # Source
/// Black and Rogaway (2002), Ciphers with Arbitrary Finite Domains, methods 2 and 3. The hash is the finalizer of MurmurHash3 (A. Appleby).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    count: usize,
    bases: [u32; 2],
    keys: [u32; ROUNDS],
}

/// Words of a key, one a move of a digit.
const ROUNDS: usize = 6;

/// Digits of few values take more moves to mix: below this base, the keys are gone through four times.
const SMALL: u32 = 32;

impl Order {
    /// The rows as they are.
    pub const fn given(count: usize) -> Self {
        Order { count, bases: [0; 2], keys: [0; ROUNDS] }
    }

    /// An order drawn from six words of a generator.
    pub fn random<R: Rng + ?Sized>(count: usize, rng: &mut R) -> Self {
        let a = count.isqrt() + 1;
        let b = count.div_ceil(a.max(1));
        let keys = core::array::from_fn(|_| rng.next_u32());
        match (u32::try_from(a), u32::try_from(b)) {
            (Ok(a), Ok(b)) => Order { count, bases: [a, b], keys },
            // More than 2^64 rows.
            _ => Order::given(count),
        }
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The row that stands at this place; the place itself past the end.
    pub fn row(&self, place: usize) -> usize {
        let [a, b] = self.bases;
        if a == 0 || b == 0 || place >= self.count {
            return place;
        }
        let mut row = place as u64;
        for _ in 0..=a {
            row = self.once([(row / u64::from(b)) as u32, (row % u64::from(b)) as u32]);
            if row < self.count as u64 {
                return row as usize;
            }
        }
        place
    }

    /// One pass through the network.
    #[inline]
    fn once(&self, [mut high, mut low]: [u32; 2]) -> u64 {
        let [a, b] = self.bases;
        for pass in 0..if a < SMALL { 4 } else { 1 } {
            for pair in self.keys.as_chunks::<2>().0 {
                high = moved(high, hash(low ^ pair[0].rotate_left(pass * 8)), a);
                low = moved(low, hash(high ^ pair[1].rotate_left(pass * 8)), b);
            }
        }
        u64::from(high) * u64::from(b) + u64::from(low)
    }
}

/// `digit + h` modulo `base`, where `h` is the part of the base that `hash` is of all words.
#[inline]
fn moved(digit: u32, hash: u32, base: u32) -> u32 {
    let by = ((u64::from(hash) * u64::from(base)) >> 32) as u32;
    let sum = u64::from(digit) + u64::from(by);
    (if sum < u64::from(base) { sum } else { sum - u64::from(base) }) as u32
}

#[inline]
fn hash(mut word: u32) -> u32 {
    word = (word ^ (word >> 16)).wrapping_mul(0x85eb_ca6b);
    word = (word ^ (word >> 13)).wrapping_mul(0xc2b2_ae35);
    word ^ (word >> 16)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;

    use rand_pcg::Pcg64;

    use super::Order;

    #[test]
    fn every_row_once() {
        let mut rng = Pcg64::new(1, 2);
        for count in (0..400).chain([1000, 4096, 65_537, 100_003]) {
            let order = Order::random(count, &mut rng);
            let mut seen = vec![false; count];
            for place in 0..count {
                assert!(!core::mem::replace(&mut seen[order.row(place)], true), "a row twice among {count}");
            }
            assert_eq!((order.row(count), Order::given(count).row(count / 2)), (count, count / 2));
        }
    }

    /// Each row stands at each place, and after each other row, as often as chance has it. A chi-squared of `k` free cells has mean `k` and deviation `sqrt(2 k)`: within 5 of those.
    #[test]
    fn places_and_neighbours_are_even() {
        const ORDERS: usize = 20_000;
        let mut rng = Pcg64::new(3, 4);
        for count in [2usize, 3, 5, 7, 12, 30, 100] {
            let (mut places, mut pairs) = (vec![0u32; count * count], vec![0u32; count * count]);
            for _ in 0..ORDERS {
                let order = Order::random(count, &mut rng);
                for place in 0..count {
                    let row = order.row(place);
                    places[place * count + row] += 1;
                    if place > 0 {
                        pairs[order.row(place - 1) * count + row] += 1;
                    }
                }
            }
            let (n, orders) = (count as f64, ORDERS as f64);
            let chi_squared =
                |cells: &[u32], expected: f64| cells.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum::<f64>();
            let near = |what: &str, chi_squared: f64, free: f64| {
                assert!((chi_squared - free).abs() <= 5.0 * (2.0 * free).sqrt(), "{what} of {count}: {chi_squared}, not about {free}");
            };
            near("places", chi_squared(&places, orders / n), (n - 1.0) * (n - 1.0));
            let others: vec::Vec<u32> = (0..count * count).filter(|cell| cell / count != cell % count).map(|cell| pairs[cell]).collect();
            near("neighbours", chi_squared(&others, orders / n), n * (n - 1.0));
        }
    }
}
