"""Everything that happens in an encoder during one forward pass, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minbert.encoder import Encoder, EncoderOutput
from minbert.evaluating import evaluating, on_its_device
from minbert.tokenizer import Text, WordPieceTokenizer


@dataclass(frozen=True)
class Recording:
    """One batch on its way through an encoder."""

    tokens: tuple[tuple[str, ...], ...]
    """Word pieces of each text, without padding."""
    input_ids: Int[Tensor, "batch seq"]
    attention_mask: Int[Tensor, "batch seq"]
    hidden_states: Float[Tensor, "state batch seq hidden"]
    """Embeddings, then the output of each layer."""
    attentions: Float[Tensor, "layer batch head seq seq"]
    """Attention weights; each row sums to 1."""
    pooled: Float[Tensor, "batch hidden"]
    values: dict[str, Tensor]
    """Output of every part, under its name in the checkpoint:
    `encoder.layer.0.attention.self.query`, `encoder.layer.1.intermediate.dense`, …"""

    def attention(self, text: int = 0) -> Float[Tensor, "layer head seq seq"]:
        """Attention weights of one text, padding cut off."""
        length = len(self.tokens[text])
        return self.attentions[:, text, :, :length, :length]


@torch.no_grad()
def record(
    encoder: Encoder, tokenizer: WordPieceTokenizer, texts: Sequence[Text] | str
) -> Recording:
    """Encode texts with dropout off and keep all that comes up on the way.

    The encoder is left as it was, training mode included; what is kept lies on the CPU.

    Args:
        encoder: on any device.
        tokenizer: the encoder's own.
        texts: sentences and pairs, as for the tokenizer.
    """
    values: dict[str, Tensor] = {}

    def keep(name: str):
        def hook(module: nn.Module, inputs: tuple, output: object) -> None:
            tensor = output[0] if isinstance(output, tuple) else output
            if isinstance(tensor, Tensor):
                values[name] = tensor.detach().cpu()

        return hook

    batch = tokenizer(texts, max_length=encoder.config.max_position_embeddings)
    hooks = [
        module.register_forward_hook(keep(name)) for name, module in encoder.named_modules() if name
    ]
    try:
        with evaluating(encoder):
            output: EncoderOutput = encoder(**on_its_device(encoder, batch), return_attention=True)
    finally:
        for hook in hooks:
            hook.remove()
    lengths = batch["attention_mask"].sum(dim=1).tolist()
    return Recording(
        tokens=tuple(
            tuple(tokenizer.tokens(row[:length]))
            for row, length in zip(batch["input_ids"].tolist(), lengths, strict=True)
        ),
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        hidden_states=torch.stack(output.hidden_states).cpu(),
        attentions=torch.stack(output.attentions).cpu(),
        pooled=output.pooled.cpu(),
        values=values,
    )
