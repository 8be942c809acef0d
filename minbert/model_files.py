"""Reading the small files of a model: text and JSON that somebody else wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minbert.data.text import decoded, parsed_json

LARGEST = 1 << 26
"""Bytes of the largest text file that is read: a vocabulary of a million pieces is smaller."""


def stand_in(path: Path) -> str | None:
    """What lies in a file's place, and what to do; None where it may be the file itself.

    A git-lfs pointer, a saved web page and an empty file are what people get who meant to fetch a
    file and did not.
    """
    if not path.is_file():
        return "it is no file" if path.exists() else "there is no such file"
    with path.open("rb") as file:
        start = file.read(512).lstrip()
    if not start and not path.stat().st_size:
        return "it is empty: fetch it again"
    if start.startswith(b"version https://git-lfs"):
        return "it is a git-lfs pointer, not the content: run git lfs pull"
    if start[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "it is a web page that was saved under this name: fetch the file itself"
    return None


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, a byte-order mark left out.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is something else, larger than `LARGEST`, or not UTF-8.
    """
    reason = stand_in(path)
    if reason is not None:
        kind = ValueError if path.exists() else FileNotFoundError
        raise kind(f"{path} cannot be read as text: {reason}")
    if path.stat().st_size > LARGEST:
        raise ValueError(
            f"{path} has {path.stat().st_size} bytes, expected at most {LARGEST}: is it this file?"
        )
    return decoded(path.read_bytes(), str(path))


def read_json(path: Path, kind: type = dict) -> Any:
    """The content of a JSON file whose outermost value is an object (or another `kind`).

    Raises:
        FileNotFoundError: it is not there.
        ValueError: see `read_text` and `minbert.data.text.parsed_json`.
    """
    return parsed_json(read_text(path), path, kind)


def inside(path: Path, name: str) -> str:
    """A file name that a file says, if it stays in the folder.

    Args:
        path: the file that says it.
        name: a relative path with `/`.

    Raises:
        ValueError: it is absolute, empty or leads out of the folder.
    """
    parts = name.split("/") if isinstance(name, str) else [""]
    plain = all(part not in ("", ".", "..") and not set(part) & set("\\:\0") for part in parts)
    if not plain:
        raise ValueError(f"{path} names the file {name!r:.80}, expected one inside its folder")
    return name
