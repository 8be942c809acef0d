"""Sentence vectors inside training: of one batch, and of everything a frozen encoder sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from tqdm.auto import tqdm

import minbert.training.parallel as parallel
from minbert.data.batching import length_groups
from minbert.encoder import Encoder
from minbert.heads import in_one_pass
from minbert.inference import encode_rows, pooled_as
from minbert.memory import give_back
from minbert.pooling import pool
from minbert.precision import autocast
from minbert.training.gradient_caching import cached_vectors
from minbert.training.loop import RunContext
from minbert.training.packed_dropout import pack_dropout
from minbert.training.recipe import Recipe
from minbert.training.sentences import SentenceTable, TaskRows


def set_dropout(encoder: Encoder, recipe: Recipe) -> None:
    """Give an encoder the recipe's dropout; it acts in training mode only."""
    pack_dropout(encoder, recipe.packed_dropout)
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = recipe.dropout
    for layer in encoder.encoder.layer:
        layer.attention.self.dropout = recipe.attention_dropout


def sentence_vectors(
    encoder: Encoder,
    rows: Iterable[int],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    groups: int = 1,
    cached: bool = False,
) -> Float[Tensor, "batch hidden"]:
    """Pooled vectors of one batch of sentences, in their order; each rank encodes its part.

    Args:
        groups: of similar length, each padded to its own longest sentence.
        cached: whether to hold the activations of one group at a time, not of the whole batch
            (`minbert.training.gradient_caching`).
    """

    def encode(part: Sequence[int]) -> Float[Tensor, "group hidden"]:
        input_ids, attention_mask = table.pad(part, context.device)
        with autocast(context.precision, context.device):
            return pool(encoder(input_ids, attention_mask), attention_mask, recipe.pooling)

    def in_groups(part: Sequence[int]) -> Float[Tensor, "part hidden"]:
        def encode_at(places: list[int]) -> Float[Tensor, "group hidden"]:
            return encode([part[place] for place in places])

        if groups == 1:
            chunks = [list(range(len(part)))]
        else:
            chunks = length_groups([table.length(row) for row in part], groups)
        if cached:
            vectors = cached_vectors(encode_at, chunks, context.device)
        else:
            vectors = torch.cat([encode_at(chunk) for chunk in chunks])
        if groups == 1:
            return vectors
        # line i of `vectors` is that of place order[i]; its inverse puts them back
        order = torch.tensor([place for chunk in chunks for place in chunk], device=vectors.device)
        return vectors.index_select(0, order.argsort())

    return parallel.in_parts(in_groups, tuple(rows))


def embed_pairs(
    encoder: Encoder,
    rows: TaskRows,
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
) -> Float[Tensor, "pair hidden"]:
    """Vectors of pairs that the encoder reads in one pass each, dropout off, in their order."""
    pieces = table.pairs(rows, recipe.segments)
    with tqdm(total=len(rows), desc="encode pairs", mininterval=2.0, leave=False) as bar:
        vectors = parallel.in_parts(
            lambda part: encode_rows(
                [pieces.ids[pair] for pair in part],
                encoder,
                table.tokenizer.pad_id,
                pooled_as(recipe.pooling),
                segments=[pieces.segments[pair] for pair in part],
                precision=context.precision,
                done=bar.update,
            ),
            range(len(rows)),
        )
    give_back()
    return vectors


def pair_vectors(
    encoder: Encoder,
    splits: Mapping[str, TaskRows],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
) -> dict[str, Float[Tensor, "pair hidden"]]:
    """Of the tasks whose examples the recipe reads in one pass: the vector of each, by task."""
    return {
        name: embed_pairs(encoder, rows, table, recipe, context)
        for name, rows in splits.items()
        if in_one_pass(rows.task, recipe.pairs) and len(rows)
    }


def embed_all(
    encoder: Encoder,
    rows: Iterable[int],
    table: SentenceTable,
    recipe: Recipe,
    context: RunContext,
    token_budget: int | None = None,
) -> Float[Tensor, "sentence hidden"]:
    """Vectors of a frozen encoder for the given rows of the table, dropout off.

    The encoder's training mode is given back as it was.

    Returns:
        One line per row *of the table*, so that rows index it directly; lines that were not asked
        for are zero.
    """
    wanted = sorted(set(rows), key=table.length)
    vectors = torch.zeros(len(table), encoder.config.hidden_size)
    with tqdm(total=len(wanted), desc="encode", mininterval=2.0, leave=False) as bar:
        vectors[wanted] = parallel.in_parts(
            lambda part: encode_rows(
                [table.ids[row] for row in part],
                encoder,
                table.tokenizer.pad_id,
                pooled_as(recipe.pooling),
                precision=context.precision,
                token_budget=token_budget,
                done=bar.update,
            ),
            wanted,
        )
    give_back()
    return vectors
