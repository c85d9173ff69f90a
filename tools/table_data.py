"""Makes the tables of benches/data: numeric data sets that scikit-learn ships, by principal components.

    python3 tools/table_data.py benches/data

Rows are shuffled and split 60 : 20 : 20. Principal components and their standardisation are those of the training rows, of standardised columns (but for the digits, whose columns are
all in one unit). Needs numpy and scikit-learn.
"""

import pathlib
import sys

import numpy as np
from sklearn import datasets

SETS = {
    "wine": (datasets.load_wine, 8),
    "breast_cancer": (datasets.load_breast_cancer, 10),
    "diabetes": (datasets.load_diabetes, 8),
    "digits": (datasets.load_digits, 16),
}


def main(folder):
    for name, (load, components) in SETS.items():
        x = load().data.astype(np.float64)
        x = x[np.random.default_rng(1).permutation(len(x))]
        fifth = len(x) // 5
        splits = {"train": slice(0, len(x) - 2 * fifth), "validation": slice(len(x) - 2 * fifth, len(x) - fifth), "test": slice(len(x) - fifth, len(x))}
        train = x[splits["train"]]
        x = (x - train.mean(0)) / (1.0 if name == "digits" else train.std(0))
        _, _, axes = np.linalg.svd(x[splits["train"]], full_matrices=False)
        # An axis points where its largest weight is positive: the same file everywhere.
        axes = axes[:components]
        axes *= np.sign(axes[np.arange(components), np.abs(axes).argmax(1)])[:, None]
        scores = x @ axes.T
        scores /= scores[splits["train"]].std(0)
        with open(folder / f"{name}.csv", "w") as file:
            file.write(",".join(["split", *(f"component_{i + 1}" for i in range(components))]) + "\n")
            for split, rows in splits.items():
                for row in scores[rows]:
                    file.write(",".join([split, *(f"{value:.4f}" for value in row)]) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
