"""An experiment that takes seconds: sixteen rows a split, one epoch a stage, a toy encoder."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from toy import toy_pairs, toy_sentences, write_toy_data
from tqdm.auto import tqdm

from minbert.config import ModelConfig
from minbert.data import load_data
from minbert.encoder import Encoder
from minbert.experiments.cache import StageCache
from minbert.experiments.experiment import Experiment
from minbert.experiments.grid import Grid
from minbert.pretrained import save_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.recipe import PRESETS, RECIPES, Preset

STAGES = ("original", "mlm", "mnrl", "untrained", "heads", "sst_finetune")
"""Every kind of stage that the grid has."""


def begin_as_child() -> None:
    """What a forked process must change before it works.

    One thread: it has none of its parent's. And a lock of its own for progress bars: tqdm's is
    one semaphore for parent and children, and a child killed while it draws would keep it, so that
    every later bar of the parent waits for ever (tqdm 4.67).
    """
    os.environ["MINBERT_THREADS"] = "1"
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())


def forked(work: Callable[[], object]) -> int:
    """Do work in a child process with one thread; its process id.

    It exits with 0, with 130 after Ctrl-C, with 3 after any other exception.
    """
    child = os.fork()
    if child == 0:
        code = 3
        try:
            begin_as_child()
            work()
            code = 0
        except KeyboardInterrupt:
            code = 130
        finally:
            os._exit(code)
    return child


def small_preset() -> Preset:
    """The paper's preset, one epoch of everything."""
    paper = PRESETS["paper"]
    short = {
        stage: replace(getattr(paper, stage), epochs=1, learning_rate=1e-3)
        for stage in ("mlm", "mnrl", "heads", "sst_finetune")
    }
    return replace(paper, name="small", **short)


def write_model(folder: Path, **sizes: Any) -> Path:
    """A random encoder with a vocabulary of the made-up sentences."""
    sentences = [text for text, _ in toy_sentences(60, 0)]
    sentences += [text for first, second, _ in toy_pairs(60, 10) for text in (first, second)]
    tokenizer = WordPieceTokenizer.train(sentences, vocab_size=220)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 32, "max_position_embeddings": 32}  # fmt: skip
    config = ModelConfig(vocab_size=tokenizer.vocab_size, **{**shape, **sizes})
    save_pretrained(folder, Encoder(config, torch.Generator().manual_seed(0)), tokenizer)
    return folder


def small_experiment(base: Path, cache: Path | None = None) -> Experiment:
    """Data and model are written below `base` unless they are there."""
    if not (base / "model").exists():
        write_toy_data(base / "data", rows=16)
        write_model(base / "model")
    return Experiment(
        data=load_data(f"cs224n:{base / 'data'}"),
        encoder_name=str(base / "model"),
        recipe=replace(RECIPES["paper"], dropout=0.1),
        preset=small_preset(),
        precision="fp32",
        device=torch.device("cpu"),
        cache=StageCache(cache or base / "cache"),
    )


def stage_folder(grid: Grid, kind: str) -> Path:
    """One stage of each kind, computed unless it is there."""
    if kind in ("original", "mlm", "mnrl"):
        return grid.encoder_folder(() if kind == "original" else (kind,), 0)
    arm, stage = {
        "untrained": ("baseline", "untrained"),
        "heads": ("mlm", "heads"),
        "sst_finetune": ("mlm", "sst_finetune"),
    }[kind]
    return grid.folder(arm, stage, 0)


class Recording(StageCache):
    """A cache that remembers what was asked of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: dict[str, Mapping[str, Any]] = {}

    def stage(self, name: str, what: Mapping[str, Any], compute: Callable[[Path], None]) -> Path:
        """As ever."""
        self.asked[name] = what
        return super().stage(name, what, compute)


@dataclass
class Finished:
    """A cache in which every kind of stage is finished."""

    experiment: Experiment
    folders: dict[str, Path] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, Mapping[str, Any]]:
        """What each stage is looked up by."""
        return self.experiment.cache.asked


def finish(base: Path) -> Finished:
    """Compute every kind of stage."""
    experiment = replace(small_experiment(base), cache=Recording(base / "cache"))
    grid = Grid(experiment)
    return Finished(experiment, {kind: stage_folder(grid, kind) for kind in STAGES})


def numbers(folder: Path) -> dict[str, Any]:
    """Everything of a stage that must be the same to the last bit: all but times."""
    found: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".safetensors":
            found[path.name] = {
                name: tensor.numpy().tobytes() for name, tensor in load_file(path).items()
            }
        elif path.suffix == ".npz":
            with np.load(path) as arrays:
                found[path.name] = {name: value.tobytes() for name, value in arrays.items()}
        elif path.name in ("config.json", "tokenizer.json", "measures.json"):
            found[path.name] = path.read_bytes()
        elif path.name == "history.json":
            import json

            histories = json.loads(path.read_text(encoding="utf-8"))
            found[path.name] = {
                part: {name: value for name, value in history.items() if name != "seconds"}
                for part, history in histories.items()
            }
    return found


def litter(root: Path) -> list[str]:
    """What lies in a cache besides finished stages and their files."""
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix in (".partial", ".lock", ".damaged", ".pt") or path.name.startswith("tmp")
    )


def warnings_of(caplog: Any) -> list[str]:
    """Sentences of the package's warnings."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.startswith(("minbert.training", "minbert.experiments"))
    ]
