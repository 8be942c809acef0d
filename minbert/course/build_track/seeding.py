"""From which seeds the checkers draw: the published ones, or others that a teacher's seed makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

PUBLISHED = 0
"""The teacher's seed under which cases are those that every learner can try."""
STRIDE = 1_000_003
"""Between the seeds of one teacher's seed and the next: larger than any that a case names, but
those made from names, which are spread over 32 bits."""

_teachers = [PUBLISHED]


def teachers() -> int:
    """The teacher's seed that is in force."""
    return _teachers[-1]


@contextmanager
def hidden(teachers_seed: int) -> Iterator[None]:
    """Draw all cases anew for a while.

    Args:
        teachers_seed: at least 0, which stands for the published cases.
    """
    _teachers.append(teachers_seed)
    try:
        yield
    finally:
        _teachers.pop()


def moved(seed: int) -> int:
    """The seed that a case gets in place of its published one."""
    return seed + STRIDE * teachers()


def generator(seed: int) -> torch.Generator:
    """What a case draws from, or hands to a piece."""
    return torch.Generator().manual_seed(moved(seed))
