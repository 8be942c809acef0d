"""Digests: of plain data and tensors, of files, and of what an encoder is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minbert.config import ModelConfig
from minbert.heads import MaskedLanguageModelHead
from minbert.tokenizer import WordPieceTokenizer


def content_digest(value: Any) -> str:
    """SHA-256 of nested mappings, lists, numbers, strings and tensors, values and types alike."""
    digest = hashlib.sha256()
    _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, Tensor):
        digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    elif isinstance(value, Mapping):
        digest.update(f"mapping of {len(value)}".encode())
        for name, part in value.items():
            digest.update(repr(name).encode())
            _add(digest, part)
    elif isinstance(value, list | tuple):
        digest.update(f"list of {len(value)}".encode())
        for part in value:
            _add(digest, part)
    else:
        digest.update(f"{type(value).__name__} {value!r};".encode())


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_digest(module: nn.Module) -> str:
    """Digest of a module's weights: names, types, shapes and values; nothing of its settings."""
    return content_digest(dict(sorted(module.state_dict().items())))


def config_digest(config: ModelConfig) -> str:
    """Digest of all settings of an encoder: heads and eps decide numbers, and no weight shows."""
    return content_digest(dict(sorted(config.to_dict().items())))


def tokenizer_digest(tokenizer: WordPieceTokenizer) -> str:
    """Digest of what cuts sentences into pieces: vocabulary, normaliser, special tokens."""
    return content_digest([tokenizer.backend.to_str(), tokenizer.special_ids])


def head_digest(head: MaskedLanguageModelHead | None) -> str | None:
    """Digest of a trained masked-language-model head; None where a fresh one will be drawn."""
    return None if head is None else weights_digest(head)
