"""The encoder's forward pass for who wants vectors alone: the layers as plain calls of torch.

`minbert.encoder` is the model to read. This file computes the same last hidden state with less
around it: no module is called, nothing is checked that `minbert.inference` has made itself, no
state between is kept, and for bf16 the weights are cast once instead of once a batch, as autocast
does. Those of wide encoders are also laid out once as the processor reads them
(`minbert.packed_linear`), which torch otherwise does in each product. A model that is not exactly
as `minbert.encoder` has it (a hook, a wrapped layer, another `forward`, other numbers than fp32) is
not computed here: `ready` says so with None.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules import module as torch_module

from minbert import checks, packed_linear, plain_linear
from minbert.attention import SelfAttention
from minbert.encoder import (
    AddAndNorm,
    Embeddings,
    Encoder,
    EncoderOutput,
    Layer,
    LayerNorm,
    Pooler,
)
from minbert.packed_linear import packing_pays
from minbert.precision import plain_is_faster

AS_TAUGHT = {
    kind: kind.forward
    for kind in (
        Encoder,
        Embeddings,
        Layer,
        SelfAttention,
        AddAndNorm,
        LayerNorm,
        Pooler,
        nn.Module,
        nn.ModuleList,
        nn.Linear,
        nn.Embedding,
        nn.Dropout,
    )
}
"""The parts of an encoder, and what each of them computes: anything else is computed elsewhere."""

GLOBAL_HOOKS = ("_global_forward_hooks", "_global_forward_pre_hooks")

SAMPLES = 64
"""Numbers of each weight that are compared before a cast weight is used again."""

Weights = tuple[Tensor, Tensor | None]
"""Of a linear map: its matrix (out, in), and its bias."""


@dataclass(frozen=True)
class _Norm:
    """What `F.layer_norm` takes beside the states."""

    shape: tuple[int, ...]
    weight: Tensor | None
    bias: Tensor | None
    eps: float


@dataclass(frozen=True)
class _LayerWeights:
    """One layer's weights, in the precision that it computes in."""

    heads: int
    query_key_value: tuple[Weights, Weights, Weights]
    mixed: Weights
    mixed_norm: _Norm
    inner: Weights
    outer: Weights
    outer_norm: _Norm
    packed: bool
    """Whether the matrices are laid out for the processor."""


@dataclass(frozen=True)
class FastEncoder:
    """An encoder without dropout, whose ids and masks its caller has made."""

    encoder: Encoder
    layers: tuple[_LayerWeights, ...]
    dtype: torch.dtype

    def __call__(
        self,
        input_ids: Int[Tensor, "batch seq"],
        attention_mask: Int[Tensor, "batch seq"] | None = None,
        token_type_ids: Int[Tensor, "batch seq"] | None = None,
    ) -> EncoderOutput:
        """The last hidden state, as the only one, and what the pooler makes of it; both fp32.

        Args: as of `minbert.encoder.Encoder`; a row of nothing but 0 in the mask attends to all.

        Raises:
            ValueError: an id is none of the model's word pieces: the tokenizer is another's.
        """
        states = _embedded(self.encoder.embeddings, input_ids, token_type_ids).to(self.dtype)
        allowed = None
        if attention_mask is not None:
            allowed = attention_mask[:, None, None, :].bool()
            allowed = allowed | ~allowed.any(dim=-1, keepdim=True)
        for layer in self.layers:
            states = _layer(layer, states, allowed)
        last = states.float()
        dense = self.encoder.pooler.dense
        pooled = F.linear(last[:, 0], dense.weight, dense.bias).tanh()
        return EncoderOutput(hidden_states=(last,), pooled=pooled)


