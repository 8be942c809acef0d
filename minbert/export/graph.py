"""The part of a model that is exported: from word pieces to one vector per sentence."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from minbert import checks
from minbert.encoder import Encoder
from minbert.pooling import EVERY_POOLING, pool

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""Of the graph: whole numbers (batch, sequence), as the tokenizer gives them."""
OUTPUT = "sentence_embedding"
"""Of the graph: float32 (batch, hidden_size)."""


class SentenceGraph(nn.Module):
    """An encoder, its pooling and its norm as one module without options.

    Args:
        encoder: used as it is, not copied.
        pooling: one of `minbert.pooling.EVERY_POOLING`.
        normalize: whether vectors are scaled to length 1.

    Raises:
        ValueError: an unknown pooling.
    """

    def __init__(self, encoder: Encoder, pooling: str, normalize: bool) -> None:
        super().__init__()
        checks.one_of("pooling", pooling, EVERY_POOLING)
        self.encoder, self.pooling, self.normalize = encoder, pooling, normalize

    def forward(
        self,
        input_ids: Int[Tensor, "batch seq"],
        attention_mask: Int[Tensor, "batch seq"],
        token_type_ids: Int[Tensor, "batch seq"],
    ) -> Float[Tensor, "batch hidden"]:
        """The vector of each row; a row needs at least one token that may be attended."""
        output = self.encoder(input_ids, attention_mask, token_type_ids)
        vectors = pool(output, attention_mask, self.pooling)
        return F.normalize(vectors, dim=-1) if self.normalize else vectors


def sentence_graph(encoder: Encoder, pooling: str | None = None) -> SentenceGraph:
    """What `minbert.encode` does after the tokenizer, in eval mode, on the CPU.

    Args:
        encoder: its pooling and norm are used; it stays as and where it is, the graph has a copy.
        pooling: for bare vectors of it, as in `encode`.
    """
    settings = getattr(encoder, "sentence_settings", None) if pooling is None else None
    pooling = pooling or encoder.pooling or "mean"
    normalize = settings is not None and settings.normalize
    return SentenceGraph(copy.deepcopy(encoder).cpu(), pooling, normalize).eval()


def exported_program(graph: SentenceGraph) -> torch.export.ExportedProgram:
    """The graph as torch.export writes it down, for any number of rows and any length.

    Rows are as long as the model has positions for, at most.
    """
    ids = torch.ones(2, 8, dtype=torch.long)
    mask = torch.tensor([[1] * 8, [1] * 6 + [0] * 2])
    longest = graph.encoder.config.max_position_embeddings
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=longest)}
    shapes = tuple(axes for _ in INPUTS)
    with torch.no_grad():
        return torch.export.export(
            graph, (ids, mask, torch.zeros_like(ids)), dynamic_shapes=shapes, strict=False
        )
