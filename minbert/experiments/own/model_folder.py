"""A trained model's folder: the encoder as everybody reads it, its heads, and what they answer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from minbert.data.text import read_json
from minbert.experiments.stage_files import load_heads, save_heads
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained, save_pretrained
from minbert.sentence_transformers_folder import SUPPORTED, SentenceSettings
from minbert.tasks import Label, Task
from minbert.tokenizer import WordPieceTokenizer

TASKS_FILE = "tasks.json"
"""Beside the weights: what the heads answer, and how they read the vectors."""


@dataclass(frozen=True)
class OwnModel:
    """What a folder holds."""

    model: MultitaskBert
    tokenizer: WordPieceTokenizer
    tasks: dict[str, Task]
    """By name; of these the model has heads."""
    thresholds: dict[str, float]
    """Of yes and no by the cosine, per name of a task."""


def save_model(
    folder: Path,
    model: MultitaskBert,
    tokenizer: WordPieceTokenizer,
    thresholds: dict[str, float],
) -> None:
    """Write an encoder with its heads; `minbert encode` and `from_pretrained` read the folder.

    Args:
        folder: made if need be.
        model: the encoder's sentence vectors are those that were trained.
        tokenizer: the encoder's own.
        thresholds: of yes and no, per name of a task.
    """
    encoder = model.encoder
    before = encoder.pooling, getattr(encoder, "sentence_settings", None)
    encoder.pooling = model.pooling
    if before[1] is None and model.pooling in SUPPORTED:
        encoder.sentence_settings = SentenceSettings(pooling=model.pooling)
    elif before[1] is not None:
        encoder.sentence_settings = replace(before[1], pooling=model.pooling)
    try:
        save_pretrained(folder, encoder, tokenizer)
    finally:
        encoder.pooling, encoder.sentence_settings = before
    if model.with_weights:
        save_heads(folder, model)
    content = {
        "pooling": model.pooling,
        "pairs": model.pairs,
        "tasks": [asdict(task) for task in model.tasks],
        "thresholds": thresholds,
    }
    (folder / TASKS_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_model(name: str | Path) -> OwnModel:
    """Read what `save_model` wrote, or any encoder, which then answers no classes.

    Args:
        name: the folder, the --out of `minbert train` that holds it, or as for `from_pretrained`.

    Raises:
        ValueError: a file is damaged, or not of this model.
        FileNotFoundError, OSError: see `from_pretrained`.
    """
    folder = Path(name)
    if not (folder / "config.json").exists() and (folder / "model" / "config.json").exists():
        folder, name = folder / "model", str(folder / "model")
    encoder, tokenizer = from_pretrained(str(name))
    path = folder / TASKS_FILE
    if not path.is_file():
        pooling = encoder.pooling or "mean"
        return OwnModel(MultitaskBert(encoder, (), pooling=pooling), tokenizer, {}, {})
    made = read_json(path)
    try:
        tasks = tuple(_task(values) for values in made["tasks"])
        thresholds = {str(key): float(value) for key, value in made["thresholds"].items()}
        model = MultitaskBert(
            encoder,
            tasks,
            dropout=0.0,
            paraphrase_compares=True,
            pooling=made["pooling"],
            pairs=made["pairs"],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{path}: expected what minbert train writes, got something else ({error}): altered?"
        ) from error
    if model.with_weights:
        load_heads(folder, model)
    return OwnModel(model.eval(), tokenizer, {task.name: task for task in tasks}, thresholds)


def _task(values: dict[str, Any]) -> Task:
    label = dict(values["label"])
    label["names"] = tuple(label.get("names", ()))
    return Task(**{**values, "label": Label(**label), "sentences": tuple(values["sentences"])})
