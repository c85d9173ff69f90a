"""Fits Gaussian mixtures by scikit-learn, for `densities`: one Gaussian with full covariance, then the mixture with the best validation NLL."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import recipe as recipes

COMPONENTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
COVARIANCES = ["full", "tied", "diag"]


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    recipe, (train, validation, test) = recipes.arguments()
    fit = lambda components, kind: GaussianMixture(components, covariance_type=kind, n_init=3, random_state=0).fit(train)
    tell = lambda m: recipes.answer(m._n_parameters(), m.n_components, -float(m.score(validation)), m.score_samples(test))
    tell(fit(1, "full"))
    # A component needs more rows than it has dimensions.
    counts = [count for count in COMPONENTS if count * (recipe.dimensions + 1) <= len(train)]
    tell(max((fit(count, kind) for count in counts for kind in COVARIANCES), key=lambda m: m.score(validation)))


if __name__ == "__main__":
    main()
