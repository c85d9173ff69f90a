#!/usr/bin/env python3
"""Writes a live Keras flow (gauss_keras) as a safetensors file that `gaussflow::store::keras::load` reads.

    pip install keras safetensors numpy

    from export_keras import export
    export(flow, "flow.safetensors")

Layers are known by what they carry, so that the script needs nothing of the library that built them: reflectors `v`
with `num_reflectors`; a fixed rotation `q`; tables `logits`, `means` and `log_scales`; or a `conditioner` with a mask
(`mask` or `_mask_np`), `num_components` and a `log_scale_clamp` that has a `kind` and its bounds. A conditioner is a
chain of Dense layers with activations, a Sequential or a Functional model; `Add` of a Dense layer's output and input
is a skip, and a weightless layer with `d_b` at the end is what repeats one mixture for all dimensions. Whatever is not
known raises an error: a file is never written by guess.

The names of tensors and metadata are listed in the documentation of `gaussflow::store::keras`. Weights are written as they
are, float32 or float64; narrower ones as float32. gaussflow does not clip probabilities (`eps`), so its densities
differ from the flow's own where the clip bites.
"""

import numpy as np
from keras import Sequential, layers, ops
from safetensors.numpy import save_file

# What gaussflow computes too. leaky_relu is missing: its slope is 0.2 in Keras and 0.01 there.
ACTIVATIONS = {"relu", "tanh", "sigmoid", "silu", "softplus", "gelu"}


def export(flow, path):
    """Writes the flow's layers in the order in which they act; raises ValueError for what gaussflow does not have."""
    tensors, metadata = describe(flow)
    save_file(tensors, path, metadata)


def describe(flow):
    """The tensors and the metadata of the flow's file, by name."""
    tensors, metadata = {}, {}
    for i, layer in enumerate(_bijectors(flow)):
        name = f"l{i:02d}"
        try:
            _layer(layer, name, tensors, metadata)
        except (AttributeError, ValueError) as error:
            raise ValueError(f"layer {i} ({type(layer).__name__}): {error}") from error
    if not tensors:
        raise ValueError("the flow has no layers")
    return tensors, metadata


def _bijectors(flow):
    found = getattr(flow, "bijector_layers", None)
    return [layer for layer in flow.layers if not isinstance(layer, layers.InputLayer)] if found is None else found


def _array(weight):
    array = np.array(ops.convert_to_numpy(weight), order="C")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)


def _layer(layer, name, tensors, metadata):
    if not layer.built:
        raise ValueError("is not built: call the flow once")
    if hasattr(layer, "conditioner"):
        metadata[name] = "coupling"
        _coupling(layer, name, tensors, metadata)
    elif hasattr(layer, "num_reflectors"):
        metadata[name] = "householder"
        tensors[f"{name}.v"] = _array(layer.v)
    elif hasattr(layer, "q"):
        metadata[name] = "orthogonal"
        tensors[f"{name}.q"] = _array(layer.q)
    elif hasattr(layer, "logits"):
        metadata[name] = "marginal"
        for part in ("logits", "means", "log_scales"):
            tensors[f"{name}.{part}"] = _array(getattr(layer, part))
    else:
        raise ValueError("is no layer that gaussflow knows")


def _coupling(layer, name, tensors, metadata):
    mask = layer.mask if hasattr(layer, "mask") else layer._mask_np
    mask = np.asarray(mask, dtype=bool)
    metadata[f"{name}.mask"] = "".join("1" if identity else "0" for identity in mask)

    clamp = layer.log_scale_clamp
    bounds = {"tanh": {"bound": "bound"}, "sigmoid": {"low": "lo", "high": "hi"}}
    kind = getattr(clamp, "kind", None)
    if kind not in bounds:
        raise ValueError(f"the log-scale clamp {clamp} does not say that it is tanh or sigmoid")
    metadata[f"{name}.log_scale_clamp"] = kind
    for ours, theirs in bounds[kind].items():
        tensors[f"{name}.log_scale_clamp.{ours}"] = np.array(getattr(clamp, theirs), dtype=np.float64)

    dense, shared = _chain(layer.conditioner)
    for j, (kernel, bias, activation, add_input) in enumerate(dense):
        tensors[f"{name}.dense{j}.kernel"], tensors[f"{name}.dense{j}.bias"] = kernel, bias
        if activation:
            metadata[f"{name}.dense{j}.activation"] = activation
        if add_input:
            metadata[f"{name}.dense{j}.add_input"] = "true"
    transformed = 1 if shared else int((~mask).sum())
    width = 3 * transformed * int(layer.num_components)
    if not dense or dense[-1][2] or dense[-1][3] or dense[-1][1].shape != (width,):
        raise ValueError(f"the conditioner does not end in a linear Dense layer of width {width}")


def _chain(conditioner):
    """Each Dense layer as [kernel, bias, activation or "", add_input], and whether one mixture is repeated at the end."""
    dense, shared = [], False
    # A Sequential is a chain as it stands; in a graph the tensors tell.
    graph = not isinstance(conditioner, Sequential)
    at = before = conditioner.inputs[0] if graph else None
    for layer in conditioner.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        if shared:
            raise ValueError(f"{layer.name} follows the layer that repeats the mixture")
        if isinstance(layer, layers.Add):
            if not dense or {id(tensor) for tensor in layer.input} != {id(at), id(before)}:
                raise ValueError(f"{layer.name} adds something else than a Dense layer's output and input")
            dense[-1][3] = True
        elif graph and layer.input is not at:
            raise ValueError(f"{layer.name} does not follow the layer before it")
        elif isinstance(layer, layers.Dense):
            if layer.bias is None:
                raise ValueError(f"{layer.name} has no bias")
            before = at
            dense.append([_array(layer.kernel), _array(layer.bias), _activation(layer), False])
        elif isinstance(layer, (layers.Activation, layers.ReLU)):
            if not dense or dense[-1][2] or dense[-1][3]:
                raise ValueError(f"{layer.name} does not follow a linear Dense layer")
            dense[-1][2] = _activation(layer)
        elif hasattr(layer, "d_b") and not layer.weights:
            shared = True
        elif not isinstance(layer, layers.Dropout):
            raise ValueError(f"{layer.name} ({type(layer).__name__}) is no layer of a conditioner that gaussflow knows")
        if graph:
            at = layer.output
    if graph and conditioner.outputs[0] is not at:
        raise ValueError(f"{conditioner.name} does not end in its last layer")
    return dense, shared


def _activation(layer):
    if isinstance(layer, layers.ReLU):
        if layer.max_value is not None or layer.negative_slope or layer.threshold:
            raise ValueError(f"{layer.name} is no plain ReLU")
        return "relu"
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name == "linear":
        return ""
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation {name} of {layer.name} is not one of {', '.join(sorted(ACTIVATIONS))}")
    return name
