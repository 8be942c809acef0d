"""One epoch of batches: similar lengths together, data sets in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from minbert.data.batching import length_bucketed, round_robin
from minbert.training.loop import Batch


def in_turn(
    lengths: Mapping[str, Sequence[int]], batch_size: int, generator: torch.Generator
) -> list[Batch]:
    """One epoch: batches of similar length, one of each data set in turn until all are used up."""
    names = list(lengths)
    batches = [length_bucketed(lengths[name], generator, batch_size=batch_size) for name in names]
    return [(names[source], batch) for source, batch in round_robin(*batches)]


def shuffled(name: str, count: int, batch_size: int, generator: torch.Generator) -> list[Batch]:
    """One epoch of one data set in random order."""
    order = torch.randperm(count, generator=generator)
    return [(name, batch.tolist()) for batch in order.split(batch_size)]
