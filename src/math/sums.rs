//! Sums and maxima of arrays, all lanes in one loop.

use super::two_sum;
use crate::number::{Lanewise, Value};

/// `items` joined by `f`, which leaves `neutral` as it is: in four chains, which a scalar does in one vector.
#[inline(always)]
fn reduce<V: Copy, const K: usize>(items: &[V; K], neutral: V, f: impl Fn(V, V) -> V) -> V {
    let mut chains = [neutral; 4];
    for first in 0..4 {
        let mut chain = neutral;
        let mut k = first;
        while k < K {
            chain = f(chain, items[k]);
            k += 4;
        }
        chains[first] = chain;
    }
    f(f(chains[0], chains[2]), f(chains[1], chains[3]))
}

/// The largest item.
#[inline(always)]
pub(crate) fn largest_of<V: Value, const K: usize>(items: &[V; K]) -> V {
    struct Largest;
    impl<const K: usize> Lanewise<K, 1> for Largest {
        #[inline(always)]
        fn of<L: Value>(items: [L; K]) -> [L; 1] {
            [reduce(
                &items,
                items[0],
                #[inline(always)]
                |a, b| a.max(b),
            )]
        }
    }
    let [y] = V::map::<Largest, K, 1>(*items);
    y
}

/// The plain sum.
#[inline(always)]
pub(crate) fn sum_of<V: Value, const K: usize>(items: &[V; K]) -> V {
    struct Sum;
    impl<const K: usize> Lanewise<K, 1> for Sum {
        #[inline(always)]
        fn of<L: Value>(items: [L; K]) -> [L; 1] {
            [reduce(
                &items,
                L::ZEROS,
                #[inline(always)]
                |a, b| a + b,
            )]
        }
    }
    let [y] = V::map::<Sum, K, 1>(*items);
    y
}

/// The sum, with what rounding takes from it made good.
#[inline(always)]
pub(crate) fn sum<V: Value, const K: usize>(terms: &[V; K]) -> V {
    let (sum, low) = sum_in_two(terms);
    sum + low
}

/// The sum in two parts: rounded, and what rounding took from it.
#[inline(always)]
pub(crate) fn sum_in_two<V: Value, const K: usize>(terms: &[V; K]) -> (V, V) {
    struct Sum;
    impl<const K: usize> Lanewise<K, 2> for Sum {
        #[inline(always)]
        fn of<L: Value>(terms: [L; K]) -> [L; 2] {
            let mut chains = [(L::ZEROS, L::ZEROS); 4];
            for first in 0..4.min(K) {
                chains[first].0 = terms[first];
                let mut k = first + 4;
                while k < K {
                    chains[first] = add(chains[first], terms[k]);
                    k += 4;
                }
            }
            let (sum, low) = join(join(chains[0], chains[2]), join(chains[1], chains[3]));
            [sum, low]
        }
    }
    let [sum, low] = V::map::<Sum, K, 2>(*terms);
    (sum, low)
}

/// A sum that knows what rounding took from it, and one term more.
#[inline(always)]
fn add<V: Value>((sum, low): (V, V), term: V) -> (V, V) {
    let (sum, rounding) = two_sum(sum, term);
    (sum, low + rounding)
}

/// The sum of two such sums.
#[inline(always)]
fn join<V: Value>((a, a_low): (V, V), (b, b_low): (V, V)) -> (V, V) {
    let (sum, rounding) = two_sum(a, b);
    (sum, (a_low + b_low) + rounding)
}
