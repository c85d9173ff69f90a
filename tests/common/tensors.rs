//! The files of true values: tensors of f64, or of f32, in safetensors.

use safetensors::{Dtype, SafeTensors};

/// Each tensor of `tests/data/{file}.safetensors`: its name, its shape and its values, row-major.
pub fn read(file: &str) -> Vec<(String, Vec<usize>, Vec<f64>)> {
    let path = format!("{}/tests/data/{file}.safetensors", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let tensors = SafeTensors::deserialize(&bytes).unwrap_or_else(|e| panic!("{path}: {e}")).tensors();
    let values = tensors.into_iter().map(|(name, view)| {
        let values = match view.dtype() {
            Dtype::F64 => view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes"))).collect(),
            Dtype::F32 => view.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().expect("4 bytes")))).collect(),
            other => panic!("{path}: {name} of {other:?}"),
        };
        (name, view.shape().to_vec(), values)
    });
    values.collect()
}
