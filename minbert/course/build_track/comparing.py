"""Two results, compared, and where they differ in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

TOLERANCE = 1e-5
"""Of a difference, by the size of the right value and at least of 1."""


@dataclass(frozen=True)
class Said:
    """A case that ended with a sentence instead of a result."""

    sentence: str


@dataclass(frozen=True)
class Raised:
    """A case that ended with an error."""

    kind: str
    text: str
    sentence: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raised) and (other.kind, other.text) == (self.kind, self.text)


Places = Sequence[tuple[str, Tensor]]
"""Words, and a mask that fits a result: True at the places of which the words speak."""


def agree(answer: Any, right: Any) -> bool:
    """Whether two results are the same, numbers within `TOLERANCE`, lists and tuples alike."""
    if isinstance(right, Tensor):
        if not isinstance(answer, Tensor) or answer.shape != right.shape:
            return False
        if answer.is_floating_point() != right.is_floating_point():
            return False
        answer, right = answer.detach().double(), right.detach().double()
        return torch.allclose(answer, right, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    if isinstance(right, list | tuple):
        return (
            isinstance(answer, list | tuple)
            and len(answer) == len(right)
            and all(map(agree, answer, right))
        )
    if isinstance(right, float) and isinstance(answer, float | int):
        return abs(answer - right) <= TOLERANCE * max(1, abs(right)) or answer != answer != right
    return type(answer) is type(right) and bool(answer == right)


def difference(answer: Any, right: Any, places: Places = ()) -> str:
    """Where an answer departs from what is right; no tensor is printed."""
    if isinstance(answer, Said | Raised):
        return answer.sentence
    if answer is None:
        return "it gives None: is a `return` missing?"
    if is_statement(right):
        return "this is not so"
    if isinstance(right, list | tuple) and not _numbers(right):
        if not isinstance(answer, list | tuple):
            return f"expected {len(right)} results together, got {_kind(answer)}"
        if len(answer) != len(right):
            return f"expected {len(right)} results, got {len(answer)}"
        number = next(at for at, one in enumerate(right) if not agree(answer[at], one))
        part = f"result {number + 1} of {len(right)}: " if len(right) > 1 else ""
        return part + difference(answer[number], right[number], places)
    if not isinstance(right, Tensor):
        return f"expected {right!r:.80}, got {_shown(answer)}"
    if not isinstance(answer, Tensor):
        return f"expected a tensor of shape {tuple(right.shape)}, got {_kind(answer)}"
    if answer.shape != right.shape:
        return f"expected the shape {tuple(right.shape)}, got {tuple(answer.shape)}"
    if answer.is_floating_point() != right.is_floating_point():
        return f"expected {right.dtype}, got {answer.dtype}"
    return _numbers_differ(answer.detach().double(), right.detach().double(), places)


def is_statement(right: Any) -> bool:
    """Whether a result only says that something holds."""
    return isinstance(right, bool) or (_numbers(right) and all(type(one) is bool for one in right))


def _numbers_differ(answer: Tensor, right: Tensor, places: Places) -> str:
    missing = int(answer.isnan().sum())
    if missing:
        return f"{missing} of {answer.numel()} values are NaN"
    if right.ndim == 0:
        return f"expected {right.item():.4f}, got {answer.item():.4f}{_times(answer, right)}"
    same = torch.isclose(answer, right, rtol=TOLERANCE, atol=TOLERANCE)
    share = int(100 * same.double().mean())
    said = f"{share} % of the values agree" if share else "hardly a value agrees"
    for words, mask in places:
        if mask.ndim == right.ndim and bool((same | mask.expand_as(right)).all()):
            return f"{said}; the rest differ {words}"
    return said + _times(answer, right)


def _times(answer: Tensor, right: Tensor) -> str:
    """Said where every value is the right one times a number."""
    large = right.abs() > 1e-3
    if not large.any():
        return ""
    ratios = answer[large] / right[large]
    factor = ratios.flatten()[0].item()
    if not torch.allclose(ratios, ratios.new_tensor(factor), rtol=1e-4) or abs(factor) < 1e-6:
        return ""
    return f"; each is {factor:.3g} times what it should be"


def _numbers(values: Any) -> bool:
    return (
        isinstance(values, list | tuple)
        and bool(values)
        and all(isinstance(value, int | float) for value in values)
    )


def _kind(answer: Any) -> str:
    if isinstance(answer, Tensor):
        return f"one tensor of shape {tuple(answer.shape)}"
    return f"a {type(answer).__name__}"


def _shown(answer: Any) -> str:
    return _kind(answer) if isinstance(answer, Tensor) else f"{answer!r:.80}"
