#!/usr/bin/env python3
"""Tests export_keras.py on flows built here in Keras, and the way from Keras to gaussflow end to end.

    pip install keras jax safetensors numpy
    python3 tools/test_export_keras.py            # needs cargo: it runs the example 08_keras_weights

The Keras layers below carry what those of gauss_keras do and compute as they do: u = clip(F(x)), z = sqrt(2)
erfinv(2 u - 1). A coupling flow of 46,800 parameters, as it starts and after training on two moons (20 epochs, or the
number given), is exported, and its log-densities at 20,000 new points are compared with gaussflow's, in float32 and in
float64: where both compute in float64, what is left is rounding.
"""

import math
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import keras
import numpy as np
from keras import layers, ops
from safetensors import safe_open

from export_keras import describe, export

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Points of which no layer gives a larger |z|: beyond, steps of 6e-8 in the CDF of float32 are 6e-8 / phi(4) = 4e-4 in z.
BULK = 4.0
# Python floats: they leave the type of an array alone.
SQRT_2, LOG_SQRT_TAU = math.sqrt(2.0), 0.5 * math.log(2.0 * math.pi)


def log_phi(z):
    return -0.5 * z * z - LOG_SQRT_TAU


def gaussianize(x, logits, means, log_scales, eps):
    """z and log dz/dx of one mixture a value of x; components are the last axis."""
    t = (x[..., None] - means) / ops.exp(log_scales)
    weights = ops.softmax(logits, axis=-1)
    u = ops.clip(ops.sum(weights * 0.5 * (1.0 + ops.erf(t / SQRT_2)), axis=-1), eps, 1.0 - eps)
    z = SQRT_2 * ops.erfinv(2.0 * u - 1.0)
    log_density = ops.logsumexp(ops.log_softmax(logits, axis=-1) + log_phi(t) - log_scales, axis=-1)
    return z, ops.sum(log_density - log_phi(z), axis=-1)


class Householder(layers.Layer):
    def __init__(self, num_reflectors):
        super().__init__()
        self.num_reflectors = num_reflectors

    def build(self, shape):
        self.v = self.add_weight(shape=(self.num_reflectors, shape[-1]), initializer="random_normal", name="v")

    def forward_and_log_det(self, x):
        for j in range(self.num_reflectors):
            v = self.v[j]
            x = x - 2.0 * ops.sum(x * v, axis=-1, keepdims=True) / (ops.sum(v * v) + 1e-12) * v
        return x, ops.zeros_like(x[:, 0])


class FixedOrtho(layers.Layer):
    def __init__(self, q):
        super().__init__()
        self.start = q

    def build(self, shape):
        self.q = self.add_weight(shape=self.start.shape, initializer=keras.initializers.Constant(self.start), trainable=False)


class Marginal(layers.Layer):
    def __init__(self, num_components):
        super().__init__()
        self.num_components = num_components

    def build(self, shape):
        size = (shape[-1], self.num_components)
        for part in ("logits", "means", "log_scales"):
            setattr(self, part, self.add_weight(shape=size, initializer="random_normal", name=part))


class Clamp:
    def __init__(self, kind, **bounds):
        self.kind = kind
        self.__dict__.update(bounds)

    def __call__(self, raw):
        if self.kind == "sigmoid":
            return self.lo + (self.hi - self.lo) * ops.sigmoid(raw)
        # XLA's tanh of float64 is good to 1.6e-7 only (jaxlib 0.10.2 on a CPU).
        return self.bound * (1.0 - 2.0 / (ops.exp(2.0 * raw) + 1.0) if raw.dtype == "float64" else ops.tanh(raw))


class Coupling(layers.Layer):
    def __init__(self, mask, conditioner, num_components, clamp=None, eps=1e-6):
        super().__init__()
        self._mask_np = np.asarray(mask, dtype=bool)
        self.conditioner, self.num_components, self.eps = conditioner, num_components, eps
        self.log_scale_clamp = clamp or Clamp("tanh", bound=3.0)

    def build(self, shape):
        if not self.conditioner.built:
            self.conditioner.build((None, int(self._mask_np.sum())))

    def forward_and_log_det(self, x):
        a, b = np.where(self._mask_np)[0], np.where(~self._mask_np)[0]
        params = ops.reshape(self.conditioner(ops.take(x, a, axis=1)), (-1, 3, len(b), self.num_components))
        z, log_det = gaussianize(
            ops.take(x, b, axis=1), params[:, 0], params[:, 1], self.log_scale_clamp(params[:, 2]), self.eps
        )
        joined = ops.concatenate([ops.take(x, a, axis=1), z], axis=1)
        return ops.take(joined, np.argsort(np.concatenate([a, b])), axis=1), log_det


