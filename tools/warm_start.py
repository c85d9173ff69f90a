"""The held-out NLL of a warm start made of scikit-learn's parts, as the Keras reference makes it, for the comparison in README.md.

    python3 tools/warm_start.py train.csv test.csv

Four blocks of PCA and, for each dimension, a GaussianMixture of 8 components with its default 100 iterations; log-scales inside of +-3, probabilities clipped to 1e-6.
Needs numpy, scipy and scikit-learn.
"""

import sys

import numpy as np
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture


def read(path):
    with open(path) as file:
        header = any(c.isalpha() and c != "e" for c in file.readline())
    return np.loadtxt(path, delimiter=",", skiprows=int(header))


def gaussianize(x, mixture):
    scales = np.exp(3 * np.clip(0.5 * np.log(mixture.covariances_[:, 0]) / 3, -0.9999, 0.9999))
    t = (x[:, None] - mixture.means_[:, 0]) / scales
    z = norm.ppf(np.clip(norm.cdf(t) @ mixture.weights_, 1e-6, 1 - 1e-6))
    return z, np.log(norm.pdf(t) @ (mixture.weights_ / scales) + 1e-300) - norm.logpdf(z)


train, test = map(read, sys.argv[1:3])
mean, deviation = train.mean(0), train.std(0)
for seed in range(3):
    sets = [(train - mean) / deviation, (test - mean) / deviation]
    log_dets = [0.0, 0.0]
    for block in range(4):
        axes = PCA(2).fit(sets[0]).components_.T
        sets = [x @ axes for x in sets]
        for d in (1, 0):
            mixture = GaussianMixture(8, covariance_type="diag", random_state=seed + 1000 * block + d).fit(sets[0][:, d : d + 1])
            for i, x in enumerate(sets):
                x[:, d], log_det = gaussianize(x[:, d], mixture)
                log_dets[i] = log_dets[i] + log_det
    nll = [-(norm.logpdf(z).sum(1) + log_det).mean() for z, log_det in zip(sets, log_dets)]
    print(f"seed {seed}: {nll[0]:.4f} nats on the training data, {nll[1]:.4f} held out")
