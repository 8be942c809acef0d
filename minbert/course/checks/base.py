"""How an exercise is judged: against the right answer, and against known mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Verdict:
    """What a checker found."""

    passed: bool
    message: str

    def __str__(self) -> str:
        return f"{'Right' if self.passed else 'Not yet'}: {self.message}"


class WrongAnswer(Exception):
    """Raised by a case's own test, with a sentence that says what is wrong."""


def raised(error: Exception) -> Verdict:
    """What is said of a function that ends in an error."""
    if isinstance(error, NotImplementedError):
        return Verdict(False, "the function still raises NotImplementedError: write it")
    return Verdict(False, f"your code raised {type(error).__name__}: {error}")


def judge_function(
    function: Callable[..., Any],
    right: Callable[..., Any],
    cases: Sequence[tuple],
    mistakes: Mapping[str, Callable[..., Any]] | None = None,
    tolerance: float = 1e-5,
    praise: str = "",
) -> Verdict:
    """Compare a learner's function with the right one on every case.

    A wrong result is compared with what known mistakes give on the same cases: the first that
    explains all of them names the reason. Otherwise the first difference is shown with numbers.

    Args:
        function: the learner's.
        right: what it should do.
        cases: positional arguments, one tuple a case; tensors are cloned before each call.
        mistakes: explanation (one sentence) → a function that makes that mistake.
        tolerance: of the largest difference.
        praise: what is said when all is right; a sentence about what was learned.
    """
    answers, expected = [], []
    for case in cases:
        expected.append(right(*_copied(case)))
        try:
            answers.append(function(*_copied(case)))
        except Exception as error:  # the learner's code may raise anything
            return raised(error)
    if all(answer is None or answer is Ellipsis for answer in answers):
        return Verdict(False, "your function returns None: write its body and `return` the result")
    if all(_same(a, e, tolerance) for a, e in zip(answers, expected, strict=True)):
        return Verdict(True, praise or "all cases give what they should.")
    for explanation, mistake in (mistakes or {}).items():
        try:
            wrong = [mistake(*_copied(case)) for case in cases]
        except Exception:  # a mistake that cannot be made on this case explains nothing
            continue
        if all(_same(a, w, tolerance) for a, w in zip(answers, wrong, strict=True)):
            return Verdict(False, explanation)
    for number, (answer, wanted) in enumerate(zip(answers, expected, strict=True)):
        if not _same(answer, wanted, tolerance):
            return Verdict(False, f"case {number + 1}: {difference(answer, wanted)}")
    raise AssertionError("unreachable: some case differs")


def judge_value(
    answer: Any,
    right: Any,
    mistakes: Mapping[str, Any] | None = None,
    tolerance: float = 1e-5,
    praise: str = "",
) -> Verdict:
    """The same for one value: `mistakes` maps an explanation to the value it gives."""
    if answer is None or answer is Ellipsis:
        return Verdict(False, "there is no answer yet: replace the three dots")
    if _same(answer, right, tolerance):
        return Verdict(True, praise or "that is it.")
    for explanation, wrong in (mistakes or {}).items():
        if _same(answer, wrong, tolerance):
            return Verdict(False, explanation)
    return Verdict(False, difference(answer, right))


def difference(answer: Any, wanted: Any) -> str:
    """Where an answer departs from what is wanted: kind, shape, NaN, or the first number."""
    if isinstance(wanted, bool | str) or not _is_numeric(wanted):
        return f"expected {wanted!r}, got {answer!r}"
    if not _is_numeric(answer):
        return f"expected numbers ({type(wanted).__name__}), got {type(answer).__name__}"
    given, right = _array(answer), _array(wanted)
    if given.shape != right.shape:
        return f"expected the shape {tuple(right.shape)}, got {tuple(given.shape)}"
    if np.isnan(given).any() and not np.isnan(right).any():
        return f"{int(np.isnan(given).sum())} of {given.size} numbers are NaN"
    place = np.unravel_index(int(np.abs(given - right).argmax()), right.shape)
    where = f" at {tuple(int(i) for i in place)}" if right.ndim else ""
    return f"expected {right[place]:z.4f}{where}, got {given[place]:z.4f} (the largest difference)"


def _same(answer: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, tuple | list) and not _is_numeric(wanted):
        return (
            isinstance(answer, tuple | list)
            and len(answer) == len(wanted)
            and all(_same(a, w, tolerance) for a, w in zip(answer, wanted, strict=True))
        )
    if not _is_numeric(wanted):
        return bool(answer == wanted)
    if not _is_numeric(answer):
        return False
    given, right = _array(answer), _array(wanted)
    return given.shape == right.shape and bool(
        np.allclose(given, right, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def _is_numeric(value: Any) -> bool:
    if isinstance(value, torch.Tensor | np.ndarray | np.generic | int | float):
        return True
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(part, int | float) for part in value)
    )


def _array(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float64)


def _copied(case: tuple) -> tuple:
    return tuple(part.clone() if isinstance(part, torch.Tensor) else part for part in case)
