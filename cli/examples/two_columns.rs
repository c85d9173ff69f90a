//! The least project there is, as `gaussflow new` writes it, for two columns: the tests run it. Its folder is the variable `PROJECT`.

use std::process::ExitCode;

use gaussflow::factory::CouplingBlock;
use gaussflow::{Marginal, MixtureCdf, NoClamp};
use gaussflow_cli::project::{Candidate, run};

const D: usize = 2;
const C: usize = 0;

type Marginals = Marginal<f32, MixtureCdf<NoClamp, 4>, D>;
type Couplings = [CouplingBlock<f32, D, 1, 1, 4, 8>; 1];

fn main() -> ExitCode {
    let candidates = [Candidate::of::<Marginals, D, C>("Marginals"), Candidate::of::<Couplings, D, C>("Couplings")];
    run(&std::env::var("PROJECT").unwrap_or_else(|_| ".".into()), &candidates)
}
