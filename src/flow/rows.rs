//! Rows of samples and contexts, and the lanes that they are worked on in.

use crate::number::{Value, Zeros};

/// Turns `N <= LANES` rows into lanes; a lane without a row repeats the last one.
#[inline(always)]
pub(crate) fn load<V: Value, const D: usize>(rows: &[[V::Scalar; D]]) -> [V; D] {
    let mut lanes = [V::ZEROS; D];
    for d in 0..D {
        lanes[d] = V::from_lanes(|n| rows.get(n).or(rows.last()).map_or(V::Scalar::ZEROS, |row| row[d]));
    }
    lanes
}

/// The contexts of the samples from `start` on, `count` of them; none where the flow has no context.
#[inline(always)]
pub(crate) fn contexts_of<T, const C: usize>(contexts: &[[T; C]], start: usize, count: usize) -> &[[T; C]] {
    contexts.get(start..start + count).unwrap_or(&[])
}
