#!/usr/bin/env python3
"""Writes a live zuko flow as a safetensors file that `gaussflow::store::tensors::load` reads, and its Rust type.

    pip install zuko torch safetensors numpy

    from export_zuko import export
    export(flow, "flow")            # flow.safetensors, and flow.rs with the type to paste: `Model<T>`

Known are `zuko.flows.MAF` and `NSF`: masked autoregressive transforms of affine maps and of rational-quadratic splines
in any order of the features, with a context or without; and, without a context, `passes=2`, which is a coupling.
Orders, masks, slopes, bounds and activations are read from the object. Whatever is not known raises an error: a file is
never written by guess.

A masked network gives each hidden value a degree, the number of features that it sees. Here they take the degrees in
turn, in gaussflow one after the other: hidden values are sorted, which changes the order of a sum and nothing else.
"""

import functools
import math

import numpy as np
import torch
from torch import nn
from zuko.distributions import DiagNormal
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.nn import MaskedLinear
from zuko.transforms import MonotonicAffineTransform, MonotonicRQSTransform

from gaussflow_file import Model, Univariate, sorted_by_degrees

ACTIVATIONS = {nn.ReLU: "Relu", nn.Tanh: "Tanh", nn.Sigmoid: "Sigmoid", nn.SiLU: "Silu"}
# The settings of univariates where none are given.
SLOPE, BOUND = 1e-3, 5.0


def export(flow, path):
    """Writes `path.safetensors` and `path.rs`."""
    convert(flow).write(path, "zuko")


def convert(flow):
    transforms = list(flow.transform.transforms)
    for transform in transforms:
        if type(transform) is not MaskedAutoregressiveTransform:
            raise ValueError(f"{type(transform).__name__} is no transform that gaussflow knows")
        if transform.order is None:
            raise ValueError("a transform with an adjacency matrix has no order")
    features = len(transforms[0].order)
    model = Model(features, transforms[0].hyper[0].in_features - features)
    base = flow.base(torch.zeros(model.context))
    if type(base) is not DiagNormal or (base.base_dist.loc != 0).any() or (base.base_dist.scale != 1).any():
        raise ValueError("the base is no standard normal")
    here = np.arange(features)  # The feature that each dimension holds.
    for transform in transforms:
        here = add(model, transform, here)
    model.permutation(np.argsort(here))
    return model


def add(model, transform, here):
    """Adds a transform, after a permutation of the features; returns where that leaves them."""
    ranks = transform.order.numpy()
    features = np.argsort(ranks, kind="stable")
    univariate = univariate_of(transform)
    layers = sorted_by_degrees(network(transform), ranks, model.context, transform.total)
    kernel, bias, _ = layers.pop()
    if len(set(ranks)) == len(ranks):
        model.permutation([list(here).index(f) for f in features])
        model.autoregressive(univariate, [*layers, (*univariate.head(kernel, bias), None)])
        return features
    if len(set(ranks)) > 2 or model.context:
        raise ValueError(f"passes={transform.passes} is neither 2 (without a context) nor the number of features")
    # The later half comes first: it is the smaller one.
    half = int((ranks == 0).sum())
    features = np.roll(features, -half)
    model.permutation([list(here).index(f) for f in features])
    first, second = (bias[:half], None), (kernel[:, half:], bias[half:])
    (weight, *rest), *layers = layers
    model.coupling(univariate, [(weight[:half], *rest), *layers, (*univariate.head(*second), None)], identity_first=False)
    # The other half's parameters are the same wherever a point lies.
    constant = univariate.head(np.zeros((len(features) - half, half, transform.total)), first[0])
    model.coupling(univariate, [(*constant, None)], identity_first=True)
    return features


def network(transform):
    """Each masked layer as (weights [output, input], bias, mask, activation after it)."""
    layers = []
    for layer in transform.hyper:
        if type(layer) is MaskedLinear:
            weight, bias = (p.detach().double().numpy() for p in (layer.weight, layer.bias))
            layers.append((weight, bias, layer.mask.numpy(), None))
        elif type(layer) in ACTIVATIONS and layers and layers[-1][3] is None:
            layers[-1] = (*layers[-1][:3], ACTIVATIONS[type(layer)])
        else:
            raise ValueError(f"{type(layer).__name__} is no layer of a masked network that gaussflow knows, or not in this place")
    if layers[-1][3] is not None or any(activation is None for *_, activation in layers[:-1]):
        raise ValueError("between the layers of a network stands one activation, and none at its end")
    return layers


def univariate_of(transform):
    made, keywords = transform.univariate, {}
    if isinstance(made, functools.partial):
        if made.args:
            raise ValueError("a univariate's settings have to be given by name")
        made, keywords = made.func, made.keywords
    shapes = [tuple(shape) for shape in transform.shapes]
    clamp = ("soft_clamp", {"bound": -math.log(keywords.get("slope", SLOPE))})
    if made is MonotonicAffineTransform and shapes == [(), ()] and set(keywords) <= {"slope"}:
        return Univariate("Affine<SoftClamp<T>>", [("affine", {}), clamp], [1, 0])
    k = shapes[0][0] if shapes[0] else 0
    if made is MonotonicRQSTransform and shapes == [(k,), (k,), (k - 1,)] and set(keywords) <= {"slope", "bound"}:
        spline = ("rational_quadratic_spline", {"bound": keywords.get("bound", BOUND)})
        # Widths, heights, the slope of the tails, which stays 1, and those between bins.
        columns = [*range(2 * k), None, *range(2 * k, 3 * k - 1)]
        return Univariate(f"RationalQuadraticSpline<T, {k}, SoftClamp<T>>", [spline, clamp], columns)
    raise ValueError(f"{getattr(made, '__name__', made)} of {shapes} with {sorted(keywords)} is no univariate that gaussflow knows")
