"""One place rounds for the eye, and gives plain Python numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minbert.course import rounded


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.12345, 0.123),
        (torch.tensor([[0.5004, 2.0]]), [[0.5, 2.0]]),
        (torch.tensor(1.23456), 1.235),
        (np.array([0.1, 0.2]), [0.1, 0.2]),
        (np.float32(0.1), 0.1),
        ({"a": [0.0004, (1.0006, "text")]}, {"a": [0.0, (1.001, "text")]}),
        (7, 7),
        (True, True),
        (None, None),
    ],
)
def test_values_are_rounded_in_their_nest(value, expected) -> None:
    assert rounded(value) == expected
    assert type(rounded(value)) is type(expected)


def test_there_is_no_minus_zero() -> None:
    assert str(rounded([-0.0001, torch.tensor(-0.0)], 2)) == "[0.0, 0.0]"


def test_digits_can_be_chosen() -> None:
    assert rounded(math.pi, 1) == 3.1 and rounded(math.pi, 5) == 3.14159


def test_nan_and_infinity_stay_what_they_are() -> None:
    assert math.isnan(rounded(math.nan)) and rounded(-math.inf) == -math.inf
