//! Every gradient that is written by hand, against central differences in f64: forward and inverse map, parameters, input and context, in the bulk and in the tails.
//!
//! A new part is one line in its table below. `tests/faults.rs` holds the negative controls: parts with one wrong gradient, each of which is reported.

use gaussflow::check;
use gaussflow::*;
use properties::gradients::{BIJECTOR, FAR, LAYER, LOG_DET, UNIVARIATE, bijector, layer, passed};
use properties::parts::*;

// Univariates

/// At `x` in the bulk, between and beyond the components.
const XS: [[f64; 1]; 10] = [[-FAR], [-8.0], [-2.5], [-0.9], [0.0], [0.45], [1.3], [2.9], [9.0], [FAR]];

macro_rules! univariates {
    ($($name:ident: $univariate:ty, $params:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut univariate = <$univariate>::ZEROS;
            Univariate::<f64>::init(&mut univariate);
            passed(stringify!($name), check::univariate(&univariate, &$params, &XS, &UNIVARIATE), LOG_DET);
        }
    )+};
}

/// Logits, means and raw log-scales.
const FOUR: [[f64; 4]; 3] = [[0.3, -0.4, 0.8, -1.0], [-1.5, 0.2, 0.9, 2.0], [-0.3, 0.4, -0.7, 0.2]];

univariates! {
    mixture_tanh: Mix<4>, FOUR;
    mixture_sigmoid: Mix<4, SigmoidClamp<f64>>, FOUR;
    mixture_free: Mix<4, NoClamp>, FOUR;
    affine_tanh: Affine<TanhClamp<f64>>, [0.4, 1.5];
    affine_sigmoid: Affine<SigmoidClamp<f64>>, [-1.1, -0.2];
    affine_free: Affine<NoClamp>, [0.6, 2.5];
    affine_soft: Affine<SoftClamp<f64>>, [2.6, 2.5];
    affine_softplus: Affine<SoftplusClamp<f64>>, [-1.6, 2.5];
    spline: RationalQuadraticSpline<f64, 4>, FOUR;
    spline_soft: RationalQuadraticSpline<f64, 4, SoftClamp<f64>>, FOUR;
    spline_softplus: RationalQuadraticSpline<f64, 4, SoftplusKnots<f64>>, FOUR;
}

// Layers

macro_rules! layers {
    ($($name:ident: $layer:ty, $inputs:literal, $context:literal;)+) => {$(
        #[test]
        #[allow(clippy::type_complexity)] // A network is a type.
        fn $name() {
            layer::<$layer, $inputs, $context>(stringify!($name), &LAYER);
        }
    )+};
}

layers! {
    dense: Dense<f64, 3, 5>, 3, 0;
    dense_wide: Dense<f64, 2, 41>, 2, 1;
    context_dense: ContextDense<f64, 3, 2, 5>, 3, 2;
    relu: Relu, 5, 0;
    leaky_relu: LeakyRelu, 5, 0;
    tanh: Tanh, 5, 0;
    sigmoid: Sigmoid, 5, 0;
    silu: Silu, 5, 0;
    softplus: Softplus, 5, 0;
    gelu: Gelu, 5, 0;
    residual: Residual<(ContextDense<f64, 4, 2, 4>, Tanh)>, 4, 2;
    residual_of_dense: Residual<Dense<f64, 3, 3>>, 3, 0;
    head: Head<f64, Mix<3>, 4, 2>, 4, 0;
    shared_head: SharedHead<f64, Mix<3>, 4, 3>, 4, 0;
    masked: (InOrder, MaskedInput<f64, 3, 5>, Tanh, Residual<(Masked<Dense<f64, 5, 5>, 3>, Silu)>, MaskedHead<f64, Mix<3>, 5, 3>), 3, 0;
    masked_with_context: (InOrder, Masked<ContextDense<f64, 3, 2, 5>, 3, 2>, Tanh, MaskedHead<f64, Mix<3>, 5, 3, 2>), 3, 2;
    layers_2: (Dense<f64, 3, 4>, Silu), 3, 0;
    layers_3: (Dense<f64, 3, 4>, Tanh, Dense<f64, 4, 2>), 3, 0;
    layers_4: (ContextDense<f64, 3, 2, 4>, Tanh, ContextDense<f64, 4, 2, 5>, Gelu), 3, 2;
    layers_5: (ContextDense<f64, 3, 2, 4>, Tanh, Dense<f64, 4, 5>, Silu, MixHead<2, 5, 2>), 3, 2;
    layers_6: (Tanh, ContextDense<f64, 3, 2, 4>, Tanh, Dense<f64, 4, 5>, Silu, MixHead<2, 5, 2>), 3, 2;
    layers_7: (Dense<f64, 3, 4>, Tanh, Dense<f64, 4, 5>, Silu, Dense<f64, 5, 3>, Sigmoid, MixHead<2, 3, 1>), 3, 0;
    layers_8: (Tanh, Dense<f64, 3, 4>, Tanh, ContextDense<f64, 4, 1, 5>, Silu, Dense<f64, 5, 3>, Sigmoid, MixHead<2, 3, 1>), 3, 1;
    layers_nested: ((Dense<f64, 2, 4>, Tanh), Residual<(Dense<f64, 4, 4>, Silu)>, (Dense<f64, 4, 3>, Softplus)), 2, 0;
}

// Bijectors

