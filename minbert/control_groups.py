"""Where Linux tells what a container may use: its control groups, versions 2 and 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def control_groups(controller: str, root: Path = Path("/")) -> Iterator[tuple[Path, int]]:
    """Folder and version of each control group that this process is in; none on other systems.

    Args:
        controller: whose limits are asked for, `cpu` or `memory`.
        root: of the file system (`proc/self/cgroup`, `sys/fs/cgroup`).
    """
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for group in groups:
        _, controllers, place = group.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / (controller if controllers else "")
        # The group itself and those around it; inside a container its own group is the base.
        for folder in {base / part.lstrip("/") for part in _upwards(place)}:
            yield folder, 1 if controllers else 2


def _upwards(place: str) -> Iterator[str]:
    parts = [part for part in place.split("/") if part not in ("", "..")]
    for count in range(len(parts), -1, -1):
        yield "/".join(parts[:count])
