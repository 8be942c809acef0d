"""Guess 2: ranking is slightly detrimental to sentiment because it "may cause the embeddings to
shift in directions which are often irrelevant or tangential to sentiment" (section 6)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from minbert.analysis.directions import (
    principal_directions,
    project_out,
    random_directions,
    random_rotation,
)
from minbert.analysis.geometry import linear_cka, relative_step
from minbert.analysis.probe import linear_probe
from minbert.course.guesses.reading import embed, similarity
from minbert.encoder import Encoder
from minbert.evaluation.metrics import accuracy
from minbert.experiments.grid import Grid
from minbert.pretrained import from_pretrained, save_pretrained
from minbert.training.loop import derive_seed
from minbert.training.mnrl import ranked_pairs, train_ranking

EXPECTED = (
    "If moving the space is what costs sentiment, a rotation should cost as much. If ranking moved "
    "along directions that matter to sentiment, taking these directions away should cost more than "
    "taking away as many random ones; if along irrelevant ones, no more. If something was lost on "
    "the way, both spaces together should tell more than the ranked one alone."
)
COUNTS = (8, 16, 32)
"""Numbers of directions that are taken away."""
DRAWS = 3
"""Random sets of directions, of which the mean is taken."""


def ranked(grid: Grid, seed: int) -> dict[str, dict[str, Any]]:
    """What ranking does to sentiment, from two starting points.

    `original`: the arm mnrl; there is little sentiment in these vectors to begin with. `tuned`:
    the control `heads_only` after sentiment fine-tuning, ranked afterwards; here there is some to
    lose.
    """
    tuned = grid.folder("heads_only", "sst_finetune", seed)
    starts = {
        "original": (grid.encoder_folder((), seed), grid.encoder_folder(("mnrl",), seed)),
        "tuned": (tuned, ranked_afterwards(grid, tuned, seed)),
    }
    found = {}
    for name, folders in starts.items():
        before, after = (_load(grid, folder) for folder in folders)
        found[name] = compare_spaces(grid, before, after, seed)
    return found


def ranked_afterwards(grid: Grid, folder: Path, seed: int) -> Path:
    """A stage of the cache: the encoder in `folder`, ranked as in the arm mnrl."""
    experiment = grid.experiment
    settings = experiment.preset.mnrl

    def compute(target: Path) -> None:
        encoder = _load(grid, folder)
        pairs = ranked_pairs(grid.rows.split("train"))
        context = experiment.context(derive_seed(seed, "ranked afterwards"))
        train_ranking(encoder, pairs, grid.rows.table, experiment.recipe, settings, context)
        save_pretrained(target, encoder, grid.tokenizer)

    what = {"parent": folder.name, "settings": asdict(settings), "seed": seed}
    return experiment.cache.stage("ranked_afterwards", what, compute)


def compare_spaces(grid: Grid, before: Encoder, after: Encoder, seed: int) -> dict[str, Any]:
    """Movement, and sentiment as a linear probe finds it: before, after, and with less.

    Returns:
        `sts_pearson` (`before`, `after`), `cka`, `step` (`minbert.evaluation`), `probe` (dev
        accuracy of `before`, `after`, `both` spaces side by side, `rotated`), `rotated_step`,
        `without` (accuracy in the space before, less as many directions as the key says: `moved`
        most, of largest `variance`, `random`).
    """
    sst, sts = grid.rows.tasks["sst"], grid.rows.tasks["sts"]["dev"]
    vectors = {"before": embed(grid, before), "after": embed(grid, after)}
    train, dev = (
        {when: values[list(sst[split].first)].numpy() for when, values in vectors.items()}
        for split in ("train", "dev")
    )
    labels, golds = (sst[split].labels.numpy() for split in ("train", "dev"))

    def probe(change: Any, when: str = "before") -> float:
        return accuracy(linear_probe(change(train[when]), labels, change(dev[when])), golds)

    width = train["before"].shape[1]
    turn = random_rotation(width, seed)
    both_train, both_dev = (np.hstack([s["before"], s["after"]]) for s in (train, dev))
    moves = principal_directions(train["after"] - train["before"], max(COUNTS))
    widest = principal_directions(train["before"], max(COUNTS))

    def less(directions: np.ndarray) -> float:
        return probe(lambda values: project_out(values, directions))

    without = {}
    for count in COUNTS:
        drawn = [random_directions(width, count, 100 * seed + draw) for draw in range(DRAWS)]
        without[str(count)] = {
            "moved": less(moves[:count]),
            "variance": less(widest[:count]),
            "random": float(np.mean([less(directions) for directions in drawn])),
        }
    return {
        "sts_pearson": {when: similarity(values, sts) for when, values in vectors.items()},
        "cka": linear_cka(dev["before"], dev["after"]),
        "step": relative_step(dev["before"], dev["after"]),
        "rotated_step": relative_step(dev["before"], dev["before"] @ turn),
        "probe": {
            "before": probe(np.asarray),
            "after": probe(np.asarray, "after"),
            "both": accuracy(linear_probe(both_train, labels, both_dev), golds),
            "rotated": probe(lambda values: values @ turn),
        },
        "without": without,
    }


def _load(grid: Grid, folder: Path) -> Encoder:
    return from_pretrained(str(folder))[0].to(grid.experiment.device)
