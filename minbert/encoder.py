"""BERT's encoder, from word pieces to one vector per token and one per sentence.

Module names follow the published checkpoint, so that a parameter's name here is its name there:
`encoder.layer.3.attention.self.query.weight` is exactly that tensor of `bert-base-uncased`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils import _pytree

from minbert import checks
from minbert.attention import SelfAttention
from minbert.config import ModelConfig
from minbert.placement import Placed


class EncoderOutput(NamedTuple):
    """What the encoder knows after one pass; `output["pooled"]` is `output.pooled`, too."""

    hidden_states: tuple[Float[Tensor, "batch seq hidden"], ...]
    """Embeddings, then the output of each layer: num_hidden_layers + 1 tensors."""
    pooled: Float[Tensor, "batch hidden"]
    """tanh(dense([CLS])): the sentence vector that the paper's heads read."""
    attentions: tuple[Float[Tensor, "batch head seq seq"], ...] = ()
    """Attention weights of each layer, rows sum to 1; empty unless asked for."""

    @property
    def last_hidden_state(self) -> Float[Tensor, "batch seq hidden"]:
        """Output of the last layer."""
        return self.hidden_states[-1]

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) else tuple.__getitem__(self, key)


# torch.export.save writes a model's outputs under this name
_pytree._register_namedtuple(EncoderOutput, serialized_type_name="minbert.EncoderOutput")


