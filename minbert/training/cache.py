"""Stages that are computed once: a folder per stage, named after everything that decides it."""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import nn

logger = logging.getLogger(__name__)

TRAINED_BY = (
    "attention.py",
    "encoder.py",
    "pooling.py",
    "heads.py",
    "multitask.py",
    "masking.py",
    "losses.py",
    "optimizer.py",
    "precision.py",
    "tokenizer.py",
    "tokenizer_files.py",
    "tokenizer_options.py",
    "texts.py",
    "wordpiece.py",
    "data/batching.py",
    "evaluation/baselines.py",
    "training/loop.py",
    "training/checkpoint.py",
    "training/recipe.py",
    "training/sentences.py",
    "training/epochs.py",
    "training/vectors.py",
    "training/mlm.py",
    "training/mnrl.py",
    "training/perplexity.py",
    "training/heads.py",
    "training/sentiment.py",
    "training/grid.py",
    "training/single_task.py",
    "training/held_out.py",
    "training/sweep.py",
)
"""Source files that decide what a stage computes; a change of their code makes a new key."""


def default_folder() -> Path:
    """`MINBERT_CACHE`, else `minbert` in the user's cache folder."""
    if "MINBERT_CACHE" in os.environ:
        return Path(os.environ["MINBERT_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "minbert"


@cache
def source_digest() -> str:
    """Digest of the training code without comments and docstrings: editing those keeps results."""
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    for name in TRAINED_BY:
        tree = ast.parse((package / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [part for part in body if not _is_text(part)] or [ast.Pass()]
        digest.update(ast.unparse(tree).encode())
    return digest.hexdigest()


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def weights_digest(module: nn.Module) -> str:
    """Digest of a model's configuration-free content: names, shapes and values of its weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


class StageCache:
    """Folders of finished stages under one root.

    A stage is looked up by the digest of `what`, a mapping that names its inputs: data, encoder,
    parent stage, settings, recipe, precision, seed. The digest of the training code is added here.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: set[str] = set()
        """Stages of this run that were found or computed; each is logged once."""

    def key(self, name: str, what: Mapping[str, Any]) -> str:
        """Folder name of a stage: its name and 16 hexadecimal digits."""
        content = json.dumps({**what, "code": source_digest()}, sort_keys=True, default=str)
        return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    def stage(self, name: str, what: Mapping[str, Any], compute: Callable[[Path], None]) -> Path:
        """The folder of a stage, computed now if it is not there.

        `compute(folder)` fills a working folder, which keeps its content (a checkpoint, say) when
        it is interrupted, and gets its final name only when it has returned. Two runs that want
        the same stage at once wait for each other.
        """
        folder = self.root / self.key(name, what)
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if folder.exists():
                if folder.name not in self.seen:
                    logger.info("%s: taken from the cache, %s", name, folder.name)
                self.seen.add(folder.name)
                return folder
            working = folder.with_name(folder.name + ".partial")
            working.mkdir(exist_ok=True)
            logger.info("%s: computing, %s", name, folder.name)
            compute(working)
            (working / "what.json").write_text(json.dumps(what, indent=1, default=str))
            os.replace(working, folder)
            self.seen.add(folder.name)
        return folder


def copy_stage(source: Path, target: Path) -> None:
    """Copy a stage's files, as hard links where the file system allows (weights are large)."""

    def link(origin: str, copy: str) -> None:
        try:
            os.link(origin, copy)
        except OSError:
            shutil.copy2(origin, copy)

    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, copy_function=link)
