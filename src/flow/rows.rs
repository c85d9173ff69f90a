//! Rows of samples and contexts, and the lanes that they are worked on in.

use crate::number::Value;

/// Samples, one context for each where a flow has a context, and weights: what a fit or a score reads, where it lies.
///
/// Wherever rows are asked for, `&samples` will do, or `(&samples, &contexts)`: slices, arrays or vectors of `[T; D]` and `[T; C]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T, const D: usize, const C: usize = 0> {
    samples: &'a [[T; D]],
    contexts: &'a [[T; C]],
    weights: &'a [T],
}

/// What holds rows of samples of `D` values with contexts of `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold samples of {D} values with contexts of {C}",
    label = "not the rows of this flow",
    note = "a flow without context takes `&samples`, a flow with one takes `(&samples, &contexts)`: slices, arrays or vectors of `[T; {D}]` and `[T; {C}]`"
)]
pub trait IntoRows<'a, T, const D: usize, const C: usize> {
    /// The rows.
    fn into_rows(self) -> Rows<'a, T, D, C>;
}

impl<'a, T, const D: usize, const C: usize> IntoRows<'a, T, D, C> for Rows<'a, T, D, C> {
    fn into_rows(self) -> Self {
        self
    }
}

// Otherwise the compiler would tell of `AsRef`, where widths differ, and not in the words above.
#[diagnostic::do_not_recommend]
impl<'a, T, S: AsRef<[[T; D]]> + ?Sized, const D: usize> IntoRows<'a, T, D, 0> for &'a S {
    fn into_rows(self) -> Rows<'a, T, D> {
        Rows { samples: self.as_ref(), contexts: &[], weights: &[] }
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T, S, K, const D: usize, const C: usize> IntoRows<'a, T, D, C> for (&'a S, &'a K)
where
    S: AsRef<[[T; D]]> + ?Sized,
    K: AsRef<[[T; C]]> + ?Sized,
{
    fn into_rows(self) -> Rows<'a, T, D, C> {
        Rows { samples: self.0.as_ref(), contexts: self.1.as_ref(), weights: &[] }
    }
}

impl<'a, T, const D: usize, const C: usize> Rows<'a, T, D, C> {
    /// The same rows, each counted `weights[n]` times: finite numbers of at least 0, not all 0. A row of weight 0 is left out.
    pub fn weighted<W: AsRef<[T]> + ?Sized>(self, weights: &'a W) -> Self {
        Rows { weights: weights.as_ref(), ..self }
    }

    /// The samples.
    pub const fn samples(&self) -> &'a [[T; D]] {
        self.samples
    }

    /// The contexts, as many as samples; none where `C = 0`.
    pub const fn contexts(&self) -> &'a [[T; C]] {
        self.contexts
    }

    /// The weights, as many as samples; none where all count alike.
    pub const fn weights(&self) -> &'a [T] {
        self.weights
    }

    /// How many samples there are.
    pub const fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no sample.
    pub const fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Whether there are as many contexts as samples, or none is needed.
    pub(crate) const fn has_contexts(&self) -> bool {
        C == 0 || self.contexts.len() == self.samples.len()
    }
}

/// Turns `N <= LANES` rows into lanes; a lane without a row repeats the last one.
#[inline(always)]
pub(crate) fn load<V: Value, const D: usize>(rows: &[[V::Scalar; D]]) -> [V; D] {
    gather(rows.len(), |n| rows.get(n).or(rows.last()))
}

/// The rows that `row` finds, `count <= LANES` of them, as lanes; a lane without a row repeats the last one.
#[inline(always)]
pub(crate) fn gather<'a, V: Value, const D: usize>(count: usize, row: impl Fn(usize) -> Option<&'a [V::Scalar; D]>) -> [V; D] {
    let mut lanes = [V::ZEROS; D];
    for n in 0..V::LANES {
        if let Some(row) = row(n.min(count.saturating_sub(1))) {
            for d in 0..D {
                lanes[d].set_lane(n, row[d]);
            }
        }
    }
    lanes
}

/// The contexts of the samples from `start` on, `count` of them; where there are not so many, the one of all.
#[inline(always)]
pub(crate) fn contexts_of<T, const C: usize>(contexts: &[[T; C]], start: usize, count: usize) -> &[[T; C]] {
    contexts.get(start..start + count).unwrap_or(contexts)
}
