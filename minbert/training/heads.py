"""Training a task's head on sentence vectors that do not change."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Float
from torch import Generator, Tensor, nn

from minbert.losses import LOSSES
from minbert.multitask import MultitaskBert
from minbert.training.epochs import shuffled
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import StageSettings
from minbert.training.sentences import TaskRows


def train_heads(
    model: MultitaskBert,
    vectors: Float[Tensor, "sentence hidden"],
    rows: Mapping[str, TaskRows],
    settings: StageSettings,
    context: RunContext,
) -> dict[str, History]:
    """Train every head that has weights, one after the other, on a frozen encoder's vectors.

    Args:
        model: its heads are trained; they read two vectors of a pair, not one pass.
        vectors: one line per row of the sentence table.
        rows: training examples by the name of their task.
    """
    return {
        f"{task.subject}_head": train_head(
            model.head(task), vectors, rows[task.name], settings, context
        )
        for task in model.with_weights
    }


def train_head(
    head: nn.Module,
    vectors: Float[Tensor, "sentence hidden"],
    rows: TaskRows,
    settings: StageSettings,
    context: RunContext,
) -> History:
    """Train a head on vectors of a frozen encoder (the paper's section 4.5).

    Args:
        head: of the task that the rows are of.
        vectors: one line per row of the sentence table.
        rows: training examples, labels included.
    """
    task = rows.task
    first = vectors[list(rows.first)].to(context.device)
    second = vectors[list(rows.second)].to(context.device) if task.pairs else None
    labels = rows.targets.to(context.device)
    loss = LOSSES[task.loss]

    def compute_loss(batch: Batch, generator: Generator) -> Tensor:
        examples = batch[1]
        read = (first[examples],) if second is None else (first[examples], second[examples])
        return loss(head(*read), labels[examples])

    return train(
        head,
        lambda generator: shuffled(task.name, len(rows), settings.batch_size, generator),
        compute_loss,
        settings,
        context,
        name=f"{task.subject} head",
    )