macro_rules! bijectors {
    ($($name:ident: $bijector:ty, $d:literal, $c:literal, log_det $log_det:expr;)+) => {$(
        #[test]
        fn $name() {
            bijector::<$bijector, $d, $c>(stringify!($name), &BIJECTOR, $log_det);
        }
    )+};
}

bijectors! {
    coupling: Plain3, 3, 0, log_det LOG_DET;
    coupling_swapped: Swapped3, 3, 0, log_det LOG_DET;
    coupling_relu: Relu3, 3, 0, log_det LOG_DET;
    coupling_with_context: Given3, 3, 2, log_det LOG_DET;
    coupling_without_use_of_context: Plain3, 3, 2, log_det LOG_DET;
    coupling_shared_alternating: Shared4, 4, 0, log_det LOG_DET;
    coupling_residual: Deep2, 2, 0, log_det LOG_DET;
    coupling_sigmoid_clamp: Sigmoid3, 3, 0, log_det LOG_DET;
    coupling_no_clamp: Linear2, 2, 0, log_det LOG_DET;
    conditional: Conditional<Mix<4>, (ContextDense<f64, 0, 2, 5>, Tanh, MixHead<4, 5, 1>), 1>, 1, 2, log_det LOG_DET;
    conditional_of_two: Conditional<Mix<3>, (ContextDense<f64, 0, 3, 5>, Tanh, MixHead<3, 5, 2>), 2>, 2, 3, log_det LOG_DET;
    autoregressive: Before<Mix<3>, 3>, 3, 0, log_det LOG_DET;
    autoregressive_of_one: Before<Mix<3>, 1>, 1, 0, log_det LOG_DET;
    autoregressive_with_context: Before<Mix<3>, 3, 2>, 3, 2, log_det LOG_DET;
    autoregressive_affine: Autoregressive<Affine<NoClamp>, Masks<Affine<NoClamp>, 4>, 4>, 4, 0, log_det LOG_DET;
    autoregressive_spline: Before<RationalQuadraticSpline<f64, 4>, 3>, 3, 0, log_det LOG_DET;
    inverse_autoregressive: Inverse<Before<Mix<3>, 3>>, 3, 0, log_det LOG_DET;
    inverse_autoregressive_with_context: Inverse<Before<Mix<3>, 3, 2>>, 3, 2, log_det LOG_DET;
    context_norm: ContextNorm<f64, Given3, 2>, 3, 2, log_det LOG_DET;
    inverse_of_context_norm: Inverse<ContextNorm<f64, G3, 2>>, 3, 2, log_det LOG_DET;
    householder: Householder<f64, 4, 3>, 4, 0, log_det 0.0;
    householder_one: Householder<f64, 2, 1>, 2, 1, log_det 0.0;
    inverse_coupling: Inverse<P3>, 3, 0, log_det LOG_DET;
    inverse_coupling_with_context: Inverse<G3>, 3, 2, log_det LOG_DET;
    inverse_householder: Inverse<T3>, 3, 0, log_det 0.0;
    inverse_of_tuple: Inverse<(T3, P3, Inverse<S3>)>, 3, 0, log_det LOG_DET;
    inverse_of_inverse: Inverse<Inverse<P3>>, 3, 0, log_det LOG_DET;
    tuple_1: (P3,), 3, 0, log_det LOG_DET;
    tuple_2: (T3, P3), 3, 0, log_det LOG_DET;
    tuple_3: (S3, T3, P3), 3, 0, log_det LOG_DET;
    tuple_4: (P3, T3, S3, T3), 3, 0, log_det LOG_DET;
    tuple_5: (T3, P3, T3, Inverse<S3>, T3), 3, 0, log_det LOG_DET;
    tuple_6: (T3, G3, T3, H3, T3, P3), 3, 2, log_det LOG_DET;
    tuple_7: (T3, P3, T3, S3, T3, T3, T3), 3, 0, log_det LOG_DET;
    tuple_8: (T3, T3, T3, T3, T3, P3, T3, S3), 3, 0, log_det LOG_DET;
    array: [(T3, P3); 3], 3, 0, log_det LOG_DET;
    array_in_tuple: ([T3; 2], [P3; 2]), 3, 0, log_det LOG_DET;
    flow_with_context: GivenFlow, 3, 2, log_det LOG_DET;
    marginal: Marginal<f64, Mix<3>, 2>, 2, 0, log_det LOG_DET;
    marginal_affine: Marginal<f64, Affine<NoClamp>, 2>, 2, 0, log_det LOG_DET;
    marginal_spline: Marginal<f64, RationalQuadraticSpline<f64, 4>, 2>, 2, 1, log_det LOG_DET;
    coupling_affine: Coupling<FirstHalf, Affine<TanhClamp<f64>>, (Dense<f64, 1, 4>, Tanh, Head<f64, Affine<TanhClamp<f64>>, 4, 2>), 1, 2>, 3, 0, log_det LOG_DET;
    gaussian_mixture: GaussianMixture<f64, 3, 4>, 3, 1, log_det LOG_DET;
    gaussian_mixture_of_one: GaussianMixture<f64, 2, 1>, 2, 0, log_det LOG_DET;
    act_norm: ActNorm<f64, 3>, 3, 1, log_det LOG_DET;
    linear: Linear<f64, 3>, 3, 1, log_det LOG_DET;
    orthogonal: Orthogonal<f64, 3>, 3, 1, log_det 0.0;
    reverse: Reverse, 3, 1, log_det 0.0;
    permutation: Permutation<Reversed>, 2, 0, log_det 0.0;
}
