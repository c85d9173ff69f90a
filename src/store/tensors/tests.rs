use std::borrow::ToOwned;
use std::collections::{BTreeMap, HashMap};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

use super::load;
use crate::{
    ActNorm, Affine, Autoregressive, Coupling, FirstHalf, Flow, Head, Inverse, MaskedDense, MaskedHead, MaskedInput, Parameters,
    RationalQuadraticSpline, Relu, Reverse, SoftClamp, Swap, Tanh, Zeros,
};

type Map = Affine<SoftClamp<f64>>;
type Net = (MaskedInput<f64, 3, 4, 2>, Relu, MaskedDense<f64, 4, 5, 3, 2>, Tanh, MaskedHead<f64, Map, 5, 3, 2>);
type Spline = RationalQuadraticSpline<f64, 2, SoftClamp<f64>>;
type Layers =
    (Reverse, Autoregressive<Map, Net, 3>, Coupling<Swap<FirstHalf>, Spline, Head<f64, Spline, 2, 1>, 2, 1>, Inverse<ActNorm<f64, 3>>);
type Model = Flow<f64, Layers, 3, 2>;

const PARTS: &str = "permutation [2 1 0], autoregressive, affine, soft_clamp, context_dense, relu, dense, tanh, head, coupling x==, \
                     rational_quadratic_spline, soft_clamp, head, inverse, act_norm, end";

/// Tensors, their shapes, and what each row begins with of masked values.
const TENSORS: [(&str, &[usize], &[usize]); 14] = [
    ("03.soft_clamp.bound", &[], &[]),
    ("04.context_dense.kernel", &[3, 4], &[2, 3, 4]),
    ("04.context_dense.bias", &[4], &[]),
    ("04.context_dense.context_kernel", &[2, 4], &[]),
    ("06.dense.kernel", &[4, 5], &[0, 0, 2, 4]),
    ("06.dense.bias", &[5], &[]),
    ("08.head.kernel", &[5, 3, 2], &[0, 0, 2, 2, 4]),
    ("08.head.bias", &[3, 2], &[]),
    ("10.rational_quadratic_spline.bound", &[], &[]),
    ("11.soft_clamp.bound", &[], &[]),
    ("12.head.kernel", &[2, 1, 6], &[]),
    ("12.head.bias", &[1, 6], &[]),
    ("14.act_norm.log_scale", &[3], &[]),
    ("14.act_norm.shift", &[3], &[]),
];

/// A file that can be spoilt.
struct File {
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
    parts: String,
}

impl File {
    /// Each tensor with the values 0.5, 1, 1.5, .. and 0 where it is masked; beside them one that is none of the flow's.
    fn whole() -> File {
        let mut file = File { tensors: BTreeMap::new(), parts: PARTS.to_owned() };
        for (name, shape, masked) in TENSORS {
            let count: usize = shape.iter().product();
            let row = count / masked.len().max(1);
            let value = |i: usize| if masked.get(i / row).is_some_and(|m| i % row < *m) { 0.0 } else { 0.5 * (i + 1) as f64 };
            file.set(name, Dtype::F64, shape, &(0..count).map(value).collect::<Vec<f64>>());
        }
        file.set("x", Dtype::F64, &[1], &[f64::NAN]);
        file
    }

    fn set(&mut self, name: &str, dtype: Dtype, shape: &[usize], values: &[f64]) {
        let bytes = match dtype {
            Dtype::F64 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Dtype::F32 => values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            _ => std::vec![0; values.len() * dtype.bitsize() / 8],
        };
        self.tensors.insert(name.to_owned(), (dtype, shape.to_vec(), bytes));
    }

    fn bytes(&self) -> Vec<u8> {
        let view = |(dtype, shape, bytes)| TensorView::new(dtype, shape, bytes).unwrap();
        let views = self.tensors.iter().map(|(name, (dtype, shape, bytes))| (name, view((*dtype, shape.clone(), bytes))));
        serialize(views, Some(HashMap::from([("parts".to_owned(), self.parts.clone())]))).unwrap()
    }
}

