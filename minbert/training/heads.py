"""The two heads with weights, trained on the vectors of a frozen encoder."""

from __future__ import annotations

from jaxtyping import Float
from torch import Generator, Tensor

from minbert import losses
from minbert.heads import ParaphraseHead, SentimentHead
from minbert.training.epochs import shuffled
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import StageSettings
from minbert.training.sentences import TaskRows


def train_sentiment_head(
    head: SentimentHead,
    vectors: Float[Tensor, "sentence hidden"],
    rows: TaskRows,
    settings: StageSettings,
    context: RunContext,
) -> History:
    """Train the sentiment head on vectors of a frozen encoder (the paper's section 4.5)."""
    inputs, labels = vectors[list(rows.first)].to(context.device), rows.labels.long()
    labels = labels.to(context.device)

    def compute_loss(batch: Batch, generator: Generator) -> Tensor:
        return losses.sentiment(head(inputs[batch[1]]), labels[batch[1]])

    return train(
        head,
        lambda generator: shuffled("sst", len(rows), settings.batch_size, generator),
        compute_loss,
        settings,
        context,
        name="sentiment head",
    )


def train_paraphrase_head(
    head: ParaphraseHead,
    vectors: Float[Tensor, "sentence hidden"],
    rows: TaskRows,
    settings: StageSettings,
    context: RunContext,
) -> History:
    """Train the paraphrase head on vectors of a frozen encoder (the paper's section 4.5)."""
    first = vectors[list(rows.first)].to(context.device)
    second = vectors[list(rows.second)].to(context.device)
    labels = rows.labels.to(context.device)

    def compute_loss(batch: Batch, generator: Generator) -> Tensor:
        examples = batch[1]
        return losses.paraphrase(head(first[examples], second[examples]), labels[examples])

    return train(
        head,
        lambda generator: shuffled("quora", len(rows), settings.batch_size, generator),
        compute_loss,
        settings,
        context,
        name="paraphrase head",
    )
