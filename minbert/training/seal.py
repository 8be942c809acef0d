"""A finished folder and its seal, `what.json`: what it is, what made it, SHA-256 of each file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open

from minbert.stopping import deferred
from minbert.training.digests import content_digest, file_digest

SEAL = "what.json"


def seal(folder: Path, content: Mapping[str, Any]) -> None:
    """Write `what.json` beside finished files: `content`, their SHA-256, and its own.

    All files get the permissions that the caller's umask gives: some libraries write theirs so
    that nobody else can read them.

    Raises:
        ValueError: a file holds NaN or infinity.
    """
    files = _files(folder)
    for name in files:
        _refuse_non_finite(folder / name)
    whole = {**content, "files": {name: file_digest(folder / name) for name in files}}
    whole["seal"] = content_digest(json.loads(json.dumps(whole)))
    path = folder / SEAL
    path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    for name in files:
        (folder / name).chmod(path.stat().st_mode & 0o777)


def read_seal(folder: Path) -> dict[str, Any]:
    """The content of `what.json`.

    Raises:
        ValueError: it is missing, cannot be read, or is not as it was written.
    """
    path = folder / SEAL
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        written = content.pop("seal")
        if content_digest(content) != written:
            raise ValueError("its content does not match its own checksum")
        if not isinstance(content["files"], dict):
            raise ValueError("it lists no files")
    except FileNotFoundError as error:
        raise ValueError(f"{SEAL} is missing") from error
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{SEAL} is damaged: {reason}") from error
    return content


def damage(folder: Path, expected: Mapping[str, Any]) -> str | None:
    """What is wrong with a sealed folder, in words; None when it is whole.

    Args:
        folder: as `seal` left it.
        expected: entries that `what.json` must have.
    """
    try:
        content = read_seal(folder)
        for name, value in expected.items():
            if content.get(name) != value:
                return f"{SEAL} belongs to another stage (its {name} differs)"
        there = set(_files(folder))
    except (OSError, ValueError) as error:
        return str(error)
    problems = [f"{name} is not one of its files" for name in sorted(there - set(content["files"]))]
    for name, written in content["files"].items():
        if name not in there:
            problems.append(f"{name} is missing")
            continue
        try:
            if file_digest(folder / name) != written:
                size = (folder / name).stat().st_size
                problems.append(f"{name} is not as it was written ({size:,} bytes, other SHA-256)")
        except OSError as error:
            problems.append(f"{name} cannot be read: {error.strerror or error}")
    return "; ".join(problems) or None


def holds(folder: Path, name: str) -> bool:
    """Whether a sealed folder was written with a file of that name; files themselves may be gone.

    Raises:
        ValueError: see `read_seal`.
    """
    return name in read_seal(folder)["files"]


def set_aside(path: Path) -> Path:
    """Rename something damaged to `NAME.damaged`, in place of an earlier one: one of each at most.

    Raises:
        OSError: it cannot be renamed.
    """
    target = path.with_name(path.name + ".damaged")
    remove(target)
    os.replace(path, target)
    return target


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there; never what a link points to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _files(folder: Path) -> list[str]:
    """Names of all files but the seal, sorted; hidden ones are the file system's (`.DS_Store`)."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.name.startswith(".") and path.name != SEAL and not path.is_dir()
    )


@deferred()
def _refuse_non_finite(path: Path) -> None:
    wrong = None
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  (no mapping)
                if not torch.isfinite(file.get_tensor(name)).all():
                    wrong = wrong or name
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            for name, values in arrays.items():
                if not np.isfinite(values).all():
                    wrong = wrong or name
    if wrong is not None:
        raise ValueError(
            f"{wrong} in {path.name} holds NaN or infinity where numbers are expected, so the "
            "stage is not kept: its training diverged (try a lower learning rate), or its "
            "starting weights were damaged"
        )
