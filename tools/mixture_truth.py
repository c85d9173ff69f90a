#!/usr/bin/env python3
"""Writes the true values of mixtures in f32 that tests/mixture.rs compares with: tests/data/mixture/f32.safetensors.

    pip install mpmath gmpy2 numpy safetensors
    python3 tools/mixture_truth.py

The counterpart of tests/data/mixture/f64.safetensors, in the same layout and of the same kinds of mixtures. Parameters and points are rounded to f32 first;
the truth of exactly those is computed to 60 digits and stored as f64. Mixture i has K[i] components, at offsets[i]..offsets[i+1] of logits, means and
log_scales. x, log_F, log_S, log_f, z, log_dzdx and dL_dx have one row a mixture; dz_d* and dL_d* are flat, mixture i's block (points, K[i]) at
POINTS * offsets[i]. L is log_dzdx.
"""

import pathlib

import mpmath as mp
import numpy as np
from mpmath import mpf
from safetensors.numpy import save_file

mp.mp.dps = 60
OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "mixture" / "f32.safetensors"
POINTS = 20
# Two of each kind have few components, two have many; the generic ones reach 64.
COUNTS = [1, 2, 2, 3, 3, 4, 5, 6, 8, 12, 16]
SQRT_2, SQRT_TAU = mp.sqrt(2), mp.sqrt(2 * mp.pi)


def sf(t):
    """1 - Phi(t); exponents are unbounded, so it never underflows."""
    return mp.erfc(t / SQRT_2) / 2


def phi(t):
    return mp.exp(-t * t / 2) / SQRT_TAU


def quantile(log_tail):
    """The z >= 0 with log(1 - Phi(z)) = log_tail, by Newton's method on the logarithm."""
    r = mp.sqrt(-2 * log_tail)
    z = r - mp.log(r * SQRT_TAU) / r if r > 3 else mpf(1)
    for _ in range(100):
        tail = sf(z)
        step = (mp.log(tail) - log_tail) * tail / phi(z)
        z += step
        if abs(step) < mpf(10) ** -52 * max(1, abs(z)):
            return z
    raise ArithmeticError(log_tail)


class Mixture:
    def __init__(self, logits, means, log_scales):
        total = mp.fsum(mp.exp(l) for l in logits)
        self.w = [mp.exp(l) / total for l in logits]
        self.mu = means
        self.sigma = [mp.exp(s) for s in log_scales]

    def at(self, x):
        t = [(x - m) / s for m, s in zip(self.mu, self.sigma)]
        upper, lower = [sf(u) for u in t], [sf(-u) for u in t]
        S, F = mp.fdot(self.w, upper), mp.fdot(self.w, lower)
        z = quantile(mp.log(S)) if S < F else -quantile(mp.log(F))
        per = [w * phi(u) for w, u in zip(self.w, t)]
        f = mp.fsum(p / s for p, s in zip(per, self.sigma))
        r = [p / s / f for p, s in zip(per, self.sigma)]
        base = phi(z)
        e = f / base
        # Phi(t_k) - F = S - (1 - Phi(t_k)), from the smaller tail.
        excess = [S - u for u in upper] if z > 0 else [u - F for u in lower]
        dz = {
            "logits": [w * d / base for w, d in zip(self.w, excess)],
            "means": [-p / s / base for p, s in zip(per, self.sigma)],
            "logscales": [-p * u / base for p, u in zip(per, t)],
        }
        dlogf = {
            "logits": [a - w for a, w in zip(r, self.w)],
            "means": [a * u / s for a, u, s in zip(r, t, self.sigma)],
            "logscales": [a * (u * u - 1) for a, u in zip(r, t)],
        }
        values = {
            "log_F": mp.log(F) if F < S else mp.log1p(-S),
            "log_S": mp.log(S) if S < F else mp.log1p(-F),
            "log_f": mp.log(f),
            "z": z,
            "log_dzdx": mp.log(e),
            "dL_dx": z * e - mp.fsum(a * u / s for a, u, s in zip(r, t, self.sigma)),
        }
        for name in dz:
            values["dz_d" + name] = dz[name]
            values["dL_d" + name] = [a + z * b for a, b in zip(dlogf[name], dz[name])]
        return values


