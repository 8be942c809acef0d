"""Several ranks train one model: each runs the encoder over its part of every batch.

Every rank runs the whole program. All draw the same batches, masks and labels, so each knows by
itself what is skipped, ranked and counted; only the encoder's work is shared out (`in_parts`,
`part`). The loss is that of the joint batch, the same number on every rank.

One rule makes the gradients right. What a rank has computed itself carries its gradient on this
rank, times the number of ranks; what others have computed is a constant here. Then the *mean* of
the ranks' gradients (`average_gradients`) is the gradient of the joint batch: for the encoder, of
which each rank saw a part, and for a head above the joint vectors, which each rank saw in full.

In one process every function here gives back what it is given. Started by `torchrun`; several
ranks exist only inside `together`.

Source: Li et al. (2020), PyTorch Distributed, for the mean of gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed
from torch.distributed.rendezvous import rendezvous

from minbert.ranks import launched, let_another_speak
from minbert.stopping import STOPPED

Row = TypeVar("Row")

PATIENCE = timedelta(days=1)
"""How long ranks wait for each other: rank 0 may wait for another run that computes a stage."""
BUCKET = 2**22
"""Numbers of gradients that travel together (16 MiB); a gradient of as many travels by itself."""


class LostRankError(OSError):
    """Another rank is not there any more."""


@dataclass(frozen=True)
class Ranks:
    """This process's place among those that train one model."""

    rank: int = 0
    count: int = 1


ONE = Ranks()
_ranks: ContextVar[Ranks] = ContextVar("ranks", default=ONE)


def ranks() -> Ranks:
    """This process's place; rank 0 of 1 outside `together`."""
    return _ranks.get()


def first() -> bool:
    """Whether this is rank 0, which alone writes."""
    return ranks().rank == 0


@contextmanager
def together() -> Iterator[Ranks]:
    """Join the ranks that torchrun started; inside, training is shared among them.

    An error on one rank ends all of them: the first rank to fail raises its error, the others
    leave without a word.

    Raises:
        OSError: the ranks do not find each other.
        SystemExit: another rank has failed, and says why.
    """
    place = launched()
    if place is None:
        yield ranks()
        return
    backend = "gloo"
    if torch.cuda.is_available():
        backend = "cpu:gloo,cuda:nccl"
        torch.cuda.set_device(place.local % torch.cuda.device_count())
    try:
        store, _, _ = next(rendezvous("env://", timeout=timedelta(minutes=10)))
        distributed.init_process_group(
            backend,
            store=distributed.PrefixStore("minbert-group", store),
            rank=place.rank,
            world_size=place.count,
            timeout=PATIENCE,
        )
    except RuntimeError as error:
        raise OSError(
            f"the {place.count} ranks do not find each other ({str(error).splitlines()[0]:.150}): "
            "expected MASTER_ADDR and MASTER_PORT of a machine that all of them reach"
        ) from error
    token = _ranks.set(Ranks(place.rank, place.count))
    try:
        yield ranks()
        any_of(False)  # nobody leaves before all are done
        distributed.destroy_process_group()
    except (Exception, KeyboardInterrupt) as error:
        if _fails_first(distributed.PrefixStore("minbert-errors", store), place.rank):
            raise
        let_another_speak()
        raise SystemExit(STOPPED if isinstance(error, KeyboardInterrupt) else 2) from error
    finally:
        _ranks.reset(token)


def _fails_first(store: distributed.Store, rank: int) -> bool:
    """Whether no other rank has failed before; the store outlives the ranks under torchrun."""
    with suppress(RuntimeError):  # where rank 0 holds the store, it went with rank 0
        return store.compare_set("first", "", f"{rank}") == f"{rank}".encode()
    return False


@contextmanager
def alone() -> Iterator[None]:
    """Train in this process by itself, whatever the others do: for work that is not shared."""
    token = _ranks.set(ONE)
    try:
        yield
    finally:
        _ranks.reset(token)


def check_device(device: torch.device) -> None:
    """Refuse more ranks on a node than it has GPUs.

    Raises:
        ValueError: this rank has no GPU of its own.
    """
    place = launched()
    if place is not None and device.type == "cuda" and place.local >= torch.cuda.device_count():
        raise ValueError(
            f"each rank needs a GPU of its own, got {torch.cuda.device_count()} for rank "
            f"{place.local} of this node (counted from 0): give torchrun --nproc-per-node of as "
            "many as there are, or the command --device cpu"
        )


@contextmanager
def _waiting() -> Iterator[None]:
    """Say in one sentence that a rank has gone while this one waited for it.

    Raises:
        LostRankError: it has.
    """
    try:
        yield
    except RuntimeError as error:
        raise LostRankError(
            f"one of the {ranks().count} ranks has ended while others waited for it (killed, or "
            f"out of memory? {str(error).splitlines()[0]:.150}): the same command goes on from "
            "the last checkpoint"
        ) from error


def tell(value: Any = None) -> Any:
    """What rank 0 gives here, on every rank; the others wait for it.

    Args:
        value: plain data, of rank 0.
    """
    if ranks().count == 1:
        return value
    box = [value]
    with _waiting():
        distributed.broadcast_object_list(box, src=0, device=torch.device("cpu"))
    return box[0]


@contextmanager
def in_order() -> Iterator[None]:
    """Run a block on rank 0 first and, when it has ended without an error, on the others."""
    if not first():
        tell()
    yield
    if first():
        tell()


