"""The one place where numbers are rounded for the eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def rounded(value: Any, digits: int = 3) -> Any:
    """A number, tensor, array or nest of them as plain rounded Python numbers.

    Notebook outputs are compared as text, and the last digits of a float differ between
    processors: what is printed goes through here. -0.0 becomes 0.0.

    Args:
        value: a number, tensor, array, or a list, tuple or dict of these; text is left alone.
        digits: after the point.
    """
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return rounded(value.tolist(), digits)
    if isinstance(value, dict):
        return {key: rounded(part, digits) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(rounded(part, digits) for part in value)
    if isinstance(value, float):
        return round(value, digits) + 0.0
    return value
