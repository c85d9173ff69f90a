//! One training step.

use core::fmt;

use crate::bijector::DifferentiableBijector;
use crate::flow::Flow;
use crate::flow::rows::IntoRows;
use crate::number::{Real, Value, Wide, Zeros};
use crate::parameters::{Parameters, Role};
use crate::train::adam::update;
use crate::train::error::{check_rows, check_samples};
use crate::train::loss::{Batch, add_nll_gradient};
use crate::train::{Settings, Total, TrainError};

/// What a [`Trainer`] needs to know of a flow's type: implemented by every [`Flow`] with gradients, and by nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a flow that can be trained",
    note = "name the type of the flow: `Trainer::<MyFlow>::ZEROS`; each of its parts needs a gradient (`DifferentiableBijector`, `DifferentiableLayer`)"
)]
pub trait Trainable: Zeros {
    /// The scalar.
    type Scalar: Real;

    /// What the way back needs of the way forward, on the lanes `V`.
    type Tape<V: Value<Scalar = Self::Scalar>>: Zeros;
}

impl<T: Real, B: DifferentiableBijector<T, D, C>, const D: usize, const C: usize> Trainable for Flow<T, B, D, C> {
    type Scalar = T;
    type Tape<V: Value<Scalar = T>> = B::Tape<V>;
}

/// All that training needs beside the flow: the gradient, Adam's two moments and a tape for one pack of the lanes `V`, the gradient and tape `P` times over.
///
/// A batch is cut into `P` shares of whole packs, whose sums are added in their order: with the feature `rayon` each is a task for its threads. The result depends on `P`, not on the
/// feature or the number of threads. Lanes and shares have defaults: `Trainer::<MyFlow>::ZEROS`, or `Trainer::<_>::ZEROS` where the flow's type follows from what it trains.
///
/// It is plain zeroed data: put it in a `static`, or (feature `bytemuck`) in a box made by `boxed`, so that it never passes over the stack.
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
#[cfg_attr(feature = "bytemuck", zeroable(bound = "F: bytemuck::Zeroable, F::Tape<V>: bytemuck::Zeroable"))]
pub struct Trainer<F, V = Wide<<F as Trainable>::Scalar>, const P: usize = 1>
where
    F: Trainable,
    V: Value<Scalar = F::Scalar>,
{
    shares: [Share<F, F::Tape<V>>; P],
    first: F,
    second: F,
    step: u32,
}

/// One share of a batch: its gradient and loss, and the space to work in.
#[cfg_attr(feature = "bytemuck", derive(bytemuck::Zeroable))]
pub(super) struct Share<F, G> {
    pub(super) gradient: F,
    pub(super) tape: G,
    /// The row at which it failed, and one; 0 if it did not.
    failed: usize,
}

/// The steps made; the rest is large.
impl<F: Trainable, V: Value<Scalar = F::Scalar>, const P: usize> fmt::Debug for Trainer<F, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer").field("step", &self.step).finish_non_exhaustive()
    }
}

impl<F: Zeros, G: Zeros> Zeros for Share<F, G> {
    const ZEROS: Self = Share { gradient: F::ZEROS, tape: G::ZEROS, failed: 0 };
}

impl<F: Trainable, V: Value<Scalar = F::Scalar>, const P: usize> Zeros for Trainer<F, V, P> {
    const ZEROS: Self = Trainer { shares: Zeros::ZEROS, first: F::ZEROS, second: F::ZEROS, step: 0 };
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step<T> {
    /// The batch's mean loss before the step, in nats.
    pub loss: T,
    /// The gradient's Euclidean norm before clipping.
    pub gradient_norm: T,
}

impl<T, B, V, const D: usize, const C: usize, const P: usize> Trainer<Flow<T, B, D, C>, V, P>
where
    T: Real,
    V: Value<Scalar = T>,
    B: DifferentiableBijector<T, D, C>,
{
    /// Forgets the moments and the count of steps.
    pub fn reset(&mut self) {
        self.first.set_all(T::ZEROS);
        self.second.set_all(T::ZEROS);
        self.step = 0;
    }

    /// Steps made since the start or [`Trainer::reset`].
    pub fn steps(&self) -> u32 {
        self.step
    }

    /// The gradient of the last batch's summed loss.
    pub fn gradient(&self) -> &Flow<T, B, D, C> {
        const { assert!(P > 0, "a trainer needs at least one share: raise P to 1 or more") }
        &self.shares[0].gradient
    }

    /// As [`Trainer::gradient`], for sums over more than this trainer saw.
    pub fn gradient_mut(&mut self) -> &mut Flow<T, B, D, C> {
        &mut self.first_share().gradient
    }

    /// Adam's first and second moments: with [`Trainer::steps`] all that one step leaves to the next.
    pub fn moments(&self) -> [&Flow<T, B, D, C>; 2] {
        [&self.first, &self.second]
    }

    /// Goes on from moments and a count of steps that were kept.
    pub fn restore(&mut self, moments: [&Flow<T, B, D, C>; 2], steps: u32) {
        self.first.copy_from(moments[0]);
        self.second.copy_from(moments[1]);
        self.step = steps;
    }

    /// The share whose gradient becomes that of the whole batch.
    #[inline(always)]
    pub(super) fn first_share(&mut self) -> &mut Share<Flow<T, B, D, C>, B::Tape<V>> {
        const { assert!(P > 0, "a trainer needs at least one share: raise P to 1 or more") }
        &mut self.shares[0]
    }

    /// One step of Adam on the mean negative log-likelihood of a batch, its gradient clipped to the norm [`Settings::clip`], the learning rate times the factor of [`Settings::schedule`]
    /// at this trainer's step.
    ///
    /// # Errors
    /// [`TrainError`], with the flow and the moments unchanged.
    pub fn step<'a>(
        &mut self,
        flow: &mut Flow<T, B, D, C>,
        batch: impl IntoRows<'a, T, D, C>,
        settings: &Settings<T>,
    ) -> Result<Step<T>, TrainError>
    where
        T: 'a,
    {
        settings.check()?;
        let rows = batch.into_rows();
        check_samples(&rows)?;
        let total = self.batch_gradient(flow, &Batch::of(rows))?;
        self.apply(flow, total, settings)
    }

