"""A folder to which a command adds files one by one: those of other people stay."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from minbert.folders.failures import named
from minbert.folders.lock import locked, made_parents
from minbert.folders.marker import (
    DESKTOP,
    MARKER,
    Marker,
    digest,
    digest_of,
    read_marker,
    some,
    write_marker,
)
from minbert.folders.place import folder_to_write

PART = ".minbert-part"
LOCK = ".minbert-lock"


@dataclass
class AddedTo:
    """A folder that this process alone adds to, from `adding_to`."""

    path: Path
    marker: Marker

    def is_free(self, name: str, content: str | bytes | None = None) -> bool:
        """Whether a file is not there, or is ours and unchanged, or has the content already."""
        path = self.path / name
        if not os.path.lexists(path):
            return True
        if content is None or not path.is_file() or path.is_symlink():
            return self.marker.wrote(self.path, name)
        return path.read_bytes() == as_bytes(content) or self.marker.wrote(self.path, name)

    def write_free(self, files: Mapping[str, str | bytes]) -> list[str]:
        """Write those files that are not there, or are ours and unchanged.

        Returns:
            Names of the others: they stay as they are.

        Raises:
            OSError: the disk is full or does not allow it.
        """
        kept = []
        for name, content in files.items():
            if self.is_free(name, content):
                self.write(name, content)
            else:
                kept.append(name)
        return kept

    def write(self, name: str, content: str | bytes) -> None:
        """Write or renew a file of ours, whole or not at all; folders in its name are made.

        Raises:
            ValueError: it is not ours, or somebody changed it.
            OSError: the disk is full or does not allow it.
        """
        if not self.is_free(name, content):
            raise ValueError(
                f"{self.path / name} is not as `minbert {self.marker.kind}` wrote it: move it "
                "away, or choose another folder"
            )
        with named(self.path / name):
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            self.marker.coming = {name: digest_of(as_bytes(content))}
            write_marker(self.path, self.marker)
            write_whole(self.path / name, content)
        self.marker.files |= self.marker.coming  # on disk with the next file, or when it is read


def as_bytes(content: str | bytes) -> bytes:
    """A file's content; text in UTF-8."""
    return content.encode("utf-8") if isinstance(content, str) else content


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there: it is never half there.

    A link in its place is replaced, never followed.

    Raises:
        OSError: the disk is full or does not allow it, said in one sentence.
    """
    partial = path.with_name(f".{path.name}{PART}")
    with named(path):
        partial.unlink(missing_ok=True)  # of a run that was killed
        try:
            with partial.open("xb") as file:
                file.write(as_bytes(content))
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def adding_to(
    given: str | Path,
    kind: str,
    option: str = "--out",
    inputs: Mapping[str, Path] | None = None,
    only_ours: bool = False,
) -> Iterator[AddedTo]:
    """Keep a folder for this process, to add files to it.

    Args:
        given: the folder, as typed; it may hold other files, which stay.
        kind: the command, for example `course run`.
        option: what the sentences call it.
        inputs: by name, folders that it must not be.
        only_ours: whether it must be new, empty or one that the same command wrote.

    Raises:
        ValueError: it is a file, one of the inputs, written by another command, or another run is
            writing it.
        OSError: nothing can be written there.
    """
    path = folder_to_write(given, option)
    for name, thing in (inputs or {}).items():
        if path == thing.resolve() or (path.exists() and thing.exists() and path.samefile(thing)):
            raise ValueError(f"{option} {given} is {name}: choose another folder")
    with made_parents(path), locked(path / LOCK, path):
        marker = read_marker(path)
        if marker is not None and marker.kind != kind:
            raise ValueError(
                f"{option} {given} holds what `minbert {marker.kind}` wrote, expected a folder of "
                f"`minbert {kind}` or one without our files: choose another folder"
            )
        others = [name for name in sorted(os.listdir(path)) if name not in (LOCK, *DESKTOP)]
        if only_ours and marker is None and others:
            raise ValueError(
                f"{option} {given} holds {some(others)}, and no {MARKER} that lists what `minbert "
                f"{kind}` wrote (versions before this one wrote none): choose another folder, or "
                "move them away"
            )
        for left in [*path.glob(f".*{PART}"), *path.glob(f"*/.*{PART}")]:  # of a killed run
            left.unlink()
        folder = AddedTo(path, marker or Marker(kind))
        for name in folder.marker.coming:
            if folder.marker.wrote(path, name):  # as it was, or as it was to be
                folder.marker.files[name] = digest(path / name)
        yield folder
