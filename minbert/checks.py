"""What a public function asks of its arguments, each said in one sentence when it is not so.

Expected, got, and the likely cause: a learner who reads the sentence knows what to change. Values
of tensors are looked at only where they lie in the memory of the CPU: on a GPU that would stop
the whole queue of work.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # `minbert grade` checks arrays, and does not wait for torch
    from torch import Tensor

KINDS = {
    "int": "whole numbers (torch.long)",
    "float": "floating-point numbers (torch.float32)",
    "bool": "True or False (torch.bool)",
    "number": "numbers",
}


def shapes(likely_cause: str = "", /, **arrays: tuple[Any, ...]) -> None:
    """Each tensor or array has the axes it should have, none empty, and one name is one length.

        shapes(logits=(logits, "batch label", "float"), labels=(labels, "batch", "int"))

    Args:
        likely_cause: ends the sentence; an axis of length 1 too many is found without it.
        arrays: by the name of the argument: the array, its axes (names, or a length; `*` before
            the first name for any number of axes, `#` where a length of 1 stands for any), and
            what it holds: one of `KINDS`, or nothing. An array that is None was left out, and is
            right.

    Raises:
        ValueError: something is not so.
    """
    if _is_traced():  # what is compared would be taken for a part of the model
        return
    lengths: dict[str, Any] = {}
    for name, (array, axes, *kind) in arrays.items():
        if array is None:
            continue
        if not hasattr(array, "dtype") or not hasattr(array, "shape"):
            got = f"{type(array).__name__} {array!r:.60}"
            raise ValueError(
                f"{name} must be a tensor or array of shape ({_listed(axes)}), got {got}"
            )
        if not _fits(tuple(array.shape), axes.split(), lengths):
            raise ValueError(_wrong_shapes(arrays, likely_cause))
        if kind and kind[0] not in (held := _holds(array.dtype)):
            got = str(array.dtype) if len(held) else f"{array.dtype}, which is no number"
            raise ValueError(
                f"{name} must hold {KINDS[kind[0]]}, got {got} of shape {tuple(array.shape)}: "
                f"{likely_cause or 'convert it where it is made'}"
            )


def spread(name: str, values: Tensor, low: float, high: float, meaning: str) -> None:
    """All values of a tensor, which is not empty, lie in [low, high]; looked at on the CPU only.

    Not while torch.export or torch.jit.trace writes a model down: then there are no values.
    """
    import torch  # whoever asks has a tensor

    if values.device.type != "cpu" or torch.compiler.is_compiling() or _is_traced():
        return
    least, most = (value.item() for value in values.aminmax())
    if not (low <= least and most <= high):
        wrong = most if low <= least else least
        raise ValueError(f"{name} must lie in [{low}, {high}] ({meaning}), got {wrong}")


def indices(name: str, values: Tensor, size: int, meaning: str) -> None:
    """Whole numbers from 0 to `size` - 1, as `spread`."""
    spread(name, values, 0, size - 1, meaning)


def no_longer(name: str, values: Tensor, limit: int) -> None:
    """Lines of word pieces for which a model has positions."""
    if not _is_traced() and values.shape[1] > limit:
        raise ValueError(
            f"{name} must hold at most {limit} word pieces a line, got {values.shape[1]}: this "
            f"model has positions for {limit}, so cut it (the tokenizer's max_length does)"
        )


def finite(**arrays: Any) -> None:
    """No NaN and no infinity in these NumPy arrays."""
    for name, array in arrays.items():
        wrong = np.flatnonzero(~np.isfinite(array))
        if len(wrong):
            raise ValueError(
                f"{name} must be finite numbers, got {np.ravel(array)[wrong[0]]} at place "
                f"{wrong[0]} ({len(wrong)} of {np.size(array)}): a training that diverged, or a "
                "missing value"
            )


def within(name: str, value: Any, interval: str, likely_cause: str = "") -> None:
    """A number lies in an interval such as `[0, 1)` or `(0, inf)`; NaN lies in none."""
    low, high = _bounds(interval)
    number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if number and low <= value <= high:  # false for NaN
        open_at_low, open_at_high = interval[0] == "(", interval[-1] == ")"
        if not (open_at_low and value == low) and not (open_at_high and value == high):
            return
    cause = f": {likely_cause}" if likely_cause else ""
    raise ValueError(f"{name} must lie in {interval}, got {value!r:.60}{cause}")


def whole(name: str, value: Any, least: int, likely_cause: str = "") -> None:
    """A whole number that is at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        cause = f": {likely_cause}" if likely_cause else ""
        raise ValueError(
            f"{name} must be at least {least}, a whole number, got {value!r:.60}{cause}"
        )


