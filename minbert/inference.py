"""Sentences to vectors, for those who want nothing else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minbert import checks
from minbert.data.batching import budget_for, pad_batch, within_budget
from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluating import evaluating
from minbert.fast_encoder import ready
from minbert.multitask import MultitaskBert
from minbert.pooling import EVERY_POOLING, pool
from minbert.precision import autocast, resolve_precision
from minbert.threads import adapted, most_threads
from minbert.tokenizer import WordPieceTokenizer

CHUNK = 8192
"""Sentences tokenised and sorted by length at a time; bounds memory on endless input."""


def encode(
    sentences: Iterable[str],
    encoder: Encoder | MultitaskBert,
    tokenizer: WordPieceTokenizer,
    pooling: str | None = None,
    precision: str = "auto",
    token_budget: int | None = None,
) -> np.ndarray:
    """Encode sentences with dropout off; the encoder's training mode is given back as it was.

    Sentences of similar length share a batch, so little is padded; the order of the result is
    that of the input. Without `pooling` all is done that the model's sentence-transformers files
    ask for: pooling, a prompt before each sentence, vectors of length 1.

    Args:
        sentences: any iterable of strings; it is read in chunks.
        encoder: runs on the device it is on. Of a multitask model the encoder is taken, with the
            pooling that the heads read.
        tokenizer: the encoder's own; longer sentences than the model is meant for, or has
            positions for, are cut, which the log says.
        pooling: one of `minbert.pooling.EVERY_POOLING`, for its bare vectors; without, the one
            that the model was made for, or `mean` where nobody knows.
        precision: `auto` (bf16 where the device multiplies it fast), `fp32`, `bf16`; vectors keep
            a cosine of at least .999 to those of fp32.
        token_budget: padded word pieces per batch; without, what suits the device.

    Returns:
        (n, hidden_size) float32.

    Raises:
        ValueError: an unknown pooling or precision, a budget below 1, a sentence that is no string
            (a pair has no one vector; the sentence says which it is), or a tokenizer of another
            encoder.
    """
    vectors = np.empty((0, 0), dtype=np.float32)
    encoding = _Encoding.of(encoder, tokenizer, pooling, precision, token_budget)
    count = 0
    with closing(_tokenised(sentences, encoding, CHUNK)) as chunks:
        for rows in chunks:
            if len(vectors) < count + len(rows):
                known = len(sentences) if isinstance(sentences, Sequence) else 0
                room = max(known, count + len(rows), 3 * count // 2)
                vectors.resize((room, encoding.hidden_size), refcheck=False)
            encoding.vectors(rows, vectors[count : count + len(rows)])
            count += len(rows)
    vectors.resize((count, encoding.hidden_size), refcheck=False)
    return vectors


def encode_stream(
    sentences: Iterable[str],
    encoder: Encoder | MultitaskBert,
    tokenizer: WordPieceTokenizer,
    pooling: str | None = None,
    precision: str = "auto",
    token_budget: int | None = None,
    chunk: int = 4096,
) -> Generator[Float[np.ndarray, "row hidden"], None, None]:
    """The vectors of `encode`, chunk by chunk, in memory that does not grow with the input.

        for vectors in encode_stream(open("a_million_lines.txt"), encoder, tokenizer): ...

    While a chunk is computed the next one is read and tokenised, so the iterable is read two
    chunks ahead at most. Arguments are checked when the first chunk is asked for.

    Args:
        sentences: as of `encode`, and so are the arguments that are not named here.
        chunk: sentences that are sorted by length together and come out together. Larger ones pad
            less; at 4,096 of the Quora questions 2 % of the word pieces are padding.

    Yields:
        (chunk, hidden_size) float32, in the order of the input; the last array may be shorter.

    Raises:
        ValueError: as of `encode`, or a chunk below 1.
    """
    checks.whole("chunk", chunk, 1, "sentences that come out together")
    encoding = _Encoding.of(encoder, tokenizer, pooling, precision, token_budget)
    with closing(_tokenised(sentences, encoding, chunk)) as chunks:
        for rows in chunks:
            vectors = np.empty((len(rows), encoding.hidden_size), dtype=np.float32)
            encoding.vectors(rows, vectors)
            yield vectors


@dataclass(frozen=True)
class _Encoding:
    """What happens to each sentence, decided once."""

    encoder: Encoder
    tokenizer: WordPieceTokenizer
    pooling: str
    precision: str
    token_budget: int | None
    prompt: str
    normalize: bool

    @classmethod
    def of(
        cls,
        encoder: Encoder | MultitaskBert,
        tokenizer: WordPieceTokenizer,
        pooling: str | None,
        precision: str,
        token_budget: int | None,
    ) -> _Encoding:
        """From the arguments of `encode`, which are checked here."""
        meant = getattr(encoder, "sentence_settings", None) if pooling is None else None
        pooling = encoder.pooling or "mean" if pooling is None else pooling
        checks.one_of("pooling", pooling, EVERY_POOLING)
        if token_budget is not None:
            checks.whole("token_budget", token_budget, 1, "padded word pieces of one batch")
        encoder = encoder.encoder if isinstance(encoder, MultitaskBert) else encoder
        return cls(
            encoder,
            tokenizer,
            pooling,
            resolve_precision(precision, encoder.pooler.dense.weight.device),
            token_budget,
            meant.prompt if meant else "",
            meant.normalize if meant else False,
        )

    @property
    def hidden_size(self) -> int:
        """Length of a vector."""
        return self.encoder.config.hidden_size

    def rows(self, sentences: Sequence[str]) -> list[list[int]]:
        """Word pieces of each sentence."""
        if self.prompt:
            sentences = [self.prompt + sentence for sentence in sentences]
        return self.tokenizer.encode(
            sentences, max_length=longest_row(self.encoder, self.tokenizer)
        )

    def vectors(self, rows: Sequence[Sequence[int]], out: Float[np.ndarray, "row hidden"]) -> None:
        """Write the rows' vectors into `out`."""
        encode_rows(
            rows,
            self.encoder,
            self.tokenizer.pad_id,
            pooled_as(self.pooling),
            precision=self.precision,
            token_budget=self.token_budget,
            out=torch.from_numpy(out),
        )
        if self.normalize:
            out /= np.linalg.norm(out, axis=1, keepdims=True).clip(min=1e-12)


