//! The flow, and the types that the programs are compiled for.

use clap::ValueEnum;
use gaussflow::factory::CouplingBlock;
use gaussflow::{ActNorm, DifferentiableBijector, Flow, Init, Real, Zeros};
use mpi::traits::Equivalence;

/// A scalar that goes over the network.
pub trait Scalar: Real + Equivalence {}
impl<T: Real + Equivalence> Scalar for T {}

/// What is trained behind the standardisation.
pub trait Blocks<T: Real, const D: usize>: DifferentiableBijector<T, D> + Init<T> + Zeros {}
impl<T: Real, N: DifferentiableBijector<T, D> + Init<T> + Zeros, const D: usize> Blocks<T, D> for N {}

/// The layers: a standardisation of each column, and the blocks.
pub type Layers<T, N, const D: usize> = (ActNorm<T, D>, N);
/// The flow that `train` writes and the others read.
pub type Model<T, N, const D: usize> = Flow<T, Layers<T, N, D>, D>;
/// The blocks of the crate's coupling flow: rotations and mixtures of eight components, set by networks of 64 and 64.
pub type Couplings<T, const D: usize, const A: usize, const B: usize> = [CouplingBlock<T, D, A, B>; 4];

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Precision {
    F32,
    F64,
}

impl Precision {
    /// That of an encoded flow, which tells it in its header.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.get(12) == Some(&64) { Precision::F64 } else { Precision::F32 }
    }
}

/// Calls `$run::<T, blocks, D>` for a precision and a number of columns.
#[macro_export]
macro_rules! for_columns {
    ($precision:expr, $columns:expr, $run:ident $arguments:tt) => {
        match ($precision, $columns) {
            ($crate::flow::Precision::F32, 2) => Ok($run::<f32, $crate::flow::Couplings<f32, 2, 1, 1>, 2> $arguments),
            ($crate::flow::Precision::F64, 2) => Ok($run::<f64, $crate::flow::Couplings<f64, 2, 1, 1>, 2> $arguments),
            #[cfg(feature = "wide")]
            (precision, columns) => $crate::for_wide_columns!(precision, columns, $run $arguments, 3 1 2, 4 2 2, 5 2 3, 6 3 3, 7 3 4, 8 4 4),
            #[cfg(not(feature = "wide"))]
            (_, columns) => Err(format!("tables of {columns} columns need programs that are built with --features wide")),
        }
    };
}

/// The arms of [`for_columns`] for columns `$d = $a + $b`.
#[cfg(feature = "wide")]
#[macro_export]
macro_rules! for_wide_columns {
    ($precision:ident, $columns:ident, $run:ident $arguments:tt, $($d:literal $a:literal $b:literal),*) => {
        match ($precision, $columns) {
            $(
                ($crate::flow::Precision::F32, $d) => Ok($run::<f32, $crate::flow::Couplings<f32, $d, $a, $b>, $d> $arguments),
                ($crate::flow::Precision::F64, $d) => Ok($run::<f64, $crate::flow::Couplings<f64, $d, $a, $b>, $d> $arguments),
            )*
            (_, columns) => Err(format!("tables of {columns} columns are not compiled in, only 2 to 8")),
        }
    };
}
