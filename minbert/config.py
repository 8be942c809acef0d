"""The sizes of a BERT, under the names Hugging Face gives them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

logger = logging.getLogger(__name__)

LARGEST = {
    "vocab_size": 10_000_000,
    "hidden_size": 65_536,
    "num_hidden_layers": 1_000,
    "num_attention_heads": 65_536,
    "intermediate_size": 1_000_000,
    "max_position_embeddings": 10_000_000,
    "type_vocab_size": 1_000,
}
"""The sizes, and above what each is taken for a mistake (no published BERT comes near)."""

PLAIN: dict[str, tuple[Any, ...]] = {
    "model_type": ("bert",),
    "hidden_act": ("gelu",),
    "position_embedding_type": ("absolute", None),
    "is_decoder": (False, None),
    "is_encoder_decoder": (False, None),
    "add_cross_attention": (False, None),
    "quantization_config": (None,),
    "pruned_heads": ({}, None),
}
"""What a `config.json` may say of a plain BERT encoder; the first value is what most say."""


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides the shape of an encoder; checked when it is made.

    Field names are those of a Hugging Face `config.json`, so a published BERT's file can be
    read and ours can be read by others. Sizes only: how a model is trained is in a preset
    (`minbert.training.recipe`), never here.

    Raises:
        ValueError: a field is no number or out of its range, or `hidden_size` cannot be divided
            among the heads; the sentence names the field.
    """

    vocab_size: int = 30522
    """Number of word pieces; the rows of the word embedding and of the tied MLM decoder."""
    hidden_size: int = 768
    """Width of the residual stream, in features per token."""
    num_hidden_layers: int = 12
    """Transformer layers on top of the embeddings."""
    num_attention_heads: int = 12
    """Heads per layer; each attends in `hidden_size / num_attention_heads` dimensions."""
    intermediate_size: int = 3072
    """Width of the feed-forward layer, in features (4 x hidden_size in every published BERT)."""
    max_position_embeddings: int = 512
    """Longest input, in word pieces, [CLS] and [SEP] included."""
    type_vocab_size: int = 2
    """Number of segments: first sentence 0, second sentence 1."""
    hidden_dropout_prob: float = 0.1
    """Dropout on embeddings and on each sub-layer's output, probability (the paper: .3)."""
    attention_probs_dropout_prob: float = 0.1
    """Dropout on attention weights, probability."""
    layer_norm_eps: float = 1e-12
    """Added to the variance inside the root of LayerNorm."""
    initializer_range: float = 0.02
    """Standard deviation of the normal distribution that fresh weights are drawn from."""
    pad_token_id: int = 0
    """Row of the word embedding that pads a batch; its gradient is always zero."""

    def __post_init__(self) -> None:
        for name, largest in LARGEST.items():
            _check(name, getattr(self, name), int, 1, largest)
        _check("pad_token_id", self.pad_token_id, int, 0, self.vocab_size - 1)
        for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
            _check(name, getattr(self, name), float, 0, 1)
            if getattr(self, name) == 1:
                raise ValueError(f"{name} must lie in [0, 1), got 1: nothing would be left")
        _check("layer_norm_eps", self.layer_norm_eps, float, 1e-30, 1e-2)
        _check("initializer_range", self.initializer_range, float, 0, 10)
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} cannot be divided among "
                f"{self.num_attention_heads} heads: it must be a multiple of num_attention_heads"
            )

    def to_dict(self) -> dict[str, Any]:
        """The content of a Hugging Face `config.json` for this model."""
        return {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
            **asdict(self),
        }

    @property
    def size(self) -> tuple[int, int, int, int]:
        """Layers, hidden size, heads and feed-forward width: which settings of training suit.

        All encoders here are of one kind, the plain BERT. Its vocabulary and positions are learnt
        from data, and a recipe says how much dropout there is: none of these makes another size.
        """
        return (
            self.num_hidden_layers,
            self.hidden_size,
            self.num_attention_heads,
            self.intermediate_size,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Read the content of a `config.json`; fields that do not shape the encoder are ignored.

        Raises:
            ValueError: the file describes something that is not a plain BERT encoder, or says
                nothing of a size.
        """
        for name, (value, *others) in PLAIN.items():
            got = values.get(name, value)
            if not any(type(got) is type(one) and got == one for one in (value, *others)):
                raise ValueError(
                    f"config.json says {name} = {got!r:.80}, expected {value!r}: "
                    "minbert builds the plain BERT encoder only"
                )
        missing = [name for name in LARGEST if name not in values and name != "type_vocab_size"]
        if missing:
            raise ValueError(
                f"config.json says nothing of {', '.join(missing)}, expected a number: without "
                "it the weights cannot be read as they are meant"
            )
        for name in ("auto_map", "trust_remote_code"):
            if values.get(name):
                logger.warning("%s in config.json is ignored: no code of a model is run", name)
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


def _check(name: str, value: Any, kind: type, low: float, high: float) -> None:
    """One field: a number of its kind (a bool is none), within its range, both ends included."""
    kinds = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        words = "an integer" if kind is int else "a number"
        raise ValueError(f"{name} must be {words}, got {value!r:.60} ({type(value).__name__})")
    if not low <= value <= high:  # NaN is in no range
        raise ValueError(f"{name} must lie between {low} and {high}, got {value!r:.60}")


SIZES: dict[str, ModelConfig] = {
    "tiny": ModelConfig(
        vocab_size=3000,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=512,
    ),
    "minilm": ModelConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    ),
    "bert-base": ModelConfig(),
}
"""Sizes by name; a tokenizer's vocabulary may replace `vocab_size` (see `minbert.pretrained`)."""
