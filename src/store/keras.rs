//! Weights of a flow that was trained in Keras, from a safetensors file. On hosts: needs the feature `safetensors`.
//!
//! `tools/export_keras.py` writes such a file from a live `gauss_keras` flow. The layers are numbered from 0 in the order in which they act, two digits at least:
//!
//! | tensors | of | shape |
//! |---|---|---|
//! | `l00.v` | [`Householder`](crate::Householder) of `R` reflectors | `(R, D)` |
//! | `l00.q` | [`Orthogonal`](crate::Orthogonal) | `(D, D)` |
//! | `l00.logits`, `l00.means`, `l00.log_scales` | [`Marginal`](crate::Marginal) of [`MixtureCdf`](crate::MixtureCdf) with [`NoClamp`](crate::NoClamp) | `(D, K)` |
//! | `l00.dense0.kernel`, `l00.dense0.bias`, `l00.dense1.kernel`, .. | [`Coupling`](crate::Coupling): each [`Dense`](crate::Dense), the head last | `(inputs, outputs)`, `(outputs)` |
//! | `l00.log_scale_clamp.bound` or `.low` and `.high` | its clamp; where the file has none, the flow keeps its own | `()` |
//!
//! A head's row of outputs is `(3, B, K)`: logits, means and raw log-scales, each of `B` dimensions; `(3, K)` for a [`SharedHead`](crate::SharedHead).
//!
//! Other tensors are ignored. The file's metadata may say what the tensors do not, and is then compared with the flow: `l00` is `householder`, `orthogonal`, `marginal` or
//! `coupling`; `l00.mask` has a 1 for each dimension that is passed through and a 0 for the others; `l00.log_scale_clamp` is `tanh` or `sigmoid`; `l00.dense0.activation` is
//! `relu`, `leaky_relu` (of slope 0.01), `tanh`, `sigmoid`, `silu`, `softplus` or `gelu` (exact), and missing for none; `l00.dense1.add_input` is `true` for a dense layer in a
//! [`Residual`](crate::Residual). A file without any of these fits every flow with tensors of its shapes.

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use safetensors::SafeTensors;

use crate::bijector::Bijector;
use crate::flow::Flow;
use crate::number::Real;
use crate::parameters::{Parameters, Part};
pub use crate::store::load_error::LoadError;
use crate::store::load_error::numbers;

/// Loads the weights of a safetensors file into `flow`; see the [module](self) for the names. Everything is checked before the first weight is written.
///
/// The number of components, all widths and the scalar are the flow's; `F32` and `F64` tensors are rounded to it.
///
/// # Errors
/// [`LoadError`], which names the tensor; the flow is then unchanged.
pub fn load<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize>(
    flow: &mut Flow<T, B, D, C>,
    bytes: &[u8],
) -> Result<(), LoadError> {
    let file = SafeTensors::deserialize(bytes).map_err(LoadError::NotSafetensors)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(LoadError::NotSafetensors)?;
    let mut reader = Reader {
        file: &file,
        values: vec![],
        at: 0,
        layer: "",
        layers: 0,
        head: false,
        denses: 0,
        skip: None,
        taken: BTreeSet::new(),
        settings: BTreeMap::new(),
    };
    flow.visit(&mut |_, slice| reader.values.extend_from_slice(slice));
    let mut result = Ok(());
    B::describe(&mut |part| {
        if result.is_ok() {
            result = reader.part(part);
        }
    });
    result?;
    if reader.at != reader.values.len() {
        return Err(UNDESCRIBED);
    }
    if let Some(name) = file.names().into_iter().filter(|name| of_layer(name) && !reader.taken.contains(*name)).min() {
        return Err(LoadError::NoPlace(name.to_string()));
    }
    reader.compare_settings(header.metadata().iter().flatten())?;
    let mut values = reader.values.into_iter();
    flow.visit_mut(&mut |_, slice| {
        for (place, value) in slice.iter_mut().zip(&mut values) {
            *place = value;
        }
    });
    Ok(())
}

/// A bijector or layer tells too little of its parameters.
const UNDESCRIBED: LoadError = LoadError::NoCounterpart("one that does not describe all of its parameters");

/// Whether a name is that of a layer or starts with one: `l` and digits.
fn of_layer(name: &str) -> bool {
    let layer = name.split('.').next().unwrap_or(name);
    layer.strip_prefix('l').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Follows the parts of a flow, and fills `values` from the tensors of each.
struct Reader<'a, T> {
    file: &'a SafeTensors<'a>,
    /// All parameters, in the order of [`Parameters::zip`]: at first the flow's own.
    values: Vec<T>,
    /// The first value of the next part.
    at: usize,
    /// The kind of the current layer.
    layer: &'static str,
    /// Layers so far, the current one included.
    layers: usize,
    /// Whether the current dense layer is a head.
    head: bool,
    /// Dense layers of the current conditioner so far.
    denses: usize,
    /// `denses` where the current residual block began.
    skip: Option<usize>,
    taken: BTreeSet<String>,
    /// What the metadata of the flow's own file would say.
    settings: BTreeMap<String, String>,
}

