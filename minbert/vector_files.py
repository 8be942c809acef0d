"""Vectors on disk, written as they are made: .npy, .safetensors, .jsonl, .txt.

A file with a count in its header (.npy, .safetensors) begins with a header of a fixed length that
is written last. What is unfinished stands beside its place, `.NAME.minbert-part`, and
`.NAME.minbert-state` says how much of it counts; both are gone when the file is whole.
"""

from __future__ import annotations

import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Float

from minbert.data.text import read_json
from minbert.folders.added import write_whole
from minbert.folders.failures import named
from minbert.folders.lock import locked, made_parents
from minbert.stopping import finish_first, received_by

KEPT = "what was written stays: the same command goes on"


class Format(ABC):
    """How vectors become bytes."""

    binary = True

    @abstractmethod
    def head(self, count: int, width: int) -> bytes:
        """The beginning of a file of `count` vectors of `width` numbers; one length for all."""

    @abstractmethod
    def body(self, vectors: Float[np.ndarray, "row hidden"], before: int) -> bytes:
        """The bytes of some vectors, `before` of which have been written."""

    @abstractmethod
    def begins(self, start: bytes) -> bool:
        """Whether a file that begins so may be one of this format."""


class Npy(Format):
    """NumPy's: float32, (n, hidden); the same bytes as of `numpy.save`."""

    def head(self, count: int, width: int) -> bytes:
        """With room that NumPy leaves for any count."""
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, width)}
        written = io.BytesIO()
        np.lib.format.write_array_header_1_0(written, header)
        return written.getvalue()

    def body(self, vectors: Float[np.ndarray, "row hidden"], before: int) -> bytes:
        """The numbers, row by row."""
        return vectors.astype("<f4", copy=False).tobytes()

    def begins(self, start: bytes) -> bool:
        """NumPy's magic."""
        return start.startswith(b"\x93NUMPY")