def _tokenised(
    sentences: Iterable[str], encoding: _Encoding, chunk: int
) -> Generator[list[list[int]], None, None]:
    """Rows of each chunk; while the caller computes with one, a thread makes the next.

    Sentences are read in the caller's thread: a database's cursor may be used in no other.
    """
    _check_sentences(sentences)
    chunks = _chunks(sentences, chunk)
    coming: Callable[[], list[list[int]]] | None = None
    with ThreadPoolExecutor(1, "tokenizer") as thread:  # there is no thread before the first task
        while True:
            failed: Exception | None = None
            further: list[str] | None = None
            try:
                further = next(chunks, None)
            except Exception as error:  # raised when what was read before it has come out
                failed = error
            made, coming = coming, None
            if further is not None:
                task = partial(encoding.rows, further)
                coming = task if made is None else thread.submit(task).result
            if made is not None:
                yield made()
            if failed is not None:
                raise failed
            if coming is None:
                return


def _check_sentences(sentences: Iterable[str]) -> None:
    """Several things in an order; whether each is a sentence is seen when it is read."""
    if isinstance(sentences, str | bytes | Mapping | Set) or not isinstance(sentences, Iterable):
        why = {str: "one string: put it into a list", bytes: "bytes: decode them first"}
        got = why.get(type(sentences), f"{type(sentences).__name__} {sentences!r:.60}")
        raise ValueError(f"sentences must be several strings in an order, got {got}")


def _chunks(sentences: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator, before = iter(sentences), 0
    while chunk := list(islice(iterator, size)):
        for place, sentence in enumerate(chunk, before):
            _check_sentence(sentence, place)
        yield chunk
        before += len(chunk)


def _check_sentence(sentence: str, place: int) -> None:
    where = f"at place {place}, counted from 0"
    if not isinstance(sentence, str):
        got = f"{type(sentence).__name__} {sentence!r:.60}"
        pair = isinstance(sentence, tuple | list)
        cause = ": a pair has no one vector, encode its sentences one by one" if pair else ""
        raise ValueError(f"sentences must be strings, got {got} {where}{cause}")
    try:
        sentence.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"sentences must be whole letters, got half a letter (a lone surrogate) in "
            f"{sentence!a:.60} {where}: it was decoded from bytes that are not UTF-8"
        ) from None


