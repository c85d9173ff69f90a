"""A flow of gaussflow as a file for `gaussflow::store::tensors::load` and as a Rust type: what export_zuko.py and
export_flowjax.py build.

Parts are those that `Bijector::describe` tells, numbered from 0 in their order; the documentation of
`gaussflow::store::tensors` lists the names. Kernels are `[input, output]`, those of the last layer of a network
`[input, dimension, parameter]`. Values are written as float64.
"""

import numpy as np
from safetensors.numpy import save


class Model:
    """Bijectors in the order in which they act, from data to latent."""

    def __init__(self, dimensions, context=0):
        self.dimensions, self.context = dimensions, context
        self.parts, self.tensors, self.rust, self.orders = [], {}, [], []

    def write(self, path, origin):
        """Writes `path.safetensors` and `path.rs`."""
        with open(f"{path}.safetensors", "wb") as out:
            out.write(save(self.tensors, metadata={"format": origin, "parts": ", ".join(self.parts)}))
        with open(f"{path}.rs", "w", encoding="utf-8") as out:
            out.write(self.source())

    def source(self):
        """The Rust type, over the scalar `T`."""
        orders = [
            f"#[derive(Clone, Copy, Debug, PartialEq)]\npub struct Order{i};\nimpl Order<{len(order)}> for Order{i} {{\n"
            f"    const SOURCE: [usize; {len(order)}] = {order};\n}}\n\n"
            for i, order in enumerate(self.orders)
        ]
        given = f", {self.context}" if self.context else ""
        flow = f"Flow<T, {_tuple(self.rust)}, {self.dimensions}{given}>"
        return "".join(["use gaussflow::*;\n\n", *orders, f"pub type Model<T> = {flow};\n"])

    def permutation(self, source):
        """Dimension d comes from source[d]; nothing where that is no change."""
        source = [int(d) for d in source]
        if source == list(range(len(source))):
            return
        self._part(f"permutation {_digits(source)}")
        if source == list(range(len(source)))[::-1]:
            self.rust.append("Reverse")
            return
        if source not in self.orders:
            self.orders.append(source)
        self.rust.append(f"Permutation<Order{self.orders.index(source)}>")

    def begin_inverse(self):
        """What follows acts the other way round, from its last bijection to the first."""
        self._part("inverse")

    def end_inverse(self):
        """The end of what acts the other way round: all so far."""
        self._part("end")
        self.rust = [f"Inverse<{_tuple(self.rust)}>"]

    def autoregressive(self, univariate, layers):
        """`layers` are (kernel, bias, activation), sorted by degrees; the context's rows of the first kernel come last."""
        d, c = self.dimensions, self.context
        given = f", {c}" if c else ""
        self._part("autoregressive")
        univariate.describe(self)
        rust = []
        for number, (kernel, bias, activation) in enumerate(layers):
            if activation is None:
                self._part("head", kernel=kernel, bias=bias)
                rust.append(f"MaskedHead<T, {univariate.rust}, {len(kernel)}, {d}{given}>")
            elif number == 0:
                self._part("context_dense", kernel=kernel[:d], bias=bias, context_kernel=kernel[d:])
                rust.append(f"MaskedInput<T, {d}, {len(bias)}{given}>")
            else:
                self._part("dense", kernel=kernel, bias=bias)
                rust.append(f"MaskedDense<T, {len(kernel)}, {len(bias)}, {d}{given}>")
            if activation is not None:
                self._part(activation.lower())
                rust.append(activation)
        self.rust.append(f"Autoregressive<{univariate.rust}, {_tuple(rust)}, {d}>")

    def coupling(self, univariate, layers, identity_first):
        """`layers` are (kernel, bias, activation), from the identity half: the first D / 2 dimensions, rounded down, or the rest."""
        low, high = self.dimensions // 2, self.dimensions - self.dimensions // 2
        a, b = (low, high) if identity_first else (high, low)
        self._part("coupling " + ("=" * low + "x" * high if identity_first else "x" * low + "=" * high))
        univariate.describe(self)
        rust = []
        for kernel, bias, activation in layers:
            if activation is None:
                self._part("head", kernel=kernel, bias=bias)
                rust.append(f"Head<T, {univariate.rust}, {len(kernel)}, {b}>")
            else:
                self._part("dense", kernel=kernel, bias=bias)
                self._part(activation.lower())
                rust += [f"Dense<T, {len(kernel)}, {len(bias)}>", activation]
        mask = "FirstHalf" if identity_first else "Swap<FirstHalf>"
        self.rust.append(f"Coupling<{mask}, {univariate.rust}, {_tuple(rust)}, {a}, {b}>")

    def _part(self, kind, **tensors):
        name = f"{len(self.parts):02}.{kind.split()[0]}"
        self.parts.append(kind)
        for tensor, values in tensors.items():
            values = np.array(values, dtype=np.float64, order="C")
            if not np.isfinite(values).all():
                raise ValueError(f"{name}.{tensor} is not finite")
            self.tensors[f"{name}.{tensor}"] = values


