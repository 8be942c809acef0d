"""Ours against scipy.stats.bootstrap: the same interval, and what each takes.

python benchmarks/bootstrap.py --out benchmarks/bootstrap.json
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import bootstrap

from minbert.evaluation import intervals
from minbert.evaluation.intervals import percentile_interval, resampled_scores


def correlation(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    """Pearson's r along an axis, as scipy's bootstrap asks for it."""
    x, y = x - x.mean(axis, keepdims=True), y - y.mean(axis, keepdims=True)
    return (x * y).sum(axis) / np.sqrt((x * x).sum(axis) * (y * y).sum(axis))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=1500)
    parser.add_argument("--arms", type=int, default=5, help="compared on the same resamples")
    arguments = parser.parse_args()
    draw = np.random.default_rng(0)
    golds = draw.uniform(0, 5, arguments.examples)
    arms = [golds + draw.normal(0, 2, arguments.examples) for _ in range(arguments.arms)]
    times: dict[str, list[float]] = {"ours": [], "scipy": []}
    for _ in range(5):
        intervals._draws.cache_clear()
        began = time.perf_counter()
        ours = [percentile_interval(resampled_scores("sts", golds, [arm])) for arm in arms]
        between = time.perf_counter()
        theirs = [
            bootstrap((golds, arm), correlation, paired=True, vectorized=True, n_resamples=2000,
                      method="percentile", rng=np.random.default_rng(0)).confidence_interval
            for arm in arms
        ]  # fmt: skip
        times["ours"].append(between - began)
        times["scipy"].append(time.perf_counter() - between)
    apart = float(np.abs(np.array(ours) - np.array(theirs)).max())
    result = {
        "scipy": scipy.__version__,
        "examples": arguments.examples,
        "arms": arguments.arms,
        "seconds": {name: round(statistics.median(each), 3) for name, each in times.items()},
        "largest_distance_of_ends": round(apart, 5),
        "largest_width": round(float(np.diff(np.array(ours)).max()), 4),
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
