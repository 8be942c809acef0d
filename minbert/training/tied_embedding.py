"""The word embedding while it is trained in two roles: rows looked up, and the whole as decoder.

In masked-language-model training the decoder gives every row of the matrix a gradient. The lookup
adds to the few hundred rows of the batch's own pieces. torch writes that second part as a whole
matrix of zeros with these rows in it (47 MB for 30,522 pieces of MiniLM's width), and the sum of
both as a third one, in every step. Here the rows are added to the decoder's gradient where it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minbert.encoder import Encoder


class RowsAdded(nn.Embedding):
    """An embedding whose backward pass adds rows to `weight.grad` itself.

    The gradients are those of `nn.Embedding`; `backward()` is the only way to them
    (`torch.autograd.grad` knows nothing of the weights).
    """

    def forward(self, ids: Int[Tensor, "batch seq"]) -> Float[Tensor, "batch seq hidden"]:
        """Look up a row for each id."""
        if not (torch.is_grad_enabled() and self.weight.requires_grad):
            return super().forward(ids)
        # A node of the graph needs an input that wants a gradient; the weights are none of ours.
        return _Lookup.apply(torch.zeros((), requires_grad=True), ids, self)


class _Lookup(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchor: Tensor, ids: Tensor, words: RowsAdded) -> Tensor:
        ctx.ids, ctx.words = ids, words
        return F.embedding(ids, words.weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, None]:
        """The decoder's gradient is there by now; if it came later, it would be added to ours."""
        weight, ids = ctx.words.weight, ctx.ids.flatten()
        rows = gradient.flatten(0, -2).to(weight.dtype)
        if ctx.words.padding_idx is not None:
            real = ids != ctx.words.padding_idx
            ids, rows = ids[real], rows[real]
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
        weight.grad.index_add_(0, ids, rows)
        return None, None, None


@contextmanager
def lookup_adds_rows(encoder: Encoder) -> Iterator[None]:
    """Let the encoder's lookup add rows while it trains; on a GPU, where zeros cost little, not."""
    embeddings, words = encoder.embeddings, encoder.embeddings.word_embeddings
    if words.weight.device.type != "cpu":
        yield
        return
    embeddings.word_embeddings = RowsAdded(
        *words.weight.shape, padding_idx=words.padding_idx, _weight=words.weight
    )
    # The very weight, not a new parameter of the same values: the optimizer holds it.
    embeddings.word_embeddings.weight = words.weight
    try:
        yield
    finally:
        embeddings.word_embeddings = words
