//! The source of a flow is the expression that makes it, for every layer.

use std::fmt::Debug;

use gaussflow::store::RustSource;
use gaussflow::*;

/// The value of an expression, checked against its [`RustSource`]: the same tokens.
macro_rules! same {
    ($type:ty: $value:expr) => {
        same::<$type>(&$value, stringify!($value))
    };
}

fn same<F: Debug>(value: &F, tokens: &str) {
    let squeeze = |text: &str| text.replace(char::is_whitespace, "").replace(",}", "}").replace(",)", ")").replace(",]", "]");
    let source = RustSource(value).to_string();
    let expression = source.strip_prefix("{#[allow(unused_imports)]use ::gaussflow::*;").and_then(|s| s.strip_suffix('}'));
    assert_eq!(squeeze(expression.expect("a block with the names in scope")), squeeze(tokens));
}

type Spline = RationalQuadraticSpline<f32, 2>;
type Mix<S> = MixtureCdf<S, 2>;

#[test]
fn of_bijectors() {
    same!(Flow<f32, [Householder<f32, 2, 1>; 2], 2>: Flow::new([Householder { reflectors: [[0.1, -1e-7]] }, Householder { reflectors: [[1e16, -0.0]] }]));
    same!((ActNorm<f64, 1>, Linear<f64, 1>): (ActNorm { log_scale: [0.5], shift: [1.0] }, Linear { factors: [[2.0]], bias: [3.0] }));
    same!((Orthogonal<f32, 1>, Inverse<Reverse>): (Orthogonal { matrix: [[1.0]] }, Inverse(Permutation::new())));
    same!(Marginal<f32, CircularSpline<f32, 1>, 1>: Marginal { univariate: CircularSpline { half_turn: 180.0 }, params: [[[1.0], [2.0], [3.0]]] });
    same!(Support<f32, 2>: Support { lower: [0.0, -2.5], upper: [1.0, 0.1] });
    same!(ContextNorm<f32, Reverse, 2>: ContextNorm { mean: [900.0, 0.5], scale: [0.004, 2.0], bijector: Permutation::new() });
    same!(Marginal<f32, Mix<NoClamp>, 1>: Marginal { univariate: MixtureCdf { clamp: NoClamp }, params: [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]] });
    same!(Marginal<f32, Affine<TanhClamp<f32>>, 1>: Marginal { univariate: Affine { clamp: TanhClamp { bound: 3.0 } }, params: [[1.0, 2.0]] });
    same!(GaussianMixture<f32, 2, 1>: GaussianMixture {
        logits: [0.0],
        offsets: [[1.0], [2.0]],
        coefficients: [[[0.0], [0.0]], [[3.0], [0.0]]],
        log_scales: [[4.0], [5.0]]
    });
    same!((SoftClamp<f32>, SoftplusClamp<f32>): (SoftClamp { bound: 3.0 }, SoftplusClamp { least: 0.25 }));
    same!(SoftplusKnots<f32>: SoftplusKnots { least_slope: 0.5, least_part: 0.125 });
    same!(Marginal<f32, Spline, 1>: Marginal { univariate: RationalQuadraticSpline { bound: 3.0, knots: TanhKnots }, params: [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]] });
}

#[test]
fn of_couplings() {
    type Net = (Dense<f32, 1, 1>, Relu, Residual<(Dense<f32, 1, 1>, Tanh)>, Head<f32, Affine<NoClamp>, 1, 1>);
    same!(Coupling<Swap<FirstHalf>, Affine<NoClamp>, Net, 1, 1>: Coupling::new(
        Affine { clamp: NoClamp },
        (
            Dense { weights: [[1.0]], bias: [2.0] },
            Relu,
            Residual((Dense { weights: [[3.0]], bias: [4.0] }, Tanh)),
            Head { weights: [[[5.0, 6.0]]], bias: [[7.0, 8.0]] },
        )
    ));
    type Shared = SharedHead<f32, Affine<SigmoidClamp<f32>>, 1, 2>;
    same!(Shared: SharedHead { head: Head { weights: [[[5.0, 6.0]]], bias: [[7.0, 8.0]] } });
    same!(ContextDense<f32, 1, 1, 1>: ContextDense { dense: Dense { weights: [[1.0]], bias: [2.0] }, context_weights: [[3.0]] });
    same!(Int8Dense<f32, 1, 1>: Int8Dense { weights: [[-127]], scales: [0.5], bias: [2.0] });
    type Masks = (MaskedInput<f32, 2, 1>, Relu, MaskedDense<f32, 1, 1, 2>, MaskedHead<f32, Affine<NoClamp>, 1, 2>);
    same!(Autoregressive<Affine<NoClamp>, Masks, 2>: Autoregressive {
        univariate: Affine { clamp: NoClamp },
        conditioner: (
            Masked::input(ContextDense { dense: Dense { weights: [[1.0], [0.0]], bias: [2.0] }, context_weights: [] }),
            Relu,
            Masked::dense(Dense { weights: [[3.0]], bias: [4.0] }),
            Masked::head(Head { weights: [[[0.0, 0.0], [5.0, 6.0]]], bias: [[7.0, 8.0], [9.0, 1.0]] }),
        )
    });
    same!(Int8Dense<f32, 1, 1>: IntegerDense { weights: [[-127]], scales: [0.5], bias: [2.0] });
    type Small = Int8Head<f32, Affine<NoClamp>, 1, 1, 2>;
    same!(Small: IntegerHead { weights: [[[1, 2]]], scales: [[5.0, 6.0]], bias: [[7.0, 8.0]] });
    same!(PreparedMarginal<f32, 1, 1>: PreparedMarginal { mixtures: [Mixture { log_weights: [0.0], log_weights_low: [0.0], weights: [1.0], total: 1.0, means: [2.0], inverse_scales: [0.5] }] });
    type Shared16 = Int16SharedHead<f32, Affine<NoClamp>, 1, 3, 2>;
    same!(Shared16: IntegerSharedHead { head: IntegerHead { weights: [[[1, -32767]]], scales: [[5.0, 6.0]], bias: [[7.0, 8.0]] } });
    same!(Int16ContextDense<f32, 1, 1, 1>: IntegerContextDense { dense: IntegerDense { weights: [[3]], scales: [0.5], bias: [2.0] }, context_weights: [[-4]], context_scales: [0.25] });
    same!((LeakyRelu, Sigmoid, Silu, Softplus, Gelu, SigmoidClamp<f32>): (LeakyRelu, Sigmoid, Silu, Softplus, Gelu, SigmoidClamp { low: -5.0, high: 3.0 }));
}
