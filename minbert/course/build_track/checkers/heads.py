"""Piece 7: what the three heads must do, and what people write instead."""

from __future__ import annotations

from typing import Any

import torch

from minbert.course.build_track.judging import Case, Checker, draw, twin
from minbert.course.build_track.settings import DOUBLE, trains_apart
from minbert.course.build_track.variants import Mistake


def _sentiment(pieces: Any, labels: int, dtype: torch.dtype) -> Any:
    return twin(pieces, "SentimentHead", 12, labels, dtype=dtype)(draw(1, 4, 12, dtype=dtype))


def _paraphrase(pieces: Any, count: int, dtype: torch.dtype) -> Any:
    first, second = (draw(seed, count, 12, dtype=dtype) for seed in (1, 2))
    return twin(pieces, "ParaphraseHead", 12, dtype=dtype)(first, second)


def _similarity(pieces: Any, count: int, dtype: torch.dtype) -> Any:
    return pieces.similarity_score(*(draw(seed, count, 12, dtype=dtype) for seed in (3, 4)))


PAIRS = "two (6, 12)"
CASES = (
    Case("sentiment", lambda pieces: _sentiment(pieces, 5, torch.float32), "pooled (4, 12)"),
    Case(
        "sentiment, three classes", lambda pieces: _sentiment(pieces, 3, DOUBLE), "pooled (4, 12)"
    ),
    Case(
        "sentiment: dropout acts in training and not in evaluation",
        lambda pieces: trains_apart(twin(pieces, "SentimentHead", 12, 5, 0.5), draw(1, 4, 12)),
        "pooled (4, 12)",
    ),
    Case("paraphrase", lambda pieces: _paraphrase(pieces, 6, torch.float32), PAIRS),
    Case("paraphrase of one pair", lambda pieces: _paraphrase(pieces, 1, DOUBLE), "two (1, 12)"),
    Case(
        "paraphrase: dropout acts in training and not in evaluation",
        lambda pieces: trains_apart(
            twin(pieces, "ParaphraseHead", 12, 0.5), draw(1, 4, 12), draw(2, 4, 12)
        ),
        PAIRS,
    ),
    Case("similarity", lambda pieces: _similarity(pieces, 12, torch.float32), "two (12, 12)"),
    Case("similarity in float64", lambda pieces: _similarity(pieces, 9, DOUBLE), "two (9, 12)"),
    Case(
        "similarity of a vector and its double",
        lambda pieces: pieces.similarity_score(draw(5, 3, 8), 2 * draw(5, 3, 8)),
        "two (3, 8)",
    ),
)

SCORE = "return self.dense(kept)"
LOGIT = "return self.dense(self.dropout(both)).squeeze(-1)"
COSINE = "F.cosine_similarity(first, second, dim=-1)"
MISTAKES = (
    Mistake(
        "sentiment gives probabilities: leave softmax to the loss",
        ((SCORE, f"{SCORE}.softmax(dim=-1)"),),
    ),
    Mistake(
        "the sentiment head has an activation before its linear layer: there is none",
        ((SCORE, "return self.dense(kept.tanh())"),),
    ),
    Mistake(
        "the sentiment head has no dropout", (("kept = self.dropout(pooled)", "kept = pooled"),)
    ),
    Mistake(
        "the sentiment head's dropout acts in evaluation as well",
        (("self.dropout(pooled)", "F.dropout(pooled, self.dropout.p)"),),
    ),
    Mistake(
        "num_labels is not used: the head always has five classes",
        (("nn.Linear(hidden_size, num_labels)", "nn.Linear(hidden_size, 5)"),),
    ),
    Mistake(
        "paraphrase gives (batch, 1): take the last axis away, or the loss compares every pair "
        "with every label",
        ((LOGIT, LOGIT.removesuffix(".squeeze(-1)")),),
    ),
    Mistake(
        "paraphrase takes away every axis of length 1: of one pair nothing but a number is left",
        ((LOGIT, LOGIT.replace("squeeze(-1)", "squeeze()")),),
    ),
    Mistake(
        "paraphrase gives a probability: leave sigmoid to the loss",
        ((LOGIT, f"{LOGIT}.sigmoid()"),),
    ),
    Mistake(
        "the second sentence stands before the first",
        (("torch.cat([first, second]", "torch.cat([second, first]"),),
    ),
    Mistake(
        "paraphrase reads |u - v| and u · v: here it reads the two vectors as they are",
        (("torch.cat([first, second]", "torch.cat([(first - second).abs(), first * second]"),),
    ),
    Mistake("the paraphrase head has no dropout", (("self.dropout(both)", "both"),)),
    Mistake(
        "the paraphrase head's dropout acts in evaluation as well",
        (("self.dropout(both)", "F.dropout(both, self.dropout.p)"),),
    ),
    Mistake("similarity below 0 is not cut off", (("cosine.clamp(min=0)", "cosine"),)),
    Mistake("similarity goes from 0 to 1: it should be times 5", ((" * 5", ""),)),
    Mistake(
        "this is the dot product: divide by the lengths of both vectors",
        ((COSINE, "(first * second).sum(dim=-1)"),),
    ),
    Mistake(
        "the cosine is moved to 0 to 1: it should be cut off at 0",
        (("cosine.clamp(min=0)", "(cosine + 1) / 2"),),
    ),
    Mistake(
        "the sign of the cosine is lost: opposite vectors have similarity 0",
        (("cosine.clamp(min=0)", "cosine.abs()"),),
    ),
    Mistake(
        "the cosine runs over the batch: it should run over the features",
        ((COSINE, COSINE.replace("dim=-1", "dim=0")),),
    ),
)

check = Checker(7, CASES, MISTAKES, "scores for one vector, a logit for two, an angle for two.")
