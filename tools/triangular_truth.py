#!/usr/bin/env python3
"""Writes the true values of Gaussian mixtures of several dimensions that tests/triangular.rs compares with: tests/data/triangular/{f64,f32}.safetensors.

    pip install mpmath gmpy2 numpy safetensors
    python3 tools/triangular_truth.py

Parameters and points are rounded to the type first; the truth of exactly those is computed to 60 digits and stored as f64. Mixture i has D[i] dimensions and
K[i] components and is of kind[i]. Its numbers lie one after the other in each tensor: logits (K), offsets and log_scales (D, K), coefficients (rows j < i of
each dimension i, K), x and z (POINTS, D), and log_p (POINTS, D), the log-density of the first 1 .. D dimensions.
"""

import pathlib

import mpmath as mp
import numpy as np
from mpmath import mpf
from safetensors.numpy import save_file

from mixture_truth import quantile, sf

mp.mp.dps = 60
OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "triangular"
POINTS = 10
KINDS = ["near", "apart", "wild"]


def parameters(kind, d, k, rng):
    """Logits, offsets, log-scales, coefficients (the rows of all dimensions)."""
    normal, uniform = rng.standard_normal, rng.uniform
    rows = d * (d - 1) // 2
    if kind == "near":
        return normal(k), 1.5 * normal((d, k)), 0.5 * normal((d, k)) - 0.5, 0.5 * normal((rows, k))
    if kind == "apart":
        # Centres 1e6 apart, and slopes that carry them from one dimension to the next.
        return normal(k), 1e6 * rng.permuted(np.tile(np.arange(k), (d, 1)), axis=1) + normal((d, k)), uniform(-3, 1, (d, k)), normal((rows, k))
    assert kind == "wild"
    return uniform(-30, 30, k), uniform(-20, 20, (d, k)), uniform(-3, 3, (d, k)), 2 * normal((rows, k))


def place(theta, k, e):
    """The point of component k with the standardised coordinates e."""
    _, offsets, log_scales, coefficients = theta
    x = np.zeros(len(e))
    for i in range(len(e)):
        first = i * (i - 1) // 2
        x[i] = offsets[i, k] + coefficients[first : first + i, k] @ x[:i] + np.exp(log_scales[i, k]) * e[i]
    return x


def points(theta, rng):
    """Four draws, four tails of which two are 1000 deviations out in every dimension, and two middles between draws of two components."""
    d, k = theta[1].shape
    w = np.exp(theta[0] - theta[0].max())
    pick = lambda: rng.choice(k, p=w / w.sum())
    draw = lambda: place(theta, rng.integers(k), rng.standard_normal(d))
    signs = lambda: rng.choice([-1.0, 1.0], d)
    far = [place(theta, rng.integers(k), 1000 * signs()) for _ in range(2)]
    one_far = rng.standard_normal(d)
    one_far[rng.integers(d)] = 1000
    some = place(theta, pick(), 10 ** rng.uniform(0, 3, d) * signs())
    return np.array([place(theta, pick(), rng.standard_normal(d)), draw(), draw(), draw(), *far, place(theta, pick(), one_far), some, (draw() + draw()) / 2, (draw() + draw()) / 2])


def at(theta, x):
    """(z, log_p) of one point, each by dimension."""
    logits, offsets, log_scales, coefficients = theta
    d, k = len(offsets), len(logits)
    w = [mp.exp(l) for l in logits]
    total = mp.fsum(w)
    w = [v / total for v in w]
    z, log_p, row = [], [], 0
    for i in range(d):
        t, density = [], []
        for c in range(k):
            mean = offsets[i][c] + mp.fsum(coefficients[row + j][c] * x[j] for j in range(i))
            scale = mp.exp(log_scales[i][c])
            t.append((x[i] - mean) / scale)
            density.append(mp.exp(-t[c] ** 2 / 2) / mp.sqrt(2 * mp.pi) / scale)
        row += i
        before = mp.fsum(w)
        upper, lower = mp.fdot(w, [sf(u) for u in t]) / before, mp.fdot(w, [sf(-u) for u in t]) / before
        z.append(quantile(mp.log(upper)) if upper < lower else -quantile(mp.log(lower)))
        w = [a * b for a, b in zip(w, density)]
        log_p.append(mp.log(mp.fsum(w)))
    return z, log_p


def exact(values):
    return [exact(v) for v in values] if isinstance(values, np.ndarray) else mpf(float(values))


def write(name, scalar):
    rng = np.random.default_rng(20240103)
    out = {}
    for d in (1, 2, 5, 16):
        for k in (1, 3, 8, 32):
            for kind in KINDS:
                # Coefficients have the digits of an f32 in both files: they are the most of them.
                theta = [v.astype(s) for v, s in zip(parameters(kind, d, k, rng), (scalar, scalar, scalar, np.float32))]
                x = points([v.astype(np.float64) for v in theta], rng).astype(scalar)
                rows = [at(exact_theta, row) for exact_theta in [[exact(v) for v in theta]] for row in exact(x)]
                add = lambda name, values, s: out.setdefault(name, []).append(np.asarray(values, dtype=s).ravel())
                for tensor, v in zip(("logits", "offsets", "log_scales", "coefficients"), theta):
                    add(tensor, v, v.dtype)
                add("x", x, scalar)
                for tensor, values in zip(("z", "log_p"), zip(*rows)):
                    add(tensor, [[float(v) for v in row] for row in values], np.float64)
                for tensor, v in (("D", d), ("K", k), ("kind", KINDS.index(kind))):
                    add(tensor, [v], np.float64)
                print(name, d, k, kind, flush=True)
    OUT.mkdir(exist_ok=True)
    save_file({tensor: np.concatenate(v) for tensor, v in out.items()}, OUT / f"{name}.safetensors")


if __name__ == "__main__":
    write("f64", np.float64)
    write("f32", np.float32)
