"""Results of a learner's code as lines of JSON: read as numbers only, never run."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minbert.course.build_track.comparing import Raised, Said

KINDS = {
    str(kind).removeprefix("torch."): kind
    for kind in (torch.float64, torch.float32, torch.int64, torch.int32, torch.int16, torch.int8,
                 torch.uint8, torch.bool)
}  # fmt: skip
LONGEST = 2000
"""Characters of a sentence or a text."""
DEEPEST = 8
"""Lists inside lists; no case's result has more than three."""
MOST = 4_000_000
"""Numbers of a tensor, and members of a list: no case's result has more than 30,000."""


class Other:
    """A result that is neither a number nor a tensor nor a list of them."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return self._shown


def packed(value: Any, depth: int = 0) -> Any:
    """A result, as JSON can hold it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Tensor):
        return _packed_tensor(value)
    if isinstance(value, int) and abs(value) < 2**63:
        return int(value)
    if isinstance(value, float):
        return {"float": float(value).hex()}
    if isinstance(value, str):
        return {"text": str(value)[:LONGEST]}
    if isinstance(value, Said):
        return {"said": value.sentence[:LONGEST]}
    if isinstance(value, Raised):
        return {"raised": [part[:LONGEST] for part in (value.kind, value.text, value.sentence)]}
    if isinstance(value, list | tuple) and depth < DEEPEST and len(value) <= MOST:
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [packed(one, depth + 1) for one in value]}
    return _packed_other(value)


def _packed_tensor(value: Tensor) -> Any:
    plain = value.detach()
    if plain.numel() > MOST or plain.layout != torch.strided or plain.is_complex():
        return _packed_other(value)
    if plain.is_floating_point() and plain.dtype != torch.float64:
        plain = plain.to(torch.float32)
    name = str(plain.dtype).removeprefix("torch.")
    if name not in KINDS:
        return _packed_other(value)
    content = plain.cpu().contiguous().numpy().tobytes()
    data = base64.b64encode(content).decode("ascii")
    return {"tensor": name, "shape": list(plain.shape), "data": data}


def _packed_other(value: Any) -> Any:
    try:
        shown = repr(value)[:80]
    except Exception:  # a learner's class may do anything
        shown = "…"
    return {"other": type(value).__name__[:80], "shown": shown}


def unpacked(value: Any) -> Any:
    """The result that was packed.

    Raises:
        ValueError: it is nothing that `packed` makes.
    """
    try:
        return _unpacked(value)
    except (KeyError, TypeError, IndexError, RecursionError, RuntimeError) as error:
        raise ValueError("this is no packed result") from error


def _unpacked(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if "tensor" in value:
        content = base64.b64decode(value["data"], validate=True)
        kind = np.dtype(value["tensor"] if value["tensor"] in KINDS else "bool")
        flat = np.frombuffer(content, dtype=kind).copy()
        return torch.from_numpy(flat).reshape([int(size) for size in value["shape"]])
    if "float" in value:
        return float.fromhex(value["float"])
    if "text" in value:
        return str(value["text"])
    if "said" in value:
        return Said(str(value["said"]))
    if "raised" in value:
        kind, text, sentence = map(str, value["raised"])
        return Raised(kind, text, sentence)
    if "list" in value:
        return [_unpacked(one) for one in value["list"]]
    if "tuple" in value:
        return tuple(_unpacked(one) for one in value["tuple"])
    return type(str(value["other"]), (Other,), {})(str(value["shown"]))