class Univariate:
    """A map of one dimension: its Rust type, its parts with their settings, and where its parameters come from.

    `columns[i]` is the column of the peer's parameters that our parameter i is; None for one that is 0.
    """

    def __init__(self, rust, parts, columns):
        self.rust, self.parts, self.columns = rust, parts, columns

    def describe(self, model):
        for kind, settings in self.parts:
            model._part(kind, **{name: np.array(value) for name, value in settings.items()})

    def head(self, kernel, bias):
        """The peer's last layer, `[.., dimension, its parameters]`, with our parameters."""
        return tuple(
            np.stack([np.zeros(values.shape[:-1]) if c is None else values[..., c] for c in self.columns], axis=-1) for values in (kernel, bias)
        )


def sorted_by_degrees(layers, ranks, context, parameters):
    """The masked layers (weights [output, input], bias, mask, activation) of a peer, sorted as gaussflow has them.

    `ranks[f]` is feature f's place in the order; features of the same rank do not see each other. Their columns of the
    last layer, `parameters` each, follow the order of the features. Checks that each mask is that of degrees which the
    hidden values take in turn: a value sees what has a degree up to its own.
    """
    features = np.argsort(ranks, kind="stable")
    ranks = np.asarray(ranks)[features]
    least = 0 if context or ranks[-1] == 0 else 1
    inputs = np.concatenate([features, len(features) + np.arange(context)]).astype(int)
    degrees = np.concatenate([ranks + 1, np.zeros(context, int)])
    found = []
    for weight, bias, mask, activation in layers:
        if activation is None:
            outputs = (features[:, None] * parameters + np.arange(parameters)).ravel()
            next_degrees = np.repeat(ranks, parameters)
        else:
            in_turn = least + np.arange(len(bias)) % (ranks[-1] + 1 - least)
            outputs = np.argsort(in_turn, kind="stable")
            next_degrees = in_turn[outputs]
        if not (mask.T[inputs][:, outputs] == (degrees[:, None] <= next_degrees)).all():
            raise ValueError(f"the mask of {mask.shape} of layer {len(found)} is not that of degrees")
        found.append(((weight * mask).T[inputs][:, outputs], bias[outputs], activation))
        inputs, degrees = outputs, next_degrees
    kernel, bias, _ = found[-1]
    found[-1] = (kernel.reshape(len(kernel), len(features), parameters), bias.reshape(len(features), parameters), None)
    return found


def _digits(numbers):
    return "[" + " ".join(str(number) for number in numbers) + "]"


def _tuple(types):
    """A tuple of any number of types: those of more than eight nest."""
    while len(types) > 8:
        types = [_tuple(types[i : i + 8]) for i in range(0, len(types), 8)]
    return types[0] if len(types) == 1 else f"({', '.join(types)})"
