//! What the programs `train`, `score` and `sample` share: flows on as many processes as MPI starts, the ranks of one job.

pub mod checkpoint;
pub mod flow;
pub mod output;
pub mod ranks;
pub mod run;
pub mod sum;
pub mod table;
