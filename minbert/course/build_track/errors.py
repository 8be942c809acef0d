"""An error of a learner's code, said in our words: which line, and what is likely wrong there."""

from __future__ import annotations

import linecache
import traceback

MEMORY = ("can't allocate memory", "not enough memory", "bad_alloc")
"""Of torch's messages, on several systems."""
SHAPES = ("size", "shape", "mat1", "broadcast", "expand", "dimension", "must match", "view")
KINDS = ("dtype", "scalar type", "float", "double", "long", "bool")
"""Words of torch's messages, by what they are about."""


class NotAllowed(Exception):
    """What a graded file must not do; the message goes on behind the place in the file."""


def in_words(error: BaseException, file: str, given: str = "") -> str:
    """One sentence about an error.

    Args:
        file: the learner's; the last line of it that took part is named.
        given: the shapes that the piece was given.
    """
    if isinstance(error, RecursionError):
        return f"{_place(error, file)} calls itself without end"
    if isinstance(error, SystemExit):
        return f"{_place(error, file)} ends the program (sys.exit): a piece should return"
    text = str(error).partition("\n")[0]
    place = _place(error, file)
    if isinstance(error, NotAllowed):
        return f"{place} {text}"
    if isinstance(error, MemoryError) or any(word in text for word in MEMORY):
        return f"{place} asks for more memory than there is"
    if isinstance(error, IndexError) and "out of range in self" in text:
        return f"{place} looks up a row that its table does not have"
    if isinstance(error, RuntimeError | IndexError) and type(error) is not RecursionError:
        lower = text.lower()
        what = f" (given: {given})" if given else ""
        if "does not require grad" in lower:
            return f"{place} asks for the gradient of something that no parameter took part in"
        if "leaf variable" in lower or "inplace" in lower or "in-place" in lower:
            return f"{place} changes in place what a gradient still needs"
        if "stride" in lower:
            return f"{place} uses view after an exchange of axes: use reshape there"
        if any(word in lower for word in SHAPES):
            return f"{place} works on tensors whose shapes do not fit{what}"
        if any(word in lower for word in KINDS):
            return f"{place} mixes kinds of numbers that torch does not mix{what}"
        if isinstance(error, RuntimeError):
            return f"{place} asks torch for something that it cannot do{what}"
    return f"{place} raises {type(error).__name__}: {text:.160}"


def _place(error: BaseException, file: str) -> str:
    """The last line of the file that took part, with its text."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file and frame.lineno
    ]
    if not lines:
        return "your code"
    code = linecache.getline(file, lines[-1]).strip()
    return f"line {lines[-1]} (`{code:.60}`)" if code else f"line {lines[-1]}"
