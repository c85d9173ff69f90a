//! The training loop on one rank.

use std::fs;
use std::path::Path;
use std::time::Instant;

use gaussflow::Parameters;
use gaussflow::train::{Copies, FitState, Order, Settings, Total, Trainer};
use rand_pcg::Pcg64;

use crate::checkpoint::{self, Identity, Kept, replace};
use crate::flow::{Blocks, Model, Scalar};
use crate::ranks::{Ranks, Stop};
use crate::sum::ShardSum;

/// A shard of the table, and where its rows stand in this epoch.
pub struct Shard<T, const D: usize> {
    pub rows: Vec<[T; D]>,
    pub order: Order,
    pub rng: Pcg64,
}

/// A run on one rank.
pub struct Run<'a, T: Scalar, N: Blocks<T, D>, const D: usize> {
    pub ranks: &'a Ranks,
    pub settings: Settings<T>,
    pub identity: Identity,
    pub out: &'a Path,
    /// Rows that each shard gives to a step.
    pub share: usize,
    pub shards: Vec<Shard<T, D>>,
    pub trainer: Box<Trainer<Model<T, N, D>>>,
    pub kept: Box<Kept<T, N, D>>,
    pub state: FitState<T>,
    /// What is summed over the shards: the gradient and the total.
    pub sum: ShardSum<T>,
    /// The losses of the steps, on rank 0.
    pub losses: Vec<T>,
    /// Seconds of each step: for the gradient, the sum over the ranks, the update.
    pub seconds: Vec<[f64; 3]>,
}

