"""A folder of results: written whole or not at all, and saying what made it."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minbert.training.provenance import describe_device as describe_device
from minbert.training.provenance import versions as versions


def peak_memory_mib() -> float | None:
    """Most memory this process has held so far, in MiB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if platform.system() == "Darwin" else 1024)


def check_out(out: Path) -> None:
    """Refuse a folder that holds something other than an earlier result.

    Raises:
        ValueError: as said.
    """
    if out.exists() and (
        not out.is_dir() or (any(out.iterdir()) and not (out / "results.json").exists())
    ):
        raise ValueError(f"--out {out} exists and holds no earlier results: choose another folder")


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """A working folder beside `out` that takes its place when the block ends without an error."""
    working = out.with_name(out.name + ".partial")
    if working.exists():
        shutil.rmtree(working)
    working.mkdir(parents=True)
    try:
        yield working
    except BaseException:
        shutil.rmtree(working)
        raise
    if out.exists():
        shutil.rmtree(out)
    os.replace(working, out)


def copy_file(source: Path, target: Path) -> None:
    """Hard link where possible, else copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write strict JSON: NaN is an error here, not a surprise for the reader."""
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
