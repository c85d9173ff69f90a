"""How each program of `densities` is called, and what it answers.

Arguments are the folder of the points (`train.f32`, `validation.f32`, `test.f32`: rows of little-endian floats) and the numbers of a recipe. All flows are trained alike: AdamW at a
learning rate that falls along a half cosine to a hundredth over all epochs, gradients clipped to the norm 10, averaged weights, which are validated after each epoch and kept where they are
the best so far, and a stop after some epochs without better ones. For each seed the program prints a line of JSON: the number of parameters, the epoch that was kept, its validation
NLL, and the log-densities of the test points.
"""

import json
import math
import pathlib
import sys
import typing

import numpy as np


class Recipe(typing.NamedTuple):
    dimensions: int
    couplings: int
    hidden: int
    epochs: int
    batch: int
    patience: int
    learning_rate: float
    weight_decay: float
    average: float
    seeds: int


CLIP = 10.0
# Components of a mixture, or bins of a spline.
PARTS = 8


def arguments():
    """The recipe and the points of the three splits."""
    folder, *numbers = sys.argv[1:]
    recipe = Recipe(*(kind(number) for kind, number in zip(typing.get_type_hints(Recipe).values(), numbers, strict=True)))
    read = lambda split: np.fromfile(pathlib.Path(folder) / f"{split}.f32", "<f4").reshape(-1, recipe.dimensions)
    return recipe, [read(split) for split in ("train", "validation", "test")]


def rate(recipe, rows):
    """The learning rate at each step, counted from 0; for numbers, and for arrays by `cos` of their library."""
    steps = recipe.epochs * math.ceil(rows / recipe.batch)
    return lambda step, cos=math.cos: recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + cos(math.pi * step / steps)))


def keep(recipe, step):
    """What the averaged weights keep at a step, counted from 0: little at the start, which is soon forgotten."""
    return min(recipe.average, (1 + step) / (10 + step))


def train(recipe, rows, seed, step, average, validate, copy):
    """The loop of the peers: `step(indices)` trains, `average(keep)` averages, `validate()` is the averaged weights' NLL, `copy()` keeps them. Returns the epoch kept and its NLL."""
    rng, best, kept, done = np.random.default_rng(seed), math.inf, 0, 0
    for epoch in range(1, recipe.epochs + 1):
        order = rng.permutation(rows)
        for first in range(0, rows, recipe.batch):
            step(order[first : first + recipe.batch])
            average(keep(recipe, done))
            done += 1
        loss = validate()
        if loss < best:
            best, kept = loss, epoch
            copy()
        elif epoch - kept >= recipe.patience:
            break
    return kept, best


def answer(parameters, kept, validation, log_probs):
    answer = {"parameters": parameters, "epoch": kept, "validation": validation, "log_probs": [float(x) for x in log_probs]}
    print(json.dumps(answer), flush=True)