def longest_row(encoder: Encoder, tokenizer: WordPieceTokenizer) -> int:
    """Word pieces of the longest row a model is meant for; never more than it has positions."""
    settings = getattr(encoder, "sentence_settings", None)
    meant = settings.max_length if settings is not None else None
    return min(meant or tokenizer.model_max_length, encoder.config.max_position_embeddings)


Read = Callable[[EncoderOutput, Tensor | None], Tensor]
"""From an encoder's output and its mask to vectors, (..., batch, hidden): `pool`, or any other."""


@dataclass(frozen=True)
class Pooled:
    """Reads one vector a sentence from the last layer, and nothing else of the output."""

    pooling: str
    """See `minbert.pooling.pool`."""

    def __call__(self, output: EncoderOutput, mask: Tensor | None) -> Tensor:
        """Vectors, (batch, hidden)."""
        return pool(output, mask, self.pooling)


@torch.inference_mode()
def encode_rows(
    rows: Sequence[Sequence[int]],
    encoder: Encoder,
    pad_id: int,
    read: Read,
    *,
    segments: Sequence[Sequence[int]] | None = None,
    precision: str = "fp32",
    token_budget: int | None = None,
    done: Callable[[int], None] = lambda count: None,
    out: Float[Tensor, "row hidden"] | None = None,
) -> Float[Tensor, "*layers row hidden"]:
    """Vectors of tokenised texts, dropout off: what everything that encodes comes down to.

    Sentences of similar length share a batch, so little is padded. The encoder's training mode is
    given back as it was. Where `read` is `pooled_as` something and the encoder is as the library
    makes it, the layers run without what surrounds them: `minbert.fast_encoder`. Several batches
    take more than one thread only while the machine is idle (`minbert.threads`); one alone has the
    threads that torch has.

    Args:
        rows: word pieces of each sentence, special tokens included.
        encoder: runs on the device it is on.
        pad_id: fills short rows up.
        read: which layers, and how their tokens become one vector.
        segments: of each piece, 0 in a first sentence and 1 in a second; None: no row is a pair.
        precision: `fp32` or `bf16`, as `minbert.precision.resolve_precision` gives it.
        token_budget: padded word pieces per batch; without, what suits the device.
        done: hears how many sentences each batch had.
        out: where the vectors go, on the CPU; without, into a new tensor.

    Returns:
        float32 on the CPU, in the order of `rows`: `out`, where it is given.

    Raises:
        ValueError: a row is longer than the encoder has positions for, or has an id that is none
            of its word pieces.
    """
    device = encoder.pooler.dense.weight.device
    lengths = [len(row) for row in rows]
    by_length = sorted(range(len(rows)), key=lengths.__getitem__)
    budget = token_budget or budget_for(device, precision)
    batches = within_budget(by_length, lengths, budget)
    fast = ready(encoder, precision) if isinstance(read, Pooled) else None
    vectors = out
    with (
        evaluating() if fast else evaluating(encoder),
        adapted(most_threads(encoder.config.hidden_size))
        if len(batches) > 1
        else nullcontext() as threads,
    ):
        for batch in batches:
            input_ids, mask = pad_batch([rows[row] for row in batch], pad_id)
            attention_mask = None if bool(mask.all()) else mask.to(device)
            token_types = None
            if segments is not None:
                token_types = pad_batch([segments[row] for row in batch], 0)[0].to(device)
            input_ids = input_ids.to(device)
            if fast:
                found = read(fast(input_ids, attention_mask, token_types), attention_mask)
            else:
                with autocast(precision, device):
                    output = encoder(input_ids, attention_mask, token_types)
                    found = read(output, attention_mask)
            if vectors is None:
                vectors = torch.empty(*found.shape[:-2], len(rows), found.shape[-1])
            vectors[..., batch, :] = found.float().cpu()
            done(len(batch))
            if threads:
                threads.adapt()
    return torch.empty(0, encoder.config.hidden_size) if vectors is None else vectors


def pooled_as(pooling: str) -> Pooled:
    """Reads one vector a sentence from the last layer: see `minbert.pooling.pool`."""
    return Pooled(pooling)
