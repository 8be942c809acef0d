"""What the checkers try pieces on: small configurations, and the weights of `tiny`."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from minbert.config import ModelConfig
from minbert.course.build_track.judging import twin
from minbert.model_files import read_json
from minbert.pretrained import split_names
from minbert.tensor_files import read_tensors
from minbert.weights import locate

SMALL = ModelConfig(
    vocab_size=23,
    hidden_size=12,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=20,
    max_position_embeddings=9,
    hidden_dropout_prob=0.5,
    attention_probs_dropout_prob=0.5,
    layer_norm_eps=0.01,
)
"""Its eps is large, so that one who leaves it at torch's default is seen."""
WIDE = ModelConfig(
    vocab_size=31,
    hidden_size=16,
    num_hidden_layers=3,
    num_attention_heads=2,
    intermediate_size=24,
    max_position_embeddings=7,
    layer_norm_eps=0.008,
)
"""Another one, for a second shape."""
ALL_DROPPED: Any = SimpleNamespace(
    **{**asdict(SMALL), "hidden_dropout_prob": 1.0, "attention_probs_dropout_prob": 1.0}
)
"""In training everything that dropout acts on becomes 0, so what it acts on is seen."""
DOUBLE = torch.float64
IDS = torch.tensor([[2, 7, 9, 4, 3], [2, 5, 3, 0, 0]])
SEGMENTS = torch.tensor([[0, 0, 1, 1, 1], [0, 1, 1, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
ALLOWED = MASK[:, None, None, :].bool()


@cache
def tiny_folder() -> Path:
    """Where the shipped model is."""
    return locate("tiny").weights.parent


@cache
def tiny_config() -> ModelConfig:
    """Its sizes."""
    return ModelConfig.from_dict(read_json(tiny_folder() / "config.json"))


@cache
def tiny_tensors() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Its encoder's weights, and those of its head."""
    body, head = split_names(read_tensors(tiny_folder() / "model.safetensors"))
    return {name: body[name].clone() for name in body}, {name: head[name].clone() for name in head}


def real(pieces: Any, name: str, prefix: str, *arguments: Any, head: bool = False) -> Any:
    """A module of the pieces with weights of `tiny`, in evaluation mode."""
    module = twin(pieces, name, *arguments)
    tensors = tiny_tensors()[head]
    with torch.no_grad():
        for key, parameter in module.named_parameters():
            parameter.copy_(tensors[prefix + key])
    return module


def trains_apart(module: Any, *inputs: Any) -> tuple[bool, bool]:
    """Whether dropout acts in training, and whether two passes of evaluation agree."""
    module.eval()
    first, again = module(*inputs), module(*inputs)
    module.train()
    trained = module(*inputs)
    return not torch.equal(first, trained), torch.equal(first, again)
