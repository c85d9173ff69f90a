//! One training step.

use core::fmt;

use crate::bijector::DifferentiableBijector;
use crate::flow::rows::contexts_of;
use crate::number::Real;
use crate::number::{Value, Zeros};
use crate::parameters::Role;
use crate::train::{Adam, TrainError, add_nll_gradient};

/// All that training needs beside the flow: the gradient, Adam's two moments and a tape for one pack of the lanes `V`, the gradient and tape `P` times over.
///
/// A batch is cut into `P` shares of whole packs, whose sums are added in their order: with the feature `rayon` each is a task for its threads. The result depends on `P`, not on the
/// feature or the number of threads.
///
/// It is plain zeroed data: put it in a `static`, or (feature `bytemuck`) in a box made by `bytemuck::zeroed_box`, so that it never passes over the stack.
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "B: bytemuck::Zeroable, B::Tape<V>: bytemuck::Zeroable"))]
pub struct Trainer<T, V, B, const D: usize, const C: usize = 0, const P: usize = 1>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    parts: [Part<T, B, B::Tape<V>>; P],
    first: B,
    second: B,
    step: u32,
}

/// One share of a batch: its gradient and loss, and the space to work in.
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub(super) struct Part<T, B, G> {
    pub(super) gradient: B,
    pub(super) tape: G,
    /// The summed loss; of a share that failed, not a number.
    total: T,
    /// The sample at which it failed.
    failed: usize,
}

/// The steps made; the rest is large.
impl<T, V, B, const D: usize, const C: usize, const P: usize> fmt::Debug for Trainer<T, V, B, D, C, P>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer").field("step", &self.step).finish_non_exhaustive()
    }
}

impl<T: Zeros, B: Zeros, G: Zeros> Zeros for Part<T, B, G> {
    const ZEROS: Self = Part { gradient: B::ZEROS, tape: G::ZEROS, total: T::ZEROS, failed: 0 };
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// The batch's mean negative log-likelihood before the step, in nats.
    pub loss: T,
    /// The gradient's Euclidean norm before clipping.
    pub gradient_norm: T,
}

impl<T, V, B, const D: usize, const C: usize, const P: usize> Zeros for Trainer<T, V, B, D, C, P>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C> + Zeros,
{
    const ZEROS: Self = Trainer { parts: Zeros::ZEROS, first: B::ZEROS, second: B::ZEROS, step: 0 };
}

