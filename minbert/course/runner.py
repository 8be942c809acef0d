"""Running notebooks: each in a fresh kernel, from top to bottom."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from minbert.course.notebooks import normalise, read

logger = logging.getLogger(__name__)

CELL_TIMEOUT_S = 3600
"""A single cell on real data may train for a while."""


@dataclass(frozen=True)
class Execution:
    """One notebook after it ran."""

    path: Path
    notebook: NotebookNode
    seconds: float
    error: str | None
    """What stopped it, or None."""


def execute(path: Path, environment: Mapping[str, str], folder: Path) -> Execution:
    """Run one notebook without touching its file.

    Args:
        path: of the notebook.
        environment: variables for its kernel, such as MINBERT_TIER.
        folder: the kernel's working directory.
    """
    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    started = time.perf_counter()
    error = None
    with _environment({"TQDM_DISABLE": "1", **environment}):
        try:
            client.execute()
        except CellExecutionError as failure:
            error = f"{failure.ename}: {failure.evalue}"
    seconds = time.perf_counter() - started
    return Execution(path, normalise(notebook), seconds, error)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