class Repeat(layers.Layer):
    def __init__(self, d_b, num_components):
        super().__init__()
        self.d_b, self.num_components = d_b, num_components

    def call(self, x):
        one = ops.reshape(x, (-1, 3, 1, self.num_components))
        return ops.reshape(ops.tile(one, (1, 1, self.d_b, 1)), (-1, 3 * self.d_b * self.num_components))


class Flow(keras.Model):
    def __init__(self, bijectors, d):
        super().__init__()
        self.bijector_layers = bijectors
        for layer in bijectors:
            layer.build((None, d))
        self.built = True

    def call(self, x):
        log_det = 0.0
        for layer in self.bijector_layers:
            x, l = layer.forward_and_log_det(x)
            log_det = log_det + l
        return ops.sum(log_phi(x), axis=-1) + log_det

    def reach(self, x):
        """The largest |z| that any layer gives."""
        reach = np.zeros(len(x))
        for layer in self.bijector_layers:
            x, _ = layer.forward_and_log_det(x)
            reach = np.maximum(reach, np.abs(ops.convert_to_numpy(x)).max(axis=1))
        return reach


def mlp(width, hidden=(64, 64), activation="relu", noise=0.1):
    """The reference's head starts at zero, where all components are alike; a little noise parts them."""
    start = keras.initializers.RandomNormal(stddev=noise)
    return keras.Sequential(
        [layers.Dense(h, activation=activation) for h in hidden]
        + [layers.Dense(width, kernel_initializer=start, bias_initializer=start)]
    )


def coupling_flow(eps=1e-6):
    bijectors = []
    for _ in range(4):
        bijectors += [Householder(2), Coupling([True, False], mlp(24), 8, eps=eps), Coupling([False, True], mlp(24), 8, eps=eps)]
    return Flow(bijectors, 2)


