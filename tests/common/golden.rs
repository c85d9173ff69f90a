//! The golden vectors of `tests/data/golden`: loading them, and where each of their tensors lives in our layers.
//!
//! `index.json` beside them states their source (the Keras reference in f64, and 60-digit arithmetic for `*_exact`) and conventions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gaussflow::conditioner::{Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use gaussflow::univariate::LogScaleClamp;
use gaussflow::{
    Coupling, Dense, Flow, Head, Householder, Marginal, MixtureCdf, NoClamp, Real, Residual, SharedHead, SigmoidClamp, TanhClamp,
    Univariate, Zeros,
};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value as Json;

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
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/golden"));
        let read = |file: String| std::fs::read(folder.join(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let bytes = read(format!("{name}.safetensors"));
        let file = SafeTensors::deserialize(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        let tensors = file.tensors().into_iter().map(|(name, view)| {
            assert_eq!(view.dtype(), Dtype::F64, "{name}");
            let values = view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
            (name, Tensor { shape: view.shape().to_vec(), values })
        });
        let tensors = tensors.collect();
        let index: Json = serde_json::from_slice(&read("index.json".into())).expect("index.json");
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

    /// A value of the model's type with the case's weights, built on the heap.
    ///
    /// Every trainable tensor of the index must be taken, each scalar once: a model of another shape does not load.
    pub fn model<T: Real, M: Golden<T> + Zeros>(&self) -> Box<M> {
        let mut model = Box::new(M::ZEROS);
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        model.each(&mut Place::of(self), &mut |name, i, value| {
            *value = T::from_f64(self.tensor(name).values[i]);
            *taken.entry(name.to_owned()).or_default() += 1;
        });
        let names = match self.index["trainable"].as_array() {
            Some(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
            // The one bare layer of the set.
            None => vec!["v".to_owned()],
        };
        let expected = names.into_iter().map(|name| (name.clone(), self.tensor(&name).values.len())).collect();
        assert_eq!(taken, expected, "tensors of the model, of the file");
        model
    }

    /// The tensors `grad.*` beside the ones of `gradient`: calls `compare(name, ours, theirs)` once a tensor.
    pub fn compare_gradient<T: Real>(&self, gradient: &mut impl Golden<T>, mut compare: impl FnMut(&str, &[f64], &[f64])) {
        let mut ours: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        gradient.each(&mut Place::of(self), &mut |name, i, value| {
            let len = self.tensor(name).values.len();
            ours.entry(format!("grad.{name}")).or_insert_with(|| vec![f64::NAN; len])[i] = (*value).as_();
        });
        for (name, ours) in ours {
            compare(&name, &ours, &self.tensor(&name).values);
        }
    }
}

/// Where in the reference's list of layers a part stands.
pub struct Place<'a> {
    case: &'a Case,
    layer: usize,
    dense: usize,
}

impl<'a> Place<'a> {
    fn of(case: &'a Case) -> Self {
        Place { case, layer: 0, dense: 0 }
    }

    /// The index's description of the current layer.
    fn described(&self) -> &'a Json {
        &self.case.index["layers"][self.layer]
    }

    /// The name of a tensor that the index gives, such as a Householder layer's `v`.
    fn named(&self, key: &str) -> &'a str {
        self.described()[key].as_str().unwrap_or_else(|| panic!("layer {} has no tensor {key}", self.layer))
    }

    /// The kernel's and the bias's name of the current dense layer; steps to the next.
    fn dense(&mut self) -> (&'a str, &'a str) {
        let dense = &self.described()["conditioner"]["dense"][self.dense];
        self.dense += 1;
        (dense["kernel"].as_str().expect("a dense layer"), dense["bias"].as_str().expect("a dense layer"))
    }
}

/// A layer with a place for the tensors of its counterpart in the reference.
pub trait Golden<T> {
    /// Calls `visit(tensor, i, value)` for each scalar: element `i` of `tensor`, row-major. Settings of the index (a clamp's bounds) are set, not visited.
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T));
}

impl<T, B: Golden<T>, const D: usize> Golden<T> for Flow<T, B, D> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        self.bijector.each(place, visit);
    }
}

// Bijectors: each steps to the next layer of the reference.

impl<T, const D: usize, const R: usize> Golden<T> for Householder<T, D, R> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        let name = place.named("v");
        for (i, v) in self.reflectors.as_flattened_mut().iter_mut().enumerate() {
            visit(name, i, v);
        }
        place.layer += 1;
    }
}

impl<T, M, U: Golden<T>, N: Golden<T>, const A: usize, const B: usize> Golden<T> for Coupling<M, U, N, A, B> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        self.univariate.each(place, visit);
        place.dense = 0;
        self.conditioner.each(place, visit);
        place.layer += 1;
    }
}

