"""The learner's predictions and what came out, kept from notebook to notebook."""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path
from typing import Any, ClassVar

from filelock import FileLock

from minbert.experiments.cache import default_folder
from minbert.folders.lock import acquire

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 10.0
"""An entry is written in a millisecond: who waits longer, waits for something that hangs."""


class Journal:
    """A file of lines, each an entry in JSON: what a question got as guess or outcome.

    Lines are only ever added, so that no damage reaches those that are there. A line that cannot
    be read is named and stays in the file; where the file cannot be written, entries last as long
    as the kernel. Neither stops a notebook.

    Args:
        path: of the file; without, `course/journal-TIER.jsonl` in the cache folder.
        tier: outcomes on real data are kept apart from those on the lab.
    """

    unwritten: ClassVar[dict[Path, list[dict[str, Any]]]] = {}
    """Entries of this process that are in no file yet."""
    writing: ClassVar[threading.Lock] = threading.Lock()
    """Held by the thread that writes them."""
    said: ClassVar[set[str]] = set()
    """Each trouble is said once a process."""

    def __init__(self, tier: str, path: Path | None = None) -> None:
        self.path = path or default_folder() / "course" / f"journal-{tier}.jsonl"

    def read(self) -> dict[str, dict[str, Any]]:
        """`{question: {"asked", "guess", "outcome"}}`; empty before the first entry."""
        content = self._before_lines()
        damaged = []
        for number, line in enumerate(self._bytes(self.path).split(b"\n"), start=1):
            entry = _entry(line)
            if entry is not None:
                _add(content, entry)
            elif line.strip():
                damaged.append(str(number))
        if damaged:
            self._say(
                f"{self.path}: line {', '.join(damaged)} cannot be read as an entry of the journal "
                "and is left out (it stays in the file); all others are used"
            )
        for entry in self.unwritten.get(self.path, []):
            _add(content, entry)
        return content

    def write(self, question: str, **entry: Any) -> None:
        """Add to what is known of a question; what is known already is not written again."""
        known = self.read().get(question, {})
        line = {"question": question, **json.loads(json.dumps(entry, default=str))}
        if all(name in known and known[name] == line[name] for name in entry):
            return
        with self.writing:
            waiting = self.unwritten.setdefault(self.path, [])
            waiting.append(line)
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                lock = FileLock(f"{self.path}.lock")
                acquire(lock, LOCK_TIMEOUT_S)
                try:
                    _append(self.path, waiting)
                finally:
                    lock.release()
            except OSError as error:
                reason = getattr(error, "strerror", None) or error
                self._say(
                    f"your predictions and their outcomes cannot be kept in {self.path} "
                    f"({reason}): they last as long as this kernel"
                )
            else:
                waiting.clear()

    def _before_lines(self) -> dict[str, dict[str, Any]]:
        """Entries of the one JSON value that earlier versions kept in `journal-TIER.json`."""
        path = self.path.with_suffix(".json")
        text = b"" if path == self.path else self._bytes(path)
        if not text.strip():
            return {}
        try:
            content = json.loads(text)
            return {question: dict(entry) for question, entry in content.items()}
        except (ValueError, TypeError, AttributeError, RecursionError):
            self._say(f"{path}, a journal of an earlier version, cannot be read and is left out")
            return {}

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            self._say(f"{path} cannot be read ({error.strerror}): the notebook goes on without it")
            return b""

    def _say(self, sentence: str) -> None:
        if sentence not in self.said:
            self.said.add(sentence)
            logger.warning(sentence)


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line's entry; None if it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(entry, dict) and isinstance(entry.get("question"), str)
    return entry if is_entry else None


def _add(content: dict[str, dict[str, Any]], entry: dict[str, Any]) -> None:
    about = {name: value for name, value in entry.items() if name != "question"}
    content[entry["question"]] = {**content.get(entry["question"], {}), **about}


def _append(path: Path, entries: list[dict[str, Any]]) -> None:
    """Add lines; a last line that was cut off is ended first, and so harms no other."""
    with path.open("a+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
        begin = b"\n" if end and file.read(1) != b"\n" else b""
        text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        file.write(begin + text.encode("utf-8", "surrogatepass"))
