"""A few lines of the library's own source, for a lesson that is about just these."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable


def excerpt(thing: Callable | type, first: str, last: str) -> str:
    """Source lines from the first that contains `first` to the next that contains `last`.

    Both lines are included; common indentation is taken away.

    Args:
        thing: a function, method or class.
        first, last: text to look for; one line may contain both.

    Raises:
        ValueError: no such lines: the source has changed, and so must the lesson.
    """
    lines = inspect.getsource(thing).splitlines()
    begin = next((number for number, line in enumerate(lines) if first in line), None)
    if begin is None:
        raise ValueError(f"no line of {thing.__name__} contains {first!r}")
    end = next((number for number in range(begin, len(lines)) if last in lines[number]), None)
    if end is None:
        raise ValueError(f"no line of {thing.__name__} after {first!r} contains {last!r}")
    return textwrap.dedent("\n".join(lines[begin : end + 1]))