def one_of(name: str, value: Any, allowed: Iterable[str]) -> None:
    """A name that is one of those there are."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r:.60}")


def averaging(similarity_averages: bool, pairs: str) -> None:
    """A mean of a head's score and the cosine is wanted only of pairs that have both.

    Raises:
        ValueError: it is, and they have not.
    """
    if similarity_averages and pairs != "both":
        raise ValueError(
            f"similarity_averages must be False where pairs is {pairs}, got True: only both has a "
            "head's score and a cosine of the same pair"
        )


def distinct_seeds(seeds: Collection[int]) -> None:
    """At least one seed, and none twice: a run that is counted twice looks surer than it is."""
    if not len(seeds):
        raise ValueError("seeds must hold at least one seed, got none")
    twice = sorted({seed for seed in seeds if list(seeds).count(seed) > 1})
    if twice:
        raise ValueError(
            f"seeds must differ, got {' '.join(map(str, seeds))}: {twice[0]} stands there more "
            "than once, and the same run counted twice makes an interval too narrow"
        )


def _is_traced() -> bool:
    """Whether torch.jit.trace is running; without torch nothing is traced."""
    torch = sys.modules.get("torch")
    return torch is not None and torch.jit.is_tracing()


def _fits(shape: tuple[int, ...], axes: list[str], lengths: dict[str, Any]) -> bool:
    """Whether a shape has these axes; lengths that are new are kept under their names."""
    if 0 in shape:
        return False
    if axes[0][0] == "*":
        many = len(shape) - len(axes) + 1
        if many < 0 or lengths.setdefault(axes[0], shape[:many]) != shape[:many]:
            return False
        shape, axes = shape[many:], axes[1:]
    return len(shape) == len(axes) and all(
        (axis[0] == "#" and length == 1)
        or (int(axis) if axis.isdigit() else lengths.setdefault(axis.lstrip("#"), length)) == length
        for length, axis in zip(shape, axes, strict=True)
    )


def _wrong_shapes(arrays: dict[str, tuple[Any, ...]], likely_cause: str) -> str:
    there = {name: one for name, one in arrays.items() if hasattr(one[0], "shape")}
    expected = ", ".join(f"{name} ({_listed(axes)})" for name, (_, axes, *_) in there.items())
    got = ", ".join(f"{name} {tuple(array.shape)}" for name, (array, *_) in there.items())
    for name, (array, axes, *_) in there.items():
        shape, wanted = tuple(array.shape), len(axes.split())
        if 0 in shape:
            likely_cause = f"{name} is empty, and nothing can be said of nothing"
            break
        if "*" not in axes and len(shape) == wanted + 1 and 1 in shape:
            likely_cause = f"{name} has an axis of length 1 too many: squeeze({shape.index(1)})"
            break
    cause = likely_cause or "axes of one name must have one length"
    return f"expected {expected}, got {got}: {cause}"


def _listed(axes: str) -> str:
    return ", ".join(axis.replace("*", "…") for axis in axes.replace("#", "").split())


@cache
def _holds(dtype: Any) -> tuple[str, ...]:
    """Which of `KINDS` a dtype of torch or NumPy is."""
    name = str(dtype).removeprefix("torch.").lstrip("<>=|")
    if name.startswith("bool"):
        return ("bool", "number")
    if name.startswith(("int", "uint")):
        return ("int", "number")
    return ("float", "number") if name.startswith(("float", "bfloat")) else ()


@cache
def _bounds(interval: str) -> tuple[float, float]:
    low, high = interval[1:-1].split(",")
    return float(low), math.inf if high.strip() == "inf" else float(high)