impl<T, V, B, const D: usize, const C: usize, const P: usize> Trainer<T, V, B, D, C, P>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    /// Forgets the moments and the count of steps.
    pub fn reset(&mut self) {
        self.first.fill(T::ZEROS);
        self.second.fill(T::ZEROS);
        self.step = 0;
    }

    /// Steps made since the start or [`Trainer::reset`].
    pub fn steps(&self) -> u32 {
        self.step
    }

    /// The gradient of the last batch's summed loss.
    pub fn gradient(&self) -> &B {
        &self.whole().gradient
    }

    /// As [`Trainer::gradient`], for sums over more than this trainer saw.
    pub fn gradient_mut(&mut self) -> &mut B {
        &mut self.whole_mut().gradient
    }

    /// Adam's first and second moments: with [`Trainer::steps`] all that one step leaves to the next.
    pub fn moments(&self) -> [&B; 2] {
        [&self.first, &self.second]
    }

    /// Goes on from moments and a count of steps that were kept.
    pub fn restore(&mut self, moments: [&B; 2], steps: u32) {
        self.first.copy_from(moments[0]);
        self.second.copy_from(moments[1]);
        self.step = steps;
    }

    /// The part whose gradient becomes that of the whole batch.
    #[inline(always)]
    fn whole(&self) -> &Part<T, B, B::Tape<V>> {
        const { assert!(P > 0, "a trainer needs at least one part: raise P to 1 or more") }
        &self.parts[0]
    }

    /// As [`Trainer::whole`].
    #[inline(always)]
    pub(super) fn whole_mut(&mut self) -> &mut Part<T, B, B::Tape<V>> {
        const { assert!(P > 0, "a trainer needs at least one part: raise P to 1 or more") }
        &mut self.parts[0]
    }

    /// One step of Adam on the mean negative log-likelihood of a batch, its gradient clipped to the norm `clip`, the learning rate times `factor`.
    ///
    /// # Errors
    /// [`TrainError::Empty`], [`TrainError::ContextCount`], [`TrainError::Sample`], [`TrainError::Loss`], [`TrainError::Diverged`], with the flow and the moments unchanged.
    pub fn step(
        &mut self,
        bijector: &mut B,
        samples: &[[T; D]],
        contexts: &[[T; C]],
        adam: &Adam<T>,
        clip: T,
        factor: T,
    ) -> Result<Step<T>, TrainError> {
        let total = self.nll_gradient(bijector, samples, contexts)?;
        self.apply(bijector, total, samples.len(), adam, clip, factor)
    }

    /// The first half of a step: sets [`Trainer::gradient`] to that of the summed loss `sum_n -log p(x_n | c_n)`, in nats, which it returns. Both are sums, so they add up over any
    /// split of a batch, over machines for example, and [`Trainer::apply`] takes what they add up to. No sample gives zeros.
    ///
    /// # Errors
    /// [`TrainError::ContextCount`], [`TrainError::Sample`], [`TrainError::Loss`]; the gradient is then of no use.
    pub fn nll_gradient(&mut self, bijector: &B, samples: &[[T; D]], contexts: &[[T; C]]) -> Result<T, TrainError> {
        check_rows(samples, contexts)?;
        let share = samples.len().div_ceil(P).next_multiple_of(V::LANES);
        for_each_part(&mut self.parts, |index, part| {
            part.gradient.fill(T::ZEROS);
            let start = (index * share).min(samples.len());
            let samples = samples.get(start..samples.len().min(start + share)).unwrap_or(&[]);
            let done = add_nll_gradient(bijector, samples, contexts_of(contexts, start, samples.len()), &mut part.tape, &mut part.gradient);
            (part.total, part.failed) = match done {
                Ok(total) => (total, 0),
                Err(sample) => (T::NAN, start + sample),
            };
        });
        let Some((whole, rest)) = self.parts.split_first_mut() else { return Ok(T::ZEROS) };
        let mut total = whole.total;
        for part in &*rest {
            total += part.total;
            B::zip([&mut whole.gradient], [&part.gradient], &mut |_, [to], [from]| {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += *from)
            });
        }
        match core::iter::once(&*whole).chain(rest.iter()).find(|part| !part.total.is_finite()) {
            Some(part) => Err(TrainError::Loss { step: self.step, sample: part.failed }),
            None => Ok(total),
        }
    }

    /// The second half of a step: one of Adam on the mean of a loss that sums to `total` over `count` samples, with the summed gradient that [`Trainer::gradient_mut`] holds.
    ///
    /// # Errors
    /// [`TrainError::Empty`], [`TrainError::Diverged`], with the flow and the moments unchanged.
    pub fn apply(&mut self, bijector: &mut B, total: T, count: usize, adam: &Adam<T>, clip: T, factor: T) -> Result<Step<T>, TrainError> {
        if count == 0 {
            return Err(TrainError::Empty);
        }
        let mean = T::ONE / T::from_f64(count as f64);
        let mut squares = T::ZEROS;
        self.whole().gradient.visit(&mut |role, slice| {
            if role == Role::Trainable {
                // Partial sums keep small entries from drowning, and a processor busy.
                let mut parts = [T::ZEROS; 16];
                for chunk in slice.chunks(16) {
                    for (part, g) in parts.iter_mut().zip(chunk) {
                        *part += (mean * *g) * (mean * *g);
                    }
                }
                for part in parts {
                    squares += part;
                }
            }
        });
        let gradient_norm = Value::sqrt(squares);
        if !(gradient_norm.is_finite() && total.is_finite()) {
            return Err(TrainError::Diverged { step: self.step });
        }
        let scale = mean * if clip < gradient_norm { clip / gradient_norm } else { T::ONE };
        adam.update(bijector, &self.parts[0].gradient, &mut self.first, &mut self.second, self.step, scale, factor);
        self.step += 1;
        Ok(Step { loss: total * mean, gradient_norm })
    }
}

/// `work` on each part with its index, on the threads of `rayon` if there are any.
fn for_each_part<X: Send>(parts: &mut [X], work: impl Fn(usize, &mut X) + Send + Sync) {
    #[cfg(feature = "rayon")]
    {
        use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
        if parts.len() > 1 {
            parts.par_iter_mut().enumerate().for_each(|(index, part)| work(index, part));
            return;
        }
    }
    for (index, part) in parts.iter_mut().enumerate() {
        work(index, part);
    }
}

/// Refuses an empty set, and what [`check_rows`] refuses.
pub(crate) fn check_samples<T: Real, const D: usize, const C: usize>(samples: &[[T; D]], contexts: &[[T; C]]) -> Result<(), TrainError> {
    if samples.is_empty() { Err(TrainError::Empty) } else { check_rows(samples, contexts) }
}

/// Refuses too few contexts, and the first row that is not finite.
fn check_rows<T: Real, const D: usize, const C: usize>(samples: &[[T; D]], contexts: &[[T; C]]) -> Result<(), TrainError> {
    if C > 0 && contexts.len() != samples.len() {
        return Err(TrainError::ContextCount { samples: samples.len(), contexts: contexts.len() });
    }
    let bad = |row: &[T]| row.iter().any(|x| !x.is_finite());
    match samples.iter().position(|row| bad(row)).or(contexts.iter().position(|row| bad(row))) {
        Some(index) => Err(TrainError::Sample(index)),
        None => Ok(()),
    }
}