#[test]
fn every_weight_in_its_place() {
    let mut flow = Model::ZEROS;
    load(&mut flow, &File::whole().bytes()).unwrap();
    let (_, map, coupling, norm) = &flow.bijector;
    let (input, _, dense, _, head) = &map.conditioner;
    assert_eq!(map.univariate.clamp.bound, 0.5);
    assert_eq!(input.layer.dense.weights, [[0.0, 0.0, 1.5, 2.0], [0.0, 0.0, 0.0, 4.0], [0.0; 4]]);
    assert_eq!(input.layer.dense.bias, [0.5, 1.0, 1.5, 2.0]);
    assert_eq!(input.layer.context_weights[1], [2.5, 3.0, 3.5, 4.0]);
    assert_eq!(dense.layer.weights[2..], [[0.0, 0.0, 6.5, 7.0, 7.5], [0.0, 0.0, 0.0, 0.0, 10.0]]);
    assert_eq!(head.layer.weights[1], [[3.5, 4.0], [4.5, 5.0], [5.5, 6.0]]);
    assert_eq!(head.layer.weights[4], [[0.0, 0.0], [0.0, 0.0], [14.5, 15.0]]);
    assert_eq!(head.layer.bias[2], [2.5, 3.0]);
    assert_eq!((coupling.univariate.bound, coupling.univariate.knots.bound), (0.5, 0.5));
    assert_eq!(coupling.conditioner.weights[1][0], [[3.5, 4.0], [4.5, 5.0], [5.5, 6.0]]);
    assert_eq!(norm.0.shift, [0.5, 1.0, 1.5]);

    let mut single = File::whole();
    single.set("06.dense.bias", Dtype::F32, &[5], &[0.1; 5]);
    load(&mut flow, &single.bytes()).unwrap();
    assert_eq!(flow.bijector.1.conditioner.2.layer.bias, [f64::from(0.1f32); 5]);
}

/// `load` refuses the bytes, with this message, and leaves no trace.
fn refused(bytes: &[u8], message: &str) {
    let mut flow = Model::ZEROS;
    flow.set_all(7.0);
    assert_eq!(load(&mut flow, bytes).unwrap_err().to_string(), message);
    flow.visit(&mut |_, slice| assert!(slice.iter().all(|p| *p == 7.0), "{message}"));
}

/// As [`refused`], of a file that `spoil` has changed.
fn spoilt(message: &str, spoil: impl Fn(&mut File)) {
    let mut file = File::whole();
    spoil(&mut file);
    refused(&file.bytes(), message);
}

#[test]
fn errors_name_the_tensor() {
    for (name, shape, masked) in TENSORS {
        spoilt(&format!("the file has no tensor `{name}`"), |file| drop(file.tensors.remove(name)));
        let wrong = [shape, &[1]].concat();
        spoilt(&format!("the tensor `{name}` has the shape {wrong:?}, the flow asks for {shape:?}"), |file| {
            file.tensors.get_mut(name).unwrap().1.push(1)
        });
        let count: usize = shape.iter().product();
        spoilt(&format!("the tensor `{name}` is of type BF16, not F32 or F64"), |file| {
            file.set(name, Dtype::BF16, shape, &std::vec![0.0; count])
        });
        for bad in [f64::NAN, f64::INFINITY] {
            let mut values = std::vec![0.0; count];
            values[count - 1] = bad;
            spoilt(&format!("value {} of the tensor `{name}` is not finite", count - 1), |file| file.set(name, Dtype::F64, shape, &values));
        }
        let row = count / masked.len().max(1);
        for (r, masked) in masked.iter().enumerate().filter(|(_, masked)| **masked > 0) {
            let index = r * row + masked - 1;
            let mut values = std::vec![0.0; count];
            values[index] = 1e-300;
            spoilt(&format!("value {index} of the tensor `{name}` is masked in the flow, but not 0"), |file| {
                file.set(name, Dtype::F64, shape, &values)
            });
        }
    }
    for extra in ["06.dense.more", "16.dense.bias", "0"] {
        spoilt(&format!("the flow has no place for the tensor `{extra}`"), |file| file.set(extra, Dtype::F32, &[1], &[0.0]));
    }
    refused(b"not a file", "the bytes are not a safetensors file");
    let bytes = File::whole().bytes();
    for len in (0..bytes.len()).step_by(7) {
        refused(&bytes[..len], "the bytes are not a safetensors file");
    }
}

#[test]
fn parts_are_compared() {
    let parts: Vec<&str> = PARTS.split(", ").collect();
    for (number, part) in parts.iter().enumerate() {
        let mut others = parts.clone();
        others[number] = "other";
        spoilt(&format!("`part {number}` is `other` in the file, `{part}` in the flow"), |file| file.parts = others.join(", "));
    }
    spoilt("`part 15` is `` in the file, `end` in the flow", |file| file.parts = parts[..15].join(", "));
    spoilt("`part 16` is `relu` in the file, `` in the flow", |file| file.parts += ", relu");
    spoilt("`part 0` is `` in the file, `permutation [2 1 0]` in the flow", |file| file.parts.clear());
}
