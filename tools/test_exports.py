#!/usr/bin/env python3
"""Tests export_zuko.py and export_flowjax.py: flows, exported, beside what their own libraries say of them in float64.

    pip install zuko torch flowjax optax safetensors numpy
    python3 tools/test_exports.py            # needs cargo: it runs tests/peer_flows.rs on 20,000 points of flows trained here
    python3 tools/test_exports.py --golden   # writes the files of tests/data/peers: 200 points, weights as drawn, enlarged

One flow of each kind at 2, 6 and 16 dimensions. Training is 100 steps of Adam on a density that is no normal; what the
libraries say is computed in float64, so what is left is rounding. A part of the points lies far out.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["JAX_ENABLE_X64"] = "1"

import equinox as eqx
import flowjax.flows
import jax
import jax.numpy as jnp
import numpy as np
import optax
import paramax
import torch
import zuko
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import StandardNormal

import export_flowjax
import export_zuko

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests/data/peers"
STEPS, BATCH, RATE = 100, 512, 3e-3
# What weights as drawn are multiplied by, so that the maps are further from the identity.
ENLARGED = 1.25


def samples(rng, rows, dimensions, context):
    """Points with dependent, skewed dimensions, and contexts that move them."""
    c = rng.normal(size=(rows, context))
    x = rng.normal(size=(rows, dimensions))
    x[:, 1:] += 0.5 * np.tanh(2.0 * x[:, :-1]) ** 2 - 0.25
    return x + c.sum(axis=1, keepdims=True) / 4, c


class Zuko:
    convert = staticmethod(export_zuko.convert)

    def __init__(self, make, *arguments, **keywords):
        self.make = lambda: make(*arguments, **keywords)

    def build(self, seed):
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(seed)
        self.flow = self.make()

    def enlarge(self):
        with torch.no_grad():
            for parameter in self.flow.parameters():
                parameter.mul_(ENLARGED)

    def train(self, batches):
        optimizer = torch.optim.Adam(self.flow.parameters(), lr=RATE)
        for x, c in batches:
            loss = -self.given(c).log_prob(torch.tensor(x)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def given(self, c):
        return self.flow(torch.tensor(c) if c.shape[1] else None)

    def evaluate(self, x, c):
        with torch.no_grad():
            given, x = self.given(c), torch.tensor(x)
            return given.transform(x).numpy(), given.log_prob(x).numpy()


class Flowjax:
    convert = staticmethod(export_flowjax.convert)

    def __init__(self, make, dimensions, **keywords):
        self.make = lambda key: make(key, base_dist=StandardNormal((dimensions,)), **keywords)

    def build(self, seed):
        self.flow = self.make(jax.random.key(seed))

    def enlarge(self):
        self.flow = jax.tree.map(lambda leaf: ENLARGED * leaf if eqx.is_inexact_array(leaf) else leaf, self.flow)

    def train(self, batches):
        params, static = eqx.partition(self.flow, eqx.is_inexact_array)
        optimizer = optax.adam(RATE)
        state = optimizer.init(params)

        @jax.jit
        def step(params, state, x, c):
            def loss(params):
                flow = paramax.unwrap(eqx.combine(params, static))
                return -flow.log_prob(x, c).mean()

            updates, state = optimizer.update(jax.grad(loss)(params), state)
            return optax.apply_updates(params, updates), state

        for x, c in batches:
            params, state = step(params, state, jnp.asarray(x), jnp.asarray(c) if c.shape[1] else None)
        self.flow = eqx.combine(params, static)

    def evaluate(self, x, c):
        flow = paramax.unwrap(self.flow)
        condition = jnp.asarray(c) if c.shape[1] else None
        if condition is None:
            z = jax.jit(jax.vmap(lambda x: flow.bijection.inverse(x)))(jnp.asarray(x))
        else:
            z = jax.jit(jax.vmap(lambda x, c: flow.bijection.inverse(x, c)))(jnp.asarray(x), condition)
        return np.asarray(z), np.asarray(jax.jit(lambda x: flow.log_prob(x, condition))(jnp.asarray(x)))


def spline(knots, interval):
    return RationalQuadraticSpline(knots=knots, interval=interval)


MAF, NSF = zuko.flows.MAF, zuko.flows.NSF
MASKED, COUPLING = flowjax.flows.masked_autoregressive_flow, flowjax.flows.coupling_flow
FLOWS = {
    "zuko_maf_d2": Zuko(MAF, 2, transforms=4, hidden_features=(24, 24)),
    "zuko_maf_d6": Zuko(MAF, 6, transforms=3, hidden_features=(24, 32), randperm=True, activation=torch.nn.Tanh),
    "zuko_maf_d16": Zuko(MAF, 16, transforms=2, hidden_features=(24, 24), randperm=True),
    "zuko_maf_given_d3": Zuko(MAF, 3, context=2, transforms=3, hidden_features=(25, 24), activation=torch.nn.SiLU),
    "zuko_nsf_d2": Zuko(NSF, 2, transforms=3, hidden_features=(24, 24)),
    "zuko_nsf_d6": Zuko(NSF, 6, transforms=2, hidden_features=(24, 24), randperm=True),
    "zuko_nsf_d16": Zuko(NSF, 16, bins=5, transforms=2, hidden_features=(24,), slope=1e-2),
    "zuko_nsf_coupling_d5": Zuko(NSF, 5, passes=2, transforms=3, hidden_features=(24, 24), randperm=True),
    "zuko_nsf_coupling_d6": Zuko(NSF, 6, passes=2, transforms=3, hidden_features=(24, 24)),
    "zuko_nsf_coupling_d16": Zuko(NSF, 16, bins=5, passes=2, transforms=2, hidden_features=(24,)),
    "flowjax_maf_d2": Flowjax(MASKED, 2, flow_layers=4, nn_width=25),
    "flowjax_maf_d6": Flowjax(MASKED, 6, flow_layers=3, nn_width=24, nn_depth=2, nn_activation=jax.nn.tanh),
    "flowjax_maf_d16": Flowjax(MASKED, 16, flow_layers=2, nn_width=24),
    "flowjax_maf_given_d3": Flowjax(MASKED, 3, flow_layers=3, nn_width=25, cond_dim=2),
    "flowjax_maf_spline_d2": Flowjax(MASKED, 2, flow_layers=3, nn_width=24, transformer=spline(8, 4)),
    "flowjax_maf_spline_d6": Flowjax(MASKED, 6, flow_layers=2, nn_width=24, transformer=spline(6, 3)),
    "flowjax_maf_spline_d16": Flowjax(MASKED, 16, flow_layers=2, nn_width=24, transformer=spline(4, 5)),
    "flowjax_coupling_d2": Flowjax(COUPLING, 2, flow_layers=4, nn_width=24),
    "flowjax_coupling_d6": Flowjax(COUPLING, 6, flow_layers=2, nn_width=24, nn_activation=jax.nn.tanh, invert=False),
    "flowjax_coupling_d16": Flowjax(COUPLING, 16, flow_layers=3, nn_width=24, nn_depth=2),
    "flowjax_coupling_spline_d2": Flowjax(COUPLING, 2, flow_layers=4, nn_width=24, transformer=spline(8, 4)),
    "flowjax_coupling_spline_d6": Flowjax(COUPLING, 6, flow_layers=3, nn_width=24, transformer=spline(6, 4)),
    "flowjax_coupling_spline_d16": Flowjax(COUPLING, 16, flow_layers=2, nn_width=24, transformer=spline(4, 4)),
}


def main(golden):
    folder = FOLDER if golden else pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    for number, (name, peer) in enumerate(FLOWS.items()):
        rng = np.random.default_rng(number)
        peer.build(number)
        model = peer.convert(peer.flow)
        shape = model.dimensions, model.context
        if golden:
            peer.enlarge()
        else:
            # Orders are drawn from the same seed.
            if model.source() != (FOLDER / f"{name}.rs").read_text():
                raise RuntimeError(f"{name} is of another type than the one that tests/peer_flows.rs knows: run this with --golden first")
            peer.train(samples(rng, BATCH, *shape) for _ in range(STEPS))
        model = peer.convert(peer.flow)
        x, c = samples(rng, 200 if golden else 20_000, *shape)
        x[::10] *= 3.0
        z, log_prob = peer.evaluate(x, c)
        model.tensors |= {"x": x, "z": np.ascontiguousarray(z), "log_prob": log_prob}
        if model.context:
            model.tensors["context"] = c
        model.write(folder / name, name.split("_")[0])
        print(f"{name}: mean log-density {log_prob.mean():.3f}", flush=True)
    if not golden:
        command = ["cargo", "test", "--release", "--test", "peer_flows", "--", "--nocapture"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PEER_FLOWS": str(folder)}, check=True)


if __name__ == "__main__":
    main("--golden" in sys.argv)
