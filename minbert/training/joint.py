"""One encoder and all heads, trained on all tasks at once."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from minbert.heads import similarity_score
from minbert.losses import LOSSES
from minbert.multitask import MultitaskBert
from minbert.precision import autocast
from minbert.training.epochs import mixed
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import sentence_vectors, set_dropout


def train_jointly(
    model: MultitaskBert,
    rows: Mapping[str, TaskRows],
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
    optimizer: str = "fused",
) -> History:
    """Train the encoder and the heads of all tasks, a batch of one task at a time.

    Where the recipe reads pairs in one pass, a batch of pairs goes through the encoder once
    together, and for `both` once more sentence by sentence. Those vectors are what is left for
    search and clustering when training is over; `recipe.cosine_weight` keeps their cosine a
    similarity while the head learns to do without.

    Args:
        model: made with the recipe's `pairs` and `pooling`, for the tasks of `rows`.
        rows: training examples by the name of their task, labels included.
        table: holds their sentences.

    Source: the paper, section 7 (future work: "fine-tuning on all relevant tasks").
    """
    set_dropout(model.encoder, recipe)
    together = model.pairs != "bi-encoder"
    pairs = {name: table.pairs(of) for name, of in rows.items() if of.task.pairs and together}
    labels = {name: of.targets.to(context.device) for name, of in rows.items()}

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor:
        name, examples = batch
        chosen, task, target = rows[name].subset(examples), rows[name].task, labels[name][examples]
        first = second = pair = None
        if name in pairs:
            pieces = pairs[name].pad(examples, table.tokenizer.pad_id, context.device)
            with autocast(context.precision, context.device):
                pair = model.embed(*pieces).float()
        if pair is None or model.pairs == "both":
            vectors = sentence_vectors(model.encoder, chosen.all_rows, table, recipe, context)
            first, *others = vectors.float().chunk(2 if task.pairs else 1)
            second = others[0] if others else None
        loss = LOSSES[task.loss](model.answer(task, first, second, pair), target)
        if recipe.cosine_weight and task.head == "cosine" and first is not None:
            fit = LOSSES[task.loss](similarity_score(first, second), target)
            loss = loss + recipe.cosine_weight * fit
        return loss

    def pieces_of(batch: Batch) -> int:
        name, examples = batch
        read = sum(len(pairs[name].ids[pair]) for pair in examples) if name in pairs else 0
        if name not in pairs or model.pairs == "both":
            read += sum(map(table.length, rows[name].subset(examples).all_rows))
        return read

    lengths = {
        name: pairs[name].lengths() if name in pairs else table.lengths(of)
        for name, of in rows.items()
    }
    return train(
        model,
        lambda generator: mixed(lengths, settings.batch_size, generator, recipe.mixture),
        compute_loss,
        settings,
        context,
        name="joint",
        optimizer=optimizer,
        count_tokens=pieces_of,
    )