def moons(count, rng):
    angle = np.pi * rng.random(count)
    upper = rng.random(count) < 0.5
    x = np.where(upper, np.cos(angle), 1.0 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    points = np.stack([x, y], axis=1) + 0.05 * rng.standard_normal((count, 2))
    return (points - [0.5, 0.25]) / [0.87, 0.5]


def ours(weights, points, *options):
    with tempfile.TemporaryDirectory() as folder:
        # Digits that name each float and no other.
        table = pathlib.Path(folder, "points.csv")
        table.write_text("".join(f"{float(x)!r},{float(y)!r}\n" for x, y in points))
        command = ["cargo", "run", "--quiet", "--release", "--example", "08_keras_weights", "--", weights, table, *options]
        printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return np.array([float(line) for line in printed.split()])


def test_densities(epochs):
    """Trains, exports and compares: the same weights in Keras and gaussflow, in float32 and float64."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    flow = coupling_flow()
    assert flow.count_params() == 46_800
    train, points = (moons(count, rng).astype(np.float32) for count in (5000, 20_000))
    if epochs:
        flow.compile(optimizer=keras.optimizers.Adam(1e-3), loss=lambda _, log_prob: -ops.mean(log_prob))
        flow.fit(train, np.zeros(len(train), np.float32), batch_size=512, epochs=epochs, verbose=0)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "flow.safetensors")
        export(flow, path)
        single, double = ours(path, points), ours(path, points, "--double")
    keras_single = ops.convert_to_numpy(flow(points))

    # The same weights in float64, clipped where float64 itself ends.
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    exact = coupling_flow(eps=1e-16)
    exact.set_weights(flow.get_weights())
    keras_double = ops.convert_to_numpy(exact(points.astype(np.float64)))
    bulk = exact.reach(points.astype(np.float64)) < BULK
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    assert keras_single.dtype == np.float32 and keras_double.dtype == np.float64

    print(f"{epochs} epochs, mean log-density {np.mean(keras_single):.3f} nats, {np.sum(bulk)} of {len(points)} points in the bulk")
    both_single = compare("Keras f32, gaussflow f32", keras_single, single, bulk)
    keras_off = compare("Keras f32, Keras f64", keras_single, keras_double, bulk)
    off = compare("gaussflow f32, Keras f64", single, keras_double, bulk)
    both_double = compare("gaussflow f64, Keras f64", double, keras_double, bulk)
    # The CDF of float64 is good to 1e-16 / phi(4) = 8e-13 of z, and the layers after magnify it.
    assert both_double <= 1e-11, both_double
    # Trained weights are large and magnify rounding, that of Keras too; what is left to ask is to be no worse.
    assert off <= keras_off if epochs else both_single <= 1e-5, (both_single, off, keras_off)


def compare(title, a, b, bulk):
    off = np.abs(a - b)
    half, most = np.quantile(off, [0.5, 0.99])
    print(
        f"  {title}: median {half:.1e}, 99 % {most:.1e}, largest {off.max():.1e}, in the bulk {off[bulk].max():.1e};"
        f" above 1e-5: {np.sum(off > 1e-5)}, in the bulk {np.sum(off[bulk] > 1e-5)}"
    )
    return off[bulk].max()


def test_names():
    inputs = keras.Input((2,))
    first = layers.Dense(7, activation="tanh")(inputs)
    second = layers.Add()([layers.Activation("tanh")(layers.Dense(7)(first)), first])
    skip = keras.Model(inputs, layers.Dense(3 * 3 * 4)(second))
    shared = keras.Sequential([layers.Dense(6, activation="gelu"), layers.Dense(3 * 5), Repeat(2, 5)])
    q = np.eye(5)[[1, 0, 2, 4, 3]]
    flow = Flow(
        [
            Householder(3),
            Coupling([1, 1, 0, 0, 0], skip, 4, Clamp("sigmoid", lo=-2.0, hi=1.5)),
            FixedOrtho(q),
            Marginal(6),
            Coupling([1, 0, 1, 0, 1], shared, 5),
        ],
        5,
    )
    tensors, metadata = describe(flow)
    assert {name: array.shape for name, array in tensors.items()} == {
        "l00.v": (3, 5),
        "l01.dense0.kernel": (2, 7),
        "l01.dense0.bias": (7,),
        "l01.dense1.kernel": (7, 7),
        "l01.dense1.bias": (7,),
        "l01.dense2.kernel": (7, 36),
        "l01.dense2.bias": (36,),
        "l01.log_scale_clamp.low": (),
        "l01.log_scale_clamp.high": (),
        "l02.q": (5, 5),
        "l03.logits": (5, 6),
        "l03.means": (5, 6),
        "l03.log_scales": (5, 6),
        "l04.dense0.kernel": (3, 6),
        "l04.dense0.bias": (6,),
        "l04.dense1.kernel": (6, 15),
        "l04.dense1.bias": (15,),
        "l04.log_scale_clamp.bound": (),
    }
    assert metadata == {
        "l00": "householder",
        "l01": "coupling",
        "l01.mask": "11000",
        "l01.log_scale_clamp": "sigmoid",
        "l01.dense0.activation": "tanh",
        "l01.dense1.activation": "tanh",
        "l01.dense1.add_input": "true",
        "l02": "orthogonal",
        "l03": "marginal",
        "l04": "coupling",
        "l04.mask": "10101",
        "l04.log_scale_clamp": "tanh",
        "l04.dense0.activation": "gelu",
    }
    assert (tensors["l01.log_scale_clamp.low"], tensors["l01.log_scale_clamp.high"]) == (-2.0, 1.5)
    np.testing.assert_array_equal(tensors["l02.q"], q)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "flow.safetensors")
        export(flow, path)
        with safe_open(path, "np") as file:
            assert file.metadata() == metadata and set(file.keys()) == set(tensors)
            for name, array in tensors.items():
                np.testing.assert_array_equal(file.get_tensor(name), array)


def test_refusals():
    def refused(message, conditioner, mask=(1, 0), components=2, clamp=None):
        flow = Flow([Coupling(mask, conditioner, components, clamp)], len(mask))
        try:
            describe(flow)
        except ValueError as error:
            assert message in str(error) and "layer 0 (Coupling)" in str(error), error
        else:
            raise AssertionError(f"not refused: {message}")

    refused("activation leaky_relu", mlp(6, (4,), "leaky_relu"))
    refused("has no bias", keras.Sequential([layers.Dense(6, use_bias=False)]))
    refused("linear Dense layer of width 6", mlp(9, (4,)))
    refused("linear Dense layer of width 6", keras.Sequential([layers.Dense(6, activation="tanh")]))
    refused("is no layer of a conditioner", keras.Sequential([layers.LayerNormalization(), layers.Dense(6)]))
    refused("does not say that it is tanh or sigmoid", mlp(6, (4,)), clamp=lambda raw: raw)
    refused("no plain ReLU", keras.Sequential([layers.Dense(4), layers.ReLU(max_value=6.0), layers.Dense(6)]))
    inputs = keras.Input((1,))
    hidden = layers.Dense(4)(inputs)
    refused("does not follow the layer before it", keras.Model(inputs, layers.Dense(6)(layers.Add()([hidden, layers.Dense(4)(inputs)]))))
    far = layers.Dense(4)(layers.Dense(4)(hidden))
    refused("adds something else", keras.Model(inputs, layers.Dense(6)(layers.Add()([far, hidden]))))
    try:
        describe(Flow([layers.Dense(2)], 2))
    except ValueError as error:
        assert "no layer that gaussflow knows" in str(error)
    else:
        raise AssertionError("a Dense layer passed as a bijector")


if __name__ == "__main__":
    test_names()
    test_refusals()
    for epochs in [0, int(sys.argv[1]) if len(sys.argv) > 1 else 20]:
        test_densities(epochs)
