"""Writes row.csv and stream.csv from recordings of a smartwatch.

The recordings are those of the Python package seglearn ((c) 2018 David M. Burns, 3-clause BSD: see LICENSE), described in Burns et al., "Shoulder physiotherapy exercise recognition",
Physiol. Meas. 39 (2018), arXiv:1802.01489: six axes at 50 Hz, acceleration in units of g (ax, ay, az) and angular velocity in rad/s (wx, wy, wz). Here: subject 1, right arm.

row.csv     the first half of the rowing exercise: what is normal, to train on
stream.csv  its second half, into which pieces of one second of the six other exercises are inserted; the last column is 1 in them

    pip install numpy seglearn && python3 make.py
"""

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np

PIECE = 50
here = Path(__file__).parent
data = np.load(Path(find_spec("seglearn").origin).parent / "data/watch_dataset.npy", allow_pickle=True).item()
chosen = (np.asarray(data["subject"], int) == 1) & (np.asarray(data["side"], int) == 1)
recordings = {data["y_labels"][int(data["y"][i])]: data["X"][i] for i in np.flatnonzero(chosen)}
normal = recordings.pop("ROW")
half = len(normal) // 2


def write(name, rows):
    with open(here / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*data["X_labels"], "other"][: len(rows[0])])
        writer.writerows(rows)


write("row.csv", [[f"{v:.6g}" for v in x] for x in normal[:half]])
pieces = np.array_split(normal[half:], len(recordings) + 1)
stream = []
for number, piece in enumerate(pieces):
    stream += [(x, 0) for x in piece]
    if number < len(recordings):
        other = recordings[sorted(recordings)[number]]
        middle = len(other) // 2
        stream += [(x, 1) for x in other[middle : middle + PIECE]]
write("stream.csv", [[*(f"{v:.6g}" for v in x), label] for x, label in stream])
