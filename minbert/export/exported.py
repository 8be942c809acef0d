"""A folder that holds an exported model: what is in it, and sentences to vectors with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from minbert import checks
from minbert.data.batching import budget_for, pad_batch, within_budget
from minbert.encoder import Encoder
from minbert.export.graph import OUTPUT, SentenceGraph
from minbert.export.runtimes import FILES, Run, runner
from minbert.inference import CHUNK, longest_row
from minbert.model_files import inside, read_json
from minbert.threads import fixed_threads, granted_cores
from minbert.tokenizer import WordPieceTokenizer

SETTINGS_FILE = "sentence_vectors.json"


@dataclass(frozen=True)
class ExportSettings:
    """What an exported graph does, and what is to be done before it."""

    runtime: str
    """One of `minbert.export.runtimes.RUNTIMES`."""
    file: str
    """The graph."""
    hidden_size: int
    pooling: str
    """In the graph."""
    normalize: bool
    """In the graph."""
    max_length: int
    """Longest row in word pieces, [CLS] and [SEP] included."""
    prompt: str
    """Put before each sentence; not in the graph."""
    int8: bool = False
    output: str = OUTPUT


def settings_of(
    graph: SentenceGraph,
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    runtime: str,
    int8: bool,
    bare: bool = False,
) -> ExportSettings:
    """Settings of a graph that is about to be written; `bare` vectors have no prompt."""
    meant = None if bare else getattr(encoder, "sentence_settings", None)
    return ExportSettings(
        runtime=runtime,
        file=FILES[runtime],
        hidden_size=encoder.config.hidden_size,
        pooling=graph.pooling,
        normalize=graph.normalize,
        max_length=longest_row(encoder, tokenizer),
        prompt=meant.prompt if meant is not None else "",
        int8=int8,
    )


def write_settings_file(folder: Path, settings: ExportSettings) -> None:
    """Write `sentence_vectors.json`."""
    text = json.dumps(asdict(settings), indent=1) + "\n"
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class ExportedEncoder:
    """An exported graph with its tokenizer."""

    settings: ExportSettings
    tokenizer: WordPieceTokenizer
    run: Run
    runtime: str
    """Name and version."""

    def encode(self, sentences: Iterable[str], token_budget: int | None = None) -> np.ndarray:
        """Sentences to vectors, in their order; batches as in `minbert.encode`.

        Args:
            sentences: any iterable of strings; it is read in chunks.
            token_budget: padded word pieces per batch; without, what suits a CPU.

        Returns:
            (n, hidden_size) float32.

        Raises:
            ValueError: `sentences` is one string, or holds something else than strings.
        """
        if isinstance(sentences, str):
            raise ValueError("sentences must be several strings, got one: put it into a list")
        if token_budget is not None:
            checks.whole("token_budget", token_budget, 1, "padded word pieces of one batch")
        budget = token_budget or budget_for(torch.device("cpu"))
        iterator, parts = iter(sentences), []
        while chunk := list(islice(iterator, CHUNK)):
            texts = [self.settings.prompt + text for text in chunk]
            parts.append(self._rows(self.tokenizer.encode(texts, self.settings.max_length), budget))
        if not parts:
            return np.zeros((0, self.settings.hidden_size), dtype=np.float32)
        return np.concatenate(parts)

    def _rows(self, rows: list[list[int]], budget: int) -> np.ndarray:
        lengths = [len(row) for row in rows]
        vectors = np.empty((len(rows), self.settings.hidden_size), dtype=np.float32)
        for batch in within_budget(
            sorted(range(len(rows)), key=lengths.__getitem__), lengths, budget
        ):
            ids, mask = pad_batch([rows[row] for row in batch], self.tokenizer.pad_id)
            segments = np.zeros(ids.shape, dtype=np.int64)
            vectors[batch] = self.run(ids.numpy(), mask.numpy(), segments)
        return vectors


def load_exported(
    folder: str | Path, threads: int | None = None, precision: str = "fp32"
) -> ExportedEncoder:
    """Open what `minbert export --to onnx` or `--to openvino` wrote.

    Args:
        folder: its `--out`.
        threads: that the runtime computes with; without, as many as are granted.
        precision: `fp32`, or `bf16` where OpenVINO's processor has it.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is not what it should be, or the runtime is not installed.
    """
    folder = Path(folder)
    path = folder / SETTINGS_FILE
    values = read_json(path)
    try:
        settings = ExportSettings(**values)
    except TypeError as error:
        raise ValueError(
            f"{path} holds {', '.join(values) or 'nothing'}, expected the settings of an export: "
            "written by another version?"
        ) from error
    if threads is not None:
        checks.whole("threads", threads, 1)
    count = threads or fixed_threads() or granted_cores()
    run, runtime = runner(folder / inside(path, settings.file), count, precision)
    tokenizer = WordPieceTokenizer.load(folder)
    return ExportedEncoder(settings, tokenizer, run, runtime)
