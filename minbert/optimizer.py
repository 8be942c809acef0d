"""AdamW, written out as the course teaches it, and how the learning rate moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from minbert import checks
from minbert.light_optimizer import FusedAdamW, LightOptimizer


class AdamW(LightOptimizer):
    r"""Adam with decoupled weight decay.

    At step t, for each parameter θ with gradient g:

        θ ← θ − lr · weight_decay · θ                 (decay, apart from the gradient)
        m ← β₁ m + (1 − β₁) g                         (mean of recent gradients)
        v ← β₂ v + (1 − β₂) g²                        (mean of their squares)
        θ ← θ − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)

    m and v start at zero and are therefore too small at first; dividing by 1 − βᵗ undoes exactly
    that. Each step has about the size lr, whatever the size of the gradient.

    Args:
        params: tensors or groups of them, as for any torch optimizer.
        lr: learning rate, the size of a step.
        betas: β₁ and β₂, how long the two means remember.
        eps: ε, keeps the division finite.
        weight_decay: share of θ taken away per step and unit of lr (the paper: 0).

    Raises:
        ValueError: a value outside its range, in a group of parameters as well.

    Source: Loshchilov and Hutter (2019), algorithm 2; Kingma and Ba (2015). Equal to torch's.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(_checked(params), defaults)
        for group in self.param_groups:
            _check_settings(group["lr"], group["weight_decay"], group["eps"], group["betas"])

    def update(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        """One step, parameter by parameter."""
        lr, (beta1, beta2) = group["lr"], group["betas"]
        for parameter in trained:
            state = self.state[parameter]
            if not state:
                state["step"] = 0
                state["mean"] = torch.zeros_like(parameter)
                state["square"] = torch.zeros_like(parameter)
            state["step"] += 1
            mean, square, gradient = state["mean"], state["square"], parameter.grad

            parameter.mul_(1 - lr * group["weight_decay"])
            mean.mul_(beta1).add_(gradient, alpha=1 - beta1)
            square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            unbiased_mean = mean / (1 - beta1 ** state["step"])
            unbiased_square = square / (1 - beta2 ** state["step"])
            parameter.sub_(lr * unbiased_mean / (unbiased_square.sqrt() + group["eps"]))


OPTIMIZERS = ("adamw", "fused")


def make_optimizer(
    params: Iterable[Tensor], lr: float, name: str = "fused", weight_decay: float = 0.0
) -> Optimizer:
    """AdamW as above (`adamw`), or the same in one pass over memory (`fused`).

    Raises:
        ValueError: `name` is neither, a value is outside its range, or there is no parameter.
    """
    checks.one_of("optimizer", name, OPTIMIZERS)
    _check_settings(lr, weight_decay)
    params = _checked(params)
    if name == "adamw":
        return AdamW(params, lr=lr, weight_decay=weight_decay)
    return FusedAdamW(params, lr, weight_decay)


def _checked(params: Iterable) -> list:
    """The parameters as a list: at least one, all of them tensors or groups."""
    listed = [params] if isinstance(params, Tensor) else list(params)
    wrong = [type(one).__name__ for one in listed if not isinstance(one, Tensor | dict)]
    if not listed or wrong or isinstance(params, Tensor):
        got = "one tensor" if isinstance(params, Tensor) else ", ".join(wrong) or "none"
        raise ValueError(
            f"params must be a list of tensors or of groups, got {got}: is everything frozen, or "
            "was a generator used up?"
        )
    return listed


def _check_settings(
    lr: float,
    weight_decay: float,
    eps: float = 1e-8,
    betas: tuple[float, float] = (0.9, 0.999),
) -> None:
    checks.within("lr", lr, "[0, inf)", "the size of a step")
    checks.within("weight_decay", weight_decay, "[0, inf)")
    checks.within("eps", eps, "[0, inf)")
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise ValueError(f"betas must be two numbers in [0, 1), got {betas!r:.60}")
    for beta in betas:
        checks.within("betas", beta, "[0, 1)", "shares that the two running means remember")


SCHEDULES = ("constant", "linear")


def learning_rate_factor(step: int, total_steps: int, warmup_share: float, schedule: str) -> float:
    """What the peak learning rate is multiplied by at `step` (counted from 0).

    Rises linearly over the first `warmup_share` of the steps; then stays at 1 (`constant`, the
    paper) or falls linearly to 0 at the end (`linear`, as BERT was trained).

    Raises:
        ValueError: `schedule` is neither, or a number is outside its range.
    """
    checks.one_of("schedule", schedule, SCHEDULES)
    checks.whole("total_steps", total_steps, 1)
    checks.within("step", step, f"[0, {total_steps}]", "steps are counted from 0")
    checks.within("warmup_share", warmup_share, "[0, 1]", "a share of all steps")
    warmup_steps = round(warmup_share * total_steps)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if schedule == "constant":
        return 1.0
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))
