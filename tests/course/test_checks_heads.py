"""The checkers of 05_three_heads pass what is right and name what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minbert.course.checks import heads


def features(u, v):
    return torch.cat([u, v, (u - v).abs(), u * v], dim=-1)


def kept(labels, tensor):
    return torch.allclose(torch.tensor(labels), tensor.float())


def axis_shares(vectors):
    squared = torch.linalg.eigvalsh(vectors.T @ vectors).flip(0)
    return squared / squared.sum()


def test_right_answers_pass() -> None:
    assert heads.comparing_features(features).passed
    assert heads.labels_kept(kept).passed
    assert heads.labels_kept(lambda a, b: max(abs(x - y) for x, y in zip(a, b.tolist())) < 1e-3)  # noqa: B905
    assert heads.axis_shares(axis_shares).passed
    assert heads.axis_shares(lambda x: axis_shares(x).numpy()).passed


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda u, v: None, "returns None"),
        (lambda u, v: torch.cat([u, v], -1), "u and v alone"),
        (lambda u, v: torch.cat([u, v, u - v, u * v], -1), "kept its sign"),
        (lambda u, v: torch.cat([u, v, (u - v).abs(), (u * v).sum(-1, True)], -1), "summed"),
        (lambda u, v: torch.cat([u, v, u * v, (u - v).abs()], -1), "comes before the product"),
        (lambda u, v: torch.cat([u, v, (u - v).abs()], -1), "u · v is missing"),
        (lambda u, v: torch.cat([u, v, u * v], -1), "|u - v| is missing"),
        (lambda u, v: torch.cat([u, v, (u - v).abs(), u * v]), "last axis"),
        (lambda u, v: u @ v, "your code raised"),
    ],
)
def test_features(function, said: str) -> None:
    verdict = heads.comparing_features(function)
    assert not verdict.passed and said in str(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda labels, tensor: None, "returns None"),
        (lambda labels, tensor: labels == tensor.tolist(), "compare exactly"),
        (lambda labels, tensor: tensor.is_floating_point(), "type of the tensor"),
        (lambda labels, tensor: [int(x) for x in labels] == tensor.long().tolist(), "hides"),
        (lambda labels, tensor: len(labels) == len(tensor), "always True"),
        (lambda labels, tensor: abs(np.mean(labels) - tensor.float().mean()) < 1e-3, "means only"),
        (lambda labels, tensor: np.allclose(labels, tensor, rtol=0, atol=1), "tolerance of 1"),
        (lambda labels, tensor: True, "always True"),
        (lambda labels, tensor: False, "case 1: expected True"),
    ],
)
def test_labels(function, said: str) -> None:
    verdict = heads.labels_kept(function)
    assert not verdict.passed and said in str(verdict), verdict


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: None, "returns None"),
        (lambda x: torch.linalg.svdvals(x), "square them and divide"),
        (lambda x: torch.linalg.svdvals(x) ** 2, "shares sum to 1"),
        (lambda x: axis_shares(x).sqrt() / axis_shares(x).sqrt().sum(), "not of squared length"),
        (lambda x: axis_shares(x - x.mean(0)), "mean was subtracted"),
        (lambda x: (x * x).mean(0) / (x * x).mean(0).sum(), "coordinate axes"),
        (lambda x: axis_shares(x).flip(0), "largest down"),
        (lambda x: axis_shares(x)[0], "return all"),
        (lambda x: axis_shares(x) + 0.1, "expected"),
    ],
)
def test_axis_shares(function, said: str) -> None:
    verdict = heads.axis_shares(function)
    assert not verdict.passed and said in str(verdict), verdict