impl<T: Scalar, N: Blocks<T, D>, const D: usize> Run<'_, T, N, D> {
    /// The loop of [`Fit::run`](gaussflow::train::Fit::run), with the gradient of each batch summed over the ranks.
    pub fn fit(&mut self, steps: u32, every: Option<u32>, held_out: Option<&[Vec<[T; D]>]>) -> Result<(), Stop> {
        let mut drawn = 0;
        while !self.state.is_over(&self.settings) {
            let epochs = self.state.outcome.epochs;
            // A run that goes on makes up for the epochs before it: their orders come first from the generators.
            while drawn <= epochs {
                self.shards.iter_mut().for_each(|shard| shard.order = Order::random(shard.rows.len(), &mut shard.rng));
                drawn += 1;
            }
            while self.state.step < (epochs + 1) * steps {
                self.step((self.state.step - epochs * steps) as usize)?;
                if every.is_some_and(|every| self.state.step.is_multiple_of(every)) {
                    self.keep()?;
                }
            }
            let validation = held_out.map(|shards| validate(&self.kept[1], shards, self.ranks));
            let [weights, average, best, ..] = &mut *self.kept;
            let mut copies = Copies { average: Some(average), best: Some(best) };
            let told = self.state.end_epoch(weights, validation, &self.settings, &mut copies);
            if self.ranks.rank == 0 {
                let validation = held_out.map(|_| format!(", validation {:.4}", told.validation)).unwrap_or_default();
                eprintln!("epoch {}/{}: loss {:.4} nats{validation}", told.epoch, told.epochs, told.loss);
            }
        }
        let [weights, average, best, ..] = &mut *self.kept;
        self.state.finish(weights, &Copies { average: Some(average), best: Some(best) });
        Ok(())
    }

    fn step(&mut self, index: usize) -> Result<(), Stop> {
        let start = Instant::now();
        let [weights, average, best, ..] = &mut *self.kept;
        let mut failed = None;
        let mut batch = Vec::new();
        for Shard { rows, order, .. } in &self.shards {
            let from = rows.len().min(index * self.share);
            batch.clear();
            batch.extend((from..rows.len().min(from + self.share)).map(|place| rows[order.row(place)]));
            // A shard that fails spoils the sum, and so all ranks know.
            let Total { loss, weight } = self.trainer.nll_gradient(weights, &batch).unwrap_or_else(|e| {
                failed.get_or_insert(e.to_string());
                Total { loss: T::NAN, weight: T::NAN }
            });
            self.sum.add(|to| {
                self.trainer.gradient().visit(&mut |_, slice| to.extend_from_slice(slice));
                to.extend([loss, weight]);
            });
        }
        let gradient = start.elapsed();
        let sums = self.sum.over(self.ranks);
        let (sums, last) = sums.split_at(sums.len() - 2);
        let total = Total { loss: last[0], weight: last[1] };
        if !total.loss.is_finite() {
            self.ranks.agree(failed.map_or(Ok(()), Err))?;
        }
        let mut sums = sums.iter();
        self.trainer.gradient_mut().visit_mut(&mut |_, slice| slice.iter_mut().zip(&mut sums).for_each(|(to, sum)| *to = *sum));
        let summed = start.elapsed();
        let mut copies = Copies { average: Some(average), best: Some(best) };
        let done = self.state.step(weights, &mut self.trainer, total, &self.settings, &mut copies);
        // Of the same sums all ranks make the same.
        let done = match done {
            Ok(done) => done,
            Err(e) => self.ranks.agree(Err(e.to_string()))?,
        };
        self.losses.push(done.loss);
        self.seconds.push([gradient, summed - gradient, start.elapsed() - summed].map(|time| time.as_secs_f64()));
        Ok(())
    }

    /// The hash of all parameters, if it is that of all ranks.
    fn hash(&self) -> Result<u64, Stop> {
        let hash = checkpoint::hash_of(&*self.kept);
        let same = self.ranks.same(hash);
        self.ranks.agree(if same { Ok(hash) } else { Err(format!("the weights of the ranks differ after step {}", self.state.step)) })
    }

    fn keep(&mut self) -> Result<(), Stop> {
        let [.., first, second] = &mut *self.kept;
        let moments = self.trainer.moments();
        first.copy_from(moments[0]);
        second.copy_from(moments[1]);
        self.hash()?;
        let write = || {
            self.write_losses()?;
            replace(&self.out.join("checkpoint.bin"), &checkpoint::encode(&self.identity, &self.state, &self.kept)?)
        };
        self.ranks.agree(if self.ranks.rank == 0 { write() } else { Ok(()) })
    }

    pub fn resume(&mut self) -> Result<(), Stop> {
        let path = self.out.join("checkpoint.bin");
        let bytes = self.ranks.read(&path)?;
        let decoded = checkpoint::decode(&bytes, &self.identity, &mut self.kept);
        self.state = self.ranks.agree(decoded.map_err(|e| format!("{}: {e}", path.display())))?;
        let [.., first, second] = &*self.kept;
        self.trainer.restore([first, second], self.state.step);
        self.losses = self.ranks.agree(if self.ranks.rank == 0 { self.read_losses() } else { Ok(Vec::new()) })?;
        if self.ranks.rank == 0 {
            eprintln!("going on after step {}", self.state.step);
        }
        Ok(())
    }

    /// A line for each step, beside and renamed.
    fn write_losses(&self) -> Result<(), String> {
        let mut lines = String::from("step,loss\n");
        for (step, loss) in self.losses.iter().enumerate() {
            lines += &format!("{},{loss}\n", step + 1);
        }
        replace(&self.out.join("losses.csv"), lines.as_bytes())
    }

    /// The losses of the steps before a checkpoint.
    fn read_losses(&self) -> Result<Vec<T>, String> {
        let path = self.out.join("losses.csv");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let losses = text.lines().skip(1).filter_map(|line| line.split_once(',')?.1.parse().ok().map(T::from_f64));
        let losses: Vec<T> = losses.take(self.state.step as usize).collect();
        if losses.len() < self.state.step as usize {
            return Err(format!("{}: {} losses where the checkpoint has {} steps", path.display(), losses.len(), self.state.step));
        }
        Ok(losses)
    }

    /// Writes the flow, and tells what was done in which time.
    pub fn report(&mut self, rows: u64, seconds: f64) -> Result<(), Stop> {
        let hash = self.hash()?;
        let done = self.seconds.len();
        let write = || {
            let mut bytes = vec![0; Model::<T, N, D>::ENCODED_LEN];
            self.kept[0].encode(&mut bytes).map_err(|e| e.to_string())?;
            self.write_losses()?;
            replace(&self.out.join("flow.bin"), &bytes)
        };
        self.ranks.agree(if self.ranks.rank == 0 { write() } else { Ok(()) })?;
        if self.ranks.rank > 0 {
            return Ok(());
        }
        // The fastest tenth of the steps: on a busy machine those that nothing interrupted.
        let mut quiet = |part: fn(&[f64; 3]) -> f64| {
            self.seconds.sort_by(|a, b| part(a).total_cmp(&part(b)));
            self.seconds.get(done / 10).map_or(f64::NAN, part)
        };
        let (step, parts) = (quiet(|s| s.iter().sum()), [quiet(|s| s[0]), quiet(|s| s[1]), quiet(|s| s[2])]);
        println!("ranks = {}", self.ranks.count);
        println!("rows = {rows}");
        println!("parameters = {}", Model::<T, N, D>::COUNT);
        println!("steps = {}", self.state.step);
        println!("epochs = {}", self.state.outcome.epochs);
        println!("loss = {} nats", self.state.outcome.loss);
        if self.state.outcome.best_validation.is_finite() {
            println!("best_validation = {} nats, epoch {}", self.state.outcome.best_validation, self.state.outcome.best_epoch);
        }
        println!("seconds = {seconds:.3}");
        println!("samples_a_second = {:.0}", self.settings.batch as f64 / step);
        println!("step = {:.3} ms", 1e3 * step);
        println!("gradient = {:.3} ms", 1e3 * parts[0]);
        println!("all_reduce = {:.3} ms", 1e3 * parts[1]);
        println!("update = {:.3} ms", 1e3 * parts[2]);
        println!("weights = {hash:#018x} on all ranks");
        Ok(())
    }
}

/// The mean loss of a flow over the shards of all ranks.
pub fn validate<T: Scalar, N: Blocks<T, D>, const D: usize>(flow: &Model<T, N, D>, shards: &[Vec<[T; D]>], ranks: &Ranks) -> T {
    let mut sum = ShardSum::default();
    for rows in shards {
        let count = rows.len() as f64;
        // No row has no mean.
        let loss = if rows.is_empty() { 0.0 } else { flow.mean_nll(rows).as_() * count };
        sum.add(|to| to.extend([loss, count]));
    }
    let sums = sum.over(ranks);
    T::from_f64(sums[0] / sums[1])
}
