"""What an export is worth on this machine: as fast as what, and as true as what."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch

import minbert
from minbert import checks
from minbert.data.examples import CourseData
from minbert.encoder import Encoder
from minbert.evaluation.metrics import pearson
from minbert.export.exported import ExportedEncoder
from minbert.inference import encode
from minbert.precision import resolve_precision
from minbert.tokenizer import WordPieceTokenizer

GOOD = 0.999
"""Smallest cosine to the vectors of torch in fp32 of an export that is called good."""
SINGLE = 32
"""Sentences that are encoded one at a time."""


@dataclass(frozen=True)
class Certificate:
    """Torch and an export on the same sentences, measured in turns in one process."""

    runtime: str
    machine: str
    threads: int
    sentences: int
    data: str
    """Where the sentences are from, and whether they are synthetic."""
    rounds: int
    torch_per_second: float
    """Median of the rounds, tokenising included; `minbert.encode` as it is by default."""
    export_per_second: float
    torch_precision: str
    torch_single_ms: float
    """Median over sentences that are encoded one at a time."""
    export_single_ms: float
    largest_difference: float
    """Of one number of a vector, to torch in fp32."""
    smallest_cosine: float
    sts_torch: float | None
    """Pearson's r of cosine and gold similarity on the dev part; None where there is no such
    task in the data."""
    sts_export: float | None
    int8: bool
    versions: dict[str, str]
    date: str

    @property
    def good(self) -> bool:
        """Whether the vectors are those of the model."""
        return self.smallest_cosine >= GOOD

    @property
    def faster(self) -> float:
        """Sentences per second as a multiple of torch's."""
        return self.export_per_second / self.torch_per_second

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "good": self.good}

    def markdown(self) -> str:
        """The table that people read."""
        rows = [
            (
                "sentences per second",
                f"{self.torch_per_second:,.0f}",
                f"{self.export_per_second:,.0f} ({self.faster:.2f}×)",
            ),
            (
                "one sentence at a time, ms",
                f"{self.torch_single_ms:.1f}",
                f"{self.export_single_ms:.1f}",
            ),
            ("smallest cosine to torch fp32", "1", f"{self.smallest_cosine:.6f}"),
            ("largest difference of a number", "0", f"{self.largest_difference:.1e}"),
        ]
        if self.sts_torch is not None and self.sts_export is not None:
            rows.append(("STS dev, Pearson's r", f"{self.sts_torch:.4f}", f"{self.sts_export:.4f}"))
        lines = [
            f"{self.sentences:,} sentences of {self.data}; {self.machine}, {self.threads} "
            f"thread{'s' if self.threads > 1 else ''} each; {self.rounds} rounds in turns, medians",
            "",
            f"| | torch ({self.torch_precision}) | {self.runtime}{', int8' * self.int8} |",
            "| --- | ---: | ---: |",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
            self.verdict(),
        ]
        return "\n".join(lines)

    def verdict(self) -> str:
        """One sentence."""
        if self.good:
            return f"Good: every vector has a cosine of at least {GOOD} to the model's."
        lost = f"a vector's cosine to the model's falls to {self.smallest_cosine:.4f}"
        if self.int8:
            return f"int8 costs: {lost}, below {GOOD}: these are other vectors, measure your task."
        return f"Not good: {lost}, expected at least {GOOD}."


