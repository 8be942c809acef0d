"""What is said to explain one prediction, side by side: attention, ablation, gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float

from minbert.analysis.attention_measures import attention_received, rollout
from minbert.analysis.attribution import (
    ablation,
    cosine_to,
    gradient_size,
    rank_agreement,
    score_of,
)
from minbert.encoder import Encoder
from minbert.evaluating import evaluating, on_its_device
from minbert.pooling import pool
from minbert.tokenizer import WordPieceTokenizer


@dataclass(frozen=True)
class Explanation:
    """One number a token from each measure, for one prediction."""

    tokens: tuple[str, ...]
    prediction: float
    """The score that is explained: the cosine of two sentence vectors."""
    measures: dict[str, Float[np.ndarray, " seq"]]
    """By name; sizes, none of them negative."""

    def words(self) -> Explanation:
        """The same without the first and the last token, [CLS] and [SEP]."""
        inner = {name: values[1:-1] for name, values in self.measures.items()}
        return Explanation(self.tokens[1:-1], self.prediction, inner)


def explain_similarity(
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    sentence: str,
    other: str,
    pooling: str = "mean",
) -> Explanation:
    """Why is `sentence` as similar to `other` as it is? Five answers, token by token.

    `attention` and `rollout` are means over what the tokens of `sentence` attend to; the two
    ablations are the size of the change of the cosine when a token becomes [MASK] or is hidden;
    `gradient` is the steepness of the cosine at the token. `other` is held fixed.

    Args:
        encoder: any; left as it was.
        tokenizer: the encoder's own.
        sentence, other: two sentences.
        pooling: as for `minbert.pooling.pool`.

    Source of the comparison: Jain and Wallace (2019), section 4.1.
    """
    longest = encoder.config.max_position_embeddings
    batch, reference = (
        on_its_device(encoder, tokenizer([text], max_length=longest)) for text in (sentence, other)
    )
    with torch.no_grad(), evaluating(encoder):
        vector = pool(encoder(**reference), reference["attention_mask"], pooling)[0]
        output = encoder(**batch, return_attention=True)
    attentions = torch.stack(output.attentions)[:, 0]
    score = cosine_to(vector, pooling)
    return Explanation(
        tokens=tuple(tokenizer.tokens(batch["input_ids"][0].tolist())),
        prediction=float(score_of(encoder, batch, score)),
        measures={
            "attention": attention_received(attentions),
            "rollout": rollout(attentions).mean(axis=0),
            "ablation: [MASK]": np.abs(ablation(encoder, tokenizer, batch, score, "mask")),
            "ablation: hidden": np.abs(ablation(encoder, tokenizer, batch, score, "hide")),
            "gradient": gradient_size(encoder, batch, score),
        },
    )


def agreements(
    explanations: Sequence[Explanation],
) -> dict[tuple[str, str], tuple[float, float]]:
    """How alike each two measures order the tokens, over several texts.

    Returns:
        For each pair of names, in the order in which they stand in an explanation, mean and
        standard error of Spearman's rho: see `minbert.analysis.attribution.rank_agreement`.

    Raises:
        ValueError: there are fewer than two explanations.
    """
    if len(explanations) < 2:
        raise ValueError(f"expected at least two explanations, got {len(explanations)}")
    return {
        (first, second): rank_agreement(
            [one.measures[first] for one in explanations],
            [one.measures[second] for one in explanations],
        )
        for first, second in combinations(explanations[0].measures, 2)
    }
