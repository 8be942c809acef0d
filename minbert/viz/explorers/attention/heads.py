"""Any attention weights: all heads at a glance, head by head, and one matrix in detail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets as widgets

from minbert.viz.explorers.attention.compute import Attention, Dependence
from minbert.viz.explorers.attention.pictures import (
    all_heads_table,
    detail_table,
    draw_all_heads,
    draw_detail,
    draw_head_by_head,
    head_by_head_table,
)
from minbert.viz.explorers.base.controls import choice, switch, whole_number
from minbert.viz.explorers.base.explorer import Explorer
from minbert.viz.explorers.base.panel import View
from minbert.viz.text import plain

ONE_HEAD, ALL_HEADS, ROLLOUT = "one head", "mean of the layer's heads", "rollout up to the layer"
MATRIX, LINES = "matrix", "lines"
EVERY = -1
"""All attending tokens."""


@dataclass(frozen=True)
class Size:
    """The most layers and heads that there are to choose from."""

    layers: int
    heads: int


class HeadViews(Explorer, ABC):
    """What can be seen of attention weights, wherever they come from.

    A subclass says with `full` what the weights are, and with `dependence` and `notes` what else it
    knows; what these need must be there before `super().__init__` is called.

    Args:
        help_text: see `Explorer`.
        sources: controls on which the weights depend.
        predicting: controls on which only the prediction depends.
        size: of the largest model.
        most: tokens that are drawn.
        special: whether there may be [CLS] and [SEP] to be taken away.
    """

    def __init__(
        self,
        help_text: str,
        sources: Sequence[widgets.Widget],
        predicting: Sequence[widgets.Widget],
        size: Size,
        most: int,
        special: bool = True,
    ) -> None:
        self.most, self.predicting = most, list(predicting)
        self.without = switch("Without [CLS] and [SEP]")
        self.layer = whole_number("Layer", 0, 0, size.layers - 1)
        self.head = whole_number("Head", 0, 0, size.heads - 1)
        self.weights = choice("Weights", [ONE_HEAD, ALL_HEADS, ROLLOUT])
        self.view = choice("View", [MATRIX, LINES])
        self.token = choice("Attending token", {"all": EVERY})
        hiding = [self.without] if special else []
        detail = [self.layer, self.head, self.weights, self.view, self.token]
        super().__init__("Attention explorer", help_text, [*sources, *predicting, *hiding, *detail])
        for source in sources:
            source.observe(self._name_tokens, names="value")
        self._name_tokens()
        weights, self.predicted_by = [*sources, *hiding], [*sources, *predicting, *hiding]
        self.add_panel("All heads", self.look_at_all, on=weights)
        self.add_panel("Head by head", self.look_at_heads, on=self.predicted_by)
        self.add_panel("In detail", self.look_at_detail, on=[*weights, *detail])

    @abstractmethod
    def full(self) -> Attention:
        """All weights, special tokens included; a ValueError says why there are none."""

    def dependence(self) -> Dependence | None:
        """What depends on the heads, if anything is predicted."""
        return None

    def notes(self) -> list[str]:
        """What the reader must know before."""
        return []

    def attention(self) -> Attention:
        """The weights as they are shown."""
        full = self.full()
        return full.without_special() if self.without.value else full

    def shown_notes(self, attention: Attention) -> str:
        """`notes`, and what was done to the weights."""
        notes = self.notes()
        if self.without.value:
            notes.append(
                "[CLS] and [SEP] are hidden; what is left of each row is scaled to sum to 1."
            )
        if silent := attention.silent_rows:
            notes.append(f"{silent} rows had no weight on any other token and stay empty.")
        if (count := len(attention.tokens)) > self.most:
            notes.append(f"The first {self.most} of {count} tokens are drawn; means are over all.")
        return " ".join(notes)

    def place(self, attention: Attention) -> tuple[int, int, str]:
        """Layer and head that are shown, and a note if this model has no such ones."""
        layers, heads = attention.weights.shape[:2]
        layer, head = min(self.layer.value, layers - 1), min(self.head.value, heads - 1)
        fits = (layer, head) == (self.layer.value, self.head.value)
        note = f"Fewer here (layers: {layers}, heads: {heads}): the nearest ones are shown."
        return layer, head, "" if fits else note

    def look_at_all(self) -> View:
        """All heads of all layers."""
        attention = self.attention()
        picture = draw_all_heads(attention, self.most)
        return View(*picture, all_heads_table(attention), self.shown_notes(attention))

    def look_at_heads(self) -> View:
        """Numbers of each head."""
        attention, dependence = self.attention(), self.dependence()
        note = (
            "Entropy: 0 where a token gives all its weight to one, ln(tokens) where all get the "
            "same."
        )
        if dependence is not None:
            note += " Without a head: its output is set to zero before the output projection."
        elif self.predicting:
            note += " With a sentence to compare with, the effect of each head is shown as well."
        picture = draw_head_by_head(attention, dependence)
        return View(*picture, head_by_head_table(attention, dependence), note)

    def look_at_detail(self) -> View:
        """One head, the mean of a layer, or rollout."""
        attention = self.attention()
        layer, head, note = self.place(attention)
        if self.weights.value == ROLLOUT:
            weights, title = attention.rollouts[layer], f"Rollout up to layer {layer}"
            note += (
                " Rollout: how much of each input token were in each token, if a layer were half "
                "the token itself, half the mean of what its heads attend to."
            )
        elif self.weights.value == ALL_HEADS:
            weights = attention.weights[layer].mean(axis=0)
            title = f"Layer {layer}, mean of its {attention.weights.shape[1]} heads"
        else:
            weights, title = attention.weights[layer, head], f"Layer {layer}, head {head}"
        row, said = self._row(attention)
        picture = draw_detail(weights, attention, title, self.view.value == LINES, row, self.most)
        notes = [note.strip(), said, self.shown_notes(attention)]
        table = detail_table(weights, attention.tokens, self.most)
        return View(*picture, table, " ".join(filter(None, notes)))

    def _row(self, attention: Attention) -> tuple[int | None, str]:
        """Row of the attending token that is chosen, and a note if it is hidden."""
        if self.token.value == EVERY:
            return None, ""
        if self.token.value in attention.positions:
            return attention.positions.index(self.token.value), ""
        return None, "The attending token that is chosen is hidden: all are shown."

    def _name_tokens(self, change: object = None) -> None:
        """Offer the tokens of the text that there is now."""
        try:
            tokens = self.full().tokens[: self.most]
        except Exception:  # the panels say what is wrong
            tokens = ()
        named = [(f"{place} {plain(token, 24)}", place) for place, token in enumerate(tokens)]
        options = [("all", EVERY), *named]
        if list(self.token.options) != options:
            self.token.options = options


class GivenAttention(HeadViews):
    """Attention weights of any model; there is nothing to type, and no prediction.

    Args:
        given: from `minbert.viz.explorers.attention.compute.given_attention`.
        most: tokens that are drawn.
    """

    def __init__(self, given: Attention, most: int = 40) -> None:
        self.given = given
        layers, heads = given.weights.shape[:2]
        special = {"[CLS]", "[SEP]"} & set(given.tokens)
        super().__init__(
            "Find a head that looks at neighbours, and one that looks at nothing in particular.",
            [],
            [],
            Size(layers, heads),
            most,
            bool(special and set(given.tokens) - special),
        )

    def full(self) -> Attention:
        """What was given."""
        return self.given
