#!/usr/bin/env python3
"""Writes tests/data/em/sets.txt: one-dimensional data sets and the log-likelihood that scikit-learn reaches on them.

One line a set: name, components K, mean log-likelihood of a sample (nats), then the samples. scikit-learn fits the standardised samples (its `reg_covar` of 1e-6 is
absolute), with far more iterations than by default, and keeps the best of 5 starts.

Needs numpy and scikit-learn (made with 2.4.6 and 1.9.1). Run from the repository's root; the seed is fixed.
"""

import warnings

import numpy as np
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(20250601)
normal, n = rng.normal, 300


def mixed(*parts):
    """Samples of components (share, mean, deviation)."""
    return np.concatenate([normal(mean, deviation, round(share * n)) for share, mean, deviation in parts])


SETS = {
    "normal_k1": (1, normal(3, 2, n)),
    "normal_k3": (3, normal(0, 1, n)),
    "two_far": (2, mixed((0.5, -5, 1), (0.5, 5, 1))),
    "two_near": (2, mixed((0.5, -1, 1), (0.5, 1, 1))),
    "uneven": (2, mixed((0.95, 0, 1), (0.05, 6, 0.3))),
    "three": (3, mixed((0.3, -4, 0.5), (0.4, 0, 1), (0.3, 3, 0.2))),
    "nested": (2, mixed((0.5, 0, 0.1), (0.5, 0, 2))),
    "comb": (6, mixed(*[(1 / 6, 2 * i, 0.25) for i in range(6)])),
    "claw": (6, mixed((0.5, 0, 1), *[(0.1, i / 2 - 1, 0.1) for i in range(5)])),
    "too_many": (8, mixed((0.5, -2, 0.7), (0.5, 2, 0.7))),
    "uniform": (4, rng.uniform(-1, 1, n)),
    "exponential": (4, rng.exponential(1, n)),
    "log_normal": (4, rng.lognormal(0, 1, n)),
    "student_3": (3, rng.standard_t(3, n)),
    "cauchy": (4, rng.standard_cauchy(n)),
    "arcsine": (5, np.sin(rng.uniform(0, 2 * np.pi, n))),
    "integers": (3, rng.poisson(6, n).astype(float)),
    "offset": (2, 1e6 + mixed((0.5, -3, 1), (0.5, 3, 1))),
    "tiny": (3, 1e-9 * mixed((0.3, -4, 0.5), (0.4, 0, 1), (0.3, 3, 0.2))),
    "few": (3, normal(0, 1, 20)),
}

with open("tests/data/em/sets.txt", "w") as file:
    for name, (k, samples) in SETS.items():
        samples = np.array([float(f"{x:.9g}") for x in samples])
        mean, deviation = samples.mean(), samples.std()
        model = GaussianMixture(k, n_init=5, max_iter=5000, tol=1e-7, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = model.fit(((samples - mean) / deviation)[:, None]).score(((samples - mean) / deviation)[:, None])
        print(name, k, f"{score - np.log(deviation):.6f}", *[f"{x:.9g}" for x in samples], file=file)