impl<T: Real> Reader<'_, T> {
    /// `l00` for the first layer.
    fn name(&self) -> String {
        format!("l{:02}", self.layers.saturating_sub(1))
    }

    /// The dense layer `number` of the current conditioner.
    fn dense(&self, number: usize) -> String {
        format!("{}.dense{number}", self.name())
    }

    fn part(&mut self, part: Part) -> Result<(), LoadError> {
        match part {
            Part::Kind(kind) => self.kind(kind)?,
            Part::End => match self.skip.take() {
                Some(denses) if self.denses == denses + 1 => {}
                _ => return Err(LoadError::NoCounterpart("residual")),
            },
            Part::Mask(mask) => {
                let bits = mask.iter().map(|identity| if *identity { '1' } else { '0' }).collect();
                self.settings.insert(format!("{}.mask", self.name()), bits);
            }
            Part::Order(_) => return Err(LoadError::NoCounterpart("permutation")),
            Part::Masked(_) => return Err(LoadError::NoCounterpart("masked")),
            Part::Setting(setting) => {
                let name = format!("{}.log_scale_clamp.{setting}", self.name());
                if self.file.tensor(&name).is_ok() {
                    self.read(name, &[], |_| 0)?;
                }
                self.at += 1;
            }
            Part::Tensor(name, shape) => self.tensor(name, shape)?,
        }
        Ok(())
    }

    fn kind(&mut self, kind: &'static str) -> Result<(), LoadError> {
        match (kind, self.layer) {
            ("householder" | "orthogonal" | "marginal" | "coupling", _) => {
                (self.layer, self.denses) = (kind, 0);
                self.layers += 1;
                self.settings.insert(self.name(), kind.to_string());
            }
            ("mixture_cdf", _) | ("no_clamp", "marginal") | ("shared_head", _) => {}
            ("tanh_clamp" | "sigmoid_clamp", "coupling") => {
                let clamp = kind.trim_end_matches("_clamp").to_string();
                self.settings.insert(format!("{}.log_scale_clamp", self.name()), clamp);
            }
            ("dense" | "head", _) => {
                self.head = kind == "head";
                self.denses += 1;
            }
            ("residual", _) if self.skip.is_none() => {
                self.skip = Some(self.denses);
                self.settings.insert(format!("{}.add_input", self.dense(self.denses)), "true".to_string());
            }
            ("relu" | "leaky_relu" | "tanh" | "sigmoid" | "silu" | "softplus" | "gelu", _) if self.denses > 0 => {
                let name = format!("{}.activation", self.dense(self.denses - 1));
                if self.settings.insert(name, kind.to_string()).is_some() {
                    return Err(LoadError::NoCounterpart(kind));
                }
            }
            _ => return Err(LoadError::NoCounterpart(kind)),
        }
        Ok(())
    }

    /// The parameters `ours` of the current part, which may be several tensors of the file or one in another order.
    fn tensor(&mut self, ours: &str, shape: &[usize]) -> Result<(), LoadError> {
        match (self.layer, shape) {
            // (D, 3 K) here.
            ("marginal", &[d, len]) => {
                let k = len / 3;
                for (part, name) in ["logits", "means", "log_scales"].iter().enumerate() {
                    self.read(format!("{}.{name}", self.name()), &[d, k], |i| i / k * len + part * k + i % k)?;
                }
            }
            // (.., B, 3 K) here, (.., 3 B K) in the file.
            ("coupling", &[ref lead @ .., b, len]) if self.head => {
                let (k, row) = (len / 3, b * len);
                let place = |i| {
                    let (first, i) = (i / row * row, i % row);
                    first + i / k % b * len + i / (b * k) * k + i % k
                };
                self.read(format!("{}.{ours}", self.dense(self.denses - 1)), &[lead, &[row]].concat(), place)?;
            }
            ("coupling", _) => self.read(format!("{}.{ours}", self.dense(self.denses.saturating_sub(1))), shape, |i| i)?,
            _ => self.read(format!("{}.{ours}", self.name()), shape, |i| i)?,
        }
        self.at += shape.iter().product::<usize>();
        Ok(())
    }

    /// One tensor of the file; `place` is where its element `i` goes, from `at` on.
    fn read(&mut self, tensor: String, expected: &[usize], place: impl Fn(usize) -> usize) -> Result<(), LoadError> {
        for (index, value) in numbers(self.file, &tensor, expected)?.into_iter().enumerate() {
            *self.values.get_mut(self.at + place(index)).ok_or(UNDESCRIBED)? = value;
        }
        self.taken.insert(tensor);
        Ok(())
    }

    /// The file's metadata must say what the flow is, and no more, if it says anything.
    fn compare_settings<'m>(&self, metadata: impl Iterator<Item = (&'m String, &'m String)>) -> Result<(), LoadError> {
        let file: BTreeMap<&String, &String> = metadata.filter(|(name, _)| of_layer(name)).collect();
        if file.is_empty() {
            return Ok(());
        }
        let names: BTreeSet<&String> = file.keys().copied().chain(self.settings.keys()).collect();
        for name in names {
            let (expected, found) = (self.settings.get(name), file.get(name).copied());
            if expected != found {
                let text = |setting: Option<&String>| setting.cloned().unwrap_or_default();
                return Err(LoadError::Setting { name: name.clone(), expected: text(expected), found: text(found) });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