class Safetensors(Format):
    """One tensor `vectors`, float32, (n, hidden)."""

    def head(self, count: int, width: int) -> bytes:
        """JSON with blanks behind it, which the format allows, for as many digits as there are."""

        def header(rows: int) -> bytes:
            about = {"dtype": "F32", "shape": [rows, width], "data_offsets": [0, rows * width * 4]}
            return json.dumps({"vectors": about}, separators=(",", ":")).encode()

        room = -(-len(header(10**12)) // 8) * 8
        return room.to_bytes(8, "little") + header(count).ljust(room)

    def body(self, vectors: Float[np.ndarray, "row hidden"], before: int) -> bytes:
        """The numbers, row by row."""
        return vectors.astype("<f4", copy=False).tobytes()

    def begins(self, start: bytes) -> bool:
        """A short header of JSON."""
        return start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 27


class Lines(Format):
    """A line a vector; nine digits, from which float32 comes back to the last bit."""

    binary = False

    def __init__(self, first: str, between: str, last: str) -> None:
        self.first, self.between, self.last = first, between, last

    def head(self, count: int, width: int) -> bytes:
        """Nothing: there is no header."""
        return b""

    def body(self, vectors: Float[np.ndarray, "row hidden"], before: int) -> bytes:
        """The lines."""
        numbers = self.between.join(["%.9g"] * vectors.shape[1])
        return b"".join(
            (self.first % {"line": line} + numbers % tuple(row) + self.last).encode()
            for line, row in enumerate(vectors.tolist(), before + 1)
        )

    def begins(self, start: bytes) -> bool:
        """Like a line of numbers, or of ours in JSON."""
        if self.first:
            return start.startswith(b'{"line": ')
        try:
            [float(number) for number in start.partition(b"\n")[0].split(b" ")[:-1]]
        except ValueError:
            return False
        return True


FORMATS: dict[str, Format] = {
    "npy": Npy(),
    "safetensors": Safetensors(),
    "jsonl": Lines('{"line": %(line)d, "vector": [', ", ", "]}\n"),
    "txt": Lines("", " ", "\n"),
}
"""By name, which is also the ending of the file."""


def format_of(path: Path, name: str | None) -> str:
    """The name of a format: the one that is asked for, else the one of a file's ending.

    Raises:
        ValueError: the ending is none of a format, and none is asked for.
    """
    found = name or path.suffix.removeprefix(".").lower()
    if found not in FORMATS:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise ValueError(
            f"--out {path} must end in one of {endings}, or --format must say what it is to be"
        )
    return found


class VectorFile:
    """A file of vectors that is being written; made by `writing`."""

    def __init__(self, path: Path, form: Format, width: int, settings: dict[str, Any]) -> None:
        self.path, self.form, self.width, self.settings = path, form, width, settings
        self.count = 0
        """Vectors that are written for good."""
        self.note: dict[str, Any] = {}
        """What `add` was last told beside the vectors; survives with them."""
        self.part, self.state = beside(path, "part"), beside(path, "state")
        self._file: BinaryIO | None = None

    def open(self, resume: bool) -> None:
        """Go on with what is there, or begin.

        Raises:
            ValueError: what is there was made by something else.
            OSError: it cannot be written.
        """
        found = self._left() if resume else None
        with named(self.part, "nothing is lost"):
            if found is None:
                self._file = self.part.open("wb")
                self._file.write(self.form.head(0, self.width))
                self._save()
                return
            self._file = self.part.open("r+b")
            self._file.truncate(found["bytes"])  # what came after the last whole chunk goes
            self._file.seek(0, os.SEEK_END)
            self.count, self.note = found["vectors"], found["note"]

    def add(self, vectors: Float[np.ndarray, "row hidden"], note: dict[str, Any]) -> None:
        """Write vectors, for good when this returns.

        Args:
            vectors: the next ones.
            note: kept with them, for who goes on later; JSON.

        Raises:
            OSError: the disk is full or does not allow it.
        """
        assert self._file is not None
        with named(self.part, KEPT):
            self._file.write(self.form.body(vectors, self.count))
            self.count, self.note = self.count + len(vectors), note
            self._save()

    def finish(self) -> None:
        """Write the header, and put the file in its place.

        Raises:
            OSError: the disk does not allow it.
        """
        assert self._file is not None
        with named(self.path, KEPT), received_by(finish_first, *signals()):
            self._file.seek(0)
            self._file.write(self.form.head(self.count, self.width))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self.part, self.path)
            self.state.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave it as it is."""
        if self._file is not None:
            self._file.close()

    def _save(self) -> None:
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        state = {
            "settings": self.settings,
            "vectors": self.count,
            "bytes": self._file.tell(),
            "note": self.note,
        }
        write_whole(self.state, json.dumps(state))

    def _left(self) -> dict[str, Any] | None:
        """What an earlier run has left, if it can be gone on with."""
        if not (self.part.is_file() and self.state.is_file()):
            return None
        try:
            found = read_json(self.state)
            whole = self.part.stat().st_size >= found["bytes"] and found["vectors"] >= 0
            settings, _ = dict(found["settings"]), dict(found["note"])
        except (ValueError, KeyError, TypeError):
            whole, settings = False, {}
        if not whole:
            raise ValueError(
                f"{self.part} and {self.state.name} do not go together, expected an unfinished "
                "file and what it holds: --no-resume begins anew"
            )
        other = [name for name, value in self.settings.items() if settings.get(name) != value]
        if other:
            raise ValueError(
                f"{self.part} holds {found['vectors']} vectors of another {other[0]} "
                f"({settings.get(other[0])!s:.40}, now {self.settings[other[0]]!s:.40}): say the "
                "same as before to go on, or --no-resume to begin anew"
            )
        return found


def signals() -> tuple[Any, ...]:
    """What a user stops a command with."""
    import signal

    return signal.SIGINT, signal.SIGTERM


def beside(path: Path, what: str) -> Path:
    """Where something that belongs to an unfinished file is."""
    return path.with_name(f".{path.name}.minbert-{what}")


def file_to_write(given: str | Path, form: Format) -> Path:
    """The file that a path means, links followed; it is new, or holds vectors of the format.

    Raises:
        ValueError: it is no file, or holds something else.
    """
    path = Path(given)
    if not str(given).strip() or "\0" in str(given):
        raise ValueError(f"--out must be the path of a file, got {str(given)!r}")
    path = path.resolve()
    if path.is_dir():
        raise ValueError(f"--out {given} is a folder, expected a file: {path / 'vectors.npy'}")
    if path.exists() and not path.is_file():
        raise ValueError(f"--out {given} is no plain file: leave --out away and redirect stdout")
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if not form.begins(file.read(4096)):
                raise ValueError(
                    f"--out {given} holds something else than vectors of that format, and stays as "
                    "it is: choose another file, or move it away"
                )
    return path


@contextmanager
def writing(
    path: Path, form: Format, width: int, settings: dict[str, Any], resume: bool
) -> Iterator[VectorFile]:
    """A file of vectors, for this process alone; whole after `finish`, else to be gone on with.

    Args:
        path: as `file_to_write` gives it; a file that is there stays until `finish`.
        form: of the file.
        width: numbers of a vector.
        settings: what decides the vectors; what others have left is not gone on with.
        resume: whether what is left of an earlier run counts.

    Raises:
        ValueError: another process writes it, or what is left is not of these settings.
        OSError: nothing can be written there.
    """
    with made_parents(path.parent), locked(beside(path, "lock"), path):
        file = VectorFile(path, form, width, settings)
        try:
            file.open(resume)
            yield file
        finally:
            file.close()


def copy_through(spool: BinaryIO, write: Callable[[bytes], Any], size: int = 1 << 20) -> None:
    """Hand a file's bytes on, from its beginning."""
    spool.seek(0)
    while piece := spool.read(size):
        write(piece)
