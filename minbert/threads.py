"""How many threads torch computes with: what the machine grants, and not when others want it.

Threads that share a small product meet again every few microseconds and wait for the slowest. On
an idle machine that wait is short. Where several processes share the cores, the thread that is
waited for may not even be running: four processes of two threads each, on two cores, were more than
ten times slower than four of one. So waiting threads soon sleep (`prepare`), and training takes
more than one thread only while nobody else wants the cores (`Threads`).

The number of threads decides how long a run takes, not what comes out: `prepare` asks the matrix
library for sums in one order, and `minbert.encoder.LayerNorm` does the same for its gradients.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minbert.control_groups import control_groups

FIXED = ("MINBERT_THREADS", "OMP_NUM_THREADS")
"""Environment variables that fix the number of threads; the first one set counts."""
SPINS = 5_000
"""How often a waiting thread looks again before it sleeps (libgomp): some tens of microseconds."""
WINDOW_S = 0.25
"""How long the machine is watched before the number of threads is chosen anew."""
SHARED_ABOVE = 0.15
"""A thread that waited in the queue for a core for more than this share of a window: others want
it."""
LONGEST_PATIENCE_S = 32.0
"""Between two tries to take more threads, at most."""
TASKS = Path("/proc/self/task")
"""Where Linux has a folder for each thread of this process."""
HEAD, NARROW = 32, 256
"""Widths up to which a model has no work for a second thread, and for a third."""


def prepare() -> None:
    """Set how threads wait and how sums are ordered; counts only before torch is imported.

    Sets variables of the environment, which child processes inherit: waiting threads sleep instead
    of spinning (OMP_WAIT_POLICY, GOMP_SPINCOUNT), and MKL's products are the same to the last bit
    for every number of threads (MKL_CBWR). A value that is there already stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    wanted = os.environ.get("MINBERT_THREADS", "")
    if wanted.isdecimal():  # a wrong one is said by what first asks for the number
        os.environ["OMP_NUM_THREADS"] = wanted


def fixed_threads() -> int | None:
    """The number that `MINBERT_THREADS` or `OMP_NUM_THREADS` asks for; None where neither is set.

    Raises:
        ValueError: it is no whole number above 0.
    """
    for name in FIXED:
        value = os.environ.get(name, "").split(",")[0].strip()
        if value:
            if not value.isdecimal() or int(value) < 1:
                raise ValueError(f"{name} must be a whole number above 0, got {value!r}")
            return int(value)
    return None


def granted_cores(root: Path = Path("/")) -> int:
    """Cores that this process may use: affinity and the container's quota, not the machine's all.

    Args:
        root: of the file system in which Linux tells of quotas (`proc/self/cgroup`,
            `sys/fs/cgroup`).
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, math.floor(min(_quotas(root), default=cores))))


def _quotas(root: Path) -> Iterator[float]:
    """Cores granted by each control group that this process is in (versions 2 and 1)."""
    for folder, version in control_groups("cpu", root):
        try:
            if version == 1:
                quota = (folder / "cpu.cfs_quota_us").read_text()
                period = (folder / "cpu.cfs_period_us").read_text()
            else:
                quota, period = (folder / "cpu.max").read_text().split()
            if quota.strip() not in ("max", "-1"):
                yield float(quota) / float(period)
        except (OSError, ValueError):
            continue


def most_threads(width: int) -> int:
    """Threads that training may take where it has the machine to itself.

    Args:
        width: shorter side of the model's largest matrix: 5 of a sentiment head, 128 of `tiny`.
    """
    return min(granted_cores(), 1 if width <= HEAD else 2 if width <= NARROW else granted_cores())


def queued_s(tasks: Path = TASKS) -> dict[str, float] | None:
    """How long each thread of this process has waited in the queue for a core so far, in seconds.

    Not counted is what a thread slept: one that waits for the others' part of a product is in
    nobody's way.

    Args:
        tasks: folder of Linux's files, a thread each; the second number of `schedstat` is meant.

    Returns:
        By the thread's number; None where the system does not say.

    Source: Documentation/scheduler/sched-stats.rst of the Linux kernel.
    """
    found = {}
    try:
        for thread in os.listdir(tasks):
            try:
                ran, queued, _ = (tasks / thread / "schedstat").read_text().split()
            except FileNotFoundError:  # it has ended, or this kernel does not count
                continue
            if int(ran):
                found[thread] = int(queued) / 1e9
    except (OSError, ValueError):
        return None
    return found or None


class Threads:
    """The number of threads while something is computed; `adapt` is called between its steps.

    Begins with one. A window in which no thread of this process waited in the queue for a core
    shows that nobody else wants it, and the next one takes `most`. A window in which one did
    shows that others are there: back to one, and it takes twice as long until the next try;
    every window that goes well halves that wait. A number fixed by the environment stays.

    Where the system does not count queues, the share in which this thread did not run takes their
    place: that takes threads that wait for each other for others, and errs on the side of one.

    Args:
        most: threads to take at most.
    """

    def __init__(self, most: int) -> None:
        self.most = fixed_threads() or most
        self.adapts = fixed_threads() is None and most > 1
        self.number = 1 if self.adapts else self.most
        self._patience, self._quiet = WINDOW_S, 0.0
        self._begin_window()

    def _begin_window(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.thread_time()
        self._queued = queued_s() if self.adapts else None

    def adapt(self) -> None:
        """Choose anew, if a window has passed."""
        passed = time.perf_counter() - self._wall
        if passed < WINDOW_S or not self.adapts:
            return
        self.choose(self._waited(passed), passed)
        self._begin_window()

    def _waited(self, passed: float) -> float:
        """Share of the window in which the thread that had to wait longest had no core."""
        now = queued_s()
        if now is None or self._queued is None:
            return 1 - (time.thread_time() - self._cpu) / passed
        return max(now[thread] - self._queued.get(thread, 0.0) for thread in now) / passed

    def choose(self, waited: float, passed: float = WINDOW_S) -> None:
        """Choose by the share of the last window, of `passed` seconds, spent in the queue."""
        if not self.adapts:
            return
        if waited > SHARED_ABOVE:
            if self.number > 1:
                self._patience = min(2 * self._patience, LONGEST_PATIENCE_S)
                self._set(1)
            self._quiet = 0.0
        elif self.number > 1:
            self._patience = max(WINDOW_S, self._patience / 2)
        else:
            self._quiet += passed
            if self._quiet >= self._patience:
                self._set(self.most)

    def _set(self, number: int) -> None:
        import torch

        self.number = number
        torch.set_num_threads(number)


def share_the_machine(most: int) -> None:
    """Use at most `most` threads in this process from now on, and one for numpy's products.

    Called by what owns a process: the command line, and a notebook's first cell.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(fixed_threads() or most)
    threadpool_limits(1, user_api="blas")


@contextmanager
def adapted(most: int) -> Iterator[Threads]:
    """Compute with `Threads(most)`; afterwards torch has the number that it had before."""
    import torch

    before = torch.get_num_threads()
    threads = Threads(most)
    torch.set_num_threads(threads.number)
    try:
        yield threads
    finally:
        torch.set_num_threads(before)
