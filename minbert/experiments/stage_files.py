"""The files of a finished stage: heads, dev predictions, training history."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from minbert.data.text import read_json
from minbert.evaluation.baselines import best_threshold
from minbert.heads import similarity_score
from minbert.multitask import MultitaskBert
from minbert.pretrained import HEADS_FILE
from minbert.stopping import deferred
from minbert.tasks import Task
from minbert.training.loop import History
from minbert.training.sentences import TaskRows

Predictions = dict[str, np.ndarray]
"""Per name of a task: classes, 0/1, or similarities from 0 to 5, in the split's order."""


def by_cosine(task: Task) -> str:
    """Name of what stands besides the tasks: its answers read off the vectors, without its head."""
    return f"{task.name}_by_cosine"


@torch.inference_mode()
def predict_tasks(
    model: MultitaskBert,
    vectors: Tensor,
    splits: Mapping[str, TaskRows],
    pairs: Mapping[str, Tensor] | None = None,
) -> Predictions:
    """Answers of the heads for ready-made sentence vectors; empty splits are left out.

    Args:
        model: its heads are used, and its encoder's device.
        vectors: (row of the sentence table, hidden).
        splits: one split per task.
        pairs: per task of pairs, the vector of each, (example, hidden); for a model that reads
            them in one pass.
    """
    device = model.encoder.pooler.dense.weight.device

    def of(rows: tuple[int, ...]) -> Tensor:
        return vectors[list(rows)].to(device)

    predictions = {}
    for task, rows in splits.items():
        if not len(rows):
            continue
        second = of(rows.second) if rows.task.pairs else None
        pair = (pairs or {}).get(task)
        values = model.predict(
            rows.task, of(rows.first), second, None if pair is None else pair.to(device)
        )
        predictions[task] = values.cpu().numpy()
    return predictions


def similarities(vectors: Tensor, rows: TaskRows) -> np.ndarray:
    """Similarity from 0 to 5 of each pair, read off the two sentence vectors without a head."""
    return similarity_score(vectors[list(rows.first)], vectors[list(rows.second or ())]).numpy()


def paraphrases_by_cosine(vectors: Tensor, splits: Mapping[str, TaskRows]) -> np.ndarray:
    """0/1 per dev pair: is the cosine above the threshold that is best on train?

    What the vectors know about paraphrases, whatever a head can read: the paper's is linear in
    the two vectors, so it cannot compare them.

    Args:
        vectors: (row of the sentence table, hidden).
        splits: of a task of duplicates, `train` and `dev`.
    """

    def scores(rows: TaskRows) -> np.ndarray:
        first, second = vectors[list(rows.first)], vectors[list(rows.second)]
        return F.cosine_similarity(first, second, dim=-1).numpy()

    train = splits["train"]
    threshold = best_threshold(scores(train), train.labels.numpy())
    return (scores(splits["dev"]) > threshold).astype(np.int64)


def save_heads(folder: Path, model: MultitaskBert) -> None:
    """Write `heads.safetensors`: all weights of a multitask model but the encoder's, and which
    pooling they read."""
    heads = {
        name: tensor.cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if not name.startswith("encoder.")
    }
    save_file(heads, folder / HEADS_FILE, metadata={"pooling": model.pooling})


@deferred()
def load_heads(folder: Path, model: MultitaskBert) -> None:
    """Read `heads.safetensors` into a model, which gets the pooling that they were trained with.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file holds something else than this model's heads.
    """
    path = folder / HEADS_FILE
    with _reading(path):
        heads = load_file(path)
        with safe_open(path, framework="pt") as file:
            pooling = (file.metadata() or {}).get("pooling", model.pooling)
    expected = {
        name: tensor.shape
        for name, tensor in model.state_dict().items()
        if not name.startswith("encoder.")
    }
    found = {name: tensor.shape for name, tensor in heads.items()}
    if found != expected:
        name = min(name for name in {*found, *expected} if found.get(name) != expected.get(name))
        raise ValueError(
            f"{path} does not hold the heads of this recipe and encoder: {name} is "
            f"{_shape(found.get(name))}, expected {_shape(expected.get(name))}"
        )
    wrong = [name for name, tensor in heads.items() if not torch.isfinite(tensor).all()]
    if wrong:
        raise ValueError(f"{path}: {wrong[0]} holds NaN or infinity, expected numbers: damaged?")
    model.load_state_dict(heads, strict=False)
    model.pooling = pooling


def _shape(shape: torch.Size | None) -> str:
    return "missing" if shape is None else str(tuple(shape))


UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    RecursionError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    SafetensorError,
)
"""What readers raise over a damaged file; zipfile calls a flipped byte in the method of compression
"not implemented"."""


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with a file, whatever its reader raises.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is cut off, or something else than it should be.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"there is no {path}: expected a file of a finished stage"
        ) from error
    except UNREADABLE as error:
        raise ValueError(
            f"{path} cannot be read ({type(error).__name__}: {error}): expected what a finished "
            "stage has written; cut off or altered?"
        ) from error


def save_dev_predictions(folder: Path, dev: Predictions) -> None:
    """Write `predictions.npz`."""
    np.savez_compressed(folder / "predictions.npz", **dev)


def read_dev_predictions(folder: Path) -> Predictions:
    """Dev predictions of an evaluated stage."""
    path = folder / "predictions.npz"
    with _reading(path), path.open("rb") as file, np.load(file) as arrays:
        return dict(arrays)


def save_history(folder: Path, histories: Mapping[str, History]) -> None:
    """Write `history.json`."""
    content = {name: history.to_dict() for name, history in histories.items()}
    (folder / "history.json").write_text(json.dumps(content), encoding="utf-8")


def read_history(folder: Path) -> dict[str, dict]:
    """Training histories of a stage by part, as `History.to_dict` gives them."""
    with _reading(path := folder / "history.json"):
        return read_json(path)


def write_measures(folder: Path, measures: Mapping[str, Any]) -> None:
    """Write `measures.json`."""
    (folder / "measures.json").write_text(json.dumps(dict(measures)), encoding="utf-8")


def read_measures(folder: Path) -> dict:
    """What `write_measures` wrote."""
    with _reading(path := folder / "measures.json"):
        return read_json(path)
