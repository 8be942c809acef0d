"""Stages that are computed once: a folder per stage, named after everything that decides it.

In the cache folder: `NAME-KEY` is a finished stage, sealed (`minbert.training.seal`);
`NAME-KEY.partial` an interrupted one, of which the checkpoint is kept; `NAME-KEY.damaged` what was
found altered, kept until the next such find; `NAME-KEY.lock` is there while the stage is computed,
or after a kill until the stage is used; it counts only while its process lives. All may be deleted.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

import minbert.training.parallel as parallel
from minbert.experiments.provenance import environment, now
from minbert.experiments.sources import module_of, source_digest
from minbert.folders.lock import acquire
from minbert.training.loop import CHECKPOINT, forget
from minbert.training.seal import damage, remove, seal, set_aside

logger = logging.getLogger(__name__)

REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES)
"""Errors of a file system that has no room, or takes nothing."""


def default_folder() -> Path:
    """`MINBERT_CACHE`, else `minbert` in the user's cache folder; an empty variable is not set.

    Raises:
        ValueError: none is set, and this account has no home folder.
    """
    own = os.environ.get("MINBERT_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    try:
        if own:
            return Path(own).expanduser()
        if shared and Path(shared).is_absolute():  # the standard says to ignore a relative one
            return Path(shared) / "minbert"
        return Path.home() / ".cache" / "minbert"
    except RuntimeError as error:
        raise ValueError(
            "there is no folder for finished stages: expected MINBERT_CACHE or XDG_CACHE_HOME to "
            "name one, or a home folder, and this account has none: set MINBERT_CACHE"
        ) from error


class StageCache:
    """Folders of finished stages under one root.

    A stage is looked up by the digest of `what`, a mapping that names its inputs: data, encoder,
    parent stage, settings, recipe, precision, seed. The digest of the code that computes it is
    added here. A finished folder never changes, so it is read without a lock, and may lie where
    nobody can write; its files are verified when a run first uses it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: set[str] = set()
        """Stages of this run that were verified or computed; each is logged once."""

    def key(
        self, name: str, what: Mapping[str, Any], compute: Callable[[Path], None] | None = None
    ) -> str:
        """Folder name of a stage: its name and 16 hexadecimal digits.

        Raises:
            ValueError: `what` holds something that is not plain data.
        """
        try:
            content = json.dumps(_with_code(what, compute), sort_keys=True)
        except TypeError as error:
            raise ValueError(f"what decides stage {name} must be plain data: {error}") from error
        return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    def stage(self, name: str, what: Mapping[str, Any], compute: Callable[[Path], None]) -> Path:
        """The folder of a stage, computed now if it is not there, or not as it was written.

        `compute(folder)` fills a working folder, which keeps its checkpoint when it is
        interrupted, and gets its final name only when it has returned. Two runs that want the same
        stage at once wait for each other. Of several ranks the first looks, locks and seals, all
        compute, and none of the others may write (`minbert.training.parallel.first`).

        Raises:
            OSError: the stage is not there, and the folder cannot be written to, or is full.
            ValueError: what `compute` raises; or its numbers are not finite.
        """
        folder = self.root / self.key(name, what, compute)
        expected = {"stage": name, "what": json.loads(json.dumps(_with_code(what, compute)))}
        parallel.same(folder.name, "data, settings or code")
        if not parallel.first():
            return self._follow(folder, compute)
        if self._is_whole(folder, expected) is True:
            parallel.tell(True)
            return folder
        with self._locked(name, folder), _saying_what_fails(name, self.root):
            found = self._is_whole(folder, expected)
            if found is not True:
                if found:
                    aside = set_aside(folder)
                    logger.warning(
                        "%s: %s in the cache is damaged and computed again: %s (set aside as %s)",
                        name,
                        folder.name,
                        found,
                        aside.name,
                    )
                parallel.tell(False)
                self._compute(name, folder, expected, compute)
            parallel.tell(True)
        return folder

    def _follow(self, folder: Path, compute: Callable[[Path], None]) -> Path:
        """A stage as another rank than the first has it: computed with that one, or found."""
        if not parallel.tell():
            compute(_working(folder))
            parallel.tell()
        if not os.path.lexists(folder):
            raise OSError(
                f"rank {parallel.ranks().rank} does not see the stage {folder} that rank 0 has: "
                "expected a cache folder (MINBERT_CACHE) that all nodes share"
            )
        return folder

    def _is_whole(self, folder: Path, expected: Mapping[str, Any]) -> bool | str:
        """True; False where nothing is; or what is wrong with it."""
        if not os.path.lexists(folder):
            return False
        if folder.name in self.seen:
            return True
        wrong = damage(folder, expected)
        if wrong is None:
            logger.info("%s: taken from the cache, %s", expected["stage"], folder.name)
            self.seen.add(folder.name)
            _remove_lock_of_the_dead(folder)
        return wrong or True

    def _compute(
        self,
        name: str,
        folder: Path,
        expected: Mapping[str, Any],
        compute: Callable[[Path], None],
    ) -> None:
        working = _working(folder)
        working.mkdir(exist_ok=True)
        for left in working.iterdir():  # by a kill: only a checkpoint is of use
            if left.name != CHECKPOINT:
                remove(left)
        logger.info("%s: computing, %s", name, folder.name)
        compute(working)
        forget(working / CHECKPOINT)
        device = torch.device(expected["what"].get("device", "cpu"))
        made = {
            **environment(device),
            **({"ranks": parallel.ranks().count} if parallel.ranks().count > 1 else {}),
            "precision": expected["what"].get("precision"),
            "time": now(),
        }
        seal(working, {**expected, "computed": made})
        os.replace(working, folder)
        self.seen.add(folder.name)

    @contextlib.contextmanager
    def _locked(self, name: str, folder: Path) -> Iterator[None]:
        """Hold a stage's lock, whose file is removed when the stage is there."""
        lock = FileLock(f"{folder}.lock")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                acquire(lock, timeout=0)
            except Timeout:
                logger.info("%s: waiting for another run that computes it, %s", name, folder.name)
                acquire(lock)
        except OSError as error:
            raise OSError(
                f"stage {name} has to be computed ({folder.name} is not there, or is damaged), and "
                f"the cache folder {self.root} cannot be written to ({error.strerror or error}): "
                "set MINBERT_CACHE to a folder of your own"
            ) from error
        try:
            yield
            with contextlib.suppress(OSError):  # Windows removes no open file
                os.unlink(lock.lock_file)
        finally:
            lock.release()


