"""Fine-tuning of the whole model on one task: sentiment, in the paper."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from minbert.losses import LOSSES
from minbert.multitask import MultitaskBert
from minbert.training.epochs import in_turn
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import SentenceTable, TaskRows
from minbert.training.vectors import sentence_vectors, set_dropout


def fine_tune(
    model: MultitaskBert,
    rows: TaskRows,
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
    optimizer: str = "fused",
) -> History:
    """Train the encoder and one task's head together (the paper's section 4.6: on sentiment).

    The other heads are left as they are, above an encoder that moves. A head without weights is
    read as it is: then the encoder alone is trained.

    Args:
        model: made for the task that the rows are of, and maybe for others.
        rows: training examples, labels included.
        table: holds their sentences.

    Raises:
        ValueError: the model was not made for this task.
    """
    set_dropout(model.encoder, recipe)
    task, head = rows.task, model.head(rows.task)
    loss = LOSSES[task.loss]
    labels = rows.targets.to(context.device)

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor:
        chosen = rows.subset(batch[1])
        groups = recipe.length_groups if task.pairs else 1
        vectors = sentence_vectors(model.encoder, chosen.all_rows, table, recipe, context, groups)
        read = vectors.float().chunk(2 if task.pairs else 1)
        return loss(model.answer(task, *read), labels[batch[1]])

    return train(
        nn.ModuleList([model.encoder] if head is None else [model.encoder, head]),
        lambda generator: in_turn({task.name: table.lengths(rows)}, settings.batch_size, generator),
        compute_loss,
        settings,
        context,
        name=f"{task.name}_finetune",
        optimizer=optimizer,
        count_tokens=lambda batch: table.count(rows, batch[1]),
        whole=model,
    )
