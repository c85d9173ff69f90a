//! Why a safetensors file was not loaded, and its tensors as numbers.

use core::fmt;
use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use crate::number::Real;

/// Why weights were not loaded. The flow is as it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The bytes are not a safetensors file.
    NotSafetensors(SafeTensorError),
    /// The flow has a part of this kind, or in this place, that no file has.
    NoCounterpart(&'static str),
    /// The file has no tensor of this name.
    Missing(String),
    /// A tensor has another shape.
    Shape {
        /// Its name.
        tensor: String,
        /// The shape that the flow asks for.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor is neither `F32` nor `F64`.
    Type {
        /// Its name.
        tensor: String,
        /// Its type.
        found: Dtype,
    },
    /// A value is infinite or NaN as a scalar of the flow.
    NotFinite {
        /// The tensor's name.
        tensor: String,
        /// The value's place, row-major.
        index: usize,
    },
    /// A value that the flow's mask keeps at 0 is another number.
    NotMasked {
        /// The tensor's name.
        tensor: String,
        /// The value's place, row-major.
        index: usize,
    },
    /// The file has a tensor of this name, for which the flow has no place.
    NoPlace(String),
    /// The file's metadata describes another flow.
    Setting {
        /// What it describes.
        name: String,
        /// The flow's; empty for none.
        expected: String,
        /// The file's; empty for none.
        found: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotSafetensors(_) => write!(f, "the bytes are not a safetensors file"),
            LoadError::NoCounterpart(kind) => {
                write!(f, "the flow's part `{kind}` has no counterpart in such a file, or not in this place")
            }
            LoadError::Missing(tensor) => write!(f, "the file has no tensor `{tensor}`"),
            LoadError::Shape { tensor, expected, found } => {
                write!(f, "the tensor `{tensor}` has the shape {found:?}, the flow asks for {expected:?}")
            }
            LoadError::Type { tensor, found } => write!(f, "the tensor `{tensor}` is of type {found:?}, not F32 or F64"),
            LoadError::NotFinite { tensor, index } => write!(f, "value {index} of the tensor `{tensor}` is not finite"),
            LoadError::NotMasked { tensor, index } => write!(f, "value {index} of the tensor `{tensor}` is masked in the flow, but not 0"),
            LoadError::NoPlace(tensor) => write!(f, "the flow has no place for the tensor `{tensor}`"),
            LoadError::Setting { name, expected, found } => write!(f, "`{name}` is `{found}` in the file, `{expected}` in the flow"),
        }
    }
}

impl core::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            LoadError::NotSafetensors(error) => Some(error),
            _ => None,
        }
    }
}

/// The tensor of this name and shape, row-major, rounded to the scalar.
pub(super) fn numbers<T: Real>(file: &SafeTensors, tensor: &str, expected: &[usize]) -> Result<Vec<T>, LoadError> {
    let Ok(view) = file.tensor(tensor) else {
        return Err(LoadError::Missing(tensor.to_owned()));
    };
    if view.shape() != expected {
        return Err(LoadError::Shape { tensor: tensor.to_owned(), expected: expected.to_vec(), found: view.shape().to_vec() });
    }
    let values: Vec<T> = match view.dtype() {
        Dtype::F32 => view.data().as_chunks().0.iter().map(|bytes| T::from_f64(f32::from_le_bytes(*bytes).into())).collect(),
        Dtype::F64 => view.data().as_chunks().0.iter().map(|bytes| T::from_f64(f64::from_le_bytes(*bytes))).collect(),
        found => return Err(LoadError::Type { tensor: tensor.to_owned(), found }),
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(LoadError::NotFinite { tensor: tensor.to_owned(), index }),
        None => Ok(values),
    }
}
