"""Bytes to text: UTF-8, lines that end with a newline; whatever else comes is named with its line.

Only `\\n` and `\\r\\n` end a line. `str.splitlines` would also cut at U+0085, U+2028 and five other
characters, which occur inside sentences.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

LONGEST_LINE = 1_000_000
"""Bytes of a line on stdin at most: BERT reads about 3,000 characters of it."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Excel and Notepad begin UTF-8 files with it; it is no part of the text."""

OTHER_FILES = {
    b"\xff\xfe\x00\x00": "UTF-32: save it as UTF-8",
    b"\xff\xfe": "UTF-16: save it as UTF-8",
    b"\xfe\xff": "UTF-16: save it as UTF-8",
    b"\x1f\x8b": "a gzip archive: unpack it",
    b"BZh": "a bzip2 archive: unpack it",
    b"\xfd7zXZ": "an xz archive: unpack it",
    b"PK\x03\x04": "a zip archive or an Excel workbook: unpack it, or save it as text",
    b"%PDF": "a PDF",
    b"version https://git-lfs": "the pointer of git-lfs, not the file: run git lfs pull",
}
"""What is often given in place of a text file, by its first bytes."""


def user_path(path: str | os.PathLike[str]) -> Path:
    """A path as people type it: a leading `~` is their home folder, where there is one."""
    return Path(os.path.expanduser(path))


def read_text(path: Path) -> str:
    """A whole file as text, line ends as they are.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it is a folder, or may not be read.
        ValueError: not UTF-8; the sentence names line and byte.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise IsADirectoryError(f"{path}: expected a file, got a folder") from None
    except OSError as error:
        raise OSError(
            f"{path}: expected a file that can be read, got: {error.strerror or error}"
        ) from error
    return decoded(content, str(path))


def decoded(content: bytes, name: str, line: int = 1) -> str:
    """UTF-8 bytes as text, without a byte order mark.

    Args:
        content: all bytes of a file, or those of one line.
        name: of the file, for the sentence.
        line: number of the first line in `content`.

    Raises:
        ValueError: not UTF-8; the sentence names line and byte.
    """
    if line == 1:
        for signature, what in OTHER_FILES.items():
            if content.startswith(signature):
                raise ValueError(f"{name}:1: expected UTF-8 text, got {what}")
        content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = f"{name}:{line + before.count(10)}"
        column = error.start - before.rfind(b"\n")
        raise ValueError(
            f"{place}: expected UTF-8 text, got the byte 0x{content[error.start]:02x} as byte "
            f"{column} of the line: is it Latin-1 or Windows-1252, or cut off?"
        ) from None


def text_lines(text: str) -> list[str]:
    """The lines of a text; a newline at its end begins no further line."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def read_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """The lines of a stream, one by one, empty ones included: as many as it has.

    Raises:
        ValueError: not UTF-8, a NUL, a carriage return inside a line, or more than LONGEST_LINE
            bytes without a newline; the sentence names the line.
    """
    number = 0
    while content := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(content) > LONGEST_LINE:
            raise ValueError(
                f"{name}:{number}: expected a sentence a line, of at most {LONGEST_LINE:,} bytes, "
                "got a longer line: are the line ends missing?"
            )
        line = decoded(content, name, number).removesuffix("\n").removesuffix("\r")
        for character, what in (("\0", "a NUL"), ("\r", "a carriage return")):
            if character in line:
                raise ValueError(
                    f"{name}:{number}: expected text with \\n or \\r\\n at line ends, got {what} "
                    f"as character {line.index(character) + 1} of the line"
                )
        yield line


def read_json(path: Path) -> dict[str, Any]:
    """A file that holds one JSON object.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it may not be read.
        ValueError: not UTF-8, or see `parsed_json`.
    """
    return parsed_json(read_text(path), path)


def parsed_json(text: str, path: Path, kind: type = dict) -> Any:
    """The JSON value in a file's text.

    Args:
        path: of the file, for the sentence.
        kind: dict or list, the outermost value.

    Raises:
        ValueError: no JSON, a name twice in one object, numbers or nesting beyond Python's limits,
            or another kind; the sentence names the line where there is one.
    """
    try:
        content = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        got = repr(error.doc[error.pos : error.pos + 20]) if error.doc.strip() else "nothing"
        raise ValueError(
            f"{path}:{error.lineno}: expected JSON ({error.msg}), got {got}: is the file cut off?"
        ) from None
    except (RecursionError, ValueError) as error:
        raise ValueError(f"{path}: expected JSON, got what cannot be used ({error})") from None
    if not isinstance(content, kind):
        names = {dict: "a JSON object in braces", list: "a JSON list in brackets"}
        raise ValueError(f"{path}:1: expected {names[kind]}, got {content!r:.60}")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice!r} is said twice")
    return found
