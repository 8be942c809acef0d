"""The alarm of a training: weights that are no numbers are named, large ones are not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from minbert.training.curve import DivergedError, check_weights

INFINITY = float("inf")


def layers(values: list[float]) -> nn.Sequential:
    last = nn.Linear(len(values), 1)
    with torch.no_grad():
        last.weight[:] = torch.tensor(values)
    return nn.Sequential(nn.Linear(2, 2), last)


@pytest.mark.parametrize(
    "values",
    [[1.0, float("nan")], [INFINITY, 1.0], [-INFINITY, 1.0], [INFINITY, -INFINITY]],
    ids=["NaN", "infinity", "minus infinity", "both"],
)
def test_what_is_no_number_is_named(values: list[float]) -> None:
    with pytest.raises(DivergedError, match=r"1\.weight of sst holds NaN or infinity by step 7"):
        check_weights(layers(values), 7, 0.1, "sst")


def test_numbers_whose_sum_is_none_are_weights() -> None:
    check_weights(layers([3e38, 3e38, 3e38]), 7, 0.1, "sst")


def test_what_does_not_learn_is_not_looked_at() -> None:
    model = layers([float("nan")])
    model[1].requires_grad_(False)
    check_weights(model, 7, 0.1, "sst")
