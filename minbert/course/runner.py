"""Running notebooks: each in a fresh kernel, from top to bottom, some at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from minbert.course.claims import CLAIMS_FILE, Claim, read_claims
from minbert.course.kernel import (
    exit_code,
    kernel_manager,
    kill,
    shut_down,
    why_it_did_not_start,
    why_it_died,
)
from minbert.course.notebooks import normalise, read
from minbert.memory import free_bytes
from minbert.stopping import Noted, noted
from minbert.threads import granted_cores

CELL_TIMEOUT_S = 3600
"""A single cell on real data may train for a while."""
START_TIMEOUT_S = 600
"""Importing takes seconds alone, minutes where a whole class begins at once on few cores."""
KERNEL_BYTES = 1_000_000_000
"""What a notebook's kernel may take, with room to spare (docs/machines.md)."""
MOST_JOBS = 2
"""Notebooks at once, unless more are asked for: several wait for the same trainings."""
QUIET = logging.getLogger("minbert.nbclient")
"""What nbclient and Jupyter would log on their own; it is said in one sentence here."""
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


@dataclass(frozen=True)
class Execution:
    """One notebook after it ran."""

    path: Path
    notebook: NotebookNode
    """With the outputs of this run only."""
    seconds: float
    claims: Sequence[Claim]
    """The findings that it tested."""
    error: str | None = None
    """What stopped it, or None."""
    died: bool = False
    """Whether its kernel did, rather than a cell."""


def default_jobs() -> int:
    """How many notebooks to run at once: one a core, two at most, as free memory allows."""
    memory = free_bytes()
    fitting = MOST_JOBS if memory is None else memory // KERNEL_BYTES
    return max(1, min(granted_cores(), MOST_JOBS, fitting))


def execute(path: Path, environment: Mapping[str, str], folder: Path) -> Execution:
    """Run one notebook without touching its file.

    Args:
        path: of the notebook.
        environment: variables for its kernel, such as MINBERT_TIER.
        folder: the kernel's working directory.

    Raises:
        KeyboardInterrupt: Ctrl-C; the kernel has been ended.
    """
    runs: list[Execution] = []
    execute_all([path], environment, lambda _: folder, 1, runs.append)
    return runs[0]


def execute_all(
    paths: Sequence[Path],
    environment: Mapping[str, str],
    folder_of: Callable[[Path], Path],
    jobs: int,
    done: Callable[[Execution], None],
) -> None:
    """Run notebooks, some at once, each in a kernel of its own.

    Two that need the same training share it: the second waits until it is in the cache.

    Args:
        paths: of the notebooks, in the order in which they begin.
        environment: variables for their kernels.
        folder_of: the working directory of a notebook's kernel.
        jobs: how many may run at the same time.
        done: called with each in the order of `paths`, as soon as it and all before it have run.

    Raises:
        KeyboardInterrupt: Ctrl-C; all kernels have been ended.
    """
    # The signal that cancels ends `noted` in KeyboardInterrupt.
    with noted() as signals, contextlib.suppress(asyncio.CancelledError):
        _to_its_end(_execute_all(paths, environment, folder_of, jobs, done, signals))


async def _execute_all(
    paths: Sequence[Path],
    environment: Mapping[str, str],
    folder_of: Callable[[Path], Path],
    jobs: int,
    done: Callable[[Execution], None],
    signals: Noted,
) -> None:
    loop, free = asyncio.get_running_loop(), asyncio.Semaphore(jobs)

    async def one(path: Path) -> Execution:
        async with free:
            return await _execute(path, environment, folder_of(path))

    running = [asyncio.create_task(one(path)) for path in paths]

    def stop() -> None:  # the second time by force, where a kernel is being shut down
        for task in running:
            task.cancel()

    signals.at_once = lambda: loop.call_soon_threadsafe(stop)
    if signals.count:
        stop()
    try:
        for task in running:
            done(await task)
    finally:
        stop()
        await asyncio.gather(*running, return_exceptions=True)
        signals.at_once = None


async def _execute(path: Path, environment: Mapping[str, str], folder: Path) -> Execution:
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []  # what does not run has no output, rather than a stored one
    manager = kernel_manager(QUIET)
    client = _Client(
        notebook,
        km=manager,
        timeout=CELL_TIMEOUT_S,
        startup_timeout=START_TIMEOUT_S,
        extra_arguments=["--log-level=ERROR"],
        log=QUIET,
    )
    error, died = None, False
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="minbert-") as temporary:
        claims = Path(temporary) / "claims.jsonl"
        variables = {**os.environ, "TQDM_DISABLE": "1", CLAIMS_FILE: str(claims), **environment}
        try:
            with (Path(temporary) / "stderr").open("w+", errors="replace") as said:
                await _run(client, manager, env=variables, cwd=str(folder), stderr=said)
        except CellExecutionError as failure:
            error = f"{failure.ename}: {failure.evalue}"
        except CellTimeoutError:
            error = f"a cell did not end within {CELL_TIMEOUT_S} seconds"
        except _Died as failure:
            error, died = str(failure), True
        finally:
            kill(manager)
        kept = read_claims(claims)
    seconds = time.perf_counter() - started
    return Execution(path, normalise(notebook), seconds, kept, error, died)


def _to_its_end(coroutine: Coroutine[None, None, None]) -> None:
    """Run it here, or beside a loop that runs already: a notebook's kernel has one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(coroutine)
    else:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(asyncio.run, coroutine).result()


class _Died(Exception):
    """A kernel that ended by itself, or never started."""


class _Client(NotebookClient):
    """Leaves signals to `_run`, which is cancelled; nbclient's own handlers end in tracebacks."""

    @asynccontextmanager
    async def async_setup_kernel(self, **options: object) -> AsyncIterator[None]:
        await self.async_start_new_kernel(**options)
        await self.async_start_new_kernel_client()
        yield


async def _run(client: _Client, manager: AsyncKernelManager, **options: object) -> None:
    try:
        await client.async_execute(**options)
    except Exception as failure:
        if asyncio.current_task().cancelling():  # which nbclient takes for a dead kernel
            raise asyncio.CancelledError from None
        if isinstance(failure, DeadKernelError):
            raise _Died(why_it_died(await exit_code(manager))) from failure
        if isinstance(failure, RuntimeError):
            options["stderr"].seek(0)
            said = options["stderr"].read()
            raise _Died(why_it_did_not_start(await exit_code(manager), said)) from failure
        raise
    finally:
        await shut_down(manager)
        if client.kc is not None:
            client.kc.stop_channels()
