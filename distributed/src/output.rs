//! Tables that the ranks write together.

use std::fs::File;
use std::io::{Write, stdout};
use std::path::Path;

use mpi::traits::Equivalence;

use crate::ranks::{Ranks, Stop};

/// Rank 0 writes a line of names, then the cells of each row, told its place from 0: those of all ranks in their order, to a file or to what is printed.
pub fn write_in_order<X: Equivalence, const D: usize>(
    ranks: &Ranks,
    path: Option<&Path>,
    names: &[String],
    rows: &[[X; D]],
    cells: impl Fn(usize, &[X; D]) -> Vec<String>,
) -> Result<(), Stop> {
    let named = |e: &dyn std::fmt::Display| format!("{}: {e}", path.unwrap_or("the output".as_ref()).display());
    let open = || -> Result<csv::Writer<Box<dyn Write>>, String> {
        let to: Box<dyn Write> = match path {
            Some(path) if ranks.rank == 0 => Box::new(File::create(path).map_err(|e| named(&e))?),
            _ => Box::new(stdout()),
        };
        Ok(csv::Writer::from_writer(to))
    };
    let mut writer = ranks.agree(open())?;
    let mut place = 0;
    ranks.in_order(rows, |block| {
        let mut write = || {
            if place == 0 {
                writer.write_record(names)?;
            }
            for row in block {
                writer.write_record(cells(place, row))?;
                place += 1;
            }
            writer.flush().map_err(csv::Error::from)
        };
        write().map_err(|e| named(&e))
    })
}
