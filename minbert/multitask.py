"""Figure 1 of the paper: one encoder, three heads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minbert import checks
from minbert.encoder import Encoder
from minbert.heads import head_for, in_one_pass, similarity_score
from minbert.placement import Placed
from minbert.pooling import POOLINGS, pool
from minbert.tasks import PAPER_TASKS, Task


class MultitaskBert(Placed):
    """An encoder whose pooled vector is read by a sentiment, a paraphrase and a similarity head.

    The similarity head has no weights: it reads the geometry of the encoder as it is. The heads
    take sentence vectors, not tokens, so that with a frozen encoder the vectors can be computed
    once and used for every epoch.

    Args:
        encoder: owned and trained, or frozen, by whoever trains this model.
        tasks: each gets its head, under the name of its subject: `sentiment`, `paraphrase`.
        dropout: on the vectors before each linear layer, probability.
        generator: for the fresh weights of the heads.
        paraphrase_compares: whether heads of pairs compare (`ParaphraseHead`); the paper's do not.
        pooling: the vector that heads read, of `minbert.pooling.POOLINGS`; the paper's: `pooler`.
        pairs: how heads of pairs read them, one of `minbert.heads.PAIRS`; the paper's are a
            `bi-encoder`.
        similarity_averages: whether `predict` answers similarity by the mean of its head's score
            and the cosine's; only where `pairs` is `both` has a pair the two.

    Raises:
        ValueError: an unknown pooling or mean, two heads of one name, a dropout outside [0, 1).
    """

    def __init__(
        self,
        encoder: Encoder,
        tasks: Sequence[Task] = PAPER_TASKS,
        dropout: float = 0.3,
        generator: torch.Generator | None = None,
        paraphrase_compares: bool = False,
        pooling: str = "pooler",
        pairs: str = "bi-encoder",
        similarity_averages: bool = False,
    ) -> None:
        super().__init__()
        checks.one_of("pooling", pooling, POOLINGS)
        checks.averaging(similarity_averages, pairs)
        self.pooling, self.pairs = pooling, pairs
        self.similarity_averages = similarity_averages
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.tasks = tuple(tasks)
        for task in self.tasks:
            if hasattr(self, task.subject):
                raise ValueError(
                    f"tasks must have a subject each that a model has no part of, got "
                    f"{task.subject} for {task.name}"
                )
            head = head_for(task, hidden, dropout, generator, paraphrase_compares, pairs)
            if head is not None:
                self.add_module(task.subject, head)

    def embed(
        self,
        input_ids: Int[Tensor, "batch seq"],
        attention_mask: Int[Tensor, "batch seq"] | None = None,
        token_type_ids: Int[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch hidden"]:
        """The vector of each sentence, or pair, that the heads read: see `pooling`."""
        output = self.encoder(input_ids, attention_mask, token_type_ids)
        return pool(output, attention_mask, self.pooling)

    @property
    def with_weights(self) -> tuple[Task, ...]:
        """The tasks whose heads have weights to be trained."""
        return tuple(task for task in self.tasks if self.head(task) is not None)

    def head(self, task: Task) -> nn.Module | None:
        """The task's head; None for one without weights.

        Raises:
            ValueError: the model was made for other tasks.
        """
        if task not in self.tasks:
            known = ", ".join(task.name for task in self.tasks)
            raise ValueError(f"task must be one of this model's, {known}, got {task.name}")
        return getattr(self, task.subject, None)

    def answer(
        self,
        task: Task,
        first: Float[Tensor, "batch hidden"] | None = None,
        second: Float[Tensor, "batch hidden"] | None = None,
        pair: Float[Tensor, "batch hidden"] | None = None,
    ) -> Float[Tensor, " batch"] | Float[Tensor, "batch label"]:
        """What the task's loss reads: logits, or scores on the scale of its labels.

        Args:
            task: one of `tasks`.
            first: vectors of the sentences; a `cross-encoder` needs none of pairs.
            second: of the second sentences, where the task is of pairs.
            pair: of both in one pass, where `minbert.heads.in_one_pass` says so.
        """
        head = self.head(task)
        if head is None:
            return similarity_score(first, second)
        if not task.pairs:
            return head(first)
        if not in_one_pass(task, self.pairs):
            return head(first, second)
        read = head(pair, first, second)
        if task.head != "cosine":
            return read
        lowest, highest = task.label.lowest, task.label.highest
        return lowest + (highest - lowest) * read.sigmoid()

    def predict(
        self,
        task: Task,
        first: Float[Tensor, "batch hidden"] | None = None,
        second: Float[Tensor, "batch hidden"] | None = None,
        pair: Float[Tensor, "batch hidden"] | None = None,
    ) -> Float[Tensor, " batch"] | Int[Tensor, " batch"]:
        """What the task's head says.

        The most likely class; of one logit, 1 where it is above 0 (a probability above .5); of
        scores, the score, or with `similarity_averages` its mean with the cosine's: what each errs
        by is in part its own.

        Args:
            task, first, second, pair: as for `answer`.
        """
        found = self.answer(task, first, second, pair)
        if self.similarity_averages and task.head == "cosine":
            return (found + similarity_score(first, second)) / 2
        if not task.label.whole:
            return found
        return (found > 0).long() if found.ndim == 1 else found.argmax(dim=-1)