def certify(
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    exported: ExportedEncoder,
    data: CourseData,
    threads: int,
    count: int = 1000,
    rounds: int = 5,
    pooling: str | None = None,
) -> Certificate:
    """Measure an export against the model that it was made from.

    Args:
        encoder, tokenizer: the model.
        exported: opened with the same number of threads.
        data: sentences are taken from its tasks' dev and train parts, in turns; the similarity
            task, if there is one, gives Pearson's r.
        threads: of both.
        count: sentences, at most.
        rounds: how often each is measured.
        pooling: what was exported, where that was asked for.

    Raises:
        ValueError: a number below 1, or data without sentences.
    """
    for name, value in (("threads", threads), ("count", count), ("rounds", rounds)):
        checks.whole(name, value, 1)
    texts = sentences_of(data, count)

    def torch_path(batch: Sequence[str], precision: str = "auto") -> np.ndarray:
        return encode(batch, encoder, tokenizer, pooling, precision)

    with _fixed(threads):
        reference, found = torch_path(texts, "fp32"), exported.encode(texts)
        torch_path(texts[:SINGLE])
        seconds = _in_turns([torch_path, exported.encode], texts, rounds)
        single = _in_turns([torch_path, exported.encode], texts[:SINGLE], rounds, one_by_one=True)
        scores = [_similarity(data, path) for path in (torch_path, exported.encode)]
    lengths = np.linalg.norm(reference, axis=1) * np.linalg.norm(found, axis=1)
    cosine = (reference.astype(np.float64) * found).sum(axis=1) / np.maximum(lengths, 1e-12)
    return Certificate(
        runtime=exported.runtime,
        machine=_machine(),
        threads=threads,
        sentences=len(texts),
        data=f"{data.name} ({data.tier})",
        rounds=rounds,
        torch_per_second=len(texts) / seconds[0],
        export_per_second=len(texts) / seconds[1],
        torch_precision=resolve_precision("auto"),
        torch_single_ms=1000 * single[0] / len(texts[:SINGLE]),
        export_single_ms=1000 * single[1] / len(texts[:SINGLE]),
        largest_difference=float(np.abs(reference - found).max()),
        smallest_cosine=float(cosine.min()),
        sts_torch=scores[0],
        sts_export=scores[1],
        int8=exported.settings.int8,
        versions={"minbert": minbert.__version__, "torch": torch.__version__},
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )


def sentences_of(data: CourseData, count: int) -> list[str]:
    """Different sentences of a data set, its joint tasks in turns, the dev parts first.

    Where there is no such task, those of the others, and text without labels.

    Raises:
        ValueError: there are none.
    """
    streams = [
        [text for example in (*splits.dev, *splits.train) for text in example.texts]
        for task, splits in data.tasks.items()
        if task.joint or not data.joint
    ] or [list(data.text)]
    longest = max(map(len, streams), default=0)
    texts: dict[str, None] = {}
    for place in range(longest):
        for stream in streams:
            if place < len(stream):
                texts.setdefault(stream[place])
        if len(texts) >= count:
            break
    if not texts:
        raise ValueError(f"{data.name} has no sentences: expected data with some")
    return list(texts)[:count]


def _similarity(data: CourseData, path: Callable[[Sequence[str]], np.ndarray]) -> float | None:
    """Pearson's r of cosine and label, on the dev part of the first task of scored pairs."""
    for task, splits in data.tasks.items():
        examples = [example for example in splits.dev if example.label is not None]
        if task.pairs and not task.label.whole and len(examples) > 2:
            first, second = (path([e.texts[side] for e in examples]) for side in (0, 1))
            norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
            cosine = (first * second).sum(axis=1) / np.maximum(norms, 1e-12)
            return float(pearson(cosine, np.array([example.label for example in examples])))
    return None


def _in_turns(
    paths: Sequence[Callable[[Sequence[str]], Any]],
    texts: Sequence[str],
    rounds: int,
    one_by_one: bool = False,
) -> list[float]:
    """Median seconds of each path over all texts; the order changes from round to round."""
    seconds: list[list[float]] = [[] for _ in paths]
    parts = [[text] for text in texts] if one_by_one else [texts]
    for number in range(rounds):
        order = range(len(paths)) if number % 2 == 0 else reversed(range(len(paths)))
        for which in order:
            began = time.perf_counter()
            for part in parts:
                paths[which](part)
            seconds[which].append(time.perf_counter() - began)
    return [statistics.median(one) for one in seconds]


@contextmanager
def _fixed(threads: int) -> Iterator[None]:
    """Torch computes with this number and no other, as with MINBERT_THREADS."""
    name, before, torchs = (
        "MINBERT_THREADS",
        os.environ.get("MINBERT_THREADS"),
        torch.get_num_threads(),
    )
    os.environ[name] = str(threads)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(torchs)
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _machine() -> str:
    """The processor's name, or its kind where the system does not tell."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model na")]
    except OSError:
        names = []
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{next(iter(names), platform.processor() or platform.machine())} ({kind})"
