//! The golden vectors of `tests/data/golden`: loading them, and their weights into our flows by `keras::load`.
//!
//! `index.json` beside them states their source (the Keras reference in f64, and 60-digit arithmetic for `*_exact`) and conventions.

use std::collections::{BTreeMap, HashMap};

use gaussflow::store::keras;
use gaussflow::{Bijector, Flow, Parameters, Part, Real, Zeros};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value as Json;

use crate::tensors;

/// One tensor: its shape and its values, row-major.
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// One golden case: its entry in the index and its tensors.
pub struct Case {
    pub index: Json,
    tensors: BTreeMap<String, Tensor>,
}

impl Case {
    /// Reads `name` from `tests/data/golden`.
    pub fn load(name: &str) -> Self {
        let tensors =
            tensors::read(&format!("golden/{name}")).into_iter().map(|(name, shape, values)| (name, Tensor { shape, values })).collect();
        let index: Json = serde_json::from_str(include_str!("../data/golden/index.json")).expect("index.json");
        let index = index["cases"].as_array().and_then(|cases| cases.iter().find(|case| case["name"] == name));
        Case { index: index.unwrap_or_else(|| panic!("{name} is not in index.json")).clone(), tensors }
    }

    pub fn tensor(&self, name: &str) -> &Tensor {
        self.tensors.get(name).unwrap_or_else(|| panic!("{} has no tensor {name}", self.index["name"]))
    }

    /// A tensor of one dimension.
    pub fn column(&self, name: &str) -> &[f64] {
        let tensor = self.tensor(name);
        assert_eq!(tensor.shape.len(), 1, "{name}");
        &tensor.values
    }

    /// A tensor of shape `(n, D)` as `n` rows.
    pub fn rows<const D: usize>(&self, name: &str) -> Vec<[f64; D]> {
        let tensor = self.tensor(name);
        assert_eq!(tensor.shape.last(), Some(&D), "{name}");
        tensor.values.chunks_exact(D).map(|row| row.try_into().unwrap()).collect()
    }

    /// A number of the index entry.
    pub fn number(&self, key: &str) -> f64 {
        self.index[key].as_f64().unwrap_or_else(|| panic!("{} has no {key} in the index", self.index["name"]))
    }

    /// A flow with the case's weights and clamps, built on the heap; it must have the masks, activations and clamps of the index, and a place for every tensor.
    pub fn flow<T: Real, B: Bijector<T, D> + Parameters<T> + Zeros, const D: usize>(&self) -> Box<Flow<T, B, D>> {
        self.filled("")
    }

    /// The tensors `grad.*` beside the ones of `gradient`: calls `compare(name, ours, theirs)` once a tensor.
    pub fn compare_gradient<B: Bijector<f64, D> + Parameters<f64> + Zeros, const D: usize>(
        &self,
        gradient: &B,
        mut compare: impl FnMut(&str, &[f64], &[f64]),
    ) {
        let theirs = self.filled::<f64, B, D>("grad.");
        let (mut ours, mut flat) = (vec![], vec![]);
        gradient.visit(&mut |_, slice| ours.extend_from_slice(slice));
        theirs.visit(&mut |_, slice| flat.extend_from_slice(slice));
        let (mut at, mut layer) = (0, "");
        B::describe(&mut |part| match part {
            Part::Kind(kind) => layer = kind,
            // Fixed: neither side has a gradient.
            Part::Setting(_) => at += 1,
            Part::Tensor(name, shape) => {
                let end = at + shape.iter().product::<usize>();
                compare(&format!("grad: {name} of {layer}"), &ours[at..end], &flat[at..end]);
                at = end;
            }
            _ => {}
        });
        assert_eq!(at, ours.len());
    }

    /// A flow of the tensors `prefix*`.
    fn filled<T: Real, B: Bijector<T, D> + Parameters<T> + Zeros, const D: usize>(&self, prefix: &str) -> Box<Flow<T, B, D>> {
        let mut flow = Box::new(Flow::<T, B, D>::ZEROS);
        keras::load(&mut flow, &self.file(prefix)).unwrap_or_else(|error| panic!("{}, {prefix}: {error}", self.index["name"]));
        flow
    }

    /// The tensors `prefix*` of the layers as a file for [`keras::load`], with what the index says of the layers as its metadata.
    fn file(&self, prefix: &str) -> Vec<u8> {
        let mut tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
        let mut metadata = HashMap::new();
        let bytes = |values: &[f64]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        for (i, layer) in self.index["layers"].as_array().expect("layers").iter().enumerate() {
            let name = |rest: &str| format!("l{i:02}{rest}");
            let mut take = |rest: &str, tensor: &Json| {
                let tensor = self.tensor(&format!("{prefix}{}", tensor.as_str().expect("a name")));
                tensors.insert(name(rest), (tensor.shape.clone(), bytes(&tensor.values)));
            };
            for key in ["v", "q", "logits", "means", "log_scales"] {
                if !layer[key].is_null() {
                    take(&format!(".{key}"), &layer[key]);
                }
            }
            let mut say = |rest: &str, value: &str| metadata.insert(name(rest), value.to_owned());
            let kind = layer["type"].as_str().expect("a type");
            say("", if kind == "fixed_ortho" { "orthogonal" } else { kind });
            if let Some(mask) = layer["mask"].as_array() {
                say(".mask", &mask.iter().map(|identity| if identity == true { '1' } else { '0' }).collect::<String>());
            }
            for (j, dense) in layer["conditioner"]["dense"].as_array().into_iter().flatten().enumerate() {
                take(&format!(".dense{j}.kernel"), &dense["kernel"]);
                take(&format!(".dense{j}.bias"), &dense["bias"]);
                if dense["activation"] != "linear" {
                    say(&format!(".dense{j}.activation"), dense["activation"].as_str().expect("a name"));
                }
                if dense["add_input"] == true {
                    say(&format!(".dense{j}.add_input"), "true");
                }
            }
            if let Some(clamp) = layer["log_scale_clamp"].as_object() {
                say(".log_scale_clamp", clamp["kind"].as_str().expect("a kind"));
                for (key, ours) in [("bound", "bound"), ("lo", "low"), ("hi", "high")] {
                    if let Some(value) = clamp.get(key).and_then(Json::as_f64) {
                        tensors.insert(name(&format!(".log_scale_clamp.{ours}")), (vec![], bytes(&[value])));
                    }
                }
            }
        }
        let views =
            tensors.iter().map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F64, shape.clone(), bytes).expect("a tensor")));
        safetensors::serialize(views, Some(metadata)).expect("a file")
    }
}
