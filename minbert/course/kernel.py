"""The process that runs a notebook: this very Python, and why it ended if it did."""

from __future__ import annotations

import logging
import signal
import sys
from importlib.util import find_spec

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from minbert.clone import clone


def require_ipykernel() -> None:
    """Say what is missing before anything is executed.

    Raises:
        ValueError: this Python has no ipykernel.
    """
    in_clone = clone() is not None
    if find_spec("ipykernel") is None or find_spec("ipykernel_launcher") is None:
        raise ValueError(
            f"notebooks need ipykernel, which this Python does not have: `{sys.executable} -m pip "
            f"install ipykernel` brings it{', and `make course` does so by itself' * in_clone}"
        )


def kernel_manager(log: logging.Logger) -> AsyncKernelManager:
    """A manager of kernels that are the running Python.

    Without folders to look in, Jupyter takes the interpreter it runs in, whatever a kernel named
    python3 in a user's folders points to.
    """
    specs = KernelSpecManager(kernel_dirs=[], log=log)
    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs, log=log)


async def exit_code(manager: AsyncKernelManager) -> int | None:
    """Of the kernel's process, negative for a signal; None while it lives or never was."""
    if manager.provisioner is None or not manager.provisioner.has_process:
        return None
    return await manager.provisioner.poll()


async def shut_down(manager: AsyncKernelManager) -> None:
    """End a kernel: a training under way writes its checkpoint; after five seconds by force."""
    if await manager.is_alive():
        await manager.shutdown_kernel()
    await manager.cleanup_resources()


def kill(manager: AsyncKernelManager) -> None:
    """Leave no process behind, also where `shut_down` was itself interrupted."""
    process = getattr(manager.provisioner, "process", None)
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()


def why_it_died(code: int | None) -> str:
    """One sentence on a kernel that died while a cell ran."""
    if code == -signal.SIGKILL:
        return (
            "its kernel was killed, most likely because memory ran out: close other programs and "
            "run it alone"
        )
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"its kernel was stopped by {name}, a fault in compiled code or too little memory"
    ended = "" if code is None else f" with exit code {code}"
    return f"its kernel ended{ended} while a cell ran; too little memory is the likely cause"


def why_it_did_not_start(code: int | None, said: str) -> str:
    """One sentence on a kernel that never answered.

    Args:
        code: see `exit_code`.
        said: what it wrote to stderr; the last line is quoted.
    """
    lines = said.strip().splitlines()
    quoted = f" ({lines[-1].strip()})" if lines and code is not None else ""
    return (
        f"its kernel did not start{quoted}: `{sys.executable} -m pip install --force-reinstall "
        "ipykernel` may mend it"
    )
