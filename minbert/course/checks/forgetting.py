"""Checkers of 09_heads_and_sentiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy import special
from torch.optim import Optimizer

from minbert import losses
from minbert.config import ModelConfig
from minbert.course.checks.base import Verdict, judge_function, raised
from minbert.encoder import Encoder
from minbert.evaluation.statistics import over_seeds
from minbert.multitask import MultitaskBert
from minbert.training.digests import weights_digest

SMALL = ModelConfig(
    vocab_size=40,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=16,
)


def heads_optimizer(function: Callable[[MultitaskBert], Optimizer]) -> Verdict:
    """`function(model)`: freezes the encoder, returns an optimizer of the heads alone.

    The model that is handed over has trained before: its gradients are still there.
    """
    model = MultitaskBert(
        Encoder(SMALL, torch.Generator().manual_seed(0)),
        generator=torch.Generator().manual_seed(1),
    ).train()
    _loss(model).backward()
    try:
        optimizer = function(model)
    except Exception as error:  # the learner's code may raise anything
        return raised(error)
    if optimizer is None or optimizer is Ellipsis:
        return Verdict(False, "your function returns None: `return` the optimizer")
    if not isinstance(optimizer, Optimizer):
        return Verdict(False, f"expected an optimizer, got {type(optimizer).__name__}")
    wrong = _wrong_about_freezing(model, optimizer)
    if wrong:
        return Verdict(False, wrong)
    before = weights_digest(model.encoder)
    _loss(model).backward()
    optimizer.step()
    if weights_digest(model.encoder) != before:
        return Verdict(False, "after one step the encoder's weights are not what they were")
    return Verdict(True, "the encoder can neither move nor drop out, and both heads can learn.")


def _loss(model: MultitaskBert) -> torch.Tensor:
    ids = torch.arange(24).reshape(3, 8) + 5
    pooled = model.embed(ids)
    return losses.sentiment(model.sentiment(pooled), torch.tensor([0, 2, 4])) + losses.paraphrase(
        model.paraphrase(pooled, pooled.roll(1, 0)), torch.tensor([1.0, 0.0, 1.0])
    )


def _wrong_about_freezing(model: MultitaskBert, optimizer: Optimizer) -> str | None:
    """The first thing that is wrong, as a sentence."""
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    encoder = list(model.encoder.parameters())
    asking = [parameter.requires_grad for parameter in encoder]
    if "requires_grad" in vars(model.encoder):
        return (
            "`encoder.requires_grad = False` only hangs a new attribute on the module, which nobody"
            " reads: call `encoder.requires_grad_(False)`, with the underscore"
        )
    if not any(asking) and any(id(parameter) in held for parameter in encoder):
        return (
            "the encoder is frozen, but the optimizer still holds its weights: with old gradients,"
            " momentum or weight decay it goes on moving them; freeze first, then build it from"
            " what still asks for gradients"
        )
    if all(asking):
        return "the encoder's weights still ask for gradients: nothing is frozen"
    if any(asking):
        return f"{sum(asking)} of {len(asking)} weights of the encoder still ask for gradients"
    for name in ("sentiment", "paraphrase"):
        for parameter in getattr(model, name).parameters():
            if not parameter.requires_grad:
                return f"the {name} head is frozen too: freeze `model.encoder`, not `model`"
            if id(parameter) not in held:
                return f"the optimizer does not hold the {name} head: it would never learn"
    if any(module.training for module in model.encoder.modules()):
        return (
            "the encoder is still in training mode: its dropout acts, and the same sentence has"
            " another vector each time; frozen weights do not stop that, `eval()` does"
        )
    return None


def paired_interval(
    function: Callable[[Sequence[float], Sequence[float]], tuple[float, float, float]],
) -> Verdict:
    """`function(before, after)`: mean of after - before, and its 95 % interval over seeds."""
    cases = [
        ([0.70, 0.60, 0.65], [0.66, 0.57, 0.60]),
        ([0.31, 0.28, 0.35, 0.30, 0.29], [0.52, 0.47, 0.55, 0.54, 0.46]),
        ([0.5, 0.7], [0.6, 0.65]),
    ]

    def right(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
        found = over_seeds(np.subtract(after, before).tolist())
        return found["value"], *found["ci95"]

    def with_half(half: Callable[[np.ndarray], float], sign: float = 1.0) -> Callable:
        def made(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
            differences = sign * np.subtract(after, before)
            mean, width = float(differences.mean()), float(half(differences))
            return mean, mean - width, mean + width

        return made

    def standard_error(d: np.ndarray) -> float:
        return float(d.std(ddof=1) / np.sqrt(len(d)))

    def quantile(d: np.ndarray, level: float = 0.975, less: int = 1) -> float:
        return special.stdtrit(len(d) - less, level)

    def unpaired(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
        n, mean = len(before), float(np.mean(after) - np.mean(before))
        error = np.sqrt(np.var(before, ddof=1) / n + np.var(after, ddof=1) / n)
        width = float(error * special.stdtrit(2 * n - 2, 0.975))
        return mean, mean - width, mean + width

    return judge_function(
        function,
        right,
        cases,
        mistakes={
            "this is before - after: a loss would count as a gain": (
                with_half(lambda d: standard_error(d) * quantile(d), sign=-1.0)
            ),
            "you treat before and after as two unrelated samples: subtract seed by seed first, "
            "what a seed does to both then drops out": unpaired,
            "1.96 belongs to the normal distribution, that is to many seeds: with a handful use "
            "Student's t with n - 1 degrees of freedom": (
                with_half(lambda d: 1.959964 * standard_error(d))
            ),
            "the deviation of the differences is divided by n, it should be n - 1 (ddof=1)": (
                with_half(lambda d: d.std() / np.sqrt(len(d)) * quantile(d))
            ),
            "this is how far one more seed may lie; the interval of the mean is sqrt(n) times "
            "narrower": with_half(lambda d: d.std(ddof=1) * quantile(d)),
            "n degrees of freedom are one too many: the mean was estimated from the same numbers": (
                with_half(lambda d: standard_error(d) * quantile(d, less=0))
            ),
            "the quantile .95 leaves 5 % on each side: for 95 % in all take .975": (
                with_half(lambda d: standard_error(d) * quantile(d, level=0.95))
            ),
        },
        tolerance=1e-4,
        praise="what each seed does to both measurements has dropped out of the interval.",
    )
