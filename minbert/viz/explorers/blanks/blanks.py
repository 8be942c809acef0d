"""What several models put into the blanks of one text: found, drawn side by side, looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from minbert.analysis.blanks import BLANK, Guess
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.style import COLOURS, HATCHES, subplots, tidy
from minbert.viz.table import Table
from minbert.viz.text import drawable, plain

Model = tuple[Encoder, MaskedLanguageModelHead | None]
"""An encoder with its masked language model head; None where it has none."""
MOST_BLANKS = 8
"""Blanks that are looked at; a text may have more."""
MOST_SAID = 5
"""Pieces of a model that the caption names."""
LONGEST_NAME = 13
"""Characters of a piece in the picture; the table has them all."""
PER_ROW = 3
"""Models side by side; more go on below."""
EXAMPLE = f"Can a {BLANK} learn tricks?"


@dataclass(frozen=True)
class Blanks:
    """A text with places to be filled."""

    tokens: tuple[str, ...]
    """As the encoder gets them, special tokens included."""
    positions: tuple[int, ...]
    """Of the blanks that are looked at."""
    more: int
    """Blanks that are there as well, after those."""
    cut: int
    """Pieces that did not fit into the encoder's positions."""

    def around(self, blank: int) -> str:
        """A blank with its neighbours."""
        place = self.positions[blank]
        near = (
            self.tokens[max(1, place - 2) : place] + ("___",) + self.tokens[place + 1 : place + 3]
        )
        return plain(" ".join(token for token in near if token != "[SEP]"), 40)


@dataclass(frozen=True)
class Found:
    """One piece in one blank, by one model."""

    rank: int
    """1 for the most probable piece; pieces of equal probability share the best rank."""
    probability: float
    """From 0 to 1."""


def compute_blanks(
    tokenizer: WordPieceTokenizer, text: str, max_length: int | None = None
) -> Blanks:
    """Where the blanks of a text are.

    Args:
        tokenizer: of the models.
        text: as typed; each `[MASK]` is a blank for one piece.
        max_length: positions of the encoder; None means the tokenizer's `model_max_length`.

    Raises:
        ValueError: there is no blank, or none among the pieces that are kept.
    """
    (kept,) = tokenizer.encodings([text], max_length)
    whole = tokenizer.uncut([text])[0].ids
    places = [place for place, number in enumerate(kept.ids) if number == tokenizer.mask_id]
    if not places:
        if tokenizer.mask_id in whole:
            raise ValueError(
                f"The first {BLANK} comes after position {len(kept.ids)}, where this text "
                "is cut off."
            )
        raise ValueError(
            f"There is no blank in this text. Write {BLANK}, in brackets and capitals, where a "
            f"piece is missing: {EXAMPLE}"
        )
    return Blanks(
        tokens=tuple(kept.tokens),
        positions=tuple(places[:MOST_BLANKS]),
        more=whole.count(tokenizer.mask_id) - len(places[:MOST_BLANKS]),
        cut=len(whole) - len(kept.ids),
    )


def without_head(name: str) -> str:
    """Why a model has no predictions."""
    return (
        f"{plain(name)} has no masked language model head: nothing in it was trained to say which "
        "piece is in a blank, and a fresh head would only make answers up."
    )


def one_piece(tokenizer: WordPieceTokenizer, typed: str) -> int:
    """The piece that somebody typed, as its id: a whole word, or a piece such as `##s`.

    Args:
        tokenizer: of the models.
        typed: any.

    Raises:
        ValueError: it is no piece, or more than one; the sentence says which ones.
    """
    word = typed.strip()
    number = tokenizer.backend.token_to_id(word)
    if number is not None:
        return number
    ids = tokenizer.uncut([word], special=False)[0].ids
    shown = f"“{plain(word, 40)}”"
    if not ids:
        raise ValueError("Type a word, or a piece such as ##s, into “Piece to look for”.")
    if tokenizer.unk_id in ids:
        raise ValueError(f"{shown} is unknown: the vocabulary has no pieces for all of it.")
    if len(ids) > 1:
        pieces = ", ".join(plain(token, 20) for token in tokenizer.tokens(ids[:6]))
        more = ", …" if len(ids) > 6 else ""
        raise ValueError(
            f"{shown} is {len(ids)} pieces in this vocabulary ({pieces}{more}), and a blank takes "
            "one. Look for one of them."
        )
    return ids[0]


