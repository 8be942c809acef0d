"""Reading a checkpoint's tensors: safetensors, several files, or an old PyTorch file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from minbert.model_files import stand_in
from minbert.stopping import deferred
from minbert.weights import shards

READABLE = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
"""Types of numbers that are weights as they are; others need the scales they were made with."""

TOGETHER = 16
"""Tensors of a file that share a mapping: about a layer."""


def tensor_names(path: Path) -> list[str]:
    """Names of a checkpoint's tensors; of a safetensors file or an index nothing more is read.

    Raises:
        ValueError: it is no readable weights file.
    """
    if path.name.endswith(".index.json"):
        return [name for names in shards(path).values() for name in names]
    if path.suffix == ".safetensors":
        return _names(path)
    return list(_unpickled(path))


@deferred()
def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors by name; of a safetensors file each is read when it is used.

    Args:
        path: a file, or the index of several.

    Raises:
        FileNotFoundError: a file that the index names is missing.
        ValueError: a file is damaged, is another kind of file, or holds more than tensors; nothing
            in it is ever run.
    """
    if not path.name.endswith(".index.json"):
        return _mapped(path) if path.suffix == ".safetensors" else _unpickled(path)
    found: dict[str, Tensor] = {}
    for shard, names in shards(path).items():
        part = read_tensors(path.parent / shard)
        absent = [name for name in names if name not in part]
        if absent:
            raise ValueError(f"{path} expects {absent[0]} in {shard}, which has no such tensor")
        found |= {name: part[name] for name in names}
    return found


@torch.no_grad()
def copy_weights(target: dict[str, Tensor], weights: dict[str, Tensor], what: str) -> None:
    """Copy tensor by tensor and let go of each, so that no model is in memory twice.

    Args:
        target: a module's own tensors, which are written to.
        weights: under the same names and in the same shapes; emptied.
        what: for sentences: where they come from.

    Raises:
        ValueError: a tensor is of another type than `READABLE`, or holds NaN or infinity.
    """
    for name, tensor in target.items():
        given = weights.pop(name)
        if given.dtype not in READABLE or given.layout != torch.strided:
            kind = str(given.dtype if given.layout == torch.strided else given.layout)
            raise ValueError(
                f"{what}: {name} is {kind.removeprefix('torch.')}, expected float32, float16, "
                "bfloat16 or float64: a quantized model cannot be read, save it in float32"
            )
        tensor.copy_(given)
        low, high = torch.aminmax(tensor)  # NaN where one is
        if not (torch.isfinite(low) and torch.isfinite(high)):
            count = int((~torch.isfinite(tensor)).sum())
            raise ValueError(
                f"{what}: {name} holds NaN or infinity in {count} of {tensor.numel()} places, "
                "expected numbers (damaged, or a training that diverged?)"
            )


def _mapped(path: Path) -> dict[str, Tensor]:
    """Tensors that are read from the file when they are used, some through one mapping.

    Whoever copies them and lets go frees a mapping's memory with its last tensor, so that no model
    is there twice. One mapping a tensor would read the file's head a hundred times: 30 MiB.
    """
    found: dict[str, Tensor] = {}
    names = _names(path)
    for start in range(0, len(names), TOGETHER):
        name = ""
        try:
            with safe_open(path, framework="pt") as file:
                for name in names[start : start + TOGETHER]:
                    found[name] = file.get_tensor(name)
        except (SafetensorError, AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{path}: {name} cannot be read ({error!s:.120})") from None
    return found


def _names(path: Path) -> list[str]:
    _refuse_stand_in(path)
    try:
        with safe_open(path, framework="pt") as file:
            return list(file.keys())
    except (SafetensorError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{path} is no readable weights file: {_damage(path) or f'{error!s:.160}'}"
        ) from None


def _refuse_stand_in(path: Path) -> None:
    reason = stand_in(path)
    if reason is not None:
        kind = ValueError if path.exists() else FileNotFoundError
        raise kind(f"{path} is no readable weights file: {reason}")


def _damage(path: Path) -> str | None:
    """What is wrong with a safetensors file, as far as its first bytes and its length tell."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
    if start[:2] == b"PK" or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        return "it is a PyTorch file under another name, expected safetensors"
    header = int.from_bytes(start, "little")
    if size < 8 or header + 8 > size:
        return (
            f"it has {size} bytes, and its header alone should have {header}: it was cut off, or "
            "is no safetensors file"
        )
    return None


def _unpickled(path: Path) -> dict[str, Tensor]:
    """Tensors of a file of torch.save, whose reader builds tensors and calls nothing else."""
    _refuse_stand_in(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # of a damaged pickle anything
        raise ValueError(f"{path} is no readable weights file: {_refusal(error)}") from None
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ValueError(
            f"{path} holds {type(content).__name__}, expected tensors by name (a state_dict)"
        )
    other = _other_than_tensors(content.items())
    if other:
        raise ValueError(
            f"{path} holds {other}, expected tensors by name: is the state_dict inside? Save that"
        )
    return content


def _other_than_tensors(items: Iterable[tuple[str, object]]) -> str | None:
    for name, value in items:
        if not isinstance(value, Tensor):
            return f"{type(value).__name__} under {name!r:.60}"
    return None


def _refusal(error: Exception) -> str:
    """Our own words: torch's advise to switch the check off."""
    asked = re.search(r"GLOBAL (\S+)", str(error))
    if asked or "weights_only" in str(error).lower() or "weights only" in str(error).lower():
        wants = f"it asks for {asked.group(1):.80}" if asked else "it is no plain pickle of tensors"
        return (
            f"{wants}, expected nothing but tensors: a pickle may run code, so nothing of it was "
            "read; ask for the model as model.safetensors"
        )
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{reason:.160} (cut off, or another kind of file?)"
