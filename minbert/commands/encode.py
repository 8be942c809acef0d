"""The command that turns lines into vectors, as they come: `minbert encode`."""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import stat
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
from tqdm.auto import tqdm

from minbert.data.text import read_lines
from minbert.encoder import Encoder
from minbert.folders.failures import named
from minbert.inference import encode_stream
from minbert.memory import give_back
from minbert.precision import resolve_device, resolve_precision
from minbert.pretrained import from_pretrained
from minbert.tokenizer import WordPieceTokenizer
from minbert.training.digests import config_digest, tokenizer_digest, weights_digest
from minbert.vector_files import (
    FORMATS,
    VectorFile,
    copy_through,
    file_to_write,
    format_of,
    writing,
)

logger = logging.getLogger(__name__)

NOTHING_KEPT = (
    "interrupted: nothing is kept of what goes to stdout; with --out FILE the same command goes on "
    "where it stopped"
)


class Lines:
    """The lines of stdin, and what is known of the first so many of them."""

    def __init__(self, stream: BinaryIO, chunk: int) -> None:
        self._lines, self._chunk = read_lines(stream, "stdin"), chunk
        self._digest = hashlib.sha256()
        self.note: dict[str, Any] = {"lines": 0, "empty": 0, "first_empty": 0, "bytes": 0}
        self._notes: deque[dict[str, Any]] = deque()

    def skip(self, note: dict[str, Any]) -> None:
        """Read over lines that have their vectors.

        Raises:
            ValueError: they are not the lines that they were.
        """
        for _ in self._read(note["lines"]):
            pass
        if self.note["lines"] < note["lines"] or self._digest.hexdigest() != note["text"]:
            raise ValueError(
                f"stdin: expected the {note['lines']} lines that have their vectors already, got "
                "others: give the same text as before, or --no-resume begins anew"
            )

    def __iter__(self) -> Iterator[str]:
        while True:
            count = 0
            for line in self._read(self._chunk):
                count += 1
                yield line
            if count:
                self._notes.append(self.note | {"text": self._digest.hexdigest()})
            if count < self._chunk:
                return

    def next_note(self) -> dict[str, Any]:
        """What was known at the end of the next chunk: lines, empty ones, bytes, digest."""
        return self._notes.popleft()

    def _read(self, count: int) -> Iterator[str]:
        for _ in range(count):
            line = next(self._lines, None)
            if line is None:
                return
            content = line.encode() + b"\n"
            self._digest.update(content)
            note = self.note
            note["lines"] += 1
            note["bytes"] += len(content)
            if not line.strip():
                note["empty"] += 1
                note["first_empty"] = note["first_empty"] or note["lines"]
            yield line


def run_encode(arguments: argparse.Namespace) -> None:
    """`minbert encode`: a vector for each line of stdin, empty lines included."""
    if sys.stdin is None or (sys.stdout is None and not arguments.out):
        closed = "stdin" if sys.stdin is None else "stdout"
        raise ValueError(
            f"{closed}: expected sentences on stdin and a file as stdout, got a closed {closed}"
        )
    if arguments.out:
        name = format_of(Path(arguments.out), arguments.format)
        path = file_to_write(arguments.out, FORMATS[name])
    else:
        name = arguments.format or "npy"
        if arguments.resume is not None:
            raise ValueError("--resume and --no-resume go with --out FILE: stdout keeps nothing")
        if FORMATS[name].binary and sys.stdout.isatty():
            raise ValueError(
                "the vectors are binary: send stdout to a file (> vectors.npy), or say --out FILE"
            )
    encoder, tokenizer = from_pretrained(arguments.model)
    encoder.to(resolve_device(arguments.device))
    lines = Lines(sys.stdin.buffer, arguments.chunk)
    vectors = encode_stream(
        lines,
        encoder,
        tokenizer,
        arguments.pooling,
        arguments.precision or "auto",
        chunk=arguments.chunk,
    )
    if arguments.out:
        settings = _settings(arguments, encoder, tokenizer, name)
        width = encoder.config.hidden_size
        with writing(path, FORMATS[name], width, settings, arguments.resume is not False) as file:
            note = _into_file(file, lines, vectors, arguments.progress)
    else:
        note = _to_stdout(name, encoder.config.hidden_size, lines, vectors, arguments.progress)
    logger.info("%d lines on stdin, %d vectors", note["lines"], note["lines"])
    if note["empty"]:
        logger.warning(
            "%d of them are empty (line %d is the first): each has the vector of an empty text",
            note["empty"],
            note["first_empty"],
        )


