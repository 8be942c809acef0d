"""The ten pieces: what each is, where the course asks for it, and who checks it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from minbert.course.build_track.checkers import (
    adamw,
    attention,
    batches,
    embeddings,
    encoder,
    heads,
    layer,
    masking,
    ranking,
    training,
)
from minbert.course.build_track.judging import Checker
from minbert.course.build_track.loading import Loaded
from minbert.course.build_track.variants import Names


@dataclass(frozen=True)
class Piece:
    """One piece of `my_minbert.py`."""

    number: int
    title: str
    notebook: str
    """Where the course comes to it: the beginning of a notebook's name."""
    difficulty: int
    """From 1, a few lines that the docstring all but says, to 5."""
    importance: int
    """From 1 to 5: how much of what follows rests on it."""
    minutes: int
    """About as long as a learner needs who has read that notebook; an estimate."""
    names: tuple[str, ...]
    """What it defines."""
    check: Checker


PIECES = (
    Piece(1, "attention", "02", 4, 5, 45,
          ("scaled_dot_product_attention", "SelfAttention"), attention.check),
    Piece(2, "embeddings", "03", 2, 4, 20, ("Embeddings",), embeddings.check),
    Piece(3, "the layer", "03", 3, 5, 30, ("AddAndNorm", "Layer"), layer.check),
    Piece(4, "encoder and pooler", "03", 3, 5, 40,
          ("Pooler", "Encoder", "load_encoder"), encoder.check),
    Piece(5, "AdamW", "04", 3, 3, 30, ("AdamW",), adamw.check),
    Piece(6, "masking and its head", "06", 4, 4, 45,
          ("mask_tokens", "MaskedLanguageModelHead", "masked_language_model_loss"),
          masking.check),
    Piece(7, "three heads", "05", 2, 4, 20,
          ("SentimentHead", "ParaphraseHead", "similarity_score"), heads.check),
    Piece(8, "ranking", "07", 5, 4, 40, ("multiple_negatives_ranking",), ranking.check),
    Piece(9, "batches", "04", 3, 3, 35,
          ("pad_batch", "length_bucketed", "round_robin"), batches.check),
    Piece(10, "training", "04", 3, 5, 30, ("train", "accuracy"), training.check),
)  # fmt: skip


def among(loaded: Loaded, numbers: Collection[int]) -> Names:
    """A file's names of some pieces, the library's for all others.

    What the file's own functions look up is edited: only the last one that was made is right.
    """
    kept = [name for piece in PIECES if piece.number in numbers for name in piece.names]
    others = [name for piece in PIECES if piece.number not in numbers for name in piece.names]
    return Names(loaded.names, {name: loaded.written[name] for name in kept}, tuple(others))


def table() -> str:
    """The pieces as a table in Markdown."""
    rows = [
        f"| {piece.number} | {piece.title} | `{'`, `'.join(piece.names)}` | {piece.notebook} | "
        f"{piece.difficulty} | {piece.importance} | {piece.minutes} | {len(piece.check.mistakes)} |"
        for piece in PIECES
    ]
    head = "| | piece | defines | notebook | difficulty | importance | minutes | known mistakes |"
    return "\n".join([head, "| --- " * 8 + "|", *rows]) + "\n"
