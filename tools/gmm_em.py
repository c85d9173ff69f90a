#!/usr/bin/env python3
"""Gaussian mixtures of several dimensions: what scikit-learn's expectation-maximisation reaches, and how long it takes.

    tools/gmm_em.py            writes tests/data/em/mixtures.txt
    tools/gmm_em.py --times    prints times of fits with as many iterations, beside those of `cargo bench -p benches --bench mixture_em`

One line a set: family, D, rows, components in the data, seed, components fitted, covariance type, mean log-likelihood of a row (nats). The rows are not kept: `rows` below draws them, and
`tests/mixture_em.rs` the same ones, from SplitMix64 (Steele, Lea and Flood 2014). scikit-learn fits
the rows in units of their deviations, with far more iterations than by default, and the best of 5 starts counts.

Needs numpy and scikit-learn (made with 2.4.6 and 1.9.1). Run from the repository's root.
"""

import argparse
import math
import subprocess
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

SETS = [
    # family, D, rows, components in the data, seed, components fitted, covariance type
    ("clusters", 2, 400, 5, 1, 5, "full"),
    ("clusters", 2, 400, 3, 2, 6, "diag"),
    ("clusters", 2, 400, 4, 3, 4, "spherical"),
    ("ring", 2, 400, 1, 4, 6, "full"),
    ("skewed", 2, 400, 1, 5, 4, "full"),
    ("clusters", 3, 400, 6, 6, 6, "full"),
    ("tails", 3, 400, 1, 7, 3, "full"),
    ("integers", 3, 400, 4, 8, 4, "full"),
    ("clusters", 3, 400, 4, 9, 4, "tied"),
    ("skewed", 4, 400, 1, 10, 3, "full"),
    ("ring", 4, 400, 1, 11, 4, "full"),
    ("clusters", 5, 400, 4, 12, 4, "full"),
    ("tails", 5, 400, 1, 13, 4, "diag"),
    ("clusters", 6, 400, 3, 14, 3, "full"),
    ("skewed", 8, 400, 1, 15, 2, "full"),
    ("clusters", 8, 400, 4, 16, 4, "tied"),
    ("integers", 8, 400, 3, 17, 3, "full"),
    ("clusters", 12, 400, 3, 18, 3, "full"),
    ("tails", 16, 400, 1, 19, 2, "full"),
    ("clusters", 16, 400, 4, 20, 4, "diag"),
]

# D, components, rows, covariance type, iterations
TIMES = [(2, 8, 50000, "full", 50), (8, 8, 50000, "full", 20), (16, 16, 50000, "full", 10), (16, 16, 50000, "diag", 10), (6, 4, 1000, "full", 50)]


class Draws:
    """SplitMix64, its uniforms and, by Box and Muller, its normals."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return (((z ^ (z >> 31)) >> 11) + 0.5) / 2**53

    def normal(self):
        radius = math.sqrt(-2 * math.log(self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())


def rows(family, d, count, components, seed):
    """`count` rows of `d` values."""
    draws = Draws(seed)
    means = [[3 * draws.normal() for _ in range(d)] for _ in range(components)]
    maps = [[[draws.normal() / math.sqrt(d) + (0.5 if i == j else 0) for j in range(d)] for i in range(d)] for _ in range(components)]
    table = []
    for _ in range(count):
        k = int(draws.uniform() * components)
        z = [draws.normal() for _ in range(d)]
        x = [means[k][i] + sum(maps[k][i][j] * z[j] for j in range(d)) for i in range(d)]
        if family == "tails":
            spread = math.sqrt(-math.log(draws.uniform()))
            x = [v / spread for v in x]
        if family == "integers":
            x = [math.floor(v + 0.5) for v in x]
        if family == "skewed":
            x = [math.exp(0.3 * v) for v in x]
        if family == "ring":
            turn = 2 * math.pi * draws.uniform()
            x = [3 * math.cos(turn) + 0.2 * z[0], 3 * math.sin(turn) + 0.2 * z[1]] + [v * v for v in x[2:]]
        table.append(x)
    return np.array(table)


def write():
    with open("tests/data/em/mixtures.txt", "w") as file:
        for family, d, count, components, seed, k, kind in SETS:
            table = rows(family, d, count, components, seed)
            # Its `reg_covar` of 1e-6 is absolute.
            deviations = table.std(axis=0)
            if kind == "spherical":
                deviations = np.full(d, np.sqrt(np.mean(deviations**2)))
            table = table / deviations
            model = GaussianMixture(k, covariance_type=kind, n_init=5, max_iter=5000, tol=1e-7, random_state=0)
            score = model.fit(table).score(table) - np.log(deviations).sum()
            print(family, d, count, components, seed, k, kind, f"{score:.6f}")
            print(family, d, count, components, seed, k, kind, f"{score:.6f}", file=file)


def times():
    command = ["cargo", "bench", "--quiet", "-p", "benches", "--bench", "mixture_em", "--"]
    for d, k, count, kind, steps in TIMES:
        model = GaussianMixture(k, covariance_type=kind, max_iter=steps, tol=0, init_params="k-means++", random_state=0)
        table = rows("clusters", d, count, k, 1)
        best = math.inf
        # The first one warms up.
        for _ in range(4):
            start = time.perf_counter()
            model.fit(table)
            best = min(best, time.perf_counter() - start)
        ours = subprocess.run(command + [str(v) for v in (d, k, count, kind, steps)], check=True, capture_output=True, text=True)
        ours = float(ours.stdout)
        print(f"D = {d:2}, K = {k:2}, {count} rows, {kind:5}, {steps} iterations: {ours:.4f} s, scikit-learn {best:.4f} s, ratio {ours / best:.2f}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--times", action="store_true", help="times in place of the file")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    times() if parser.parse_args().times else write()