def parameters(kind, k, rng):
    """Logits, means, log-scales."""
    normal, uniform = rng.standard_normal, rng.uniform
    if kind == "generic":
        return normal(k), 1.5 * normal(k), 0.7 * normal(k) - 0.2
    if kind == "wild":
        return uniform(-30, 30, k), uniform(-20, 20, k), uniform(-3, 3, k)
    if kind == "separated":
        places = np.arange(k) - (k - 1) / 2 if k > 1 else np.array([2.0])
        return 0.5 * normal(k), rng.permutation(places) * 6.7 + 0.2 * normal(k), uniform(-3, -2.5, k)
    if kind == "clusters":
        return 0.5 * normal(k), np.where(np.arange(k) % 2 == 0, -20.0, 20.0), np.full(k, -3.0)
    if kind == "equal":
        return np.full(k, normal()), np.full(k, 2 * normal()), np.full(k, 0.5 * normal())
    if kind == "broad":
        logits, means, log_scales = normal(k), 2 * normal(k), uniform(-3, -2.5, k)
        logits[0], log_scales[0] = -25, 3
        return logits, means, log_scales
    if kind == "logit -700":
        logits, means, log_scales = normal(k), 1.5 * normal(k), 0.5 * normal(k)
        if k > 1:
            logits[k // 2] = -700
        return logits, means, log_scales
    assert kind == "peaky"
    return 2 * normal(k), 2 * normal(k), uniform(-3, 0.5, k)


def points(logits, means, log_scales, rng):
    """Draws from the mixture, far tails on both sides, and the middles of the gaps."""
    k = len(means)
    w = np.exp(logits - logits.max())
    pick = rng.choice(k, 8, p=w / w.sum())
    draws = means[pick] + np.exp(log_scales[pick]) * rng.standard_normal(8)
    low, high = (means - np.exp(log_scales)).min(), (means + np.exp(log_scales)).max()
    tails = [low - 10 ** rng.uniform(-1, 2.5) for _ in range(4)] + [high + 10 ** rng.uniform(-1, 2.5) for _ in range(4)]
    order = np.sort(means)
    gaps = (order[1:] + order[:-1]) / 2
    inner = rng.choice(gaps, 2) if k > 1 else means[0] + np.array([0.0, 1e-6])
    return np.sort(np.concatenate([draws, tails, inner, [-1000.0, 1000.0]]))


def main():
    rng = np.random.default_rng(20240102)
    kinds = ["generic", "wild", "separated", "nasty", "peaky"]
    nasty = ["clusters", "equal", "broad", "logit -700"]
    out = {}
    offset, offsets, names = 0, [0], []
    for kind in kinds:
        for i, k in enumerate(COUNTS + ([32, 64] if kind == "generic" else [])):
            theta = [v.astype(np.float32) for v in parameters(nasty[i % 4] if kind == "nasty" else kind, k, rng)]
            x = points(*[v.astype(np.float64) for v in theta], rng).astype(np.float32)
            mixture = Mixture(*[[mpf(float(p)) for p in v] for v in theta])
            rows = [mixture.at(mpf(float(p))) for p in x]
            names.append(kinds.index(kind))
            for name, v in zip(("logits", "means", "log_scales"), theta):
                out.setdefault(name, []).append(v.astype(np.float64))
            out.setdefault("x", []).append(x.astype(np.float64))
            for name in rows[0]:
                out.setdefault(name, []).append(np.array([[float(v) for v in row[name]] if isinstance(row[name], list) else float(row[name]) for row in rows]).ravel())
            offset += k
            offsets.append(offset)
    tensors = {name: np.concatenate(v) for name, v in out.items()}
    tensors["K"] = np.diff(offsets).astype(np.float64)
    tensors["offsets"] = np.array(offsets, dtype=np.float64)
    tensors["kind"] = np.array(names, dtype=np.float64)
    save_file(tensors, OUT)


if __name__ == "__main__":
    main()
