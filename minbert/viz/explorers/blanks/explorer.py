"""Fill in the blank: what models expect there, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor

from minbert.analysis.blanks import Guess, best_guesses, piece_probabilities
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.base.controls import choice, text_field, whole_number
from minbert.viz.explorers.base.explorer import Explorer, by_name, typed
from minbert.viz.explorers.base.panel import View
from minbert.viz.explorers.blanks.blanks import (
    EXAMPLE,
    Blanks,
    Model,
    compute_blanks,
    compute_found,
    draw_guesses,
    filled,
    guesses_table,
    one_piece,
    without_head,
)
from minbert.viz.table import Table
from minbert.viz.text import plain

MOST_PIECES = 20
NO_BLANK = [("none", 0)]


class BlankExplorer(Explorer):
    """The most probable pieces of each blank, and the probability of any piece you type.

    Args:
        models: an encoder with its masked language model head, or several such pairs by name,
            such as before and after in-domain pre-training. None in place of a head says that
            the model has none (`minbert.pretrained.has_mlm_head`); that is said in its place.
        tokenizer: of all of them.
        text: is in the field at the start; with at least one `[MASK]`.
        piece: is looked for at the start.
        pieces: that are shown per blank at first, from 1 to 20.

    Raises:
        ValueError: there is no model.
    """

    def __init__(
        self,
        models: Model | Mapping[str, Model],
        tokenizer: WordPieceTokenizer,
        text: str = EXAMPLE,
        piece: str = "dog",
        pieces: int = 5,
    ) -> None:
        self.models, self.tokenizer = by_name(models, "models"), tokenizer
        self.max_length = min(
            encoder.config.max_position_embeddings for encoder, _ in self.models.values()
        )
        self.text = text_field("Text", text, placeholder=EXAMPLE)
        self.blank = choice("Blank", NO_BLANK)
        self.pieces = whole_number("Pieces shown", pieces, 1, MOST_PIECES)
        self.piece = text_field("Piece to look for", piece)
        super().__init__(
            "Blank explorer",
            "Write [MASK] where a piece is missing, and press Enter. All blanks are predicted "
            "from the same text, each as if the others stayed empty.",
            [self.text, self.blank, self.pieces, self.piece],
        )
        self.list_blanks()
        self.text.observe(self.list_blanks, names="value")
        self.add_panel(
            "Most probable", self.look_at_guesses, on=[self.text, self.blank, self.pieces]
        )
        self.add_panel("One piece", self.look_at_piece, on=[self.text, self.blank, self.piece])
        self.add_panel("All blanks", self.look_at_all, on=[self.text])

    @property
    def blanks(self) -> Blanks:
        """Those of the typed text."""
        text, _ = typed(self.text.value)
        return self.remember(
            ("blanks", text), lambda: compute_blanks(self.tokenizer, text, self.max_length)
        )

    def list_blanks(self, change: Any = None) -> None:
        """Offer the blanks of the text to choose from."""
        try:
            blanks = self.blanks
        except ValueError:
            self.blank.options = NO_BLANK
            return
        self.blank.options = [
            (f"{number + 1}: {blanks.around(number)}", number)
            for number in range(len(blanks.positions))
        ]

    @property
    def notes(self) -> list[str]:
        """What is not shown of the text, and which models have nothing to say."""
        blanks, (_, cut) = self.blanks, typed(self.text.value)
        notes = [without_head(name) for name, (_, head) in self.models.items() if head is None]
        if blanks.cut:
            notes.append(f"{blanks.cut} pieces are cut off: there are {self.max_length} positions.")
        if blanks.more:
            notes.append(f"{blanks.more} more blanks are left out.")
        return [*notes, *filter(None, [cut])]

    def probabilities(self) -> dict[str, Float[Tensor, "blank vocabulary"]]:
        """Of the blanks that are looked at, by each model that has a head."""
        blanks, (text, _) = self.blanks, typed(self.text.value)
        heads = {name: model for name, model in self.models.items() if model[1] is not None}
        if not heads:
            raise ValueError(" ".join(map(without_head, self.models)))

        def compute(name: str) -> Float[Tensor, "blank vocabulary"]:
            every = piece_probabilities(*heads[name], self.tokenizer, text)
            return every[: len(blanks.positions)].clone()

        return {
            name: self.remember(("probabilities", name, text), lambda name=name: compute(name))
            for name in heads
        }

    def look_at_guesses(self) -> View:
        """The most probable pieces of the chosen blank."""
        blanks, blank = self.blanks, self.blank.value
        guesses = {
            name: best_guesses(each[blank : blank + 1], self.tokenizer, self.pieces.value)
            for name, each in self.probabilities().items()
        }
        figure, alt = draw_guesses(guesses, blanks.around(blank), self.tokenizer.vocab_size)
        alt = f"Blank {blank + 1} of {len(blanks.positions)}, {alt}"
        return View(figure, alt, guesses_table(guesses), " ".join(self.notes))

    def look_at_piece(self) -> View:
        """Rank and probability of the piece that is looked for."""
        probabilities, blank = self.probabilities(), self.blank.value
        piece = one_piece(self.tokenizer, typed(self.piece.value)[0])
        (name,) = self.tokenizer.tokens([piece])
        found = {model: compute_found(each[blank], piece) for model, each in probabilities.items()}
        said = "; ".join(
            f"{plain(model)}: rank {its.rank:,}, probability {its.probability:.2g}"
            for model, its in found.items()
        )
        rows = [
            [plain(model), f"{its.rank:,}", f"{its.probability:.2g}"]
            for model, its in found.items()
        ]
        alt = (
            f"“{plain(name)}” in blank {blank + 1}, among {self.tokenizer.vocab_size:,} pieces: "
            f"{said}."
        )
        return View(None, alt, Table(["model", f"rank of {plain(name)}", "probability"], rows))

    def look_at_all(self) -> View:
        """The text with the likeliest piece in every blank."""
        blanks, rows, said = self.blanks, [], []
        for name, each in self.probabilities().items():
            best: list[Guess] = best_guesses(each, self.tokenizer, 1)
            said.append(f"{plain(name)}: “{filled(blanks, best)}”")
            rows += [
                [guess.blank + 1, plain(name), plain(guess.piece), f"{guess.probability:z.3f}"]
                for guess in best
            ]
        rows.sort(key=lambda row: row[0])
        alt = f"With the likeliest piece in every blank: {'; '.join(said)}."
        return View(None, alt, Table(["blank", "model", "likeliest piece", "p"], rows))