def _settings(
    arguments: argparse.Namespace, encoder: Encoder, tokenizer: WordPieceTokenizer, name: str
) -> dict[str, Any]:
    """What decides every byte: an unfinished file of others is not gone on with."""
    device = encoder.pooler.dense.weight.device
    meant = f"{encoder.pooling}, {getattr(encoder, 'sentence_settings', None)}"
    return {
        "format": name,
        "model": weights_digest(encoder),
        "configuration": config_digest(encoder.config),
        "tokenizer": tokenizer_digest(tokenizer),
        "pooling": arguments.pooling or f"the model's ({meant})",
        "precision": resolve_precision(arguments.precision or "auto", device),
        "device": device.type,
        "chunk": arguments.chunk,
    }


def _into_file(
    file: VectorFile, lines: Lines, vectors: Iterator[np.ndarray], progress: bool | None
) -> dict[str, Any]:
    """Write chunk by chunk; what an earlier run has written counts."""
    if file.count:
        lines.skip(file.note)
        logger.info("%d lines have their vectors already: going on behind them", file.count)
    try:
        with _bar(progress, lines.note) as bar:
            for chunk in vectors:
                note = lines.next_note()
                file.add(chunk, note)
                _advance(bar, note)
    except ValueError:
        if file.count:
            logger.info("the vectors of the %d lines before are kept: go on later", file.count)
        raise
    file.finish()
    return file.note or lines.note


def _to_stdout(
    name: str, width: int, lines: Lines, vectors: Iterator[np.ndarray], progress: bool | None
) -> dict[str, Any]:
    """Lines at once; a file with a count in its header when all is known, from a file of its own.

    So a command that fails on a line has written no binary file that looks whole.
    """
    form, stdout = FORMATS[name], sys.stdout.buffer
    lost = "nothing is lost, the same command writes them again"
    try:
        with TemporaryFile() as spool, _bar(progress, lines.note) as bar:
            count = 0
            for chunk in vectors:
                with named("a temporary file" if form.binary else "stdout", lost):
                    _write_all(spool if form.binary else stdout, form.body(chunk, count))
                    if not form.binary:
                        stdout.flush()
                count += len(chunk)
                _advance(bar, lines.next_note())
            with named("stdout", lost):
                _write_all(stdout, form.head(count, width))
                copy_through(spool, lambda piece: _write_all(stdout, piece))
                stdout.flush()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(NOTHING_KEPT) from None
    return lines.note


def _write_all(stream: BinaryIO, content: bytes) -> None:
    """Write every byte: under PYTHONUNBUFFERED one call writes as much as a pipe has room for."""
    left = memoryview(content)
    while left:
        left = left[stream.write(left) or 0 :]


def _bar(progress: bool | None, note: dict[str, Any]) -> tqdm:
    """Progress on stderr: in bytes of a file, whose size is known, else in lines."""
    shown = sys.stderr is not None and sys.stderr.isatty() if progress is None else progress
    total = _size(sys.stdin)
    return tqdm(
        total=total,
        initial=note["bytes"] if total else note["lines"],
        desc="encode",
        unit="B" if total else " lines",
        unit_scale=True,
        disable=not shown,
        file=sys.stderr,
    )


def _size(stream: Any) -> int | None:
    """Bytes of the file that a stream reads; None for a pipe."""
    try:
        found = os.fstat(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_size else None


def _advance(bar: tqdm, note: dict[str, Any]) -> None:
    bar.set_postfix_str(f"{note['lines']:,} lines", refresh=False)
    bar.update((note["bytes"] if bar.total else note["lines"]) - bar.n)
    give_back()
