"""Fits one of the peers to the rows of a folder, for `anomalies`: `anomaly_fit.py METHOD FOLDER SEEDS`. Prints a line of JSON a seed: scores of the test rows (higher is odder), those of
a density with their negative log-density of the rows with noise, seconds, and bytes of the model in f32."""

import json
import pathlib
import sys
import time
import warnings

import numpy as np


def rows(folder, kind):
    dimensions = json.loads((folder / "shape.json").read_text())["dimensions"]
    return [np.fromfile(folder / f"{split}.{kind}.f32", "<f4").reshape(-1, dimensions) for split in ("train", "validation", "test")]


def mixture(folder, seed):
    from sklearn.mixture import GaussianMixture

    train, validation, _ = rows(folder, "noisy")
    models = []
    for components in (2, 3, 4, 6, 8, 12, 16, 24, 32):
        for kind in ("full", "diag"):
            if components <= len(train):
                models.append(GaussianMixture(components, covariance_type=kind, random_state=seed).fit(train))
    best = max(models, key=lambda model: model.score(validation))
    return lambda x: -best.score_samples(x), 4 * best._n_parameters()


def gaussian(folder, seed):
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(1, random_state=seed).fit(rows(folder, "noisy")[0])
    return lambda x: -model.score_samples(x), 4 * model._n_parameters()


def forest(folder, seed):
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(random_state=seed).fit(rows(folder, "plain")[0])
    nodes = sum(tree.tree_.node_count for tree in model.estimators_)
    return lambda x: -model.score_samples(x), 8 * nodes


def knn(folder, seed):
    from sklearn.neighbors import NearestNeighbors

    train = rows(folder, "plain")[0]
    model = NearestNeighbors(n_neighbors=5).fit(train)
    return lambda x: model.kneighbors(x)[0][:, -1], 4 * train.size


def lof(folder, seed):
    from sklearn.neighbors import LocalOutlierFactor

    train = rows(folder, "plain")[0]
    model = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(train)
    return lambda x: -model.score_samples(x), 4 * train.size


def flowjax(folder, seed):
    """flowjax's spline coupling flow by its own `fit_to_data`, with early stopping on our validation rows."""
    import jax
    import jax.numpy as jnp
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow
    from flowjax.train import fit_to_data

    train, validation, _ = rows(folder, "noisy")
    dimensions = train.shape[1]
    start, fit = jax.random.split(jax.random.key(seed))
    base, transformer = Normal(jnp.zeros(dimensions)), RationalQuadraticSpline(knots=7, interval=4)
    flow = coupling_flow(start, base_dist=base, transformer=transformer, flow_layers=4, nn_width=32, nn_depth=2)
    both = jnp.asarray(np.concatenate([train, validation]))
    share = len(validation) / len(both)
    flow, _ = fit_to_data(fit, flow, both, learning_rate=1e-3, max_epochs=300, max_patience=20, batch_size=min(100, len(train)), val_prop=share, show_progress=False)
    score = jax.jit(lambda x: -flow.log_prob(x))
    import equinox as eqx

    count = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(flow, eqx.is_inexact_array)))
    return lambda x: np.asarray(score(x)), 4 * count


def main():
    warnings.simplefilter("ignore")
    method, folder, seeds = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    density = method in ("mixture", "gaussian", "flowjax")
    test = rows(folder, "noisy" if density else "plain")[2]
    for seed in range(seeds):
        begin = time.perf_counter()
        score, size = globals()[method](folder, seed)
        fitted = time.perf_counter()
        score(test)
        again = time.perf_counter()
        scores = np.asarray(score(test), float)
        seconds = time.perf_counter() - again
        answer = {"scores": scores.tolist(), "bytes": int(size), "fit_seconds": fitted - begin, "score_microseconds": 1e6 * seconds / len(test)}
        print(json.dumps(answer | ({"nll": scores.tolist()} if density else {})), flush=True)


if __name__ == "__main__":
    main()
