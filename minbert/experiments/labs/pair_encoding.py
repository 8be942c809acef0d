"""Pair-encoding lab: which vector, and which way to read two sentences with it?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from minbert.data.batching import pad_batch
from minbert.evaluating import evaluating
from minbert.evaluation.metrics import pearson
from minbert.experiments.experiment import Experiment
from minbert.experiments.labs.trial import Cell, Found, Lab
from minbert.experiments.stage_files import Predictions, predict_tasks, similarities
from minbert.experiments.sweep import Parts
from minbert.multitask import MultitaskBert
from minbert.tasks import QUORA, STS
from minbert.training.joint import train_jointly
from minbert.training.loop import RunContext, generator_for
from minbert.training.recipe import RECIPES, Recipe, recipe_for
from minbert.training.sentences import PairPieces, SentenceTable, TaskRows
from minbert.training.vectors import embed_all, embed_pairs

VECTORS = ("pooler", "cls", "mean")
WAYS: dict[str, dict[str, object]] = {
    "concatenation": {"pairs": "bi-encoder", "paraphrase_compares": False},
    "comparisons": {"pairs": "bi-encoder", "paraphrase_compares": True},
    "cosine": {"pairs": "cosine"},
    "one pass": {"pairs": "cross-encoder"},
    "one pass, no segments": {"pairs": "cross-encoder", "segments": False},
    "padded apart": {"pairs": "cross-encoder", "segments": False},
}
"""Choices of a recipe by the name of the way. The first three read a vector of each sentence: the
paper's head reads (u, v); one that compares also |u − v| and u · v; the last reads their cosine
alone. The others read both sentences in one pass."""

PADDED_APART = "padded apart"
"""A mistake that course projects make: both sentences are padded to a common length each, and then
put side by side. The second one's positions then depend on how long the first sentences of its
*batch* are, so that a pair is answered differently beside others."""

BASELINE = "mean, comparisons"
BATCH = 32
"""Pairs that are read together where they are padded apart."""


@dataclass(frozen=True)
class PaddedApart(PairPieces):
    """Pairs as that mistake batches them: `[CLS] first [SEP] [PAD]… [CLS] second [SEP] [PAD]…`"""

    parts: tuple[list[list[int]], list[list[int]]]
    """Word pieces of the first sentences, and of the second ones."""

    def pad(
        self, pairs: Iterable[int], pad_id: int, device: torch.device
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A batch, its mask, and segments, which are all 0."""
        chosen = [int(pair) for pair in pairs]
        both = [pad_batch([part[pair] for pair in chosen], pad_id) for part in self.parts]
        input_ids, mask = (
            torch.cat(halves, dim=1).to(device) for halves in zip(*both, strict=True)
        )
        return input_ids, mask, torch.zeros_like(input_ids)


def padded_apart(table: SentenceTable, rows: TaskRows) -> PaddedApart:
    """The pairs of a split, each sentence with its own [CLS] and [SEP]."""
    parts = tuple([table.ids[row] for row in side] for side in (rows.first, rows.second))
    together = [first + second for first, second in zip(*parts, strict=True)]
    return PaddedApart(together, [[0] * len(ids) for ids in together], parts)


def cells_of(experiment: Experiment) -> list[Cell]:
    """Every pooling with every way, the paper's choices otherwise; as long, and with as much
    dropout on hidden states, as `best` for this encoder."""
    best = recipe_for("best", experiment.preset.name, experiment.encoder_name)
    base = replace(RECIPES["paper"], name="pairs", dropout=best.dropout, paraphrase_compares=True)
    return [
        Cell(
            f"{pooling}, {way}",
            replace(base, pooling=pooling, **choices),
            best.joint,
            PADDED_APART if way == PADDED_APART else "",
        )
        for pooling in VECTORS
        for way, choices in WAYS.items()
    ]


def train(
    experiment: Experiment, cell: Cell, parts: Parts, table: SentenceTable, context: RunContext
) -> Found:
    """Encoder and heads on the pairs of both tasks; answers, and what they cost."""
    encoder = experiment.original().encoder
    model = experiment.model(
        encoder,
        generator_for(context.seed, "heads"),
        [rows.task for rows in parts.train.values()],
    )
    apart = cell.how == PADDED_APART
    history = train_jointly(
        model,
        parts.train,
        table,
        cell.recipe,
        cell.settings,
        context,
        pairs_of=(lambda rows: padded_apart(table, rows)) if apart else None,
    )
    started = time.perf_counter()
    predictions, vectors = _answers(
        model, parts.held_out, table, cell.recipe, context, BATCH if apart else None
    )
    seconds = time.perf_counter() - started
    measures = {
        "training_tokens": float(history.tokens),
        "training_s": history.seconds,
        "pairs_per_s": sum(map(len, parts.held_out.values())) / seconds,
    }
    for name, rows in parts.held_out.items():
        if rows.task.head == "cosine" and vectors is not None:
            score = pearson(similarities(vectors, rows), rows.labels.numpy())
            measures[f"{name}_cosine_pearson"] = score
    if apart:  # the same pairs, each by itself
        others, _ = _answers(model, parts.held_out, table, cell.recipe, context, 1)
        for name, rows in parts.held_out.items():
            if rows.task.label.whole:
                changed = others[name] != predictions[name]
                measures[f"{name}_answers_changed_alone"] = float(changed.mean())
    return Found(predictions, measures)


@torch.inference_mode()
def embed_padded_apart(
    model: MultitaskBert, rows: TaskRows, table: SentenceTable, context: RunContext, batch_size: int
) -> Float[Tensor, "pair hidden"]:
    """Vectors of pairs padded apart, dropout off; they depend on who shares a batch."""
    pieces = padded_apart(table, rows)
    with evaluating(model):
        found = [
            model.embed(*pieces.pad(batch, table.tokenizer.pad_id, context.device))
            for batch in torch.arange(len(rows)).split(batch_size)
        ]
    return torch.cat(found).float().cpu()


def _answers(
    model: MultitaskBert,
    splits: Mapping[str, TaskRows],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    padded: int | None,
) -> tuple[Predictions, Tensor | None]:
    """Predictions, and the sentence vectors where the way has any.

    Args:
        padded: pairs of a batch that is padded apart; None reads pairs as they should be.
    """
    if recipe.pairs == "cross-encoder":
        found = {
            name: embed_padded_apart(model, rows, table, context, padded)
            if padded
            else embed_pairs(model.encoder, rows, table, recipe, context)
            for name, rows in splits.items()
        }
        none = torch.zeros(len(table), model.encoder.config.hidden_size)
        with evaluating(model):
            return predict_tasks(model, none, splits, found), None
    wanted = [row for rows in splits.values() for row in rows.all_rows]
    vectors = embed_all(model.encoder, wanted, table, recipe, context)
    with evaluating(model):
        return predict_tasks(model, vectors, splits), vectors


PAIR_ENCODING = Lab(
    name="pair-encoding",
    question="Which vector of a sentence, and which way to read two sentences with it?",
    tasks=(QUORA.name, STS.name),
    baseline=BASELINE,
    cells=cells_of,
    train=train,
)
