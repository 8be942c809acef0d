"""The one training loop: every stage runs in it, and goes on in it after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

import minbert.training.parallel as parallel
from minbert.memory import give_back
from minbert.optimizer import learning_rate_factor, make_optimizer
from minbert.progress import Progress, report
from minbert.stopping import deferred
from minbert.threads import adapted, most_threads
from minbert.training.curve import Window, check_weights
from minbert.training.digests import content_digest
from minbert.training.movement import movement, tensor_digests
from minbert.training.rates import by_rate
from minbert.training.recipe import StageSettings
from minbert.training.seal import remove, set_aside
from minbert.training.soup import SoupOptimizer
from minbert.training.weight_average import AveragingOptimizer

logger = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
"""Name of the file in an unfinished stage's folder."""


@dataclass
class History:
    """What happened during one stage."""

    points: list[dict[str, Any]] = field(default_factory=list)
    """Curve: epoch, step, source (data set), loss (mean of the window, nats), learning_rate."""
    steps: int = 0
    skipped: int = 0
    """Batches whose loss is undefined (no masked token, no similar pair)."""
    tokens: int = 0
    """Real word pieces seen, padding not counted (0 where a stage reads ready-made vectors)."""
    seconds: float = 0.0
    """Wall-clock time of training, over all interruptions."""
    frozen_moved: list[str] = field(default_factory=list)
    """Tensors that changed though they are not trained: see `minbert.training.movement`."""
    stood_still: list[str] = field(default_factory=list)
    """Trained tensors that did not change."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Position:
    """Where a stage goes on."""

    epoch: int = 0
    step: int = 0
    """Of that epoch, the first that is not done yet."""
    window: Mapping[str, Tensor] = field(default_factory=dict)
    """Per data set the losses since the curve's last point, in order, (step,)."""


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: History,
    position: Position,
    belongs_to: Mapping[str, Any],
) -> None:
    """Write a checkpoint in one move, so that a kill leaves the old one or the new one.

    Args:
        belongs_to: plain data that only this stage with these settings has.

    Raises:
        OSError: it cannot be written; the one before is still there.
    """
    state = {
        "belongs_to": dict(belongs_to),
        "model": dict(model.state_dict()),
        "optimizer": optimizer.state_dict(),
        "history": history.to_dict(),
        "position": {**vars(position), "window": dict(position.window)},
    }
    partial = path.with_suffix(".partial")
    try:
        torch.save({**state, "digest": content_digest(state)}, partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:  # torch says that a disk is full by the latter
        with contextlib.suppress(OSError):
            remove(partial)
        reason = getattr(error, "strerror", None) or "no space left, or the file system failed"
        raise OSError(
            f"the checkpoint {path} cannot be written ({reason}): make room there, and the same "
            "command goes on from the checkpoint before"
        ) from error


def resume(
    path: Path | None,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: History,
    belongs_to: Mapping[str, Any],
) -> Position:
    """Load a checkpoint if there is one, and say where to go on.

    One that is damaged, or of another stage, is named in the log, set aside, and not used.
    """
    if path is None or not os.path.lexists(path):
        return Position()
    try:
        state = _read(path, belongs_to)
    except ValueError as error:
        aside = set_aside(path)
        logger.warning(
            "%s is of no use, the stage begins anew: %s (set aside as %s)", path, error, aside.name
        )
        return Position()
    optimizer.load_state_dict(state["optimizer"])
    model.load_state_dict(state["model"])
    for name, value in state["history"].items():
        setattr(history, name, value)
    position = Position(**state["position"])
    logger.info("resuming at epoch %d, step %d", position.epoch, position.step)
    return position


@deferred()
def _read(path: Path, belongs_to: Mapping[str, Any]) -> dict[str, Any]:
    """A checkpoint's content, verified.

    Raises:
        ValueError: it is not what `save_checkpoint` wrote for this stage.
    """
    try:
        state = torch.load(path, weights_only=True)
        written = state.pop("digest")
        found = content_digest(state)
    except Exception as error:  # of a damaged file the reader raises whatever it stumbles over
        reason = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise ValueError(f"it cannot be read ({type(error).__name__}: {reason:.100})") from error
    if found != written:
        raise ValueError("its content does not match its own checksum")
    other = [name for name in belongs_to if state["belongs_to"].get(name, None) != belongs_to[name]]
    if other:
        raise ValueError(f"it belongs to another stage (other {', '.join(other)})")
    return state


def forget(path: Path | None) -> None:
    """Remove a checkpoint, a half-written one, and one that was set aside: the stage is done."""
    if path is not None:
        for left in (path, path.with_suffix(".partial"), path.with_name(path.name + ".damaged")):
            remove(left)


Batch = tuple[str, list[int]]
"""Name of the data set a batch comes from, and the rows it holds."""


class NothingTrainedError(ValueError):
    """Every batch of a stage was skipped."""


@dataclass(frozen=True)
class RunContext:
    """Where and with which randomness a stage runs."""

    device: torch.device
    precision: str
    seed: int
    checkpoint: Path | None = None
    """File that an interrupted stage resumes from; None keeps none."""
    checkpoint_every_s: float = 120.0
    stage: str = ""
    """What a checkpoint belongs to, besides what the loop knows: the stage's key."""


def derive_seed(*parts: object) -> int:
    """A seed that follows from `parts` alone: the same on every machine, different for each."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator_for(*parts: object) -> torch.Generator:
    """A CPU generator seeded by `derive_seed(*parts)`."""
    return torch.Generator().manual_seed(derive_seed(*parts))


def train(
    model: nn.Module,
    make_batches: Callable[[torch.Generator], Sequence[Batch]],
    compute_loss: Callable[[Batch, torch.Generator], Tensor | None],
    settings: StageSettings,
    context: RunContext,
    *,
    name: str,
    optimizer: str = "fused",
    count_tokens: Callable[[Batch], int] = lambda batch: 0,
    whole: nn.Module | None = None,
    rates: Mapping[str, float] | None = None,
    averaged: float = 0.0,
    members: int = 1,
) -> History:
    """Train the parameters of `model` that require a gradient; edits `model` in place.

    All randomness of a step (masking, dropout) follows from (seed, stage, epoch, step), so a run
    that was interrupted and resumed ends with the same weights as one that was not.

    Args:
        model: left in training mode's opposite, eval, when done.
        make_batches: one epoch of batches in the order in which they are to be seen.
        compute_loss: the loss of one batch, a scalar; None if it is undefined (skipped, counted).
        settings: epochs, learning rate, schedule, clipping.
        context: device, precision, seed, checkpoint file.
        name: of the stage, for the progress bar and for seeds.
        optimizer: `fused` (torch's) or `adamw` (ours).
        count_tokens: real word pieces of a batch, for throughput.
        whole: what `model` is a part of, if the rest must not move; watched, not trained.
        rates: what the learning rate is multiplied by for parts of `model`, by their names; 1 for
            all others.
        averaged: share of the steps, the last ones, whose weights are averaged in the end; 0 leaves
            those of the last step (`minbert.training.weight_average`).
        members: how many times all epochs are gone through, each time from the same start with
            other draws; the mean of the weights is what comes out (`minbert.training.soup`). Not
            together with `averaged`.

    Raises:
        DivergedError: a loss or a weight is NaN or infinite.
        NothingTrainedError: there was no batch, or every batch was skipped.
        OSError: the checkpoint cannot be written.
        KeyboardInterrupt: Ctrl-C; the step under way is finished and the checkpoint written first.
    """
    groups = by_rate(model, rates or {})
    parameters = [parameter for group in groups for parameter in group["params"]]
    steps_per_epoch = len(make_batches(generator_for(context.seed, name, 0)))
    member_steps = steps_per_epoch * settings.epochs
    epochs, total_steps = settings.epochs * members, member_steps * members
    update = make_optimizer(groups, settings.learning_rate, optimizer, settings.weight_decay)
    if averaged:
        update = AveragingOptimizer(update, parameters, begins=round(total_steps * (1 - averaged)))
    if members > 1:
        update = SoupOptimizer(update, parameters, members)
    history = History()
    belongs_to = {
        "stage": context.stage,
        "part": name,
        "seed": context.seed,
        "settings": asdict(settings),
        "optimizer": optimizer,
        "members": members,
        "weights": {key: list(value.shape) for key, value in model.state_dict().items()},
    }
    whole = model if whole is None else whole
    before = tensor_digests(whole)
    with parallel.in_order():
        start = resume(context.checkpoint, model, update, history, belongs_to)
    parallel.same((before, start.epoch, start.step), "weights, or another checkpoint")
    window = Window(total_steps, start.window)
    cuda = [context.device] if context.device.type == "cuda" else []

    model.train()
    with (
        torch.random.fork_rng(devices=cuda),
        _deferred_interrupt() as interrupted,
        adapted(most_threads(_width(model))) as threads,
        tqdm(
            total=total_steps, initial=history.steps, desc=name, mininterval=2.0, leave=False
        ) as bar,
    ):
        started = saved = time.perf_counter()
        for epoch in range(start.epoch, epochs):
            batches = make_batches(generator_for(context.seed, name, epoch))
            for step in range(start.step if epoch == start.epoch else 0, len(batches)):
                factor = learning_rate_factor(
                    history.steps % member_steps,
                    member_steps,
                    settings.warmup_share,
                    settings.schedule,
                )
                rate = settings.learning_rate * factor
                for group, of in zip(update.param_groups, groups, strict=True):
                    group["lr"] = rate * of["rate"]  # a checkpoint brings the rest of its groups
                torch.manual_seed(derive_seed(context.seed, name, epoch, step))
                loss = compute_loss(
                    batches[step], generator_for(context.seed, name, epoch, step, "data")
                )
                if loss is None:
                    history.skipped += 1
                else:
                    loss.backward()
                    parallel.average_gradients(parameters)
                    if settings.max_gradient_norm is not None:
                        nn.utils.clip_grad_norm_(parameters, settings.max_gradient_norm)
                    update.step()
                    update.zero_grad()
                    window.add(batches[step][0], loss.detach())
                history.steps += 1
                history.tokens += count_tokens(batches[step])
                epoch_done = step == len(batches) - 1
                if window.full or epoch_done:
                    points = window.close(epoch, history.steps, rate, name)
                    check_weights(model, history.steps, rate, name)
                    history.points += points
                    report(
                        Progress(name, history.steps, total_steps, epoch, epoch_done, points, model)
                    )
                bar.update()
                threads.adapt()
                if epoch_done:
                    give_back()
                    if members > 1 and (epoch + 1) % settings.epochs == 0:
                        update.end_member()

                due = time.perf_counter() - saved > context.checkpoint_every_s
                stopped = parallel.any_of(bool(interrupted))
                if context.checkpoint and (due or stopped) and parallel.first():
                    history.seconds += time.perf_counter() - started
                    position = Position(epoch, step + 1, window.open_losses)
                    try:
                        save_checkpoint(
                            context.checkpoint, model, update, history, position, belongs_to
                        )
                    except OSError as error:
                        if not stopped:
                            raise
                        logger.warning("%s", error)
                    started = saved = time.perf_counter()
                if stopped:
                    raise KeyboardInterrupt
        history.seconds += time.perf_counter() - started
    if averaged:
        update.finish()
    model.eval()
    history.frozen_moved, history.stood_still = movement(whole, update, before)
    if history.skipped == history.steps:
        raise NothingTrainedError(
            f"{name} trained on nothing: expected at least one batch with a loss, got none in "
            f"{history.steps} steps (are there rows at all? the ranking loss needs a similar pair, "
            "the masked-language-model loss a masked token: look at the labels, similar_from and "
            "masking.probability)"
        )
    return history


def _width(model: nn.Module) -> int:
    """Shorter side of the largest matrix: what a product has for several threads to share."""
    return max((min(weight.shape) for weight in model.parameters() if weight.dim() == 2), default=1)


@contextmanager
def _deferred_interrupt() -> Iterator[list[int]]:
    """Collect Ctrl-C (and SIGTERM) in a list instead of stopping in the middle of a step."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def receive(number: int, frame: object) -> None:
        received.append(number)

    previous = {
        number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
