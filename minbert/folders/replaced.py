"""A folder that is replaced as a whole: the old one is there until the new one is.

Around OUT, for the time of a command: `.OUT.minbert-lock`, held while it runs; `.OUT.minbert-new`,
where the new files are collected; `.OUT.minbert-old`, the earlier ones between the moment when they
are moved aside and the moment when the new ones are in place; `.OUT.minbert-half`, an interrupted
training's checkpoint. A later run finds what a killed one has left, puts it right and says so.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minbert.folders.failures import named
from minbert.folders.leftovers import discard, remove_ours, repair
from minbert.folders.lock import locked, made_parents
from minbert.folders.marker import (
    DESKTOP,
    MARKER,
    Marker,
    Signature,
    digest,
    entries,
    read_marker,
    some,
    survey,
    write_marker,
)
from minbert.folders.place import check_whole_folder, folder_to_write
from minbert.stopping import finish_first, received_by

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """What a command writes."""

    command: str
    """For example `reproduce`: only the same command replaces its files."""
    names: tuple[str, ...]
    """Of the files it may write; a folder's name ends in `/` and stands for all in it."""

    def writes(self, name: str) -> bool:
        """Whether something of this name is where a file may be written, or in its way.

        A folder in which nothing is (its name ends in `/`) is in the way of a file only.
        """
        if name.endswith("/"):
            return name.rstrip("/") in self.names
        folders = [one for one in self.names if one.endswith("/")]
        return name in self.names or any(f"{name}/".startswith(one) for one in folders)


@dataclass
class ReplacedFolder:
    """A folder that this process alone may write, from `claimed`."""

    path: Path
    said: str
    kind: Kind
    unchanged: dict[str, Signature]

    @contextmanager
    def replaced(self) -> Iterator[Path]:
        """A working folder that takes the folder's place when the block ends without an error.

        Files of ours go with the old folder, all others are in the new one as well.

        Raises:
            ValueError: somebody changed one of our files since the folder was claimed.
            OSError: the disk is full or does not allow it, said in one sentence. In both cases
                the folder is as it was.
        """
        working = beside(self.path, "new")
        try:
            with named(self.path):
                remove_ours(working)
                working.mkdir()
                write_marker(working, Marker(self.kind.command))
                yield working
                files = {
                    name: digest(working / name)
                    for name in entries(working)
                    if not name.endswith("/")
                }
                write_marker(working, Marker(self.kind.command, files))
                with received_by(finish_first, signal.SIGINT, signal.SIGTERM):
                    self._put_in_place(working)
        finally:
            with suppress(OSError):  # what made the block fail is to be said, not this
                remove_ours(working)
        shutil.rmtree(beside(self.path, "half"), ignore_errors=True)

    def unfinished(self, what: Mapping[str, Any]) -> Path:
        """A folder that outlives an interruption, for a checkpoint; new for another `what`."""
        half = beside(self.path, "half")
        content = json.dumps(what, sort_keys=True, default=str)
        with named(half):
            with suppress(FileNotFoundError):
                if (half / "what.json").read_text(encoding="utf-8") == content:
                    return half
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            (half / "what.json").write_text(content, encoding="utf-8")
        return half

    def check(self) -> list[str]:
        """Refuse a folder with anything that would have to be overwritten.

        Returns:
            Names of what is in it and not ours: it stays.

        Raises:
            ValueError: it is not ours, of another command, or somebody changed it.
        """
        if not self.path.exists():
            return []
        marker = read_marker(self.path)
        with named(self.said, "choose another folder"):
            found = survey(self.path, marker, self.unchanged)
        elsewhere = "choose another folder, or move them away"
        names = [name for name in found.others if Path(name).name not in DESKTOP]
        if marker is None and names:
            raise ValueError(
                f"{self.said} holds {some(names)}, and no {MARKER} that lists them as written by "
                f"`minbert {self.kind.command}` (versions before this one wrote none): {elsewhere}"
            )
        if marker is not None and marker.kind != self.kind.command:
            raise ValueError(
                f"{self.said} holds what `minbert {marker.kind}` wrote, expected a new or empty "
                f"folder or one of `minbert {self.kind.command}`: choose another folder"
            )
        if found.changed:
            raise ValueError(
                f"{self.said}: changed since `minbert {self.kind.command}` wrote them: "
                f"{some(found.changed)}: {elsewhere}"
            )
        in_the_way = [name for name in names if self.kind.writes(name)]
        if in_the_way:
            raise ValueError(
                f"{self.said}: not written by `minbert {self.kind.command}`, and where its files "
                f"go: {some(in_the_way)}: {elsewhere}"
            )
        for part in {self.path, *((self.path / name).parent for name in found.ours)}:
            if not os.access(part, os.W_OK | os.X_OK):
                raise ValueError(
                    f"{self.said}: {part} may not be written (its permissions): choose another "
                    "folder, or change them"
                )
        self.unchanged = found.ours
        return found.others

    def _put_in_place(self, working: Path) -> None:
        """Old aside, new in place, old away; each step leaves one of them whole."""
        if not os.path.lexists(self.path):
            os.rename(working, self.path)
            return
        for name in self.check():
            with suppress(OSError):  # no links here: moved with what is left of the old folder
                _link(self.path / name, working / name)
        shutil.copymode(self.path, working)
        old = beside(self.path, "old")
        os.rename(self.path, old)
        try:
            os.rename(working, self.path)
        except BaseException:
            if not os.path.lexists(self.path):
                os.rename(old, self.path)
            raise
        try:
            discard(old, self.path, self.unchanged)
        except OSError as error:
            logger.warning(
                "the new results are in %s; the earlier ones could not be removed from %s (%s)",
                self.path,
                old,
                error.strerror,
            )


def beside(path: Path, what: str) -> Path:
    """The place beside a folder that no user's file has: `lock`, `new`, `old` or `half`."""
    return path.with_name(f".{path.name}.minbert-{what}")


@contextmanager
def claimed(
    given: str | Path,
    kind: Kind,
    inputs: Mapping[str, Path] | None = None,
    option: str = "--out",
) -> Iterator[ReplacedFolder]:
    """Check a folder and keep it for this process, before anything is computed for it.

    It is new, empty, or one that the same command wrote. Of the latter, files that the command
    wrote and nobody changed are replaced; notes and other files beside them stay.

    Args:
        given: the folder, as typed; a link to a folder means that folder.
        kind: of what will be written.
        inputs: by name what the command reads and the folder must not hold.
        option: what the sentences call it.

    Raises:
        ValueError: it is a file, the current folder or one above, holds something else or
            something that was changed, or another run is writing it.
        OSError: nothing can be written there.
    """
    path = folder_to_write(given, option)
    said = f"{option} {given}"
    check_whole_folder(path, said, inputs)
    with made_parents(path.parent), locked(beside(path, "lock"), path):
        with named(path):
            repair(path, beside(path, "new"), beside(path, "old"))
        check_whole_folder(path, said, inputs)  # again, now that nobody else exchanges it
        folder = ReplacedFolder(path, said, kind, {})
        folder.check()
        yield folder


def _link(source: Path, target: Path) -> None:
    """A second name for a file, or a new empty folder for an empty one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        target.mkdir(exist_ok=True)
    else:
        os.link(source, target, follow_symlinks=False)
