"""A folder of results: what is in it, and what made it."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from minbert.data.text import read_json


def peak_memory_mib() -> float | None:
    """Most memory this process has held so far, in MiB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if platform.system() == "Darwin" else 1024)


def copy_files(source: Path, target: Path) -> None:
    """Copy a stage's files, those in folders too: a change of either leaves the other as it is.

    Args:
        source: folder in the cache.
        target: made if need be; files of the same names are replaced.
    """
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)  # not its permissions: a cache may be for reading only


def check_replaceable(path: Path, keys: Iterable[str]) -> None:
    """Refuse, before anything is measured, a file that is not an earlier result of the same kind.

    Args:
        path: where a result will be written; there may be nothing yet.
        keys: that only such a result has.

    Raises:
        ValueError: the file is somebody's own, or the result of something else.
    """
    if not os.path.lexists(path):
        return
    try:
        found = read_json(path)
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not set(keys) <= found.keys():
        raise ValueError(
            f"{path} is no earlier result of this script, so it is not replaced: expected JSON "
            f"with {', '.join(keys)}; name another file, or move this one away"
        )


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write strict JSON: NaN is an error here, not a surprise for the reader."""
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
