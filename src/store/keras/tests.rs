use std::collections::{BTreeMap, HashMap};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

use super::{LoadError, load};
use crate::conditioner::{Relu, Tanh};
use crate::{
    ActNorm, Affine, Alternating, Coupling, Dense, FirstHalf, Flow, Head, Householder, Inverse, Marginal, MixtureCdf, NoClamp, Orthogonal,
    Parameters, Real, Residual, Reverse, SharedHead, SigmoidClamp, TanhClamp, Zeros,
};

type Mixture<T> = MixtureCdf<TanhClamp<T>, 3>;
type Sigmoid<T> = MixtureCdf<SigmoidClamp<T>, 5>;
type Net<T> = (Dense<T, 2, 4>, Relu, Residual<(Dense<T, 4, 4>, Tanh)>, Head<T, Mixture<T>, 4, 3>);
type Shared<T> = SharedHead<T, Sigmoid<T>, 3, 2>;
type Layers<T> = (
    Householder<T, 5, 2>,
    [Coupling<FirstHalf, Mixture<T>, Net<T>, 2, 3>; 1],
    (Orthogonal<T, 5>, Marginal<T, MixtureCdf<NoClamp, 2>, 5>),
    Coupling<Alternating, Sigmoid<T>, Shared<T>, 3, 2>,
);
type Model<T> = Flow<T, Layers<T>, 5>;

/// The tensors of a [`Model`]'s file.
const TENSORS: [(&str, &[usize]); 17] = [
    ("l00.v", &[2, 5]),
    ("l01.dense0.bias", &[4]),
    ("l01.dense0.kernel", &[2, 4]),
    ("l01.dense1.bias", &[4]),
    ("l01.dense1.kernel", &[4, 4]),
    ("l01.dense2.bias", &[27]),
    ("l01.dense2.kernel", &[4, 27]),
    ("l01.log_scale_clamp.bound", &[]),
    ("l02.q", &[5, 5]),
    ("l03.log_scales", &[5, 2]),
    ("l03.logits", &[5, 2]),
    ("l03.means", &[5, 2]),
    ("l04.dense0.bias", &[15]),
    ("l04.dense0.kernel", &[3, 15]),
    ("l04.log_scale_clamp.high", &[]),
    ("l04.log_scale_clamp.low", &[]),
    ("z", &[7, 7]),
];

const SETTINGS: [(&str, &str); 12] = [
    ("l00", "householder"),
    ("l01", "coupling"),
    ("l01.dense0.activation", "relu"),
    ("l01.dense1.activation", "tanh"),
    ("l01.dense1.add_input", "true"),
    ("l01.log_scale_clamp", "tanh"),
    ("l01.mask", "11000"),
    ("l02", "orthogonal"),
    ("l03", "marginal"),
    ("l04", "coupling"),
    ("l04.log_scale_clamp", "sigmoid"),
    ("l04.mask", "10101"),
];

/// A file that can be spoilt: its tensors and metadata.
struct File {
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
    metadata: HashMap<String, String>,
}

impl File {
    /// [`TENSORS`] with the values 0.5, 1, 1.5, .. in each, as `dtype`.
    fn whole(dtype: Dtype) -> File {
        let mut file = File { tensors: BTreeMap::new(), metadata: HashMap::from([("format".to_string(), "keras".to_string())]) };
        for (name, shape) in TENSORS {
            let values: Vec<f64> = (0..shape.iter().product()).map(|i| 0.5 * (i + 1) as f64).collect();
            file.set(name, dtype, shape, &values);
        }
        file.metadata.extend(SETTINGS.map(|(name, value)| (name.to_string(), value.to_string())));
        file
    }

    fn set(&mut self, name: &str, dtype: Dtype, shape: &[usize], values: &[f64]) {
        let bytes = match dtype {
            Dtype::F64 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Dtype::F32 => values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            _ => vec![0; values.len() * dtype.bitsize() / 8],
        };
        self.tensors.insert(name.to_string(), (dtype, shape.to_vec(), bytes));
    }

    fn bytes(&self) -> Vec<u8> {
        let view = |(dtype, shape, bytes)| TensorView::new(dtype, shape, bytes).unwrap();
        let views = self.tensors.iter().map(|(name, (dtype, shape, bytes))| (name, view((*dtype, shape.clone(), bytes))));
        serialize(views, Some(self.metadata.clone())).unwrap()
    }
}

