"""What is left of an old folder, or of a run that was killed: put right, never thrown away."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from minbert.folders.marker import MARKER, Signature, entries, read_marker, survey

logger = logging.getLogger(__name__)


def repair(path: Path, new: Path, old: Path) -> None:
    """End what a killed run began: `new` goes, the files in `old` come back or go.

    Args:
        path: of the folder.
        new: where its new content was collected.
        old: where its old content was moved.

    Raises:
        ValueError: there is something of somebody else in one of these places.
    """
    if os.path.lexists(old):
        if not os.path.lexists(path):
            os.rename(old, path)
            logger.warning("a killed run had moved the earlier results to %s: they are back", old)
        elif read_marker(path) is not None:
            discard(old, path)
            logger.warning("removed %s, which a killed run had left", old)
        else:
            raise ValueError(
                f"{old} holds earlier results that a killed run moved there, and {path} holds "
                "something else: move one of them away"
            )
    if os.path.lexists(new):
        remove_ours(new)
        logger.warning("removed %s, which a killed run had left", new)


def discard(old: Path, path: Path, known: Mapping[str, Signature] = {}) -> None:
    """Remove an old folder; what is neither ours and unchanged nor in the new one moves there.

    Args:
        old: the folder to remove.
        path: the new one.
        known: `ours` of an earlier survey.
    """
    found = survey(old, read_marker(old), known)
    for name in found.ours:
        (old / name).unlink()
    for name in [*found.changed, *found.others]:
        source, target = old / name, path / name
        if name.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        elif os.path.lexists(target) and os.path.samestat(source.lstat(), target.lstat()):
            source.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, _free(target))
    _remove_empty(old)


def remove_ours(folder: Path) -> None:
    """Remove a working folder of ours, its marker last: half removed, it is still known.

    Raises:
        ValueError: it is not ours.
    """
    if not os.path.lexists(folder):
        return
    ours = folder.is_dir() and not folder.is_symlink()
    if not ours or (any(entries(folder)) and read_marker(folder) is None):
        raise ValueError(f"{folder} is in the way, and minbert did not write it: move it away")
    for name in entries(folder):
        if not name.endswith("/"):
            (folder / name).unlink()
    _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    """Remove empty folders, the marker, and the folder that held them."""
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) != folder:
            os.rmdir(place)
    for name in (f"{MARKER}-part", MARKER):
        with suppress(FileNotFoundError):
            (folder / name).unlink()
    folder.rmdir()


def _free(target: Path) -> Path:
    """A name that nothing has: the target's own, or with a number behind it."""
    free, number = target, 0
    while os.path.lexists(free):
        number += 1
        free = target.with_name(f"{target.name}.earlier-{number}")
    return free
