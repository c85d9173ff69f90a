//! The ranks of a job, and what they agree on.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Equivalence, Root, Source};

/// All ranks stop; one of them says why.
pub struct Stop(Option<String>);

/// This process among those of its job.
pub struct Ranks {
    pub(crate) world: SimpleCommunicator,
    /// Its number, from 0.
    pub rank: usize,
    /// How many there are.
    pub count: usize,
}

/// The whole program: one line and status 2 for what fails, however many ranks there are.
pub fn main<A: Parser>(run: fn(&Ranks, &A) -> Result<(), Stop>) -> ExitCode {
    let Some(universe) = mpi::initialize() else {
        eprintln!("error: MPI does not start");
        return ExitCode::from(2);
    };
    let world = universe.world();
    let ranks = Ranks { rank: world.rank() as usize, count: world.size() as usize, world };
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.to_string();
            match (ranks.rank, error.use_stderr()) {
                (0, true) => eprintln!("{}", text.lines().next().unwrap_or_default()),
                (0, false) => print!("{text}"),
                _ => {}
            }
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // The message is out before the job is finalized, and no rank ends before that.
    match run(&ranks, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop(message)) => {
            if let Some(message) = message {
                eprintln!("error: {message}");
            }
            ExitCode::from(2)
        }
    }
}

impl Ranks {
    /// The value, if all ranks have one; else all stop, and the first that failed says why.
    pub fn agree<X>(&self, result: Result<X, String>) -> Result<X, Stop> {
        let failed = if result.is_ok() { self.count } else { self.rank };
        let first = self.reduce(failed as u64, SystemOperation::min());
        match result {
            Ok(value) if first == self.count as u64 => Ok(value),
            Err(message) if first == self.rank as u64 => Err(Stop(Some(format!("rank {first}: {message}")))),
            _ => Err(Stop(None)),
        }
    }

    fn reduce<X: Equivalence + Default>(&self, x: X, operation: SystemOperation) -> X {
        let mut y = X::default();
        self.world.all_reduce_into(&x, &mut y, operation);
        y
    }

    /// The largest of all ranks.
    pub fn max(&self, x: u64) -> u64 {
        self.reduce(x, SystemOperation::max())
    }

    /// Whether all ranks have the same number.
    pub fn same(&self, x: u64) -> bool {
        self.reduce(x, SystemOperation::min()) == self.reduce(x, SystemOperation::max())
    }

    /// The bytes of a file that rank 0 reads, on all ranks.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, Stop> {
        let read = || fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        let mut bytes = self.agree(if self.rank == 0 { read() } else { Ok(Vec::new()) })?;
        let mut length = bytes.len() as u64;
        let first = self.world.process_at_rank(0);
        first.broadcast_into(&mut length);
        bytes.resize(length as usize, 0);
        // A message holds at most 2^31 - 1 items.
        for part in bytes.chunks_mut(1 << 30) {
            first.broadcast_into(part);
        }
        Ok(bytes)
    }

    /// Gives `write`, on rank 0, the rows of all ranks in their order, a block at a time.
    pub fn in_order<X: Equivalence, const D: usize>(
        &self,
        rows: &[[X; D]],
        mut write: impl FnMut(&[[X; D]]) -> Result<(), String>,
    ) -> Result<(), Stop> {
        const BLOCK: usize = 1 << 16;
        let mut result = Ok(());
        if self.rank == 0 {
            result = rows.chunks(BLOCK).try_for_each(&mut write);
            for rank in 1..self.count {
                let from = self.world.process_at_rank(rank as i32);
                let (blocks, _) = from.receive::<u64>();
                // All are received even when they can no longer be written: the senders wait.
                for _ in 0..blocks {
                    let (block, _) = from.receive_vec::<X>();
                    result = result.and_then(|()| write(block.as_chunks().0));
                }
            }
        } else {
            let to = self.world.process_at_rank(0);
            to.send(&(rows.len().div_ceil(BLOCK) as u64));
            rows.chunks(BLOCK).for_each(|block| to.send(block.as_flattened()));
        }
        self.agree(result)
    }
}