/// Each scalar in its place, by hand: element `[i, j]` of a tensor of `n` columns is `0.5 (1 + n i + j)`.
fn places<T: Real>(dtype: Dtype) {
    let mut flow = Model::<T>::ZEROS;
    load(&mut flow, &File::whole(dtype).bytes()).unwrap();
    let value = |columns: usize, i: usize, j: usize| T::from_f64(0.5 * (1 + columns * i + j) as f64);
    let (householder, [coupling], (orthogonal, marginal), shared) = &flow.bijector;
    assert_eq!(householder.reflectors[1][3], value(5, 1, 3));
    assert_eq!(orthogonal.matrix[4][2], value(5, 4, 2));
    let (first, _, Residual((second, _)), head) = &coupling.conditioner;
    assert_eq!((first.weights[1][3], first.bias[2]), (value(4, 1, 3), value(4, 0, 2)));
    assert_eq!((second.weights[3][0], second.bias[3]), (value(4, 3, 0), value(4, 0, 3)));
    assert_eq!(coupling.univariate.clamp.bound, value(1, 0, 0));
    let (k, b) = (3, 3);
    for dimension in 0..b {
        for component in 0..k {
            let column = |part: usize| part * b * k + dimension * k + component;
            for hidden in 0..4 {
                let params = &head.weights[hidden][dimension];
                assert_eq!(params[0][component], value(27, hidden, column(0)));
                assert_eq!(params[1][component], value(27, hidden, column(1)));
                assert_eq!(params[2][component], value(27, hidden, column(2)));
            }
            let params = &head.bias[dimension];
            assert_eq!(params[0][component], value(27, 0, column(0)));
            assert_eq!(params[1][component], value(27, 0, column(1)));
            assert_eq!(params[2][component], value(27, 0, column(2)));
        }
    }
    for d in 0..5 {
        for component in 0..2 {
            let params = &marginal.params[d];
            let all = [params[0][component], params[1][component], params[2][component]];
            assert_eq!(all, [value(2, d, component); 3]);
        }
    }
    let head = &shared.conditioner.head;
    assert_eq!(head.weights[2][0][1][4], value(15, 2, 5 + 4));
    assert_eq!(head.bias[0][2][1], value(15, 0, 10 + 1));
    assert_eq!((shared.univariate.clamp.low, shared.univariate.clamp.high), (value(1, 0, 0), value(1, 0, 0)));
}

#[test]
fn every_weight_in_its_place() {
    places::<f32>(Dtype::F32);
    places::<f32>(Dtype::F64);
    places::<f64>(Dtype::F32);
    places::<f64>(Dtype::F64);
}

/// `load` refuses the bytes, with this message, and leaves no trace.
fn refused(bytes: &[u8], message: &str) {
    let mut flow = Model::<f32>::ZEROS;
    flow.set_all(7.0);
    let error = load(&mut flow, bytes).unwrap_err();
    assert_eq!(error.to_string(), message);
    flow.visit(&mut |_, slice| assert!(slice.iter().all(|p| *p == 7.0), "{message}"));
}

/// As [`refused`], of a file that `spoil` has changed.
fn spoilt(message: &str, spoil: impl Fn(&mut File)) {
    let mut file = File::whole(Dtype::F32);
    spoil(&mut file);
    refused(&file.bytes(), message);
}

#[test]
fn errors_name_the_tensor() {
    for (name, shape) in TENSORS {
        // Settings are left to the flow, and `z` is nothing to it.
        if shape.is_empty() || name == "z" {
            continue;
        }
        spoilt(&format!("the file has no tensor `{name}`"), |file| drop(file.tensors.remove(name)));
        let wrong = [shape, &[1]].concat();
        spoilt(&format!("the tensor `{name}` has the shape {wrong:?}, the flow asks for {shape:?}"), |file| {
            file.tensors.get_mut(name).unwrap().1.push(1)
        });
        let count: usize = shape.iter().product();
        spoilt(&format!("the tensor `{name}` is of type BF16, not F32 or F64"), |file| {
            file.set(name, Dtype::BF16, shape, &vec![0.0; count])
        });
        for bad in [f64::NAN, f64::INFINITY, 1e39] {
            let mut values = vec![0.0; count];
            values[count - 1] = bad;
            spoilt(&format!("value {} of the tensor `{name}` is not finite", count - 1), |file| file.set(name, Dtype::F64, shape, &values));
        }
    }
    spoilt("the tensor `l04.log_scale_clamp.low` has the shape [1], the flow asks for []", |file| {
        file.tensors.get_mut("l04.log_scale_clamp.low").unwrap().1.push(1)
    });
    for extra in ["l01.dense3.bias", "l05.v", "l00.bias", "l04.log_scale_clamp.bound"] {
        spoilt(&format!("the flow has no place for the tensor `{extra}`"), |file| file.set(extra, Dtype::F32, &[1], &[0.0]));
    }
    refused(b"not a file", "the bytes are not a safetensors file");
    let bytes = File::whole(Dtype::F32).bytes();
    for len in 0..bytes.len() {
        refused(&bytes[..len], "the bytes are not a safetensors file");
    }
}

