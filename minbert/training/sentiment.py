"""Fine-tuning of the whole model on sentiment."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from minbert import losses
from minbert.multitask import MultitaskBert
from minbert.training.epochs import in_turn
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import sentence_vectors, set_dropout


def finetune_sentiment(
    model: MultitaskBert,
    rows: TaskRows,
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
    optimizer: str = "fused",
) -> History:
    """Train encoder and sentiment head together on sentiment (the paper's section 4.6).

    The paraphrase head is left as it is, above an encoder that moves.
    """
    set_dropout(model.encoder, recipe)
    labels = rows.labels.long().to(context.device)

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor:
        examples = batch[1]
        vectors = sentence_vectors(
            model.encoder, [rows.first[i] for i in examples], table, recipe, context
        )
        return losses.sentiment(model.sentiment(vectors.float()), labels[examples])

    return train(
        nn.ModuleList([model.encoder, model.sentiment]),
        lambda generator: in_turn(
            {"sst": [table.length(row) for row in rows.first]}, settings.batch_size, generator
        ),
        compute_loss,
        settings,
        context,
        name="sst_finetune",
        optimizer=optimizer,
        count_tokens=lambda batch: sum(table.length(rows.first[i]) for i in batch[1]),
        whole=model,
    )