def ready(encoder: Encoder, precision: str) -> FastEncoder | None:
    """The fast pass of an encoder as it is at this moment; None where it must go the plain way.

    In fp32 it reads the encoder's own weights, unless it is wide and laying them out pays. Then,
    and in bf16, it reads copies, which are kept for the next call as long as the encoder lives,
    does not train, and has the weights that they were made of: the same tensors at the same place,
    written to by nobody (torch counts that), and equal in 64 places of each, for writes that torch
    does not count (`weight.data`, NumPy). On a GPU, where the copies take no time, they are made
    for each call.

    Args:
        encoder: with its weights in fp32, on a CPU or a GPU.
        precision: `fp32` or `bf16`.
    """
    if not _is_as_taught(encoder):
        return None
    dtype = torch.float32 if precision == "fp32" else torch.bfloat16
    packed = packing_pays(encoder.pooler.dense.weight, dtype)
    copies = _copies(encoder, dtype, packed) if packed or precision == "bf16" else None
    return FastEncoder(encoder, copies or tuple(map(_weights, encoder.encoder.layer)), dtype)


def _is_as_taught(encoder: Encoder) -> bool:
    """Whether each part computes what `minbert.encoder` says, tells nobody, and holds fp32."""
    if any(getattr(torch_module, name, None) for name in GLOBAL_HOOKS):
        return False
    device = encoder.pooler.dense.weight.device
    if device.type not in ("cpu", "cuda"):
        return False
    parts: list[nn.Module] = [encoder]
    while parts:  # by hand: `modules()` takes most of a millisecond, a tenth of a short sentence
        part = parts.pop()
        kind, own = type(part), vars(part)
        if (
            AS_TAUGHT.get(kind) is not kind.forward
            or "forward" in own
            or own["_forward_hooks"]
            or own["_forward_pre_hooks"]
            or own.get("_compiled_call_impl") is not None
            or own.get("max_norm") is not None
        ):
            return False
        for weight in own["_parameters"].values():
            if weight is not None and (
                type(weight) is not nn.Parameter
                or weight.dtype != torch.float32
                or weight.device != device
            ):
                return False
        parts.extend(own["_modules"].values())
    return True


def _embedded(
    embeddings: Embeddings,
    input_ids: Int[Tensor, "batch seq"],
    token_type_ids: Int[Tensor, "batch seq"] | None,
) -> Float[Tensor, "batch seq hidden"]:
    words, segments = embeddings.word_embeddings.weight, embeddings.token_type_embeddings.weight
    positions = embeddings.position_embeddings.weight
    checks.indices("input_ids", input_ids, len(words), "the model's vocabulary")
    if token_type_ids is not None:
        checks.indices("token_type_ids", token_type_ids, len(segments), "segments")
    seq = input_ids.shape[1]
    if seq > len(positions):
        raise ValueError(
            f"a row must have at most {len(positions)} word pieces, got {seq}: this model has "
            "positions for no more, so cut it (the tokenizer's max_length does)"
        )
    segment = segments[0] if token_type_ids is None else F.embedding(token_type_ids, segments)
    states = F.embedding(input_ids, words) + segment + positions[:seq]
    return _normalised(states, _norm(embeddings.LayerNorm))


def _layer(
    layer: _LayerWeights,
    states: Float[Tensor, "batch seq hidden"],
    allowed: Bool[Tensor, "batch 1 1 seq"] | None,
) -> Float[Tensor, "batch seq hidden"]:
    batch, seq, _ = states.shape
    of = packed_linear if layer.packed else plain_linear
    query, key, value = (
        of.linear(states, *weights).view(batch, seq, layer.heads, -1).transpose(1, 2)
        for weights in layer.query_key_value
    )
    mixed = _attended(query, key, value, allowed).transpose(1, 2).flatten(2)
    states = _normalised(of.linear_and_add(mixed, *layer.mixed, states), layer.mixed_norm)
    inner = of.linear_and_gelu(states, *layer.inner)
    return _normalised(of.linear_and_add(inner, *layer.outer, states), layer.outer_norm)


