"""Piece 10: what the loop must do, and what people write instead."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from minbert.course.build_track.judging import Case, Checker, draw, whole
from minbert.course.build_track.settings import DOUBLE
from minbert.course.build_track.variants import Mistake
from minbert.light_optimizer import LightOptimizer


def _linear(dtype: torch.dtype) -> nn.Linear:
    model = nn.Linear(4, 3).to(dtype)
    with torch.no_grad():
        model.weight.copy_(draw(1, 3, 4))
        model.bias.copy_(draw(2, 3))
    return model


def _run(
    pieces: Any,
    epochs: int = 3,
    dtype: torch.dtype = torch.float32,
    max_norm: float | None = None,
    skipped: int | None = None,
) -> Any:
    """Weights and history after training a linear map on made-up batches."""
    model = _linear(dtype)

    def loss_of(batch: int) -> Tensor | None:
        if batch == skipped:
            return None
        inputs = draw(10 + batch, 5, 4, dtype=dtype)
        return (model(inputs) - draw(50 + batch, 5, 3, dtype=dtype)).square().mean()

    history = pieces.train(
        model,
        _Momentum(model.parameters(), {}),
        lambda epoch: [3 * epoch + number for number in range(3)],
        loss_of,
        epochs,
        lambda: float(model.weight.detach().sum()),
        max_norm,
    )
    return model.weight.detach(), model.bias.detach(), [list(map(float, row)) for row in history]


def _modes(pieces: Any, what: str) -> list[bool]:
    """Of each batch and each measurement, whether the model trains or gradients are kept."""
    model, seen = _linear(torch.float32), []

    def loss_of(batch: int) -> Tensor:
        if what == "while training":
            seen.append(model.training and torch.is_grad_enabled())
        return model(draw(batch, 2, 4)).square().mean()

    def measure() -> float:
        if what == "while measuring":
            seen.append(model.training)
        if what == "gradients":
            seen.append(torch.is_grad_enabled())
        return 0.0

    model.eval()
    optimizer = _Momentum(model.parameters(), {})
    pieces.train(model, optimizer, lambda epoch: range(2), loss_of, 2, measure)
    return [*seen, model.training] if what == "while measuring" else seen


class _Momentum(LightOptimizer):
    """Gradient descent with momentum; torch's would import its compiler for each who is checked."""

    def update(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        for parameter in trained:
            speed = self.state[parameter].setdefault("speed", torch.zeros_like(parameter))
            speed.mul_(0.5).add_(parameter.grad)
            parameter.sub_(0.1 * speed)


class _Counting:
    """An optimizer that counts its steps and moves nothing."""

    def __init__(self) -> None:
        self.steps = 0

    def zero_grad(self) -> None:
        """Nothing."""

    def step(self) -> None:
        """Count."""
        self.steps += 1


def _steps(pieces: Any) -> int:
    model, optimizer = _linear(torch.float32), _Counting()

    def loss_of(batch: int) -> Tensor:
        return model(draw(batch, 2, 4)).mean()

    pieces.train(model, optimizer, lambda epoch: range(epoch + 1), loss_of, 3, lambda: 0.0)
    return optimizer.steps


def _accuracy(pieces: Any, *sizes: int, dtype: torch.dtype = torch.float32) -> float:
    def answer(size: int) -> tuple[Tensor, Tensor]:
        return draw(size, size, 4, dtype=dtype), whole(size, 0, 4, size)

    return float(pieces.accuracy(sizes, answer))


CASES = (
    Case("three epochs", lambda pieces: _run(pieces), "three batches an epoch"),
    Case("one epoch in float64", lambda pieces: _run(pieces, 1, DOUBLE), "three batches"),
    Case("gradients cut to a length", lambda pieces: _run(pieces, max_norm=0.1), "max_norm 0.1"),
    Case("a batch without loss", lambda pieces: _run(pieces, skipped=4), "loss_of gives None once"),
    Case(
        "the model is in training mode at each batch",
        lambda pieces: _modes(pieces, "while training"),
    ),
    Case(
        "the model is in evaluation mode when it is measured, and in the end",
        lambda pieces: _modes(pieces, "while measuring"),
    ),
    Case("no gradients while measuring", lambda pieces: _modes(pieces, "gradients")),
    Case("one step a batch", _steps, "1, 2 and 3 batches"),
    Case("accuracy", lambda pieces: _accuracy(pieces, 20), "scores (20, 4)"),
    Case(
        "accuracy over batches of unequal size",
        lambda pieces: _accuracy(pieces, 17, 6, 3, dtype=DOUBLE),
        "scores (17, 4), (6, 4) and (3, 4)",
    ),
)

BEGIN = "    for epoch in range(epochs):\n        model.train()\n"
CLEAR = "            optimizer.zero_grad()\n            loss.backward()\n"
CLIP = "nn.utils.clip_grad_norm_(model.parameters(), max_norm)"
CUT = f"            if max_norm is not None:\n                {CLIP}\n"
NONE = "            if loss is None:\n                continue\n"
MEAN = "sum(losses) / len(losses)"
RIGHT = "right += int((scores.argmax(dim=-1) == labels).sum())"
MISTAKES = (
    Mistake(
        "gradients are never cleared, so each step also takes all earlier ones",
        ((CLEAR, "            loss.backward()\n"),),
    ),
    Mistake(
        "gradients are cleared after backward, so nothing is learned",
        ((CLEAR, "            loss.backward()\n            optimizer.zero_grad()\n"),),
    ),
    Mistake("the optimizer takes no step", (("            optimizer.step()\n", ""),)),
    Mistake(
        "the model is never put into training mode: dropout does not act",
        (("        model.train()\n", ""),),
    ),
    Mistake(
        "the model is put into training mode once: after the first measurement dropout is off",
        ((BEGIN, "    model.train()\n    for epoch in range(epochs):\n"),),
    ),
    Mistake(
        "the model is measured in training mode: dropout blurs what is measured",
        (("        model.eval()\n", ""),),
    ),
    Mistake(
        "gradients are kept while measuring: use torch.no_grad()",
        (("with torch.no_grad():", "if True:"),),
    ),
    Mistake("gradients are not cut to max_norm before the step", ((CUT, ""),)),
    Mistake(
        "each parameter's gradient is cut by itself: max_norm is of all together",
        ((CLIP, "[nn.utils.clip_grad_norm_(one, max_norm) for one in model.parameters()]"),),
    ),
    Mistake(
        "each number of the gradient is cut, not the length of the whole",
        ((CLIP, "nn.utils.clip_grad_value_(model.parameters(), max_norm)"),),
    ),
    Mistake(
        "a batch without loss counts as loss 0: leave it out of the mean",
        ((NONE, NONE.replace("continue", "losses.append(0.0)\n                continue")),),
    ),
    Mistake(
        "a batch without loss ends the epoch: go on with the next one",
        ((NONE, NONE.replace("continue", "break")),),
    ),
    Mistake("the last batch's loss stands for the epoch: take the mean", ((MEAN, "losses[-1]"),)),
    Mistake("the losses of an epoch are summed: take the mean", ((MEAN, "sum(losses)"),)),
    Mistake(
        "epochs are counted from 1: the first is 0",
        (("make_batches(epoch)", "make_batches(epoch + 1)"),),
    ),
    Mistake(
        "accuracy is the mean over batches: a small batch counts as much as a large one",
        (
            (RIGHT, "right += float((scores.argmax(dim=-1) == labels).double().mean())"),
            ("count += len(labels)", "count += 1"),
        ),
    ),
    Mistake(
        "accuracy is in percent: a share lies between 0 and 1",
        (("return right / count", "return 100 * right / count"),),
    ),
    Mistake(
        "accuracy counts right answers: divide by all", (("return right / count", "return right"),)
    ),
    Mistake("the class with the lowest score is taken", (("scores.argmax", "scores.argmin"),)),
)

check = Checker(10, CASES, MISTAKES, "what is learned and what is measured keep apart.")
