"""Piece 5: what AdamW must do, what people write instead, and other forms that are right."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from minbert.course.build_track.judging import Case, Checker, draw
from minbert.course.build_track.settings import DOUBLE
from minbert.course.build_track.variants import Mistake, OtherForm


def _steps(
    pieces: Any,
    dtype: torch.dtype = torch.float32,
    steps: int = 5,
    eps: float = 1e-8,
    decay: float = 0.0,
    late: int = 0,
    size: float = 1.0,
) -> Any:
    """Parameters after some steps; the second gets its first gradients after `late` of them."""
    parameters = [
        nn.Parameter(draw(1, 3, 4, dtype=dtype)),
        nn.Parameter(draw(2, 5, dtype=dtype)),
        nn.Parameter(draw(3, 2, dtype=dtype)),
    ]
    optimizer = pieces.AdamW(parameters, lr=0.1, betas=(0.8, 0.95), eps=eps, weight_decay=decay)
    for step in range(steps):
        for number, parameter in enumerate(parameters[:2]):
            gradient = size * draw(10 * step + number, *parameter.shape, dtype=dtype)
            parameter.grad = None if number and step < late else gradient
        optimizer.step()
    return tuple(parameter.detach().clone() for parameter in parameters)


def _cleared(pieces: Any) -> bool:
    parameter = nn.Parameter(draw(1, 3))
    optimizer = pieces.AdamW([parameter], lr=0.1)
    parameter.grad = draw(2, 3)
    optimizer.zero_grad()
    return parameter.grad is None or not parameter.grad.any()


CASES = (
    Case("five steps", lambda pieces: _steps(pieces), "parameters (3, 4), (5,) and (2,)"),
    Case("one step", lambda pieces: _steps(pieces, steps=1), "parameters (3, 4), (5,) and (2,)"),
    Case("five steps in float64", lambda pieces: _steps(pieces, DOUBLE), "parameters (3, 4), (5,)"),
    Case("with weight decay", lambda pieces: _steps(pieces, decay=0.5), "parameters (3, 4), (5,)"),
    Case("with a large eps", lambda pieces: _steps(pieces, eps=0.1), "parameters (3, 4), (5,)"),
    Case("small gradients", lambda pieces: _steps(pieces, size=1e-3), "parameters (3, 4), (5,)"),
    Case(
        "a parameter whose gradients come late",
        lambda pieces: _steps(pieces, late=2),
        "parameters (3, 4), (5,) and (2,)",
    ),
    Case("gradients are cleared", _cleared, "a parameter (3,)"),
)

DECAY = "                parameter.mul_(1 - self.lr * self.weight_decay)\n"
MEAN = "mean = mean / (1 - beta1**count)"
SQUARE = "square = square / (1 - beta2**count)"
STEP = "parameter.sub_(self.lr * mean / (square.sqrt() + self.eps))"
AFTER = f"{STEP}\n                parameter.sub_(self.lr * self.weight_decay * parameter)"
FOLDED = (
    (MEAN, "length = self.lr * (1 - beta2**count) ** 0.5 / (1 - beta1**count)"),
    (SQUARE, "square = square * 1"),
)
FOLDED_STEP = STEP.replace("self.lr * mean", "length * mean")
FOLDED_AFTER = AFTER.replace("self.lr * mean", "length * mean")
MISTAKES = (
    Mistake(
        "the means are not corrected for their start at zero: early steps are wrong",
        ((MEAN, "mean = mean * 1"), (SQUARE, "square = square * 1")),
    ),
    Mistake(
        "the mean of the gradients is not corrected for its start at zero",
        ((MEAN, "mean = mean * 1"),),
    ),
    Mistake(
        "the mean of the squares is not corrected for its start at zero",
        ((SQUARE, "square = square * 1"),),
    ),
    Mistake(
        "decay is added to the gradient (L2): in AdamW it goes past the means, straight to the "
        "weight",
        ((DECAY, "                gradient = gradient + self.weight_decay * parameter\n"),),
    ),
    Mistake(
        "decay is not multiplied by lr",
        (("1 - self.lr * self.weight_decay", "1 - self.weight_decay"),),
    ),
    Mistake("weight decay is missing", ((DECAY, ""),)),
    Mistake(
        "weights grow by decay instead of shrinking: the sign is wrong",
        (("1 - self.lr * self.weight_decay", "1 + self.lr * self.weight_decay"),),
    ),
    Mistake(
        "eps stands inside the root: it is added to the root",
        (("(square.sqrt() + self.eps)", "(square + self.eps).sqrt()"),),
    ),
    Mistake(
        "beta1 and beta2 are mixed up: the first belongs to the mean of gradients",
        (("beta1, beta2 = self.betas", "beta2, beta1 = self.betas"),),
    ),
    Mistake("the root of the mean square is missing", (("square.sqrt()", "square"),)),
    Mistake(
        "the second mean is of the gradient itself: it should be of its square",
        (("gradient**2, alpha", "gradient, alpha"),),
    ),
    Mistake("the step goes uphill: subtract it", ((STEP, STEP.replace("sub_", "add_")),)),
    Mistake(
        "steps are counted from 2: count first, then correct with 1 at the first step",
        (("count = self.steps[number]", "count = self.steps[number] + 1"),),
    ),
    Mistake(
        "the steps of one parameter correct those of another: count each by itself",
        (("count = self.steps[number]", "count = max(self.steps)"),),
    ),
    Mistake(
        "the count of steps goes up with every parameter: count each parameter's own steps",
        (("count = self.steps[number]", "count = sum(self.steps)"),),
    ),
    Mistake(
        "the new gradient is not weighted by 1 - beta1: the mean grows beyond the gradients",
        (("alpha=1 - beta1", "alpha=1.0"),),
    ),
    Mistake(
        "the means are forgotten at each step: keep them from one step to the next",
        (("self.means[number].mul_(beta1)", "self.means[number].zero_()"),),
    ),
    Mistake(
        "a parameter without a gradient is moved as well: it should stay",
        (
            (
                "                if gradient is None:\n                    continue\n",
                "                if gradient is None:\n"
                "                    parameter.mul_(1 - self.lr)\n                    continue\n",
            ),
        ),
    ),
)

EPS = (
    "The corrections are folded into the length of the step, so your eps acts on the uncorrected "
    "root; torch adds it to the corrected one. At usual values of eps nobody sees a difference."
)
LATE = (
    "Decay comes after the step, so it shrinks the moved weight; torch shrinks the weight first. "
    "The difference is lr · weight_decay times the step."
)
OTHER_FORMS = (
    OtherForm(EPS, (*FOLDED, (STEP, FOLDED_STEP))),
    OtherForm(LATE, ((DECAY, ""), (STEP, AFTER))),
    OtherForm(f"{EPS} {LATE}", (*FOLDED, (DECAY, ""), (STEP, FOLDED_AFTER))),
)

check = Checker(
    5, CASES, MISTAKES, "steps have the same size, whatever the size of gradients.", OTHER_FORMS
)
