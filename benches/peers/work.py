"""The work that all are timed on, and how a program answers for it.

Each program is started once with the folder of the data. It reads the name of a row from its input (and for training, after a colon, the number of
epochs) and answers with the seconds of one run, so that runs of several programs can take turns; the first run of a row also compiles, and is not counted. A program that fails
is started again, for the other rows.
"""

import pathlib
import sys
import time

import numpy as np

BATCH = 512
LEARNING_RATE = 1e-3
# A run takes at least as long, so that clocks and timers do not matter.
SECONDS = 0.2


def arguments():
    """The data: points to train on, points to score, latents to invert."""
    folder = pathlib.Path(sys.argv[1])
    read = lambda name: np.fromfile(folder / f"{name}.f32", "<f4").reshape(-1, 2)
    return read("train"), read("batch"), read("latents")


def timed(call):
    """Seconds a call, over as many calls as fill SECONDS; `call` returns when its result is there."""
    start, calls = time.perf_counter(), 0
    while True:
        call()
        calls += 1
        spent = time.perf_counter() - start
        if spent >= SECONDS:
            return spent / calls


def once(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def serve(one_sample, log_prob, inverse, training):
    rows = {
        "one_sample": lambda: timed(one_sample),
        "log_prob": lambda: timed(log_prob),
        "inverse": lambda: timed(inverse),
        "training": lambda epochs: once(lambda: training(int(epochs))),
    }
    for line in sys.stdin:
        row, *count = line.strip().split(":")
        print(repr(rows[row](*count)), flush=True)
