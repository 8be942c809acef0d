"""AdamW, written out as the course teaches it, and how the learning rate moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer


class AdamW(Optimizer):
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
        ValueError: a value outside its range.

    Source: Loshchilov and Hutter (2019), algorithm 2; Kingma and Ba (2015). Equal to
    `torch.optim.AdamW`; for long runs take that one with `fused=True` (`make_optimizer`).
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        if lr < 0 or eps < 0 or weight_decay < 0:
            raise ValueError(
                f"lr, eps and weight_decay must not be negative, got {lr}, {eps}, {weight_decay}"
            )
        if not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(f"betas must lie in [0, 1), got {betas}")
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Update every parameter that has a gradient; `closure` as in `torch.optim`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["step"] = 0
                    state["mean"] = torch.zeros_like(parameter)
                    state["square"] = torch.zeros_like(parameter)
                state["step"] += 1
                mean, square = state["mean"], state["square"]

                parameter.mul_(1 - lr * group["weight_decay"])
                mean.mul_(beta1).add_(gradient, alpha=1 - beta1)
                square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
                unbiased_mean = mean / (1 - beta1 ** state["step"])
                unbiased_square = square / (1 - beta2 ** state["step"])
                parameter.sub_(lr * unbiased_mean / (unbiased_square.sqrt() + group["eps"]))
        return loss


OPTIMIZERS = ("adamw", "fused")


def make_optimizer(
    params: Iterable[Tensor], lr: float, name: str = "fused", weight_decay: float = 0.0
) -> Optimizer:
    """Our AdamW (`adamw`), or torch's fused one (`fused`): the same steps in one pass over memory.

    Raises:
        ValueError: `name` is neither.
    """
    if name == "adamw":
        return AdamW(params, lr=lr, weight_decay=weight_decay)
    if name == "fused":
        return torch.optim.AdamW(params, lr=lr, weight_decay=weight_decay, fused=True)
    raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {name!r}")


SCHEDULES = ("constant", "linear")


def learning_rate_factor(step: int, total_steps: int, warmup_share: float, schedule: str) -> float:
    """What the peak learning rate is multiplied by at `step` (counted from 0).

    Rises linearly over the first `warmup_share` of the steps; then stays at 1 (`constant`, the
    paper) or falls linearly to 0 at the end (`linear`, as BERT was trained).

    Raises:
        ValueError: `schedule` is neither.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {schedule!r}")
    warmup_steps = round(warmup_share * total_steps)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if schedule == "constant":
        return 1.0
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))