def same(value: Any, what: str) -> None:
    """Make sure that all ranks have what rank 0 has.

    Raises:
        ValueError: this one has something else.
    """
    if tell(value) != value:
        raise ValueError(
            f"rank {ranks().rank} has other {what} than rank 0: expected the same files, code and "
            "options on all nodes, and a cache folder (MINBERT_CACHE) that they share"
        )


def any_of(flag: bool) -> bool:
    """Whether `flag` is set on one rank or more."""
    if ranks().count == 1:
        return flag
    number = torch.tensor(int(flag))
    with _waiting():
        distributed.all_reduce(number)
    return bool(number)


def part(count: int) -> list[int]:
    """The rows of a joint batch that this rank computes: every Nth from its own number on.

    All ranks have as many, so that what they compute can be exchanged: where rows are missing, the
    last one of the batch stands in (`own` says how many are not stand-ins).

    Args:
        count: rows of the joint batch, at least 1.
    """
    mine, share = ranks(), -(-count // ranks().count)
    return [min(place * mine.count + mine.rank, count - 1) for place in range(share)]


def own(count: int) -> int:
    """How many rows of `part` are this rank's own; 0 where there are fewer rows than ranks."""
    return len(range(ranks().rank, count, ranks().count))


def in_parts(compute: Callable[[Sequence[Row]], Tensor], rows: Sequence[Row]) -> Tensor:
    """`compute(rows)`, of which each rank computes its part and gets all.

    Dropout is drawn on each rank by itself: the ranks' draws are those of one joint batch, not N
    times the same ones. Afterwards all have the same random state again.

    Args:
        compute: from some of the rows to a tensor with one line for each, in their order.
        rows: of the joint batch, at least one.

    Returns:
        The lines of all rows; only those of this rank carry a gradient (times N).
    """
    mine = ranks()
    if mine.count == 1:
        return compute(rows)
    chosen = [rows[place] for place in part(len(rows))]
    with own_randomness():
        lines = compute(chosen)
    return _Gathered.apply(lines, len(rows), mine)


@contextmanager
def own_randomness() -> Iterator[None]:
    """Random numbers of this rank alone, which follow from the state that all ranks share."""
    mine = ranks()
    if mine.count == 1:
        yield
        return
    seed = int(torch.randint(2**62, ()))
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed + mine.rank)
        yield


class _Gathered(torch.autograd.Function):
    """The lines of all ranks in the order of the joint batch."""

    @staticmethod
    def forward(context: Any, lines: Tensor, count: int, mine: Ranks) -> Tensor:
        """(share, …) of each rank to (count, …): line j of rank r is row j N + r."""
        context.mine, context.share = mine, len(lines)
        parts = [
            torch.empty_like(lines, memory_format=torch.contiguous_format)
            for _ in range(mine.count)
        ]
        with _waiting():
            distributed.all_gather(parts, lines.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)[:count]

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """This rank's lines, times N; nothing for stand-ins."""
        mine = context.mine
        found = gradient.new_zeros(context.share, *gradient.shape[1:])
        lines = gradient[mine.rank :: mine.count]
        found[: len(lines)] = lines * mine.count
        return found, None, None


def joint_mean(loss: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, labels: Tensor) -> Tensor:
    """The mean loss of all ranks' answers, from the mean over this rank's; for answers too large to
    be exchanged, such as scores of a whole vocabulary.

    Σ_r n_r loss_r / Σ_r n_r, n_r answers on rank r, which may be none on some of them.

    Args:
        loss: the mean over answers, from outputs and labels.
        outputs: of this rank, (answer, …).
        labels: likewise, (answer).
    """
    if ranks().count == 1:
        return loss(outputs, labels)
    total = loss(outputs, labels) * len(labels) if len(labels) else outputs.float().sum()
    return _JointMean.apply(total, len(labels), ranks())


class _JointMean(torch.autograd.Function):
    """Sums of losses over the ranks, divided by their joint number."""

    @staticmethod
    def forward(context: Any, total: Tensor, number: int, mine: Ranks) -> Tensor:
        """() of each rank to (), the same on all."""
        sums = torch.stack([total.double(), total.new_tensor(number).double()])
        with _waiting():
            distributed.all_reduce(sums)
        context.mine, context.number = mine, sums[1].to(total.dtype)
        return (sums[0] / sums[1]).to(total.dtype)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """This rank's part, times N."""
        return gradient * context.mine.count / context.number, None, None


@torch.no_grad()
def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by its mean over the ranks; those that are None stay None.

    Gradients travel in buckets after the way back, not during it: simple, and free of assumptions
    about how often a weight is read.
    """
    count = ranks().count
    if count == 1:
        return
    bucket: list[Tensor] = []
    gradients = [weight.grad for weight in parameters if weight.grad is not None]
    for gradient in gradients:
        if gradient.numel() >= BUCKET and gradient.is_contiguous():
            _average(gradient, count)
            continue
        bucket.append(gradient)
        if sum(map(Tensor.numel, bucket)) >= BUCKET:
            _average_together(bucket, count)
            bucket = []
    if bucket:
        _average_together(bucket, count)


def _average(gradient: Tensor, count: int) -> None:
    with _waiting():
        distributed.all_reduce(gradient)
    gradient /= count


def _average_together(bucket: Sequence[Tensor], count: int) -> None:
    flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
    _average(flat, count)
    for gradient, mean in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
        gradient.copy_(mean.view_as(gradient))
