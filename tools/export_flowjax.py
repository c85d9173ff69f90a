#!/usr/bin/env python3
"""Writes a live flowjax flow as a safetensors file that `gaussflow::store::tensors::load` reads, and its Rust type.

    pip install flowjax safetensors numpy

    from export_flowjax import export
    export(flow, "flow")            # flow.safetensors, and flow.rs with the type to paste: `Model<T>`

Known are `flowjax.flows.coupling_flow` and `masked_autoregressive_flow`, inverted or not, with affine transformers and
rational-quadratic splines on an interval around 0, over a standard normal; a masked autoregressive one may take a
condition. Permutations, masks, settings and activations are read from the object. Whatever is not known raises an
error: a file is never written by guess.

flowjax adds a transformer's own parameters to what the network gives: here they are part of the last bias. Splines of
flowjax have slopes of their own at the ends of the interval, which are `SoftplusKnots` in gaussflow. For weights in
float64 as they were trained, set JAX_ENABLE_X64.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import paramax
from flowjax import bijections
from flowjax.distributions import StandardNormal
from jax.flatten_util import ravel_pytree

from gaussflow_file import Model, Univariate, sorted_by_degrees

PROBE = jnp.linspace(-3.0, 3.0, 13)
ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "silu": "Silu"}


def export(flow, path):
    """Writes `path.safetensors` and `path.rs`."""
    convert(flow).write(path, "flowjax")


def convert(flow):
    if type(flow.base_dist) is not StandardNormal:
        raise ValueError(f"the base {type(flow.base_dist).__name__} is no standard normal")
    # flowjax maps the base to data, an inverted flow by the inverse of its layers.
    scan, inverted = flow.bijection, type(flow.bijection) is bijections.Invert
    if inverted:
        scan = scan.bijection
    if type(scan) is not bijections.Scan:
        raise ValueError(f"{type(scan).__name__} is no flow that gaussflow knows")
    (dimensions,) = flow.shape
    model = Model(dimensions, flow.cond_shape[0] if flow.cond_shape else 0)
    if not inverted:
        model.begin_inverse()
    arrays, static = eqx.partition(scan.bijection, eqx.is_array)
    for i in range(len(jax.tree.leaves(arrays)[0])):
        layer = eqx.combine(jax.tree.map(lambda leaf: leaf[i], arrays), static)
        for bijection in layer.bijections if type(layer) is bijections.Chain else [layer]:
            add(model, bijection)
    if not inverted:
        model.end_inverse()
    return model


def add(model, bijection):
    d = model.dimensions
    if type(bijection) is bijections.Flip:
        model.permutation(range(d)[::-1])
    elif type(bijection) is bijections.Permute:
        model.permutation(np.asarray(bijection.permutation[0]))
    elif type(bijection) is bijections.MaskedAutoregressive:
        layers = network(bijection.masked_autoregressive_mlp)
        univariate, start = univariate_of(bijection, len(layers[-1][1]) // d)
        *layers, (kernel, bias, _) = sorted_by_degrees(layers, np.arange(d), model.context, len(start))
        model.autoregressive(univariate, [*layers, (*univariate.head(kernel, bias + start), None)])
    elif type(bijection) is bijections.Coupling:
        if model.context or bijection.untransformed_dim != d // 2:
            raise ValueError("a coupling with a condition, or of other halves, is not known")
        *layers, (kernel, bias, _) = [(weight.T, bias, activation) for weight, bias, _, activation in network(bijection.conditioner)]
        univariate, start = univariate_of(bijection, len(bias) // (d - d // 2))
        kernel, bias = kernel.reshape(len(kernel), -1, len(start)), bias.reshape(-1, len(start))
        model.coupling(univariate, [*layers, (*univariate.head(kernel, bias + start), None)], identity_first=True)
    else:
        raise ValueError(f"{type(bijection).__name__} is no bijection that gaussflow knows")


def network(mlp):
    """Each layer as (weights [output, input], bias, mask, activation after it)."""
    activations = [activation_of(mlp.activation)] * (len(mlp.layers) - 1) + [activation_of(mlp.final_activation)]
    if activations[-1] is not None or None in activations[:-1]:
        raise ValueError("between the layers of a network stands an activation, and none at its end")
    layers = []
    for linear, activation in zip(mlp.layers, activations):
        weight, mask = linear.weight, None
        if isinstance(weight, paramax.Parameterize):
            if weight.fn is not jnp.where or weight.kwargs or len(weight.args) != 3:
                raise ValueError("a weight that is computed, but not by a mask, is not known")
            mask, weight = np.asarray(weight.args[0]), np.where(*weight.args)
        layers.append((np.asarray(weight, np.float64), np.asarray(linear.bias, np.float64), mask, activation))
    return layers


def activation_of(activation):
    """The one of those known that has its values; None for none at all."""
    for name, rust in {**ACTIVATIONS, "identity": None}.items():
        if jnp.array_equal(activation(PROBE), getattr(jax.nn, name)(PROBE)):
            return rust
    raise ValueError(f"the activation {activation} is none of {', '.join(ACTIVATIONS)}")


def univariate_of(bijection, count):
    """The transformer of `count` parameters, and what is added to those that the network gives."""
    transformer = bijection.transformer_constructor(jnp.zeros(count))
    start = np.asarray(ravel_pytree(eqx.filter(transformer, eqx.is_inexact_array))[0], np.float64)
    if type(transformer) is bijections.Affine and count == 2:
        clamp = ("softplus_clamp", {"least": least_of(transformer.scale)})
        return Univariate("Affine<SoftplusClamp<T>>", [("affine", {}), clamp], [1, 0]), start
    if type(transformer) is bijections.RationalQuadraticSpline:
        k = transformer.knots + 1
        low, high = transformer.interval
        settings = {(pos.min_width, pos.interval, pos.include_endpoints) for pos in (transformer.x_pos, transformer.y_pos)}
        if low != -high or settings != {(pos.min_width, (low, high), "both") for pos in [transformer.x_pos]} or count != 3 * k + 1:
            raise ValueError("a spline of an interval that is not around 0, or of other knots than those of its interval, is not known")
        knots = {"least_slope": least_of(transformer.derivatives), "least_part": transformer.x_pos.min_width / (high - low)}
        parts = [("rational_quadratic_spline", {"bound": high}), ("softplus_knots", knots)]
        # Of K + 1 widths and heights the last is none.
        columns = [*range(k), None, *range(k, 2 * k), None, *range(2 * k, count)]
        return Univariate(f"RationalQuadraticSpline<T, {k + 1}, SoftplusKnots<T>>", parts, columns), start
    raise ValueError(f"{type(transformer).__name__} is no transformer that gaussflow knows")


def least_of(scale):
    """What a parameter that is the softplus of another and a constant stays above: the constant."""
    if not isinstance(scale, paramax.Parameterize) or len(scale.args) != 1 or scale.kwargs:
        raise ValueError("a scale or slope that is no function of one parameter is not known")
    least = float(scale.fn(jnp.array(-1e3)))
    if not jnp.array_equal(scale.fn(PROBE), jax.nn.softplus(PROBE) + least):
        raise ValueError("a scale or slope that is no softplus, and a constant, is not known")
    return least
