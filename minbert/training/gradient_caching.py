"""Gradient caching: a ranking loss over a large batch, in the memory of a small one.

The more pairs a batch has, the more negatives each sentence gets for free. But every activation of
every sentence waits for the one loss over all of them. Cutting the batch into parts, as gradient
accumulation does, would lose the negatives of the other parts. The way out: the loss needs only the
sentence *vectors*, which are small.

1. Encode chunk by chunk without keeping a graph; keep the vectors, and the state of the random
   generators before each chunk.
2. Compute the loss of all vectors, and its gradient with regard to them: the cache.
3. Encode each chunk again, with its dropout as it was, now with a graph; go back through it with
   the cached gradient of its vectors. By the chain rule the weights' gradients add up to those of
   the whole batch: dL/dw = sum over chunks of (dL/dvectors) (dvectors/dw).

The price is a second forward pass, about a third more time.

Source: Gao et al. (2021), Scaling deep contrastive learning batch size under memory limited setup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Encode = Callable[[list[int]], Tensor]
"""From places in a batch to the vectors of the sentences there, (sentence, hidden)."""


def cached_vectors(
    encode: Encode, chunks: Sequence[list[int]], device: torch.device
) -> Float[Tensor, "sentence hidden"]:
    """Vectors of all chunks, one chunk after the other; the graph behind them is made later.

    A loss of these vectors has the value and the gradients that it would have without caching. Its
    `backward()` encodes every chunk a second time, and adds the gradients to the weights' own; it
    is the only way to them (`torch.autograd.grad` knows nothing of the weights).

    Args:
        encode: with dropout or without; it may draw from torch's global generators alone.
        chunks: places in the batch, of as many sentences as are to be in memory at a time.
        device: the encoder's.
    """
    # A node of the graph needs an input that wants a gradient; the weights are no input of ours.
    anchor = torch.zeros((), device=device, requires_grad=True)
    return torch.cat([_EncodedTwice.apply(anchor, encode, chunk, device) for chunk in chunks])


class _EncodedTwice(torch.autograd.Function):
    """A chunk: forward without a graph, backward through a graph made for the occasion."""

    @staticmethod
    def forward(
        ctx: Any, anchor: Tensor, encode: Encode, chunk: list[int], device: torch.device
    ) -> Tensor:
        """Step 1. Inside a Function torch keeps no graph of its own."""
        ctx.encode, ctx.chunk, ctx.random = encode, chunk, RandomState.now(device)
        return encode(chunk)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, None, None]:
        """Step 3, with the cached gradient of this chunk's vectors."""
        with ctx.random.restored(), torch.enable_grad():
            vectors = ctx.encode(ctx.chunk)
        if vectors.requires_grad:  # everything may be frozen
            vectors.backward(gradient)
        return None, None, None, None


@dataclass(frozen=True)
class RandomState:
    """Where torch's global generators stand: what is drawn next."""

    cpu: Tensor
    cuda: Tensor | None
    """Of the encoder's GPU, where it is on one."""
    device: torch.device

    @classmethod
    def now(cls, device: torch.device) -> RandomState:
        """As they stand."""
        on_gpu = device.type == "cuda"
        return cls(
            torch.get_rng_state(), torch.cuda.get_rng_state(device) if on_gpu else None, device
        )

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Draw once more what was drawn after this state; outside, nothing has changed."""
        with torch.random.fork_rng(devices=[] if self.cuda is None else [self.device]):
            torch.set_rng_state(self.cpu)
            if self.cuda is not None:
                torch.cuda.set_rng_state(self.cuda, self.device)
            yield
