"""Type a sentence, or two: see what attends to what, and what a prediction depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from minbert.encoder import Encoder
from minbert.pooling import POOLINGS
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.attention.compute import (
    Attention,
    Dependence,
    Reading,
    compute_attention,
    compute_dependence,
    given_attention,
    read_text,
)
from minbert.viz.explorers.attention.heads import GivenAttention, HeadViews, Size
from minbert.viz.explorers.attention.pictures import draw_tokens, tokens_table
from minbert.viz.explorers.base.controls import choice, text_field
from minbert.viz.explorers.base.explorer import by_name, typed
from minbert.viz.explorers.base.panel import View
from minbert.viz.text import plain


class AttentionExplorer(HeadViews):
    """Attention of all heads, beside what a prediction does without a token or a head.

    The prediction is the cosine of the vector of what is typed with that of another sentence. For
    weights of other models there is `from_attentions`.

    Args:
        encoders: one, or stages by name to choose from, such as before and after training.
        tokenizer: of all of them.
        first, second: what is in the fields at the start; a second sentence makes a pair.
        other: what it is compared with at the start.
        pooling: of the two vectors, one of `minbert.pooling.POOLINGS`.
        most_tokens: pieces of a text that are read and drawn; that there are more is said.

    Raises:
        ValueError: there is no encoder, no such pooling, or `most_tokens` is below 4.
    """

    def __init__(
        self,
        encoders: Encoder | Mapping[str, Encoder],
        tokenizer: WordPieceTokenizer,
        first: str = "How do I train a guinea pig?",
        second: str = "",
        other: str = "Can a cavy learn tricks?",
        pooling: str = "mean",
        most_tokens: int = 40,
    ) -> None:
        self.encoders = by_name(encoders, "encoders")
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, got {pooling!r}")
        if most_tokens < 4:
            raise ValueError(
                f"a pair has 3 special tokens: most_tokens is at least 4, got {most_tokens}"
            )
        self.tokenizer, self.pooling = tokenizer, pooling
        configs = [encoder.config for encoder in self.encoders.values()]
        self.positions = min(config.max_position_embeddings for config in configs)
        self.first = text_field("Sentence", first)
        self.second = text_field("Second sentence", second, placeholder="optional: makes a pair")
        self.other = text_field("Compared with", other, placeholder="for a prediction: a cosine")
        self.stage = choice("Stage", list(self.encoders))
        stage = [self.stage] if len(self.encoders) > 1 else []
        super().__init__(
            "Type a sentence and press Enter. Where does the weight go, and does the cosine with "
            "the sentence it is compared with need what gets the weight?",
            [self.first, self.second, *stage],
            [self.other],
            Size(
                max(config.num_hidden_layers for config in configs),
                max(config.num_attention_heads for config in configs),
            ),
            min(most_tokens, self.positions),
        )
        self.add_panel(
            "Token by token", self.look_at_tokens, on=[*self.predicted_by, self.layer, self.head]
        )

    @classmethod
    def from_attentions(
        cls,
        attentions: Sequence[Tensor | np.ndarray] | Tensor | np.ndarray,
        tokens: Sequence[str],
        most_tokens: int = 40,
    ) -> GivenAttention:
        """An explorer of the attention weights of any model, without fields and prediction.

            output = model(**batch, output_attentions=True)
            AttentionExplorer.from_attentions(output.attentions, tokens)

        Args:
            attentions, tokens: see `minbert.viz.explorers.attention.compute.given_attention`.
            most_tokens: that are drawn.

        Raises:
            ValueError: they do not fit together, or are no attention weights.
        """
        return GivenAttention(given_attention(attentions, tokens), most_tokens)

    @property
    def encoder(self) -> Encoder:
        """The one that is chosen."""
        return self.encoders[self.stage.value]

    def reading(self) -> Reading:
        """What is typed, as the encoder reads it."""
        texts = [self.first.value, self.second.value]
        return self._read(texts if texts[1].strip() else texts[:1], self.most)

    def full(self) -> Attention:
        """Attention in what is typed."""
        key = ("attention", self.stage.value, self.first.value, self.second.value)
        return self.remember(key, lambda: compute_attention(self.encoder, self.reading()))

    def dependence(self) -> Dependence | None:
        """The cosine with the other sentence, and what it depends on; None without one."""
        if not self.other.value.strip():
            return None
        fields = (self.stage, self.first, self.second, self.other)

        def compute() -> Dependence:
            other = self._read([self.other.value], self.positions)
            return compute_dependence(
                self.encoder, self.tokenizer, self.reading(), other, self.pooling
            )

        return self.remember(("prediction", *(field.value for field in fields)), compute)

    def notes(self) -> list[str]:
        """What of the text is not read."""
        said = [typed(field.value)[1] for field in (self.first, self.second)]
        if left_out := self.reading().left_out:
            said.append(f"Only {self.most} pieces are read; {left_out} more are left out.")
        return list(filter(None, said))

    def look_at_tokens(self) -> View:
        """What each token gets, and what the prediction does without it."""
        attention, dependence = self.attention(), self.dependence()
        if dependence is None:
            raise ValueError(
                "There is no prediction to explain: type a sentence into “Compared with”."
            )
        layer, head, note = self.place(attention)
        notes = [
            f"The prediction is the cosine with “{plain(self.other.value)}”.",
            note,
            typed(self.other.value)[1],
            self.shown_notes(attention),
        ]
        return View(
            *draw_tokens(attention, dependence, layer, head),
            tokens_table(attention, dependence, layer, head),
            " ".join(filter(None, notes)),
        )

    def _read(self, texts: Sequence[str], most: int) -> Reading:
        device = self.encoder.embeddings.word_embeddings.weight.device
        return read_text(self.tokenizer, [typed(text)[0] for text in texts], most, device)
