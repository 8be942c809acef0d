"""The one training loop: every stage runs in it."""

from __future__ import annotations

import hashlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from minbert.memory import give_back
from minbert.optimizer import learning_rate_factor, make_optimizer
from minbert.progress import Progress, report
from minbert.threads import adapted, most_threads
from minbert.training.checkpoint import History, Position, resume, save_checkpoint
from minbert.training.curve import Window, check_weights
from minbert.training.movement import movement, tensor_digests
from minbert.training.recipe import StageSettings

logger = logging.getLogger(__name__)

Batch = tuple[str, list[int]]
"""Name of the data set a batch comes from, and the rows it holds."""


class NothingTrainedError(ValueError):
    """Every batch of a stage was skipped."""


@dataclass(frozen=True)
class Setting:
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
    setting: Setting,
    *,
    name: str,
    optimizer: str = "fused",
    count_tokens: Callable[[Batch], int] = lambda batch: 0,
    whole: nn.Module | None = None,
) -> History:
    """Train the parameters of `model` that require a gradient; edits `model` in place.

    All randomness of a step (masking, dropout) follows from (seed, stage, epoch, step), so a run
    that was interrupted and resumed ends with the same weights as one that was not.

    Args:
        model: left in training mode's opposite, eval, when done.
        make_batches: one epoch of batches in the order in which they are to be seen.
        compute_loss: the loss of one batch, a scalar; None if it is undefined (skipped, counted).
        settings: epochs, learning rate, schedule, clipping.
        setting: device, precision, seed, checkpoint file.
        name: of the stage, for the progress bar and for seeds.
        optimizer: `fused` (torch's) or `adamw` (ours).
        count_tokens: real word pieces of a batch, for throughput.
        whole: what `model` is a part of, if the rest must not move; watched, not trained.

    Raises:
        DivergedError: a loss or a weight is NaN or infinite.
        NothingTrainedError: there was no batch, or every batch was skipped.
        OSError: the checkpoint cannot be written.
        KeyboardInterrupt: Ctrl-C; the step under way is finished and the checkpoint written first.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    update = make_optimizer(parameters, settings.learning_rate, optimizer, settings.weight_decay)
    history = History()
    belongs_to = {
        "stage": setting.stage,
        "part": name,
        "seed": setting.seed,
        "settings": asdict(settings),
        "optimizer": optimizer,
        "weights": {key: list(value.shape) for key, value in model.state_dict().items()},
    }
    whole = model if whole is None else whole
    before = tensor_digests(whole)
    start = resume(setting.checkpoint, model, update, history, belongs_to)
    steps_per_epoch = len(make_batches(generator_for(setting.seed, name, 0)))
    total_steps = steps_per_epoch * settings.epochs
    window = Window(total_steps, start.window)
    cuda = [setting.device] if setting.device.type == "cuda" else []

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
        for epoch in range(start.epoch, settings.epochs):
            batches = make_batches(generator_for(setting.seed, name, epoch))
            for step in range(start.step if epoch == start.epoch else 0, len(batches)):
                factor = learning_rate_factor(
                    history.steps, total_steps, settings.warmup_share, settings.schedule
                )
                for group in update.param_groups:
                    group["lr"] = settings.learning_rate * factor
                torch.manual_seed(derive_seed(setting.seed, name, epoch, step))
                loss = compute_loss(
                    batches[step], generator_for(setting.seed, name, epoch, step, "data")
                )
                if loss is None:
                    history.skipped += 1
                else:
                    loss.backward()
                    if settings.max_gradient_norm is not None:
                        nn.utils.clip_grad_norm_(parameters, settings.max_gradient_norm)
                    update.step()
                    update.zero_grad()
                    window.add(batches[step][0], loss.detach())
                history.steps += 1
                history.tokens += count_tokens(batches[step])
                epoch_done = step == len(batches) - 1
                if window.full or epoch_done:
                    points = window.close(epoch, history.steps, group["lr"], name)
                    check_weights(model, history.steps, group["lr"], name)
                    history.points += points
                    report(
                        Progress(name, history.steps, total_steps, epoch, epoch_done, points, model)
                    )
                bar.update()
                threads.adapt()
                if epoch_done:
                    give_back()

                due = time.perf_counter() - saved > setting.checkpoint_every_s
                if setting.checkpoint and (due or interrupted):
                    history.seconds += time.perf_counter() - started
                    position = Position(epoch, step + 1, window.open_losses)
                    try:
                        save_checkpoint(
                            setting.checkpoint, model, update, history, position, belongs_to
                        )
                    except OSError as error:
                        if not interrupted:
                            raise
                        logger.warning("%s", error)
                    started = saved = time.perf_counter()
                if interrupted:
                    raise KeyboardInterrupt
        history.seconds += time.perf_counter() - started
    model.eval()
    history.frozen_moved, history.stood_still = movement(whole, update, before)
    if history.skipped == history.steps:
        raise NothingTrainedError(
            f"{name} trained on nothing: expected at least one batch with a loss, got none in "
            f"{history.steps} steps (are there rows at all? the ranking loss needs a similar pair, "
            "the masked-language-model loss a masked token: look at the labels, similar_from and "
            "masking_probability)"
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
