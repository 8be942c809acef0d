"""What a model answers on own data: partners, scores, yes or no, classes; and how good that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from minbert.data.examples import Example
from minbert.evaluation.baselines import best_threshold
from minbert.evaluation.intervals import macro_f1_interval
from minbert.evaluation.metrics import macro_f1, pearson
from minbert.evaluation.partners import PartnerSearch
from minbert.evaluation.statistics import Value, summarise
from minbert.multitask import MultitaskBert
from minbert.tasks import METRICS, Task
from minbert.training.sentences import SentenceTable, TaskRows


def cosine_of(vectors: Tensor, rows: TaskRows) -> np.ndarray:
    """The cosine of each pair, (pair,)."""
    first, second = vectors[list(rows.first)], vectors[list(rows.second or ())]
    return F.cosine_similarity(first, second, dim=-1).double().numpy()


def threshold_on(vectors: Tensor, rows: TaskRows) -> float:
    """The cosine above which yes is right most often on these pairs."""
    found = best_threshold(cosine_of(vectors, rows), rows.labels.numpy())
    return float(np.clip(found, -2.0, 2.0))


def search_of(examples: Sequence[Example]) -> PartnerSearch:
    """The search for partners among the pairs of a split."""
    return PartnerSearch.of([example.texts for example in examples])


@torch.inference_mode()
def answers_of(
    task: Task,
    rows: TaskRows,
    examples: Sequence[Example],
    vectors: Tensor,
    table: SentenceTable,
    model: MultitaskBert | None,
    threshold: float | None,
) -> np.ndarray:
    """Of every example of a split: cluster, score, 0 or 1, or class.

    Args:
        task: of the rows.
        rows, examples: the same split twice, as rows and as texts.
        vectors: one line a row of the table.
        table: of the sentences.
        model: whose head says classes.
        threshold: of yes and no by the cosine; None: the model's head says it.
    """
    if task.metric == "partner":
        search = search_of(examples)
        asked, there = table.add(search.questions), table.add(search.candidates)
        unit = F.normalize(vectors, dim=-1)
        return search.answers((unit[list(asked)] @ unit[list(there)].T).numpy())
    if task.head == "cosine":
        return cosine_of(vectors, rows)
    if task.head == "yes_or_no" and threshold is not None:
        return (cosine_of(vectors, rows) > threshold).astype(np.float64)
    device = model.encoder.pooler.dense.weight.device
    read = [vectors[list(part)].to(device) for part in (rows.first, rows.second) if part]
    return model.predict(task, *read).cpu().double().numpy()


def golds_of(task: Task, rows: TaskRows, examples: Sequence[Example]) -> np.ndarray:
    """What is right, in the form of `answers_of`."""
    return search_of(examples).golds if task.metric == "partner" else rows.labels.numpy()


def measures_of(
    task: Task, golds: np.ndarray, predictions: Sequence[np.ndarray]
) -> dict[str, Value]:
    """The task's own metric and what is usually said beside it, each with its interval.

    Args:
        task: whose answers these are.
        golds: (example,).
        predictions: per seed, (example,).

    Returns:
        By name of the metric: accuracy and f1_macro; spearman and pearson; partner.
    """
    found = {task.metric: summarise(task, golds, predictions)}
    if task.metric == "accuracy":
        per_seed = [macro_f1(values, golds) for values in predictions]
        each = [macro_f1_interval(values, golds, task.bootstrap) for values in predictions]
        found["f1_macro"] = _mean(per_seed, each)
    if task.metric == "spearman":
        from minbert.evaluation.intervals import fisher_z_interval

        per_seed = [pearson(values, golds) for values in predictions]
        found["pearson"] = _mean(per_seed, [fisher_z_interval(one, len(golds)) for one in per_seed])
    return found


def _mean(per_seed: Sequence[float], intervals: Sequence[tuple[float, float]]) -> Value:
    low, high = np.mean(intervals, axis=0)
    return {
        "value": float(np.mean(per_seed)),
        "ci95": [float(low), float(high)],
        "per_seed": [float(one) for one in per_seed],
    }


TITLES = {**METRICS, "f1_macro": "F1 (macro)"}
"""Of the metrics of `measures_of`, in tables."""


def title_of(task: Mapping[str, Any], metric: str) -> str:
    """A row of a table: what is measured, and of how many a partner is found among."""
    among = f" among {task['candidates']:,}" if metric == "partner" else ""
    return f"{task['title']}, {TITLES[metric]}{among}"
