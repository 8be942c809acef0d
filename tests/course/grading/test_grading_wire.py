"""What a submission gives travels as numbers: the same on the other side, and nothing else."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from minbert.course.build_track.comparing import Raised, Said, agree, difference
from minbert.course.grading.wire import packed, unpacked


def sent(value: Any) -> Any:
    return unpacked(json.loads(json.dumps(packed(value))))


SAME = [
    None, True, 3, -1.5, 1e300, "words", [], (), [1, 2.0], (True, "x", [None]),
    torch.randn(2, 3), torch.randn(4, dtype=torch.float64), torch.tensor(3.0), torch.zeros(0, 2),
    torch.tensor([True, False]), torch.arange(5), torch.randn(3, 4).T,
    torch.nn.Parameter(torch.ones(2)), (torch.ones(2), [torch.zeros(1), 3]), Said("so it is"),
    Raised("KeyError", "x", "line 3 raises KeyError: x"), torch.randn(2).half(),
]  # fmt: skip


@pytest.mark.parametrize("value", SAME, ids=range(len(SAME)))
def test_what_arrives_is_what_was_sent(value: Any) -> None:
    assert agree(sent(value), value)


def test_nan_arrives() -> None:
    assert math.isnan(sent(math.nan)) and sent(-math.inf) == -math.inf
    assert sent(torch.tensor([math.nan])).isnan().all()


def test_anything_else_is_named_and_not_sent() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise KeyError

    deep: Any = []
    for _ in range(50):
        deep = [deep]
    for value in (Odd(), deep, torch.ones(2) * 1j, 2**70, {"a": 1}, torch.ones(2).to_sparse()):
        assert not agree(sent(value), torch.ones(2))
    assert difference(sent(Odd()), torch.ones(2)) == ("expected a tensor of shape (2,), got a Odd")


BAD = [
    "x", [], {}, {"tensor": "float32", "shape": [9], "data": ""}, {"tensor": 3}, {"float": "x"},
    {"tensor": "float32", "shape": ["a"], "data": "AAAA"}, {"raised": ["x"]}, {"list": 3},
    {"tensor": "float32", "shape": [1], "data": "!"}, {"other": "x"}, {"float": 3}, 1.5,
]  # fmt: skip


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_what_nobody_packed_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        unpacked(value)