/// The reference's tables are `(D, K)` each; ours are those of one dimension after the other.
impl<T: Real, S: LogScaleClamp<T> + Golden<T>, const K: usize, const D: usize> Golden<T> for Marginal<T, MixtureCdf<S, K>, D> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        self.univariate.each(place, visit);
        let names = ["logits", "means", "log_scales"].map(|key| place.named(key));
        for (d, params) in self.params.iter_mut().enumerate() {
            for (i, p) in params.as_mut().iter_mut().enumerate() {
                visit(names[i / K], d * K + i % K, p);
            }
        }
        place.layer += 1;
    }
}

// Univariates: settings only.

impl<T, S: Golden<T>, const K: usize> Golden<T> for MixtureCdf<S, K> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        assert_eq!(place.described()["num_components"], K);
        self.clamp.each(place, visit);
    }
}

impl<T: Real> Golden<T> for TanhClamp<T> {
    fn each(&mut self, place: &mut Place, _: &mut impl FnMut(&str, usize, &mut T)) {
        let clamp = &place.described()["log_scale_clamp"];
        assert_eq!(clamp["kind"], "tanh");
        self.bound = T::from_f64(clamp["bound"].as_f64().unwrap());
    }
}

impl<T: Real> Golden<T> for SigmoidClamp<T> {
    fn each(&mut self, place: &mut Place, _: &mut impl FnMut(&str, usize, &mut T)) {
        let clamp = &place.described()["log_scale_clamp"];
        assert_eq!(clamp["kind"], "sigmoid");
        self.low = T::from_f64(clamp["lo"].as_f64().unwrap());
        self.high = T::from_f64(clamp["hi"].as_f64().unwrap());
    }
}

impl<T> Golden<T> for NoClamp {
    fn each(&mut self, place: &mut Place, _: &mut impl FnMut(&str, usize, &mut T)) {
        assert!(place.described()["log_scale_clamp"].is_null());
    }
}

// Conditioners: each dense layer steps to the next of its coupling.

impl<T, const I: usize, const O: usize> Golden<T> for Dense<T, I, O> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        let (kernel, bias) = place.dense();
        for (i, w) in self.weights.as_flattened_mut().iter_mut().enumerate() {
            visit(kernel, i, w);
        }
        for (o, b) in self.bias.iter_mut().enumerate() {
            visit(bias, o, b);
        }
    }
}

/// The reference's row of `3 B K` outputs is `(3, B, K)`: logits, means and raw log-scales of all dimensions; ours is `(B, 3, K)`.
impl<T: Real, S, const K: usize, const H: usize, const B: usize> Golden<T> for Head<T, MixtureCdf<S, K>, H, B>
where
    S: LogScaleClamp<T>,
{
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        let (kernel, bias) = place.dense();
        let column = |b: usize, i: usize| (i / K) * (B * K) + b * K + i % K;
        for (h, row) in self.weights.iter_mut().enumerate() {
            for (b, params) in row.iter_mut().enumerate() {
                for (i, w) in params.as_mut().iter_mut().enumerate() {
                    visit(kernel, h * (3 * B * K) + column(b, i), w);
                }
            }
        }
        for (b, params) in self.bias.iter_mut().enumerate() {
            for (i, w) in params.as_mut().iter_mut().enumerate() {
                visit(bias, column(b, i), w);
            }
        }
    }
}

impl<T: Real, U: Univariate<T>, const H: usize, const B: usize> Golden<T> for SharedHead<T, U, H, B>
where
    Head<T, U, H, 1>: Golden<T>,
{
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        self.head.each(place, visit);
    }
}

impl<T, L: Golden<T>> Golden<T> for Residual<L> {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        assert_eq!(place.described()["conditioner"]["dense"][place.dense]["add_input"], true);
        self.0.each(place, visit);
    }
}

macro_rules! activation {
    ($($name:ident: $reference:literal),+) => {$(
        impl<T> Golden<T> for $name {
            fn each(&mut self, place: &mut Place, _: &mut impl FnMut(&str, usize, &mut T)) {
                assert_eq!(place.described()["conditioner"]["dense"][place.dense - 1]["activation"], $reference);
            }
        }
    )+};
}

activation!(Relu: "relu", LeakyRelu: "leaky_relu", Tanh: "tanh", Sigmoid: "sigmoid", Silu: "silu", Softplus: "softplus", Gelu: "gelu");

impl<T, P: Golden<T>, const L: usize> Golden<T> for [P; L] {
    fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
        for part in self {
            part.each(place, visit);
        }
    }
}

macro_rules! tuple {
    ($($p:ident $i:tt),+) => {
        impl<T, $($p: Golden<T>),+> Golden<T> for ($($p,)+) {
            fn each(&mut self, place: &mut Place, visit: &mut impl FnMut(&str, usize, &mut T)) {
                $(self.$i.each(place, visit);)+
            }
        }
    };
}

tuple!(P0 0, P1 1);
tuple!(P0 0, P1 1, P2 2);
tuple!(P0 0, P1 1, P2 2, P3 3);
tuple!(P0 0, P1 1, P2 2, P3 3, P4 4);

// Whatever comes next: implement `Golden` here, then add a line to the table of `golden.rs`.
