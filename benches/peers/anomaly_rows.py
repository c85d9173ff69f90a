"""Divides a table for `anomalies` and writes it as rows of little-endian floats: raw, and standardised with uniform noise of the smallest step of each column. Prints its shape."""

import csv
import json
import pathlib
import sys

import numpy as np

SPLITS = ("train", "validation", "test")


def read(path):
    """Values, labels and split of each row."""
    if path.suffix == ".npz":
        data = np.load(path)
        values, odd = np.asarray(data["X"], float), np.asarray(data["y"]).ravel() == 1
        sound = np.random.default_rng(0).permutation(np.flatnonzero(~odd))
        split = np.full(len(values), "test", dtype="<U10")
        split[sound[: len(sound) // 2]] = "train"
        split[sound[: len(sound) // 20]] = "validation"
        return values, odd, split
    with path.open() as file:
        names, *lines = csv.reader(file)
    columns = [i for i, name in enumerate(names) if name not in ("split", "label")]
    of = lambda name: [line[names.index(name)] for line in lines]
    return np.array([[float(line[i]) for i in columns] for line in lines]), np.array(of("label"), float) == 1, np.array(of("split"))


def smallest_step(column):
    return np.diff(np.unique(column)).min()


def main():
    path, folder = map(pathlib.Path, sys.argv[1:])
    values, odd, split = read(path)
    seen = split != "test"
    values = values[:, [len(np.unique(column)) > 1 for column in values[split == "train"].T]]
    steps = np.array([smallest_step(column) for column in values[seen].T])
    noisy = values + (np.random.default_rng(1).random(values.shape) - 0.5) * steps
    means, deviations = values[split == "train"].mean(0), values[split == "train"].std(0)
    for name in SPLITS:
        rows = split == name
        values[rows].astype("<f4").tofile(folder / f"{name}.raw.f32")
        ((values[rows] - means) / deviations).astype("<f4").tofile(folder / f"{name}.plain.f32")
        ((noisy[rows] - means) / deviations).astype("<f4").tofile(folder / f"{name}.noisy.f32")
        noisy[rows].astype("<f4").tofile(folder / f"{name}.noisyraw.f32")
    odd[split == "test"].astype("u1").tofile(folder / "odd.u8")
    shape = {"dimensions": values.shape[1], **{name: int((split == name).sum()) for name in SPLITS}, "odd": int(odd.sum()), "units": float(np.log(deviations).sum())}
    (folder / "shape.json").write_text(json.dumps(shape))
    print(json.dumps(shape))


if __name__ == "__main__":
    main()