#[test]
fn metadata_is_compared() {
    for (name, value) in SETTINGS {
        spoilt(&format!("`{name}` is `` in the file, `{value}` in the flow"), |file| drop(file.metadata.remove(name)));
        spoilt(&format!("`{name}` is `other` in the file, `{value}` in the flow"), |file| {
            drop(file.metadata.insert(name.to_string(), "other".to_string()))
        });
    }
    spoilt("`l04.dense0.activation` is `relu` in the file, `` in the flow", |file| {
        file.metadata.insert("l04.dense0.activation".to_string(), "relu".to_string());
    });
    // Nothing of the layers: the shapes alone decide, and clamps keep their bounds.
    let mut file = File::whole(Dtype::F32);
    file.metadata.retain(|name, _| name == "format");
    file.tensors.retain(|name, _| !name.contains("clamp"));
    let mut flow = Model::<f32>::ZEROS;
    flow.bijector.3.univariate.clamp = SigmoidClamp::default();
    load(&mut flow, &file.bytes()).unwrap();
    assert_eq!(flow.bijector.3.univariate.clamp, SigmoidClamp::default());
    assert_eq!(flow.bijector.0.reflectors[0][0], 0.5);
}

#[test]
fn parts_without_counterpart() {
    macro_rules! none {
        ($($kind:literal: $bijector:ty;)+) => {$(
            let mut flow = Flow::<f32, $bijector, 2>::ZEROS;
            let error = load(&mut flow, &File::whole(Dtype::F32).bytes()).unwrap_err();
            assert!(matches!(error, LoadError::NoCounterpart($kind)), "{error}");
        )+};
    }
    type M = MixtureCdf<TanhClamp<f32>, 2>;
    none! {
        "act_norm": ActNorm<f32, 2>;
        "permutation": Reverse;
        "inverse": Inverse<Householder<f32, 2, 2>>;
        "affine": Marginal<f32, Affine<NoClamp>, 2>;
        "tanh_clamp": Marginal<f32, M, 2>;
        "no_clamp": Coupling<FirstHalf, MixtureCdf<NoClamp, 2>, Head<f32, MixtureCdf<NoClamp, 2>, 1, 1>, 1, 1>;
        "relu": Coupling<FirstHalf, M, (Relu, Head<f32, M, 1, 1>), 1, 1>;
    }
    // Shapes fit up to the part in question.
    type Blocks = Residual<(Dense<f32, 4, 4>, Dense<f32, 4, 4>)>;
    type Twice = (Dense<f32, 2, 4>, Relu, Tanh, Head<f32, Mixture<f32>, 4, 3>);
    type Before = Householder<f32, 5, 2>;
    let bytes = File::whole(Dtype::F32).bytes();
    let mut flow = Flow::<f32, (Before, Coupling<FirstHalf, Mixture<f32>, Twice, 2, 3>), 5>::ZEROS;
    assert!(matches!(load(&mut flow, &bytes), Err(LoadError::NoCounterpart("tanh"))));
    let mut file = File::whole(Dtype::F32);
    file.set("l01.dense2.kernel", Dtype::F32, &[4, 4], &[0.0; 16]);
    file.set("l01.dense2.bias", Dtype::F32, &[4], &[0.0; 4]);
    type Long = (Dense<f32, 2, 4>, Relu, Blocks, Head<f32, Mixture<f32>, 4, 3>);
    let mut flow = Flow::<f32, (Before, Coupling<FirstHalf, Mixture<f32>, Long, 2, 3>), 5>::ZEROS;
    assert!(matches!(load(&mut flow, &file.bytes()), Err(LoadError::NoCounterpart("residual"))));
}