    /// The first half of a step: sets [`Trainer::gradient`] to that of the summed loss `sum_n -log p(x_n | c_n)`, in nats, whose total it returns. Both are sums, so they add up over any
    /// split of a batch, over machines for example, and [`Trainer::apply`] takes what they add up to. No sample gives zeros.
    ///
    /// # Errors
    /// [`TrainError::ContextCount`], [`TrainError::WeightCount`], [`TrainError::Sample`], [`TrainError::Weight`], [`TrainError::Loss`]; the gradient is then of no use.
    pub fn nll_gradient<'a>(&mut self, flow: &Flow<T, B, D, C>, rows: impl IntoRows<'a, T, D, C>) -> Result<Total<T>, TrainError>
    where
        T: 'a,
    {
        let rows = rows.into_rows();
        check_rows(&rows)?;
        self.batch_gradient(flow, &Batch::of(rows))
    }

    /// As [`Trainer::nll_gradient`], of rows that were checked.
    pub(super) fn batch_gradient(&mut self, flow: &Flow<T, B, D, C>, batch: &Batch<T, D, C>) -> Result<Total<T>, TrainError> {
        let size = batch.count.div_ceil(P).next_multiple_of(V::LANES);
        let mut totals = [Total::ZEROS; P];
        for_each_part(&mut self.shares, &mut totals, |index, share, total| {
            share.gradient.set_all(T::ZEROS);
            share.failed = 0;
            match add_nll_gradient(&flow.bijector, &batch.part(index * size, size), &mut share.tape, &mut share.gradient.bijector) {
                Ok(sum) => *total = sum,
                Err(row) => share.failed = row + 1,
            }
        });
        if let Some(share) = self.shares.iter().find(|share| share.failed > 0) {
            return Err(TrainError::Loss { step: self.step, sample: share.failed - 1 });
        }
        let mut sum = Total::ZEROS;
        for total in totals {
            sum += total;
        }
        if let Some((first, rest)) = self.shares.split_first_mut() {
            for share in rest {
                first.gradient.zip(&share.gradient, &mut |_, to, from| to.iter_mut().zip(from).for_each(|(to, from)| *to += *from));
            }
        }
        Ok(sum)
    }

    /// The second half of a step: one of Adam on the mean of a loss with this total, with the summed gradient that [`Trainer::gradient_mut`] holds.
    ///
    /// # Errors
    /// [`TrainError::Empty`], [`TrainError::Setting`], [`TrainError::Diverged`], with the flow and the moments unchanged.
    pub fn apply(&mut self, flow: &mut Flow<T, B, D, C>, total: Total<T>, settings: &Settings<T>) -> Result<Step<T>, TrainError> {
        settings.check()?;
        if !(T::ZEROS < total.weight) {
            return Err(TrainError::Empty);
        }
        let mean = T::ONE / total.weight;
        let mut squares = T::ZEROS;
        self.gradient().visit(&mut |role, slice| {
            if role == Role::Trainable {
                squares += sum_of_squares(slice, mean);
            }
        });
        let gradient_norm = Value::sqrt(squares);
        if !(gradient_norm.is_finite() && total.loss.is_finite() && mean.is_finite()) {
            return Err(TrainError::Diverged { step: self.step });
        }
        let scale = mean * if settings.clip < gradient_norm { settings.clip / gradient_norm } else { T::ONE };
        update(settings, flow, &self.shares[0].gradient, [&mut self.first, &mut self.second], self.step, scale);
        self.step = self.step.saturating_add(1);
        Ok(Step { loss: total.loss * mean, gradient_norm })
    }
}

/// The sum of the squares of `scale * slice`, in partial sums: they keep small entries from drowning, and a processor busy.
#[inline(never)]
fn sum_of_squares<T: Real>(slice: &[T], scale: T) -> T {
    let mut parts = [T::ZEROS; 16];
    for chunk in slice.chunks(16) {
        for (part, g) in parts.iter_mut().zip(chunk) {
            *part += (scale * *g) * (scale * *g);
        }
    }
    let mut sum = T::ZEROS;
    for part in parts {
        sum += part;
    }
    sum
}

/// `work` on each share and its total, with their index, on the threads of `rayon` if there are any.
fn for_each_part<X: Send, Y: Send>(shares: &mut [X], totals: &mut [Y], work: impl Fn(usize, &mut X, &mut Y) + Send + Sync) {
    #[cfg(feature = "rayon")]
    {
        use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
        if shares.len() > 1 {
            shares.par_iter_mut().zip(totals.par_iter_mut()).enumerate().for_each(|(index, (share, total))| work(index, share, total));
            return;
        }
    }
    for (index, (share, total)) in shares.iter_mut().zip(totals).enumerate() {
        work(index, share, total);
    }
}