class LayerNorm(nn.LayerNorm):
    """Normalise each token's vector to mean 0 and variance 1, then scale and shift its features.

    y = weight · (x − mean) / √(variance + eps) + bias, with one weight and one bias a feature.

    torch's own sums the gradients of weight and bias in as many parts as there are threads; with
    scale and shift as a step their last digits do not depend on it. Source: Ba et al. (2016), eq. 4
    """

    def forward(self, states: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch hidden"]:
        """Normalise over the last axis; the shape stays."""
        if not torch.is_grad_enabled() or torch.jit.is_tracing():
            return super().forward(states)  # no gradient to sum: all in one pass
        normalised = F.layer_norm(states, self.normalized_shape, eps=self.eps)
        return torch.addcmul(self.bias, normalised, self.weight)


class Embeddings(nn.Module):
    """Word piece + position + segment, each a looked-up row; then LayerNorm and dropout."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.word_embeddings = nn.Embedding(
            config.vocab_size, hidden, padding_idx=config.pad_token_id
        )
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, hidden)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, hidden)
        self.LayerNorm = LayerNorm(hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(
        self,
        input_ids: Int[Tensor, "batch seq"],
        token_type_ids: Int[Tensor, "batch seq"] | None = None,
    ) -> Float[Tensor, "batch seq hidden"]:
        """Sum the three embeddings of each token; without segment ids all tokens are segment 0."""
        words, segments = self.word_embeddings, self.token_type_embeddings
        checks.shapes(
            "one line a text, as the tokenizer gives it",
            input_ids=(input_ids, "batch seq", "int"),
            token_type_ids=(token_type_ids, "batch seq", "int"),
        )
        checks.indices("input_ids", input_ids, words.num_embeddings, "the model's vocabulary")
        if token_type_ids is not None:
            checks.indices("token_type_ids", token_type_ids, segments.num_embeddings, "segments")
        seq = input_ids.shape[1]
        checks.no_longer("input_ids", input_ids, self.position_embeddings.num_embeddings)
        segment = segments.weight[0] if token_type_ids is None else segments(token_type_ids)
        position = self.position_embeddings.weight[:seq]
        return self.dropout(self.LayerNorm(words(input_ids) + segment + position))


class AddAndNorm(nn.Module):
    """Project a sub-layer's result, add it to its input, normalise: x -> LayerNorm(x + f(x)).

    The norm comes after the sum ("post-norm"), so every hidden state is normalised; pre-norm
    models, which train more easily when deep, came later.
    """

    def __init__(self, in_features: int, config: ModelConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(in_features, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(
        self, result: Float[Tensor, "batch seq inner"], residual: Float[Tensor, "batch seq hidden"]
    ) -> Float[Tensor, "batch seq hidden"]:
        """Add the projected `result` to `residual` and normalise."""
        return self.LayerNorm(residual + self.dropout(self.dense(result)))


class Layer(nn.Module):
    """One Transformer layer: self-attention, then a feed-forward network on each token."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        # Plain containers give the checkpoint's names `attention.self` and `intermediate.dense`.
        self.attention = nn.Module()
        self.attention.self = SelfAttention(config)
        self.attention.output = AddAndNorm(config.hidden_size, config)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(
        self,
        states: Float[Tensor, "batch seq hidden"],
        allowed: Bool[Tensor, "batch 1 1 seq"] | None = None,
        return_attention: bool = False,
    ) -> tuple[Float[Tensor, "batch seq hidden"], Float[Tensor, "batch head seq seq"] | None]:
        """Tokens exchange information (attention), then each is transformed alone (GELU)."""
        mixed, weights = self.attention.self(states, allowed, return_attention)
        states = self.attention.output(mixed, residual=states)
        inner = F.gelu(self.intermediate.dense(states))  # exact GELU, not its tanh approximation
        return self.output(inner, residual=states), weights


class Pooler(nn.Module):
    """The sentence vector of BERT: tanh of a linear map of the [CLS] token."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, states: Float[Tensor, "batch seq hidden"]) -> Float[Tensor, "batch hidden"]:
        """Read the first token only; every other token reached it through attention."""
        return self.dense(states[:, 0]).tanh()


class Encoder(Placed):
    """BERT without heads: embeddings, a stack of post-norm layers, and the pooler.

    Source: Devlin et al. (2019), section 3; the paper's section 4.1 ("minBERT").
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        self.pooling: str | None = None
        """Which sentence vector it was made for, where its files say (`minbert.pooling`)."""
        self.embeddings = Embeddings(config)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.pooler = Pooler(config)
        initialise(self, config.initializer_range, generator)

    def forward(
        self,
        input_ids: Int[Tensor, "batch seq"],
        attention_mask: Int[Tensor, "batch seq"] | None = None,
        token_type_ids: Int[Tensor, "batch seq"] | None = None,
        return_attention: bool = False,
    ) -> EncoderOutput:
        """Encode a padded batch.

        Args:
            input_ids: word pieces, [CLS] first.
            attention_mask: 1 where a token may be attended, 0 on padding; None when nothing is
                padded (the fastest case). In a line of nothing but 0 every token is attended.
            token_type_ids: 0 for the first sentence, 1 for the second; None means all 0.
            return_attention: also return each layer's attention weights.

        Raises:
            ValueError: the input is longer than the model has positions for, an id is none of its
                word pieces, or the mask has another shape or holds something else than 0 and 1.
        """
        checks.shapes(
            "the mask has a place for each id, 1 or 0 (torch.long)",
            input_ids=(input_ids, "batch seq", "int"),
            attention_mask=(attention_mask, "batch seq", "int"),
        )
        if attention_mask is not None:
            checks.indices("attention_mask", attention_mask, 2, "1 may be attended, 0 is padding")
        # (batch, seq) -> (batch, 1, 1, seq): the same keys are allowed for all heads and queries
        allowed = None if attention_mask is None else attention_mask[:, None, None, :].bool()
        states = self.embeddings(input_ids, token_type_ids)
        hidden_states, attentions = [states], []
        for layer in self.encoder.layer:
            states, weights = layer(states, allowed, return_attention)
            hidden_states.append(states)
            attentions.append(weights)
        return EncoderOutput(
            hidden_states=tuple(hidden_states),
            pooled=self.pooler(states),
            attentions=tuple(attentions) if return_attention else (),
        )


def initialise(
    module: nn.Module, standard_deviation: float, generator: torch.Generator | None = None
) -> None:
    """Draw fresh weights as BERT does: normal weights, zero biases, LayerNorm the identity.

    Edits `module` in place. Source: Devlin et al. (2019), appendix A.2 and their released code.

    Raises:
        ValueError: a standard deviation below 0, or not finite.
    """
    checks.within("standard_deviation", standard_deviation, "[0, inf)")
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=standard_deviation, generator=generator)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
        if isinstance(part, nn.Embedding) and part.padding_idx is not None:
            nn.init.zeros_(part.weight[part.padding_idx])
