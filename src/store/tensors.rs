//! Weights of any flow from a safetensors file: how flows that were trained elsewhere come in. On hosts: needs the feature `safetensors`.
//!
//! `tools/export_zuko.py` writes such a file from a live zuko flow, and beside it the flow's type in Rust.
//!
//! The parts of a flow are numbered from 0 in the order in which [`Bijector::describe`](crate::Bijector::describe) tells them, two digits at least. Of part 3, a
//! [`ContextDense`](crate::ContextDense) layer of `I` values and `C` context variables to `O`:
//!
//! | tensor | shape |
//! |---|---|
//! | `03.context_dense.kernel` | `(I, O)` |
//! | `03.context_dense.bias` | `(O)` |
//! | `03.context_dense.context_kernel` | `(C, O)` |
//!
//! A head's `kernel` is `(H, B, P)` and its `bias` `(B, P)`, with the `P` parameters of the univariate in its own order. What is masked is 0 in the file. Settings, such as
//! `02.soft_clamp.bound`, are tensors of shape `()`. [`Part`] names what there is of each kind.
//!
//! The file's metadata says what the tensors do not: `parts` has the kinds of all parts in order, between them `, `. After a coupling's stands its mask, `=` for a dimension that is
//! passed through and `x` for the others (`coupling ==xx`); after a permutation's where each dimension comes from (`permutation [2 1 0]`); a kind that wraps others closes with `end`.
//! Tensors whose names do not begin with a digit are ignored.

use std::borrow::ToOwned;
use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use safetensors::SafeTensors;

use crate::bijector::Bijector;
use crate::flow::Flow;
use crate::number::Real;
use crate::parameters::{Parameters, Part};
pub use crate::store::load_error::LoadError;
use crate::store::load_error::numbers;

/// Loads the weights of a safetensors file into `flow`; see the [module](self) for the names. Everything is checked before the first weight is written.
///
/// `F32` and `F64` tensors are rounded to the flow's scalar.
///
/// # Errors
/// [`LoadError`], which names the tensor or the part; the flow is then unchanged.
pub fn load<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize>(
    flow: &mut Flow<T, B, D, C>,
    bytes: &[u8],
) -> Result<(), LoadError> {
    let file = SafeTensors::deserialize(bytes).map_err(LoadError::NotSafetensors)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(LoadError::NotSafetensors)?;
    let theirs = header.metadata().as_ref().and_then(|metadata| metadata.get("parts")).map(String::as_str).unwrap_or_default();
    compare(theirs, &parts::<T, B, D, C>())?;

    let mut reader = Reader { file: &file, kinds: 0, name: String::new(), masked: Vec::new(), values: Vec::new(), taken: BTreeSet::new() };
    let mut result = Ok(());
    B::describe(&mut |part| {
        if result.is_ok() {
            result = reader.part(part);
        }
    });
    result?;
    if let Some(name) =
        file.names().into_iter().filter(|name| name.starts_with(|c: char| c.is_ascii_digit()) && !reader.taken.contains(*name)).min()
    {
        return Err(LoadError::NoPlace(name.to_owned()));
    }
    if reader.values.len() != B::COUNT + B::FIXED {
        return Err(LoadError::NoCounterpart("one that does not describe all of its parameters"));
    }
    let mut values = reader.values.into_iter();
    flow.visit_mut(&mut |_, slice| slice.iter_mut().zip(&mut values).for_each(|(place, value)| *place = value));
    Ok(())
}

/// What the metadata of a flow's own file says of its parts.
fn parts<T: Real, B: Bijector<T, D, C>, const D: usize, const C: usize>() -> Vec<String> {
    let mut parts = Vec::new();
    B::describe(&mut |part| {
        let of_last = match part {
            Part::Kind(kind) => return parts.push(kind.to_owned()),
            Part::End => return parts.push("end".to_owned()),
            Part::Mask(mask) => mask.iter().map(|identity| if *identity { '=' } else { 'x' }).collect(),
            Part::Order(order) => format!("[{}]", order.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")),
            Part::Masked(_) | Part::Setting(_) | Part::Tensor(..) => return,
        };
        if let Some(last) = parts.last_mut() {
            *last = format!("{last} {of_last}");
        }
    });
    parts
}

/// The file's parts must be those of the flow.
fn compare(theirs: &str, ours: &[String]) -> Result<(), LoadError> {
    let mut theirs = theirs.split(", ");
    let mut ours = ours.iter().map(String::as_str);
    for number in 0.. {
        match (ours.next(), theirs.next()) {
            (None, None) => break,
            (expected, found) if expected == found => {}
            (expected, found) => {
                let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
                return Err(LoadError::Setting { name: format!("part {number}"), expected: text(expected), found: text(found) });
            }
        }
    }
    Ok(())
}

/// Follows the parts of a flow, and collects their values in the order of [`Parameters::visit`].
struct Reader<'a, T> {
    file: &'a SafeTensors<'a>,
    /// Parts so far.
    kinds: usize,
    /// The current part, as names of tensors begin.
    name: String,
    /// Of the next tensor, what each row begins with of masked values.
    masked: Vec<usize>,
    values: Vec<T>,
    taken: BTreeSet<String>,
}

impl<T: Real> Reader<'_, T> {
    fn part(&mut self, part: Part) -> Result<(), LoadError> {
        match part {
            Part::Kind(_) | Part::End => {
                let kind = if let Part::Kind(kind) = part { kind } else { "end" };
                self.name = format!("{:02}.{kind}", self.kinds);
                self.kinds += 1;
            }
            Part::Mask(_) | Part::Order(_) => {}
            // Told before the kind of the layer.
            Part::Masked(rows) => self.masked = rows.to_vec(),
            Part::Setting(name) => self.tensor(name, &[])?,
            Part::Tensor(name, shape) => self.tensor(name, shape)?,
        }
        Ok(())
    }

    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<(), LoadError> {
        let tensor = format!("{}.{name}", self.name);
        let values: Vec<T> = numbers(self.file, &tensor, shape)?;
        let masked = core::mem::take(&mut self.masked);
        let row = values.len() / masked.len().max(1);
        for (index, value) in values.into_iter().enumerate() {
            if masked.get(index / row.max(1)).is_none_or(|masked| *masked <= index % row.max(1)) {
                self.values.push(value);
            } else if value != T::ZEROS {
                return Err(LoadError::NotMasked { tensor, index });
            }
        }
        self.taken.insert(tensor);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
