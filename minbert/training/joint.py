"""One encoder and all heads, trained on all tasks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from torch import Tensor, nn

import minbert.training.parallel as parallel
from minbert.heads import in_one_pass, similarity_score
from minbert.losses import LOSSES
from minbert.multitask import MultitaskBert
from minbert.precision import autocast
from minbert.tasks import Task
from minbert.training.consistency import disagreement
from minbert.training.epochs import mixed
from minbert.training.loop import Batch, History, RunContext, train
from minbert.training.recipe import Recipe, StageSettings
from minbert.training.sentences import PairPieces, SentenceTable, TaskRows
from minbert.training.vectors import sentence_vectors, set_dropout


def train_jointly(
    model: MultitaskBert,
    rows: Mapping[str, TaskRows],
    table: SentenceTable,
    recipe: Recipe,
    settings: StageSettings,
    context: RunContext,
    optimizer: str = "fused",
    pairs_of: Callable[[TaskRows], PairPieces] | None = None,
) -> History:
    """Train the encoder and the heads of all tasks, a batch of one task at a time.

    Where the recipe reads pairs in one pass, a batch of pairs goes through the encoder once
    together, and for `both` and `by-task` once more sentence by sentence. Those vectors are what is
    left for search and clustering when training is over; `recipe.cosine_weight` keeps their cosine
    a similarity while the head learns to do without.

    With `recipe.consistency` a sentence of a task of classes is read twice in a batch: the loss is
    the mean of the two readings', and how far they lie apart is added. With `recipe.frozen_words`
    the word embeddings are not trained; afterwards they require a gradient as before.

    Args:
        model: made with the recipe's `pairs` and `pooling`, for the tasks of `rows`.
        rows: training examples by the name of their task, labels included.
        table: holds their sentences.
        pairs_of: pairs for one pass; without, as the tokenizer reads two sentences together.

    Raises:
        ValueError: `recipe.mixture` names the tasks, and one of `rows` is missing; otherwise as
            `minbert.training.loop.train`, with its other errors.

    Source: the paper, section 7 (future work: "fine-tuning on all relevant tasks").
    """
    set_dropout(model.encoder, recipe)
    apart = model.pairs != "cross-encoder"
    pieces_of = pairs_of or (lambda of: table.pairs(of, recipe.segments))
    pieces = {name: pieces_of(of) for name, of in rows.items() if in_one_pass(of.task, model.pairs)}
    labels = {name: of.targets.to(context.device) for name, of in rows.items()}

    def read_pairs(name: str, examples: Sequence[int]) -> Tensor:
        padded = pieces[name].pad(examples, table.tokenizer.pad_id, context.device)
        with autocast(context.precision, context.device):
            return model.embed(*padded).float()

    def reads_twice(task: Task) -> bool:
        return bool(recipe.consistency) and task.head == "classifier" and not task.pairs

    def compute_loss(batch: Batch, generator: torch.Generator) -> Tensor:
        name, examples = batch
        task = rows[name].task
        twice = reads_twice(task)
        if twice:
            examples = [*examples, *examples]
        chosen, target = rows[name].subset(examples), labels[name][examples]
        loss, pair, vectors = LOSSES[task.loss], None, ()
        if name in pieces:
            pair = parallel.in_parts(partial(read_pairs, name), examples)
        if apart or not task.pairs:
            groups = recipe.length_groups if task.pairs else 1
            both = sentence_vectors(model.encoder, chosen.all_rows, table, recipe, context, groups)
            vectors = both.float().chunk(2 if task.pairs else 1)
        answers = model.answer(task, *vectors, pair=pair)
        total = loss(answers, target)
        if twice:
            total = total + recipe.consistency * disagreement(*answers.chunk(2))
        if recipe.cosine_weight and task.head == "cosine":
            total = total + recipe.cosine_weight * loss(similarity_score(*vectors), target)
        return total

    def count_tokens(batch: Batch) -> int:
        name, examples = batch
        read = sum(len(pieces[name].ids[pair]) for pair in examples) if name in pieces else 0
        if apart or not rows[name].task.pairs:
            read += table.count(rows[name], examples)
        return 2 * read if reads_twice(rows[name].task) else read

    lengths = {
        name: pieces[name].lengths() if name in pieces else table.lengths(of)
        for name, of in rows.items()
    }
    words = model.encoder.embeddings.word_embeddings.weight
    with frozen(words) if recipe.frozen_words else nullcontext():
        return train(
            model,
            lambda generator: mixed(lengths, settings.batch_size, generator, recipe.mixture),
            compute_loss,
            settings,
            context,
            name="joint",
            optimizer=optimizer,
            count_tokens=count_tokens,
            rates={task.subject: recipe.head_rate for task in model.with_weights},
            averaged=recipe.averaged,
            members=recipe.members,
        )


@contextmanager
def frozen(parameter: nn.Parameter) -> Iterator[None]:
    """A parameter that is not trained within; afterwards it is what it was."""
    trained = parameter.requires_grad
    parameter.requires_grad_(False)
    try:
        yield
    finally:
        parameter.requires_grad_(trained)
