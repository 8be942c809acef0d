"""Where numbers come from: versions, processor, threads, state of the source, time."""

from __future__ import annotations

import json
import logging
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch

import minbert
from minbert.threads import fixed_threads, granted_cores

logger = logging.getLogger(__name__)


def versions() -> dict[str, str]:
    """Versions that decide numbers."""
    return {
        "minbert": minbert.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "tokenizers": tokenizers.__version__,
        "numpy": np.__version__,
    }


def processor(device: torch.device) -> str:
    """The GPU's name, or the processor's instructions that torch uses."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.backends.cpu.get_cpu_capability()}"


def describe_device(device: torch.device) -> str:
    """Kind of processor and number of threads, or the GPU's name."""
    if device.type == "cuda":
        return processor(device)
    kind, instructions = processor(device).split(", ")
    most = fixed_threads() or granted_cores()
    return f"{kind}, at most {most} thread{'s' if most > 1 else ''}, {instructions}"


@cache
def source_state() -> dict[str, Any] | None:
    """Commit of the clone that this package runs from, and whether its code was edited since.

    Returns:
        `{"commit", "edited"}`; None where the package is installed, or git does not answer.
    """
    root = Path(minbert.__file__).parents[1]
    if not (root / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(
            command, capture_output=True, check=True, text=True, timeout=20
        ).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return {"commit": commit, "edited": bool(git("status", "--porcelain", "--", "minbert"))}
    except (OSError, subprocess.SubprocessError):
        return None


def environment(device: torch.device) -> dict[str, Any]:
    """What decides numbers here and now, besides the code, the data and the settings."""
    return {
        "versions": versions(),
        "processor": processor(device),
        "threads": fixed_threads() or granted_cores(),
        "source": source_state(),
    }


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def computed(stages: Mapping[str, Path], device: torch.device) -> list[dict[str, Any]]:
    """Where stages were really computed; those that come from elsewhere are said in a warning.

    Args:
        stages: folders of finished stages by a name for the reader.
        device: of this run.

    Returns:
        Per distinct environment: `versions`, `processor`, `threads`, `source` (commit), `first`
        and `last` time, and `stages`, a list of `name: folder's name`.
    """
    groups: dict[str, dict[str, Any]] = {}
    for name, folder in stages.items():
        made = json.loads((folder / "what.json").read_text(encoding="utf-8"))["computed"]
        time = made.pop("time")
        group = groups.setdefault(
            json.dumps(made, sort_keys=True), {**made, "first": time, "last": time, "stages": []}
        )
        group["first"], group["last"] = min(group["first"], time), max(group["last"], time)
        group["stages"].append(f"{name}: {folder.name}")
    for group in groups.values():
        _say_if_elsewhere(group, environment(device))
    return list(groups.values())


def _say_if_elsewhere(group: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    theirs = {**group["versions"], "on": group["processor"]}
    ours = {**here["versions"], "on": here["processor"]}
    other = [
        f"{name} {theirs.get(name)} (here {ours.get(name)})"
        for name in sorted({*theirs, *ours})
        if theirs.get(name) != ours.get(name)
    ]
    if other:
        logger.warning(
            "%d stages were not computed here but with %s, so their last digits may differ; "
            "another cache folder computes them here: %s",
            len(group["stages"]),
            ", ".join(other),
            ", ".join(group["stages"]),
        )
