"""The judge says what is wrong: nothing returned, an error, NaN, a shape, a known mistake."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minbert.course.checks.base import Verdict, difference, judge_function, judge_value

CASES = [(torch.tensor([1.0, 2.0, 3.0]),), (torch.tensor([4.0, 6.0]),)]
MISTAKES = {
    "this is the sum; divide by the number of values": torch.sum,
    "this fails on every case": lambda x: x[99],
    "this is the largest value": torch.max,
}


def judge(function, **options) -> Verdict:
    return judge_function(function, torch.mean, CASES, MISTAKES, **options)


def raises(error: Exception):
    def function(x):
        raise error

    return function


def test_what_is_right_passes_with_praise() -> None:
    verdict = judge(lambda x: x.sum() / len(x), praise="means are sums over counts.")
    assert verdict.passed and str(verdict) == "Right: means are sums over counts."
    assert str(judge(torch.mean)) == "Right: all cases give what they should."


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: None, "your function returns None"),
        (lambda x: ..., "your function returns None"),
        (raises(NotImplementedError()), "still raises NotImplementedError"),
        (raises(KeyError("word")), "your code raised KeyError: 'word'"),
        (lambda x, y: x, "your code raised TypeError"),
        (lambda x: x.mean() * math.nan, "1 of 1 numbers are NaN"),
        (lambda x: x, "expected the shape (), got (3,)"),
        (lambda x: "two", "expected numbers (Tensor), got str"),
        (lambda x: x.sum(), "this is the sum; divide by the number of values"),
        (lambda x: x.max(), "this is the largest value"),
        (lambda x: x.mean() - 1, "case 1: expected 2.0000, got 1.0000"),
        (lambda x: x.mean() if len(x) == 3 else x.sum(), "case 2: expected 5.0000, got 10.0000"),
    ],
)
def test_what_is_wrong_is_named(function, said: str) -> None:
    verdict = judge(function)
    assert not verdict.passed
    assert str(verdict).startswith("Not yet: ") and said in str(verdict)


def test_a_mistake_must_explain_all_cases() -> None:
    verdict = judge(lambda x: x.sum() if len(x) == 3 else x.mean() - 1)
    assert "divide" not in str(verdict) and "case 1" in str(verdict)


def test_answers_may_be_plain_numbers_or_arrays() -> None:
    assert judge(lambda x: x.mean().item()).passed
    assert judge(lambda x: x.numpy().mean()).passed


def test_a_function_that_changes_its_input_spoils_no_other_case() -> None:
    given = torch.tensor([1.0, 2.0])

    def careless(x):
        x += 1
        return x.mean() - 1

    assert judge_function(careless, torch.mean, [(given,), (given,)]).passed
    assert given.tolist() == [1.0, 2.0]


def test_tolerance_is_of_the_largest_difference() -> None:
    assert not judge(lambda x: x.mean() + 1e-3).passed
    assert judge(lambda x: x.mean() + 1e-3, tolerance=1e-2).passed


def test_several_results_are_compared_one_by_one() -> None:
    def both(x):
        return x.mean(), x > 2

    assert judge_function(both, both, CASES).passed
    assert not judge_function(lambda x: (x.mean(), x > 5), both, CASES).passed
    assert not judge_function(lambda x: (x.mean(),), both, CASES).passed


def test_text_is_compared_as_text() -> None:
    verdict = judge_function(lambda word: word, str.upper, [("a",)])
    assert str(verdict) == "Not yet: case 1: expected 'A', got 'a'"


@pytest.mark.parametrize(
    ("answer", "passed", "said"),
    [
        (0.25, True, "that is it"),
        (None, False, "replace the three dots"),
        (..., False, "replace the three dots"),
        (0.75, False, "that is the share of the others"),
        (0.5, False, "expected 0.2500, got 0.5000"),
        ("a quarter", False, "expected numbers (float), got str"),
    ],
)
def test_one_value_is_judged_the_same_way(answer, passed: bool, said: str) -> None:
    verdict = judge_value(answer, 0.25, {"that is the share of the others": 0.75})
    assert verdict.passed is passed and said in str(verdict)


@pytest.mark.parametrize(
    ("answer", "wanted", "said"),
    [
        (np.array([[1.0, 2.0], [3.0, 9.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), "at (1, 1)"),
        ([1.0, math.nan], [1.0, 2.0], "1 of 2 numbers are NaN"),
        (torch.zeros(2, 3), torch.zeros(3, 2), "expected the shape (3, 2), got (2, 3)"),
        (False, True, "expected True, got False"),
    ],
)
def test_differences_say_where(answer, wanted, said: str) -> None:
    assert said in difference(answer, wanted)
