"""A full disk, a folder that may not be written: one sentence, with the place and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError


@contextmanager
def named(what: str | Path, kept: str = "what was there before is untouched") -> Iterator[None]:
    """Turn what the system says about a block's files into one sentence.

    Args:
        what: that is being written: a path, or for example `stdout`.
        kept: what the reader may count on.

    Raises:
        OSError: with the sentence; errors that carry one already pass unchanged, and so does a pipe
            that its reader has closed.
    """
    try:
        yield
    except BrokenPipeError:  # who reads it has enough: no failure, and nothing to say
        raise
    except OSError as error:
        if error.errno is None:
            raise
        reason = error.strerror or str(error)
        about = f" ({error.filename})" if error.filename not in (None, str(what)) else ""
        raise OSError(f"writing {what} failed: {reason}{about}; {kept}") from error
    except SafetensorError as error:
        raise OSError(f"writing {what} failed: {error}; {kept}") from error
