"""One epoch of batches: similar lengths together, data sets in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from minbert import checks
from minbert.data.batching import length_bucketed, round_robin
from minbert.training.loop import Batch


def in_turn(
    lengths: Mapping[str, Sequence[int]], batch_size: int, generator: torch.Generator
) -> list[Batch]:
    """One epoch: batches of similar length, one of each data set in turn until all are used up."""
    names = list(lengths)
    batches = [length_bucketed(lengths[name], generator, batch_size=batch_size) for name in names]
    return [(names[source], batch) for source, batch in round_robin(*batches)]


def mixed(
    lengths: Mapping[str, Sequence[int]],
    batch_size: int,
    generator: torch.Generator,
    mixture: float | Mapping[str, float] = 1.0,
) -> list[Batch]:
    """One epoch: batches of similar length, each of one data set, all in random order.

    So no data set is left over for the end of an epoch, as it is in turn.

    Args:
        lengths: word pieces of each example, by data set.
        batch_size: examples of a batch.
        generator: the only source of randomness.
        mixture: as a number in [0, 1], an exponent: the smallest data set is seen once; another one
            of n examples, against its m, takes m (n / m) ** exponent of them, drawn anew. 1 takes
            all of them, 0 as many of each. As numbers by data set: how many times each is seen; of
            1.5, all once and half of them again; numbers of other data sets are not read.

    Raises:
        ValueError: an exponent outside [0, 1], a data set without a number, or `batch_size` is
            below 1.

    Source: Stickland and Murray (2019), section 3.3, who let the exponent fall from 1 to .2.
    """
    takes = _takes({name: len(each) for name, each in lengths.items()}, mixture)
    batches: list[Batch] = []
    for name, each in lengths.items():
        drawn: list[int] = []
        while len(drawn) < takes[name]:
            drawn += torch.randperm(len(each), generator=generator)[
                : takes[name] - len(drawn)
            ].tolist()
        buckets = length_bucketed([each[row] for row in drawn], generator, batch_size=batch_size)
        batches += [(name, [drawn[place] for place in bucket]) for bucket in buckets]
    return [batches[place] for place in torch.randperm(len(batches), generator=generator).tolist()]


def _takes(sizes: Mapping[str, int], mixture: float | Mapping[str, float]) -> dict[str, int]:
    """How many examples of each data set an epoch takes."""
    if isinstance(mixture, Mapping):
        if not sizes.keys() <= mixture.keys():
            raise ValueError(
                f"mixture must have a number for each of {', '.join(sizes)}, got "
                f"{', '.join(mixture) or 'none'}"
            )
        return {name: round(mixture[name] * size) for name, size in sizes.items()}
    checks.within("exponent", mixture, "[0, 1]")
    smallest = min((size for size in sizes.values() if size), default=1)
    return {name: round(smallest * (size / smallest) ** mixture) for name, size in sizes.items()}


def shuffled(name: str, count: int, batch_size: int, generator: torch.Generator) -> list[Batch]:
    """One epoch of one data set in random order."""
    order = torch.randperm(count, generator=generator)
    return [(name, batch.tolist()) for batch in order.split(batch_size)]