def _working(folder: Path) -> Path:
    """Where a stage is while it is computed."""
    return folder.with_name(folder.name + ".partial")


def _remove_lock_of_the_dead(folder: Path) -> None:
    """A run that was killed when all was done but this has left its lock."""
    lock = FileLock(f"{folder}.lock")
    if os.path.lexists(lock.lock_file):
        with contextlib.suppress(OSError):  # Timeout is one
            acquire(lock, timeout=0)
            with contextlib.suppress(OSError):
                os.unlink(lock.lock_file)
            lock.release()


def _with_code(
    what: Mapping[str, Any], compute: Callable[[Path], None] | None = None
) -> dict[str, Any]:
    return {**what, "code": source_digest(module_of(compute))}


@contextlib.contextmanager
def _saying_what_fails(name: str, root: Path) -> Iterator[None]:
    """Turn errors of a full or read-only file system into one sentence."""
    try:
        yield
    except Exception as error:
        # safetensors and tokenizers have exceptions of their own, and say in them which it was.
        number = getattr(error, "errno", None)
        if number is None and (said := re.search(r"\(os error (\d+)\)", str(error))):
            number = int(said[1])
        if number not in REFUSED:
            raise
        reason = getattr(error, "strerror", None) or error
        raise OSError(
            f"stage {name} cannot be written to the cache folder {root} ({reason}): make room "
            "there, and the same command goes on; or set MINBERT_CACHE to another folder"
        ) from error
