"""Scores the answers of `anomalies` by the labels: `anomaly_score.py FOLDER`, answers of all methods in, their figures out, as JSON."""

import json
import math
import pathlib
import sys

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


def main():
    odd = np.fromfile(pathlib.Path(sys.argv[1]) / "odd.u8", "u1") == 1
    # A density of 0 is as odd as can be.
    held = lambda scores: np.nan_to_num(np.array(scores, float), nan=np.finfo("f4").max, posinf=np.finfo("f4").max)

    def figures(answer):
        scores = held(answer["scores"])
        found = {"roc": roc_auc_score(odd, scores), "precision": average_precision_score(odd, scores)}
        if "nll" in answer:
            found["nll"] = float(held(answer["nll"])[~odd].mean())
        kept = {key: value for key, value in answer.items() if key not in ("scores", "nll", "tried")}
        tried = [{"name": t["name"], "bytes": t["bytes"], "validation": t["validation"], "roc": roc_auc_score(odd, held(t["scores"]))} for t in answer.get("tried", [])]
        if tried:
            near = [t for t in tried if t["roc"] >= max(t["roc"] for t in tried) - 0.01]
            found |= {"tried": tried, "smallest": min(near, key=lambda t: t["bytes"])}
        return kept | found

    answers = json.load(sys.stdin)
    print(json.dumps({name: [figures(answer) for answer in seeds] for name, seeds in answers.items()}, default=lambda x: None if math.isnan(x) else float(x)))


if __name__ == "__main__":
    main()