def compute_found(probabilities: Float[Tensor, " vocabulary"], piece: int) -> Found:
    """Rank and probability of a piece.

    Args:
        probabilities: of all pieces in one blank.
        piece: its id.
    """
    its = probabilities[piece]
    return Found(rank=1 + int((probabilities > its).sum()), probability=float(its))


def draw_guesses(
    guesses: Mapping[str, Sequence[Guess]], where: str, vocab_size: int
) -> tuple[Figure, str]:
    """Horizontal bars, the most probable piece on top, one column a model, all to one scale.

    Args:
        guesses: by model, of one blank; at least one model.
        where: the blank with its neighbours.
        vocab_size: number of pieces, for the share that each would get of an even guess.
    """
    columns = min(PER_ROW, len(guesses))
    figure, grid = _frame(-(-len(guesses) // columns), columns, max(map(len, guesses.values())))
    highest = max(guess.probability for each in guesses.values() for guess in each)
    for place, axes in enumerate(grid.flat):
        if place < len(guesses):
            _draw_bars(axes, *list(guesses.items())[place], place, highest)
        else:
            axes.set_axis_off()
    said = "; ".join(_said(name, each) for name, each in guesses.items())
    alt = f"“{where}”, the most probable pieces: {said}."
    if len(guesses) > 1:
        pieces = [{guess.piece for guess in each} for each in guesses.values()]
        shared = len(set.intersection(*pieces))
        alt += f" Pieces in all lists: {shared} of {len(pieces[0])}."
    return figure, f"{alt} An even guess gives each piece {1 / vocab_size:.1g}."


def _frame(rows: int, columns: int, bars: int) -> tuple[Figure, np.ndarray]:
    """Axes with room for names and titles; placed by hand, since a layout engine takes longer."""
    width, names, high, between = min(7.8, 4.4 * columns), 1.1, 0.21 * bars + 0.1, 0.9
    figure, grid = subplots(rows, columns, figsize=(width, rows * (high + between)), layout="none")
    across = (width - 0.15) / columns - names
    total = figure.get_figheight()
    figure.subplots_adjust(
        left=names / width,
        right=1 - 0.15 / width,
        wspace=names / across,
        bottom=0.5 / total,
        top=1 - 0.4 / total,
        hspace=between / high,
    )
    return figure, grid


def _draw_bars(
    axes: Axes, name: str, guesses: Sequence[Guess], number: int, highest: float
) -> None:
    places = range(len(guesses))
    axes.barh(
        places,
        [guess.probability for guess in guesses],
        color=COLOURS[number % len(COLOURS)],
        hatch=HATCHES[number % len(HATCHES)],
        edgecolor="white",
        linewidth=0.5,
        height=0.75,
    )
    for place, guess in enumerate(guesses):
        axes.text(
            guess.probability + 0.015 * highest,
            place,
            f"{guess.probability:z.3f}",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(places, [drawable(guess.piece, LONGEST_NAME) for guess in guesses])
    axes.set_ylim(len(guesses) - 0.5, -0.5)
    axes.set_xlim(0, 1.4 * highest)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("probability", fontsize=8)
    axes.set_title(drawable(name, 28), fontsize=10)
    axes.tick_params(labelsize=8)
    tidy(axes).grid(axis="y", visible=False)


def _said(name: str, guesses: Sequence[Guess]) -> str:
    first = ", ".join(
        f"{plain(guess.piece)} {guess.probability:z.3f}" for guess in guesses[:MOST_SAID]
    )
    together = sum(guess.probability for guess in guesses)
    more = f" and {len(guesses) - MOST_SAID} more" if len(guesses) > MOST_SAID else ""
    return f"{plain(name)}: {first}{more}, together {together:z.2f}"


def guesses_table(guesses: Mapping[str, Sequence[Guess]]) -> Table:
    """One row a rank, two columns a model."""
    header = ["rank"]
    columns: list[list[str]] = []
    for name, each in guesses.items():
        header += [plain(name), "p"]
        columns.append([plain(guess.piece) for guess in each])
        columns.append([f"{guess.probability:z.4f}" for guess in each])
    rows = zip(*columns, strict=True)
    return Table(header, [[rank, *row] for rank, row in enumerate(rows, start=1)])


def filled(blanks: Blanks, best: Sequence[Guess]) -> str:
    """The text with the likeliest piece of each blank in it, as word pieces."""
    tokens = list(blanks.tokens)
    for place, guess in zip(blanks.positions, best, strict=True):
        tokens[place] = f"[{guess.piece}]"
    return plain(" ".join(tokens[1:-1]).replace(" ##", ""), 160)
