"""Type a sentence, or two, and see what the encoder gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes

from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.base.controls import choice, text_field
from minbert.viz.explorers.base.explorer import Explorer, by_name, typed
from minbert.viz.explorers.base.panel import View
from minbert.viz.plots.pieces import piece_boxes
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

MOST_DRAWN = 50
"""Boxes in the picture; the table and the counts have them all."""


@dataclass(frozen=True)
class Pieces:
    """A text as the encoder gets it."""

    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    segments: tuple[int, ...]
    written: tuple[str, ...]
    """The characters that each piece came from, as they were typed; empty for special tokens."""
    words: int
    """White-space separated words typed."""
    unknown: int
    """Pieces that are [UNK]: words with a character that the vocabulary does not have."""
    cut: int
    """Pieces that did not fit into the encoder's positions."""

    @property
    def counts(self) -> str:
        """The numbers in one sentence."""
        inner = len(self.tokens) - self.segments[-1] - 2
        return (
            f"{self.words} words became {inner} pieces, {self.unknown} of them unknown; with the "
            f"special tokens the encoder reads {len(self.tokens)} positions."
        )


def compute_pieces(
    tokenizer: WordPieceTokenizer, first: str, second: str = "", max_length: int | None = None
) -> Pieces:
    """Tokenise one sentence or a pair.

    Args:
        tokenizer: any.
        first, second: as typed; an empty second one makes a single sentence.
        max_length: positions of the encoder, special tokens included; None means the tokenizer's
            `model_max_length`. Of a pair that is too long the longer sentence is cut first.
    """
    texts = (first, second) if second else (first,)
    (kept,) = tokenizer.encodings([texts if second else first], max_length)
    origins = zip(kept.type_ids, kept.offsets, strict=True)
    return Pieces(
        tokens=tuple(kept.tokens),
        ids=tuple(kept.ids),
        segments=tuple(kept.type_ids),
        written=tuple(texts[segment][start:end] for segment, (start, end) in origins),
        words=sum(len(text.split()) for text in texts),
        unknown=sum(number == tokenizer.unk_id for number in kept.ids),
        cut=len(tokenizer.uncut([texts if second else first])[0].ids) - len(kept.ids),
    )


def draw_pieces(pieces: Pieces) -> tuple[Axes, str]:
    """Boxes with ids, segments and positions; of a long text the first `MOST_DRAWN`."""
    tokens = [drawable(token) for token in pieces.tokens[:MOST_DRAWN]]
    axes, alt = piece_boxes(tokens, pieces.ids[:MOST_DRAWN], pieces.segments[:MOST_DRAWN])
    left_out = len(pieces.tokens) - MOST_DRAWN
    return axes, f"{alt} {left_out} more pieces are in the table." if left_out > 0 else alt


def pieces_table(pieces: Pieces) -> Table:
    """Every piece with its numbers and what it was made from."""
    rows = zip(
        range(len(pieces.ids)),
        pieces.tokens,
        pieces.ids,
        pieces.segments,
        map(plain, pieces.written),
        strict=True,
    )
    return Table(["position", "piece", "id", "segment", "typed as"], list(rows))


class TokenExplorer(Explorer):
    """Pieces, ids, segments, positions, unknown pieces and lengths of what is typed.

    Args:
        tokenizers: one, or several by name to choose from.
        first, second: what is in the fields at the start.
        max_length: positions of the encoder; None means the tokenizer's `model_max_length`.
    """

    def __init__(
        self,
        tokenizers: WordPieceTokenizer | Mapping[str, WordPieceTokenizer],
        first: str = "How do I train a guinea pig?",
        second: str = "",
        max_length: int | None = None,
    ) -> None:
        named = by_name(tokenizers, "tokenizers")
        self.max_length = max_length
        self.first = text_field("Sentence", first)
        self.second = text_field("Second sentence", second, placeholder="optional: makes a pair")
        self.tokenizer = choice("Tokenizer", named)
        super().__init__(
            "Token explorer",
            "Type a sentence and press Enter. What is cut into pieces, what is unknown?",
            [self.first, self.second, *([self.tokenizer] if len(named) > 1 else [])],
        )
        self.add_panel("Pieces", self.look)

    def look(self) -> View:
        """Tokenise what is typed."""
        (first, note), (second, note_2) = typed(self.first.value), typed(self.second.value)
        pieces = compute_pieces(self.tokenizer.value, first, second, self.max_length)
        notes = [pieces.counts, note or note_2]
        if pieces.cut:
            notes.append(f"{pieces.cut} pieces are cut off: there are {len(pieces.ids)} positions.")
        return View(*draw_pieces(pieces), pieces_table(pieces), " ".join(filter(None, notes)))
