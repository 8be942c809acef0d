"""Which tokens a score depends on: take each away, ask the gradient, and hold both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from minbert import checks
from minbert.analysis.attention import attention_received, rollout
from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluating import evaluating, on_its_device
from minbert.pooling import POOLINGS, pool
from minbert.tokenizer import WordPieceTokenizer

Score = Callable[[EncoderOutput, Int[Tensor, "batch seq"]], Float[Tensor, " batch"]]
"""From what the encoder gives and the attention mask to one number a text."""

ABLATIONS = ("mask", "hide")
"""`mask`: the piece becomes [MASK]; `hide`: nobody may look at it, and no mean counts it."""


def cosine_to(vector: Float[Tensor, " hidden"], pooling: str = "mean") -> Score:
    """The score "cosine of this text's vector with that one": what the similarity head reads.

    Args:
        vector: of the other text.
        pooling: as for `minbert.pooling.pool`.

    Raises:
        ValueError: an unknown pooling, or no vector.
    """
    checks.one_of("pooling", pooling, POOLINGS)
    checks.shapes("of one text", vector=(vector, "hidden", "float"))

    def score(
        output: EncoderOutput, attention_mask: Int[Tensor, "batch seq"]
    ) -> Float[Tensor, " batch"]:
        return F.cosine_similarity(pool(output, attention_mask, pooling), vector[None], dim=-1)

    return score


@torch.no_grad()
def score_of(encoder: Encoder, batch: dict[str, Tensor], score: Score) -> Float[Tensor, " batch"]:
    """The score of each text, dropout off. Args: as for `ablation`, any number of texts."""
    with evaluating(encoder):
        return _scored(encoder, batch, score)


@torch.no_grad()
def ablation(
    encoder: Encoder,
    tokenizer: WordPieceTokenizer,
    batch: dict[str, Tensor],
    score: Score,
    how: str = "mask",
) -> Float[np.ndarray, " seq"]:
    """Change of the score when one token is taken away, for each token of one text.

    All versions of the text are one batch. Dropout is off.

    Args:
        encoder: left as it was, training mode included.
        tokenizer: the encoder's own; it knows [MASK].
        batch: one unpadded text as the tokenizer gives it.
        score: what is explained.
        how: one of `ABLATIONS`.

    Returns:
        score without the token - score: negative where the token supports the score.

    Raises:
        ValueError: `how` is none of them, or there is more than one text.
    """
    checks.one_of("how", how, ABLATIONS)
    _one_text(batch)
    length = batch["input_ids"].shape[1]
    without = {name: value.repeat(length, 1) for name, value in batch.items()}
    token = torch.arange(length)
    if how == "mask":
        without["input_ids"][token, token] = tokenizer.mask_id
    else:
        without["attention_mask"][token, token] = 0
    change = score_of(encoder, without, score) - score_of(encoder, batch, score)
    return change.double().cpu().numpy()


def gradient_size(
    encoder: Encoder, batch: dict[str, Tensor], score: Score
) -> Float[np.ndarray, " seq"]:
    """Length of the gradient of the score with respect to each token's word embedding.

    How steep the score is there, for a small step in the worst direction; taking a token away is
    no small step. Dropout is off. Source: Simonyan et al. (2014), for pictures.

    Args:
        encoder: left as it was: no parameter's gradient is touched.
        batch: one unpadded text as the tokenizer gives it.
        score: what is explained.

    Raises:
        ValueError: there is more than one text.
    """
    _one_text(batch)
    kept: list[Tensor] = []

    def cut(module: torch.nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1]

    hook = encoder.embeddings.word_embeddings.register_forward_hook(cut)
    try:
        with torch.enable_grad(), evaluating(encoder):
            value = _scored(encoder, batch, score)
            (gradient,) = torch.autograd.grad(value.sum(), kept)
    finally:
        hook.remove()
    return gradient[0].norm(dim=-1).double().cpu().numpy()


def rank_agreement(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray]
) -> tuple[float, float]:
    """Do two measures order the tokens of a text alike? Mean of Spearman's rho over texts.

    Texts on which a measure is the same for all tokens have no order and are left out.

    Args:
        first, second: per text one value a token.

    Returns:
        The mean, from -1 (opposite orders) over 0 (unrelated) to 1 (the same order), and its
        standard error over the texts.

    Raises:
        ValueError: fewer than two texts have an order, or the two have not a value a token each.
    """
    if len(first) != len(second) or any(map(_differ, first, second)):
        raise ValueError(
            "first and second must have one finite value for each token of the same texts, got "
            f"{[np.shape(a) for a in first]} and {[np.shape(b) for b in second]}"
        )
    from scipy import stats  # 46 MiB: most who import this file do not need it

    found = [
        stats.spearmanr(a, b).statistic
        for a, b in zip(first, second, strict=True)
        if np.ptp(a) > 0 and np.ptp(b) > 0
    ]
    if len(found) < 2:
        raise ValueError(
            f"first and second must order two texts or more, got {len(found)} of {len(first)} texts"
            " that have an order"
        )
    return float(np.mean(found)), float(np.std(found, ddof=1) / len(found) ** 0.5)


def _differ(one: np.ndarray, other: np.ndarray) -> bool:
    same = np.shape(one) == np.shape(other) and np.ndim(one) == 1 and np.size(one)
    return not same or not (np.isfinite(one).all() and np.isfinite(other).all())


def _one_text(batch: dict[str, Tensor]) -> None:
    if len(batch["input_ids"]) != 1 or not bool(batch["attention_mask"].all()):
        raise ValueError(
            f"expected one unpadded text, got input_ids of shape {tuple(batch['input_ids'].shape)}"
        )


def _scored(encoder: Encoder, batch: dict[str, Tensor], score: Score) -> Tensor:
    batch = on_its_device(encoder, batch)
    return score(encoder(**batch), batch["attention_mask"])


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
        For each pair of names, in the order in which they are in an explanation, mean and
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
