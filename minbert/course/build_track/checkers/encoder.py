"""Piece 4: what the encoder must do, and what people write instead."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from minbert.course.build_track.judging import Case, Checker, draw, twin, whole
from minbert.course.build_track.settings import (
    DOUBLE,
    IDS,
    MASK,
    SEGMENTS,
    SMALL,
    WIDE,
    tiny_folder,
    tiny_tensors,
)
from minbert.course.build_track.variants import LIBRARY, Mistake
from minbert.course.checks.base import WrongAnswer


def _pool(pieces: Any, config: Any, dtype: torch.dtype) -> Any:
    return twin(pieces, "Pooler", config, dtype=dtype)(
        draw(1, 3, 4, config.hidden_size, dtype=dtype)
    )


def _encode(pieces: Any, *inputs: Any, dtype: torch.dtype = torch.float32) -> Any:
    return _results(twin(pieces, "Encoder", SMALL, dtype=dtype)(*inputs))


def _results(found: Any) -> Any:
    if not isinstance(found, tuple) or len(found) != 2:
        raise WrongAnswer("an encoder must give two results: all hidden states, the pooled vector")
    return found


def _training(pieces: Any) -> bool:
    return bool(pieces.load_encoder(tiny_folder()).training)


def _arrived(pieces: Any, folder: Path, tensors: dict[str, Any]) -> bool:
    own = dict(pieces.load_encoder(folder).named_parameters())
    return own.keys() == tensors.keys() and all(
        torch.equal(own[name], tensor) for name, tensor in tensors.items()
    )


def _tiny(pieces: Any) -> Any:
    encoder = pieces.load_encoder(tiny_folder())
    return _results(encoder.eval()(whole(5, 0, 3000, 2, 7)))


def _bare(pieces: Any) -> bool:
    """A file of the encoder alone, whose names have no prefix."""
    tensors = {
        name: parameter.detach().clone()
        for name, parameter in twin(LIBRARY, "Encoder", WIDE).named_parameters()
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(WIDE.to_dict()), encoding="utf-8")
        save_file(tensors, Path(folder) / "model.safetensors", metadata={"format": "pt"})
        return _arrived(pieces, Path(folder), tensors)


PADDED = (("in the text that is padded", (MASK == 0).any(dim=1)[:, None, None]),)
CASES = (
    Case("the pooler", lambda pieces: _pool(pieces, SMALL, torch.float32), "states (3, 4, 12)"),
    Case("the pooler in float64", lambda pieces: _pool(pieces, WIDE, DOUBLE), "states (3, 4, 16)"),
    Case("the encoder", lambda pieces: _encode(pieces, IDS), "input_ids (2, 5)"),
    Case(
        "the encoder with a mask",
        lambda pieces: _encode(pieces, IDS, MASK),
        "input_ids and attention_mask (2, 5)",
        PADDED,
    ),
    Case(
        "the encoder with segments, in float64",
        lambda pieces: _encode(pieces, IDS, MASK, SEGMENTS, dtype=DOUBLE),
        "input_ids, attention_mask and token_type_ids (2, 5)",
    ),
    Case(
        "all weights of tiny arrive",
        lambda pieces: _arrived(pieces, tiny_folder(), tiny_tensors()[0]),
    ),
    Case("all weights of a file without prefix arrive", _bare),
    Case("a loaded encoder is in evaluation mode", lambda pieces: not _training(pieces)),
    Case("tiny's hidden states", _tiny, "input_ids (2, 7)"),
)

LAYERS = "nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))"
ALLOWED = "attention_mask[:, None, None, :].bool()"
MISTAKES = (
    Mistake(
        "the pooler reads the mean of all tokens: it should read the first, [CLS]",
        (("states[:, 0]", "states.mean(dim=1)"),),
    ),
    Mistake(
        "the pooler reads the last token: it should read the first, [CLS]",
        (("states[:, 0]", "states[:, -1]"),),
    ),
    Mistake("the pooler's tanh is missing", (("self.dense(first).tanh()", "self.dense(first)"),)),
    Mistake(
        "the hidden states begin with the embeddings, before the first layer",
        (("hidden_states = [states]", "hidden_states = []"),),
    ),
    Mistake("the attention mask is not used", ((ALLOWED, "None"),)),
    Mistake(
        "the mask is upside down: 1 in attention_mask means that a token may be looked at",
        ((ALLOWED, "attention_mask[:, None, None, :] == 0"),),
    ),
    Mistake(
        "the mask lies along the queries, (batch, 1, seq, 1): it belongs to the keys, "
        "(batch, 1, 1, seq)",
        ((ALLOWED, "attention_mask[:, None, :, None].bool()"),),
    ),
    Mistake(
        "the segment ids are not handed on to the embeddings",
        (("self.embeddings(input_ids, token_type_ids)", "self.embeddings(input_ids)"),),
    ),
    Mistake(
        "each layer reads the embeddings: it should read the layer before it",
        (("layer(states, allowed)", "layer(hidden_states[0], allowed)"),),
    ),
    Mistake(
        "all layers are one and the same module: each needs its own weights",
        ((LAYERS, "nn.ModuleList([Layer(config)] * config.num_hidden_layers)"),),
    ),
    Mistake(
        "a plain list hides the layers from torch: put them into nn.ModuleList",
        ((LAYERS, "[Layer(config) for _ in range(config.num_hidden_layers)]"),),
    ),
    Mistake(
        "the last layer is left out",
        (("in self.encoder.layer:", "in self.encoder.layer[:-1]:"),),
    ),
    Mistake(
        "the pooler reads the embeddings: it should read what the last layer gave",
        (("self.pooler(states)", "self.pooler(hidden_states[0])"),),
    ),
    Mistake(
        "only the last hidden state is given: give all, embeddings first",
        (("return tuple(hidden_states), ", "return states, "),),
    ),
    Mistake(
        "a loaded encoder stays in training mode: dropout would change every result",
        (("return encoder.eval()", "return encoder.train()"),),
    ),
    Mistake(
        "the names in the file begin with bert.: with strict=False nothing is loaded and nobody "
        "is told",
        (('name.removeprefix("bert.")', "name"), ("strict=True", "strict=False")),
    ),
)

check = Checker(4, CASES, MISTAKES, "the published weights load, and every hidden state is theirs.")
