"""Files of folders and zips, listed alike; nothing is unpacked onto the disk, nothing is run."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LARGEST = 1_000_000
"""Bytes of a learner's file: the answer file has about 25,000."""
LARGEST_ZIP = 20_000_000
"""Bytes of a zip inside a zip or folder."""
ENTRIES = 100_000
"""Entries of one zip."""
LEFT_OUT = ("__MACOSX", "__pycache__")
"""What systems add to folders; names that begin with a dot are left out as well."""


@dataclass(frozen=True)
class Found:
    """A file of a folder or of a zip."""

    parts: tuple[str, ...]
    """Its path, from the folder or the zip on."""
    read: Callable[[int], bytes]
    """Takes the largest size; raises ValueError, with a sentence, for a file that is larger."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.parts[-1]

    @property
    def where(self) -> str:
        """Its path, for sentences."""
        return "/".join(self.parts)


def listed(source: Path) -> list[Found]:
    """All files of a folder or of a zip, in the order of their names.

    Raises:
        ValueError: it is neither, or the zip is damaged or has an entry that leads out of it.
        OSError: it cannot be read.
    """
    if source.is_dir():
        found = _of_folder(source)
    elif source.is_file() and zipfile.is_zipfile(source):
        found = _of_zip(zipfile.ZipFile(source), str(source))
    elif source.exists():
        raise ValueError(f"{source} is neither a folder nor a zip")
    else:
        raise ValueError(f"{source} is not there, expected a folder or a zip of submissions")
    return sorted(found, key=lambda file: file.parts)


def inside(file: Found) -> list[Found]:
    """The files of a zip that lies in a folder or in another zip.

    Raises:
        ValueError: it is too large, damaged, or has an entry that leads out of it.
    """
    content = io.BytesIO(file.read(LARGEST_ZIP))
    try:
        archive = zipfile.ZipFile(content)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{file.where} is no zip, or a damaged one") from error
    found = [Found((*file.parts, *one.parts), one.read) for one in _of_zip(archive, file.where)]
    return sorted(found, key=lambda one: one.parts)


def _is_kept(parts: tuple[str, ...]) -> bool:
    return not any(part.startswith(".") or part in LEFT_OUT for part in parts)


def _of_folder(folder: Path) -> Iterator[Found]:
    """Links are not followed: they may lead anywhere."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not (Path(place) / name).is_symlink())
        for name in names:
            path = Path(place) / name
            parts = path.relative_to(folder).parts
            if _is_kept(parts) and path.is_file() and not path.is_symlink():
                yield Found(parts, _reader_of_path(path))
        if not folders and not names and Path(place) != folder:  # somebody handed in nothing
            yield Found((*Path(place).relative_to(folder).parts, ""), lambda largest: b"")


def _reader_of_path(path: Path) -> Callable[[int], bytes]:
    def read(largest: int) -> bytes:
        with path.open("rb") as file:
            return _checked(file.read(largest + 1), largest, path.name)

    return read


def _of_zip(archive: zipfile.ZipFile, said: str) -> list[Found]:
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise ValueError(f"{said} has {len(entries)} entries, expected at most {ENTRIES}")
    found = []
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0][1:2]:
            raise ValueError(f"{said} has an entry that leads out of it: {entry.filename!r}")
        if not path.parts or not _is_kept(path.parts):
            continue
        if entry.is_dir():
            found.append(Found((*path.parts, ""), lambda largest: b""))
        else:
            found.append(Found(path.parts, _reader_of_entry(archive, entry)))
    return found


def _reader_of_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(largest: int) -> bytes:
        try:
            with archive.open(entry) as file:
                content = file.read(largest + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            reason = "is locked with a password" if "encrypted" in str(error) else "is damaged"
            raise ValueError(f"{entry.filename} {reason}") from error
        return _checked(content, largest, entry.filename)

    return read


def _checked(content: bytes, largest: int, name: str) -> bytes:
    if len(content) > largest:
        raise ValueError(f"{name} is too large: expected at most {largest:,} bytes")
    return content
