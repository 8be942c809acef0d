"""AdamW written out, against torch's; and how the learning rate moves."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from minbert.optimizer import AdamW, learning_rate_factor, make_optimizer


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_hundred_steps_equal_torch(weight_decay: float, fused: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(5, 3, generator=generator), torch.randn(4, generator=generator)]
    ours = [tensor.clone().requires_grad_() for tensor in start]
    theirs = [tensor.clone().requires_grad_() for tensor in start]
    settings = {"lr": 1e-2, "betas": (0.8, 0.99), "eps": 1e-7, "weight_decay": weight_decay}
    mine, reference = AdamW(ours, **settings), torch.optim.AdamW(theirs, fused=fused, **settings)
    for _ in range(100):
        for parameters, optimizer in ((ours, mine), (theirs, reference)):
            loss = sum((parameter**4 - parameter).sum() for parameter in parameters)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        for a, b in zip(ours, theirs, strict=True):
            assert (a - b).abs().max() <= 1e-6


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_the_fused_one_is_torchs_to_the_last_bit(weight_decay: float) -> None:
    """Two groups, a rate that moves, a parameter without a gradient now and then, a resume."""
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(5, 3, generator=generator), torch.randn(400, generator=generator)]
    ours, theirs = ([tensor.clone().requires_grad_() for tensor in start] for _ in range(2))

    def groups(parameters: list[torch.Tensor]) -> list[dict]:
        return [{"params": parameters[:1], "rate": 1.0}, {"params": parameters[1:], "rate": 3.0}]

    mine = make_optimizer(groups(ours), 1e-2, "fused", weight_decay)
    reference = torch.optim.AdamW(groups(theirs), lr=1e-2, weight_decay=weight_decay, fused=True)
    for step in range(60):
        if step == 30:
            state = mine.state_dict()
            assert state["state"].keys() == reference.state_dict()["state"].keys()
            mine = make_optimizer(groups(ours), 1e-2, "fused", weight_decay)
            mine.load_state_dict(state)
        for parameters, optimizer in ((ours, mine), (theirs, reference)):
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * 1e-2 / (1 + step)
            used = parameters if step % 7 else parameters[:1]
            sum((parameter**4 - parameter).sum() for parameter in used).backward()
            optimizer.step()
            optimizer.zero_grad()
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


TRAINS = """
import sys
import torch
from minbert.optimizer import make_optimizer
layer = torch.nn.Linear(3, 2)
for name in ("adamw", "fused"):
    optimizer = make_optimizer(layer.parameters(), 0.1, name)
    for _ in range(2):
        layer(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules, "sympy" in sys.modules)
optimizer = torch.optim.AdamW(layer.parameters())
print("torch._dynamo" in sys.modules)
"""


def test_no_compiler_is_imported() -> None:
    """The last line is the control: torch's own optimizer does import it."""
    run = subprocess.run([sys.executable, "-c", TRAINS], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "True"]


def test_first_step_has_the_size_of_the_learning_rate() -> None:
    for scale in (1e-3, 1.0, 1e3):
        parameter = torch.tensor([2.0], requires_grad=True)
        optimizer = AdamW([parameter], lr=0.01)
        (parameter * scale).sum().backward()
        optimizer.step()
        assert parameter.item() == pytest.approx(1.99, abs=1e-6)


def test_decay_acts_without_a_gradient_signal_and_not_through_it() -> None:
    parameter = torch.tensor([2.0], requires_grad=True)
    optimizer = AdamW([parameter], lr=0.1, weight_decay=0.5)
    (parameter * 0).sum().backward()
    optimizer.step()
    assert parameter.item() == pytest.approx(2.0 * (1 - 0.1 * 0.5))


def test_state_survives_saving() -> None:
    parameter = torch.tensor([1.0], requires_grad=True)
    optimizer = AdamW([parameter], lr=0.1)
    parameter.square().sum().backward()
    optimizer.step()
    twin = AdamW([torch.tensor([1.0], requires_grad=True)], lr=0.1)
    twin.load_state_dict(optimizer.state_dict())
    assert twin.state_dict()["state"] == optimizer.state_dict()["state"]


def test_wrong_values_are_refused() -> None:
    parameter = torch.zeros(1, requires_grad=True)
    with pytest.raises(ValueError, match=r"lr must lie in \[0, inf\), got -1"):
        AdamW([parameter], lr=-1.0)
    with pytest.raises(ValueError, match=r"betas must lie in \[0, 1\)"):
        AdamW([parameter], betas=(1.0, 0.9))
    with pytest.raises(ValueError, match="optimizer must be one of"):
        make_optimizer([parameter], 0.1, "sgd")


def test_schedules() -> None:
    constant = [learning_rate_factor(step, 10, 0.0, "constant") for step in range(10)]
    assert constant == [1.0] * 10
    linear = [learning_rate_factor(step, 10, 0.2, "linear") for step in range(10)]
    assert linear[:2] == pytest.approx([1 / 3, 2 / 3])
    assert linear[2] == 1.0
    assert linear[2:] == sorted(linear[2:], reverse=True)
    assert linear[-1] == pytest.approx(1 / 8)
    with pytest.raises(ValueError, match="schedule must be one of"):
        learning_rate_factor(0, 10, 0.0, "cosine")
