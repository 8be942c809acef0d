"""torch's optimizers without torch's compiler, which the first one of a process would import."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.adamw import adamw


def _unmarked(method: Callable[..., Any]) -> Callable[..., Any]:
    return getattr(method, "__wrapped__", method)


class LightOptimizer(Optimizer, ABC):
    """torch's base class of optimizers, whose methods do not import the compiler.

    torch marks four of them as not to be compiled, and the mark imports the compiler when one is
    first called: more than a second and some 70 MiB in each process that trains
    (findings/optimizer_imports_a_compiler.sh). Here they are what stands below the mark. A subclass
    says in `update` what a step does.
    """

    add_param_group = _unmarked(Optimizer.add_param_group)
    zero_grad = _unmarked(Optimizer.zero_grad)
    state_dict = _unmarked(Optimizer.state_dict)
    load_state_dict = _unmarked(Optimizer.load_state_dict)

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Update every parameter that has a gradient; `closure` as in `torch.optim`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            trained = [parameter for parameter in group["params"] if parameter.grad is not None]
            if trained:
                self.update(trained, group)
        return loss

    @abstractmethod
    def update(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        """Move parameters in place, by their `grad` (of the same shape) and the group's settings.

        Args:
            trained: those of the group that have a gradient.
            group: `lr` and whatever else the optimizer was made with.
        """


class FusedAdamW(LightOptimizer):
    """torch's fused AdamW, a step in one pass over memory: the same weights to the last bit.

    Args:
        params: tensors or groups of them, as for any torch optimizer; float32, on one device.
        lr: learning rate.
        weight_decay: share of a weight taken away per step and unit of lr.
    """

    def __init__(
        self, params: Iterable[Tensor] | Iterable[dict], lr: float, weight_decay: float
    ) -> None:
        defaults = {"lr": lr, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "fused": True})

    def update(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        """One step of AdamW (`minbert.optimizer`), all parameters at once."""
        states = [self._state(parameter) for parameter in trained]
        means, squares, steps = (
            [state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step")
        )
        gradients = [parameter.grad for parameter in trained]
        beta1, beta2 = group["betas"]
        adamw(
            trained,
            gradients,
            means,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            maximize=False,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
        )

    def _state(self, parameter: Tensor) -> dict[str, Tensor]:
        """How often a parameter was moved, and the means of its gradients and their squares."""
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
            state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            state["exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state
