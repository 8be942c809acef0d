"""The sizes of a BERT, under the names Hugging Face gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides the shape of an encoder; checked when it is made.

    Field names are those of a Hugging Face `config.json`, so a published BERT's file can be
    read and ours can be read by others. Sizes only: how a model is trained stands in a preset
    (`minbert.training.recipe`), never here.

    Raises:
        ValueError: a size is not positive, a probability is outside [0, 1), or
            `hidden_size` cannot be divided among the heads.
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
        for name in (
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "max_position_embeddings",
            "type_vocab_size",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must lie in [0, 1), got {getattr(self, name)}")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} cannot be divided among "
                f"{self.num_attention_heads} heads: it must be a multiple of num_attention_heads"
            )
        if not 0 <= self.pad_token_id < self.vocab_size:
            raise ValueError(
                f"pad_token_id {self.pad_token_id} is not in a vocabulary of {self.vocab_size}"
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

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Read the content of a `config.json`; fields that do not shape the encoder are ignored.

        Raises:
            ValueError: the file describes something that is not a plain BERT encoder.
        """
        expected = {
            "model_type": "bert",
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
            "is_decoder": False,
        }
        for name, value in expected.items():
            if values.get(name, value) != value:
                raise ValueError(
                    f"config.json says {name} = {values[name]!r}, expected {value!r}: "
                    "minbert builds the plain BERT encoder only"
                )
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


PRESETS: dict[str, ModelConfig] = {
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
