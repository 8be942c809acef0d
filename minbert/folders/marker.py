"""Which files of a folder are ours: a list of digests beside them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import minbert

MARKER = ".minbert.json"
DESKTOP = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What file managers leave in any folder: it makes none somebody's own."""

Digest = dict[str, str | int]
"""`{"sha256": hexadecimal, "bytes": size}` of a file."""
Signature = tuple[int, int, int, int]
"""Inode, size, time of the content and of the entry: equal where a file was not touched."""


@dataclass
class Marker:
    """What a command has written into a folder."""

    kind: str
    """The command, for example `reproduce`."""
    files: dict[str, Digest] = field(default_factory=dict)
    """By name, with `/` between folders."""
    coming: dict[str, Digest] = field(default_factory=dict)
    """Noted before they are written, so that a kill in between leaves no file of nobody."""

    def wrote(self, folder: Path, name: str) -> bool:
        """Whether a file is there as it was written."""
        known = [part[name] for part in (self.files, self.coming) if name in part]
        path = folder / name
        if not os.path.lexists(path):
            return False
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or about.st_size not in [one["bytes"] for one in known]:
            return False
        return digest(path) in known


def digest(path: Path) -> Digest:
    """Of a file's content."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return {"sha256": found.hexdigest(), "bytes": file.tell()}


def digest_of(content: bytes) -> Digest:
    """Of a content that will be a file."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def read_marker(folder: Path) -> Marker | None:
    """The marker of a folder; None if it has none.

    Raises:
        ValueError: it is damaged, so that nobody knows which files are ours.
    """
    path = folder / MARKER
    try:
        content = json.loads(path.read_bytes())
        parts = [content["kind"], content["files"], content.get("coming", {})]
        digests = [*parts[1].values(), *parts[2].values()]
        if not isinstance(parts[0], str) or not all(
            isinstance(one["sha256"], str) and isinstance(one["bytes"], int) for one in digests
        ):
            raise TypeError("other values than expected")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} should list the files that minbert wrote here and cannot be read "
            f"({type(error).__name__}: {error}): move the folder away, or choose another"
        ) from error
    return Marker(*parts)


def write_marker(folder: Path, marker: Marker) -> None:
    """Write it whole or not at all."""
    content = {"kind": marker.kind, "minbert": minbert.__version__, "files": marker.files}
    if marker.coming:
        content["coming"] = marker.coming
    partial = folder / f"{MARKER}-part"
    partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, folder / MARKER)


def entries(folder: Path) -> Iterator[str]:
    """Names of everything in a folder but markers and folders that are not empty.

    Links are entries, whatever they lead to; an empty folder's name ends in `/`.
    """
    for place, folders, files in os.walk(folder, onerror=_say):
        inner = Path(place).relative_to(folder)
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        if not folders and not files and inner.parts:
            yield f"{inner.as_posix()}/"
        for name in sorted([*files, *links]):
            if inner.parts or name not in (MARKER, f"{MARKER}-part"):
                yield (inner / name).as_posix()


def _say(error: OSError) -> None:
    """A folder that cannot be read is no empty one."""
    raise error


@dataclass(frozen=True)
class Survey:
    """What is in a folder."""

    ours: dict[str, Signature]
    """Written by us and unchanged."""
    changed: list[str]
    """Written by us and changed since."""
    others: list[str]
    """Not written by us."""


def survey(folder: Path, marker: Marker | None, known: Mapping[str, Signature] = {}) -> Survey:
    """Hold every file of a folder against its marker.

    Args:
        known: `ours` of an earlier survey: what was not touched since is not read again.
    """
    found = Survey({}, [], [])
    for name in entries(folder):
        if marker is None or (name not in marker.files and name not in marker.coming):
            found.others.append(name)
            continue
        about = (folder / name).lstat()
        now = (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
        if known.get(name) == now or marker.wrote(folder, name):
            found.ours[name] = now
        else:
            found.changed.append(name)
    return found


def some(names: list[str]) -> str:
    """The first three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
