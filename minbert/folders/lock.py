"""One writer at a time: whoever comes second is told so at once."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from minbert.folders.failures import named


@contextmanager
def made_parents(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; the ones that are empty after the block go again.

    Raises:
        OSError: it cannot be made.
    """
    made = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        with named(folder, "choose another folder"):
            folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for part in made:
            with suppress(OSError):  # not empty: that is what it was made for
                part.rmdir()


def acquire(lock: FileLock, timeout: float = -1) -> None:
    """Acquire a lock, waiting `timeout` seconds for it; without, for ever.

    Raises:
        Timeout: another process holds it all that time.
        OSError: it cannot be made there, or the file system has no locks.
    """
    try:
        lock.acquire(timeout=timeout)
    except NotImplementedError as error:  # filelock's word for such a file system
        raise OSError(errno.ENOLCK, "the file system has no locks", lock.lock_file) from error


@contextmanager
def locked(lock: Path, what: Path) -> Iterator[None]:
    """Hold a lock for the block; the operating system ends it with the process, however that ends.

    Args:
        lock: file that is locked, and removed when the block ends.
        what: folder that is written meanwhile, for the sentence.

    Raises:
        ValueError: another process holds it.
        OSError: the lock cannot be made, because nothing can be written there.
    """
    held = FileLock(lock)
    while True:
        try:
            with named(what, f"a file must be made in {lock.parent}, choose another folder"):
                acquire(held, timeout=0)
        except Timeout:
            raise ValueError(
                f"another run is writing {what} at this moment: wait for it, or choose another "
                "folder"
            ) from None
        if lock.exists():
            break
        held.release()  # its last holder removed the file after it was opened here
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes it when it is released
            lock.unlink()
        held.release()
