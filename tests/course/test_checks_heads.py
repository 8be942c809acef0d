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


def mean_cosine(vectors):
    units = torch.nn.functional.normalize(vectors, dim=1)
    total = (units @ units.T).sum() - len(units)
    return total.item() / (len(units) * (len(units) - 1))


def test_right_answers_pass() -> None:
    assert heads.comparing_features(features).passed
    assert heads.labels_kept(kept).passed
    assert heads.labels_kept(lambda a, b: max(abs(x - y) for x, y in zip(a, b.tolist())) < 1e-3)  # noqa: B905
    assert heads.mean_cosine(mean_cosine).passed


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
        (lambda x: torch.cosine_similarity(x[:, None], x[None], dim=-1).mean(), "itself"),
        (lambda x: ((x @ x.T).sum() - (x * x).sum()) / (len(x) ** 2 - len(x)), "dot products"),
        (lambda x: mean_cosine(x) * (1 - 1 / len(x)), "divided by n²"),
        (lambda x: x, "shape"),
    ],
)
def test_mean_cosine(function, said: str) -> None:
    verdict = heads.mean_cosine(function)
    assert not verdict.passed and said in str(verdict), verdict