def _attended(
    query: Float[Tensor, "batch head seq dim"],
    key: Float[Tensor, "batch head seq dim"],
    value: Float[Tensor, "batch head seq dim"],
    allowed: Bool[Tensor, "batch 1 1 seq"] | None,
) -> Float[Tensor, "batch head seq dim"]:
    """`minbert.attention`, in the way that takes less time."""
    if not plain_is_faster(query):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    if allowed is not None:
        scores = scores.masked_fill_(~allowed, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value


def _normalised(states: Float[Tensor, "*batch hidden"], norm: _Norm) -> Tensor:
    return F.layer_norm(states, norm.shape, norm.weight, norm.bias, norm.eps)


def _weights(
    layer: Layer, dtype: torch.dtype = torch.float32, packed: bool = False
) -> _LayerWeights:
    """A layer's weights: its own in fp32, else copies."""
    attention, mixed, outer = layer.attention.self, layer.attention.output, layer.output

    def matrix_of(part: nn.Module) -> Weights:
        weight, bias = _own(part, dtype)
        return (packed_linear.packed(weight) if packed else weight), bias

    return _LayerWeights(
        heads=attention.num_heads,
        query_key_value=(
            matrix_of(attention.query),
            matrix_of(attention.key),
            matrix_of(attention.value),
        ),
        mixed=matrix_of(mixed.dense),
        mixed_norm=_norm(mixed.LayerNorm, dtype),
        inner=matrix_of(layer.intermediate.dense),
        outer=matrix_of(outer.dense),
        outer_norm=_norm(outer.LayerNorm, dtype),
        packed=packed,
    )


def _norm(part: LayerNorm, dtype: torch.dtype = torch.float32) -> _Norm:
    return _Norm(tuple(part.normalized_shape), *_own(part, dtype), part.eps)


def _own(part: nn.Module, dtype: torch.dtype) -> Weights:
    """Weight and bias of a module, cast where they are of another type."""
    found = vars(part)["_parameters"]
    weight, bias = found["weight"], found["bias"]
    if dtype == torch.float32:
        return weight, bias
    return tuple(None if one is None else one.detach().to(dtype) for one in (weight, bias))


@dataclass(frozen=True)
class _Kept:
    """Copies of weights, and how the weights that they were made of looked."""

    layers: tuple[_LayerWeights, ...]
    made_of: tuple[weakref.ref[Tensor], ...]
    looks: tuple[object, ...]

    def fits(self, weights: Sequence[Tensor], looks: tuple[object, ...]) -> bool:
        """Whether these are the same tensors, and look the same."""
        return looks == self.looks and all(
            made_of() is one for made_of, one in zip(self.made_of, weights, strict=True)
        )


_kept: weakref.WeakKeyDictionary[Encoder, dict[torch.dtype, _Kept]] = weakref.WeakKeyDictionary()
_lock = Lock()


def _copies(encoder: Encoder, dtype: torch.dtype, packed: bool) -> tuple[_LayerWeights, ...] | None:
    """Copies of the layers, those of the last call where nothing has changed since.

    None in fp32 where they could not be kept: for a single call they cost more than they save.
    """
    weights = list(encoder.encoder.layer.parameters())
    looks = None if encoder.training else _looks(encoder, weights)
    with _lock:
        kept = _kept.pop(encoder, {})
        if looks is not None:
            kept = {of: one for of, one in kept.items() if one.fits(weights, looks)}
            if kept:
                _kept[encoder] = kept
            if dtype in kept:
                return kept[dtype].layers
    if looks is None and dtype == torch.float32:
        return None
    layers = tuple(_weights(layer, dtype, packed) for layer in encoder.encoder.layer)
    if looks is not None:
        with _lock:
            made = _Kept(layers, tuple(map(weakref.ref, weights)), looks)
            _kept.setdefault(encoder, {})[dtype] = made
    return layers


def _looks(encoder: Encoder, weights: Sequence[Tensor]) -> tuple[object, ...] | None:
    """What changes when layers change; None where that cannot be told cheaply."""
    if not all(
        one.device.type == "cpu" and one.is_contiguous() and not one.is_inference()
        for one in weights
    ):
        return None
    settings = (
        (
            layer.attention.self.num_heads,
            layer.attention.output.LayerNorm.eps,
            layer.output.LayerNorm.eps,
        )
        for layer in encoder.encoder.layer
    )
    return (*settings, *map(_look, weights))


def _look(weight: Tensor) -> tuple[object, ...]:
    flat = weight.detach().view(-1)
    samples = np.asarray(flat[:: max(1, len(flat) // SAMPLES)]).tobytes()
    return weight.data_ptr(), weight._version, tuple(weight.shape), samples
