"""Guess 3: pre-training and ranking produce "robust enough word embeddings that maintain their
relative cosine similarity" when the model is fine-tuned on sentiment (section 6)."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from minbert.course.guesses.reading import (
    SentenceVectors,
    cosines,
    embed,
    similarity,
)
from minbert.evaluation.metrics import accuracy
from minbert.experiments.arms import ARMS
from minbert.experiments.grid import Grid
from minbert.experiments.stage_files import save_heads
from minbert.multitask import MultitaskBert
from minbert.pretrained import save_pretrained
from minbert.training.finetune import fine_tune
from minbert.training.loop import derive_seed

EXPECTED = (
    "If ranking or MLM makes cosines robust, the order of the pairs' cosines should survive better "
    "than in heads_only, at the same sentiment accuracy; if the arm had only more to lose, no "
    "better. And if ranked cosines survive only because they are spread wider, not because they "
    "move less, centring the vectors (which spreads everybody's) should close the gap."
)
DOSES = (1, 2)
"""Epochs of fine-tuning, besides the preset's own number."""
STUDIED = ("heads_only", "mlm", "mnrl", "mlm+mnrl")


def survival(
    grid: Grid, seed: int, arms: tuple[str, ...] = STUDIED, doses: tuple[int, ...] = DOSES
) -> dict[str, dict[str, dict[str, float]]]:
    """What sentiment fine-tuning leaves of the cosines of STS dev pairs, arm by arm.

    Returns:
        Per arm, per number of epochs (`0`: before), the measures of `compare_cosines`, and
        `sst_accuracy`.
    """
    found = {}
    for arm in arms:
        heads = grid.folder(arm, "heads", seed)
        model = grid.load(heads, grid.encoder_folder(ARMS[arm], seed))
        before = embed(grid, model.encoder)
        found[arm] = {"0": _measures(grid, model, before, before)}
        for epochs in doses:
            model = grid.load(finetuned_for(grid, arm, seed, epochs))
            after = embed(grid, model.encoder)
            found[arm][str(epochs)] = _measures(grid, model, before, after)
        last = grid.load(grid.folder(arm, "sst_finetune", seed))
        found[arm][str(grid.experiment.preset.sst_finetune.epochs)] = _measures(
            grid, last, before, embed(grid, last.encoder)
        )
    return found


def finetuned_for(grid: Grid, arm: str, seed: int, epochs: int) -> Path:
    """A stage of the cache: an arm fine-tuned on sentiment for another number of epochs."""
    parent = grid.folder(arm, "heads", seed)
    experiment = grid.experiment
    settings = replace(experiment.preset.sst_finetune, epochs=epochs)

    def compute(folder: Path) -> None:
        model = grid.load(parent, grid.encoder_folder(ARMS[arm], seed))
        sst = grid.rows.tasks["sst"]["train"]
        context = experiment.context(derive_seed(seed, *ARMS[arm]))
        fine_tune(model, sst, grid.rows.table, experiment.recipe, settings, context)
        save_pretrained(folder, model.encoder, grid.tokenizer)
        save_heads(folder, model)

    what = {"parent": parent.name, "settings": asdict(settings), "seed": seed}
    return experiment.cache.stage("sst_dose", what, compute)


def compare_cosines(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """How much of the order of some pairs' cosines is left.

    Args:
        before, after: cosine of each pair, (pair,).

    Returns:
        `kept`: correlation of the two, 1 when all differences between pairs survive. `spread`:
        standard deviation before. `change`: standard deviation of the change, which a shift common
        to all pairs leaves at 0.
    """
    return {
        "kept": float(np.corrcoef(before, after)[0, 1]),
        "spread": float(before.std()),
        "change": float((after - before).std()),
    }


def at_accuracy(
    doses: dict[str, dict[str, float]], measure: str, sst_accuracy: float
) -> float | None:
    """A measure at the sentiment accuracy asked for, on the straight line between two doses.

    None when no dose reaches that accuracy.
    """
    points = sorted((int(dose), values) for dose, values in doses.items())
    for (_, low), (_, high) in zip(points, points[1:], strict=False):
        if low["sst_accuracy"] <= sst_accuracy <= high["sst_accuracy"]:
            gap = high["sst_accuracy"] - low["sst_accuracy"]
            share = (sst_accuracy - low["sst_accuracy"]) / gap if gap else 0.0
            return low[measure] + share * (high[measure] - low[measure])
    return None


@torch.inference_mode()
def _measures(
    grid: Grid, model: MultitaskBert, before: SentenceVectors, after: SentenceVectors
) -> dict[str, float]:
    sst, sts = grid.rows.tasks["sst"]["dev"], grid.rows.tasks["sts"]["dev"]
    device = model.sentiment.dense.weight.device
    said = model.predict(sst.task, after[list(sst.first)].to(device)).cpu().numpy()
    rows = list(dict.fromkeys(sts.all_rows))
    centred = [values - values[rows].mean(dim=0) for values in (before, after)]
    by_centred = compare_cosines(*(cosines(values, sts) for values in centred))
    return {
        "sst_accuracy": accuracy(said, sst.labels.numpy()),
        "sts_pearson": similarity(after, sts),
        **compare_cosines(cosines(before, sts), cosines(after, sts)),
        **{f"{name}_centred": value for name, value in by_centred.items()},
    }
