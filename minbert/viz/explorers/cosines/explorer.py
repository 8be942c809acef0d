"""What a cosine is worth: pairs that say the same, pairs that do not, and any two sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minbert.analysis.layers import LayerVectors, layer_vectors
from minbert.analysis.pair_cosines import CosineSpread, compute_spread, sample_pairs
from minbert.data.examples import PairExample
from minbert.encoder import Encoder
from minbert.pooling import POOLINGS
from minbert.tokenizer import WordPieceTokenizer
from minbert.viz.explorers.base.controls import choice, switch, whole_number
from minbert.viz.explorers.base.explorer import Explorer, by_name
from minbert.viz.explorers.base.panel import View
from minbert.viz.explorers.cosines.spread import (
    POOLER,
    draw_layers,
    draw_spreads,
    layers_table,
    spreads_table,
    way,
)
from minbert.viz.text import plain

NOTHING = ""


class CosineLab(Explorer):
    """Distributions of cosines and the numbers they come down to, by stage, pooling and layer.

    Args:
        encoders: one, or stages by name, such as before and after training; at first the first one
            is shown beside the last one.
        tokenizer: of all of them.
        pairs: with labels. Some of them are drawn; which ones, the note says.
        similar_from: the label from which a pair counts as similar: 1 for Quora's 0 and 1, 4 for
            similarities from 0 to 5.
        pooling: chosen at first, one of `minbert.pooling.POOLINGS`.
        most: pairs that are drawn. Every stage encodes their sentences once, when it is first
            chosen: 300 pairs take a second with MiniLM on two cores.
        seed: of the draw.

    Raises:
        ValueError: there is no encoder, no such pooling, or `most` is below 1.
    """

    def __init__(
        self,
        encoders: Encoder | Mapping[str, Encoder],
        tokenizer: WordPieceTokenizer,
        pairs: Sequence[PairExample],
        similar_from: float = 1.0,
        pooling: str = "mean",
        most: int = 300,
        seed: int = 0,
    ) -> None:
        self.encoders = by_name(encoders, "encoders")
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, got {pooling!r}")
        if most < 1:
            raise ValueError(f"most must be at least 1 pair, got {most}")
        self.tokenizer = tokenizer
        self.sample = sample_pairs(pairs, similar_from, most, seed)
        names = list(self.encoders)
        self.stage = choice("Stage", names)
        others = [("nothing", NOTHING), *((name, name) for name in names)]
        self.other = choice("Compare with", others, names[-1] if len(names) > 1 else NOTHING)
        self.pooling = choice("Pooling", POOLINGS, pooling)
        self.centre = switch("Subtract the mean vector")
        deepest = max(encoder.config.num_hidden_layers for encoder in self.encoders.values())
        self.layer = whole_number("Layer", deepest, 0, deepest)
        whole = [self.pooling, self.centre]
        if len(names) > 1:
            whole = [self.stage, self.other, *whole]
        super().__init__(
            "Cosine lab",
            "Is a cosine large? Hold it against those of random pairs. AUC says how often a "
            "similar pair has a larger cosine than a different one: 0.5 is chance.",
            [*whole, self.layer],
        )
        self.add_panel("Cosines", self.look_at_layer)
        self.add_panel("Layer by layer", self.look_at_way, on=whole)

    @property
    def stages(self) -> list[str]:
        """The stages that are shown."""
        both = (self.stage.value, self.other.value)
        return list(dict.fromkeys(name for name in both if name in self.encoders))

    def spreads(self, stage: str) -> dict[str, CosineSpread]:
        """What one stage shows at each layer, for the pooling that is chosen."""
        if not self.sample.sentences:
            raise ValueError(
                "There is no pair to be shown. A pair needs two sentences and a label: "
                + self.sample.note
            )
        pooling, centre = self.pooling.value, self.centre.value

        def encode() -> LayerVectors:
            return layer_vectors(self.sample.sentences, self.encoders[stage], self.tokenizer)

        def compute() -> dict[str, CosineSpread]:
            vectors = self.remember(("vectors", stage), encode)
            steps = way(vectors, pooling)
            return {name: compute_spread(each, self.sample, centre) for name, each in steps.items()}

        return self.remember(("spreads", stage, pooling, centre), compute)

    def look_at_layer(self) -> View:
        """One layer of the stages, side by side."""
        shown: dict[str, CosineSpread] = {}
        notes = [self.sample.note]
        for stage in self.stages:
            spreads, last = self.spreads(stage), self.encoders[stage].config.num_hidden_layers
            layer = min(self.layer.value, last)
            if self.pooling.value == POOLER:
                name, spread = f"{stage}, {POOLER}", spreads[POOLER]
            else:
                name, spread = f"{stage}, {self.pooling.value}, layer {layer}", spreads[str(layer)]
                if layer < self.layer.value:
                    notes.append(f"{plain(stage)} has no layer {self.layer.value}.")
            shown[name] = spread
            if missing := spread.without_direction:
                notes.append(
                    f"{plain(stage)}: {missing} of {len(self.sample.sentences)} sentences have a "
                    "vector without direction, of length zero or not finite; they are left out."
                )
        if self.pooling.value == POOLER:
            notes.append("The pooler reads the last layer only, whatever Layer says.")
        if self.sample.similar.all() or not self.sample.similar.any():
            notes.append("All labels are of one kind, so there is no AUC between the two.")
        figure, alt = draw_spreads(shown)
        return View(figure, alt + self.centred(), spreads_table(shown), " ".join(notes))

    def look_at_way(self) -> View:
        """All layers of the stages."""
        ways = {stage: self.spreads(stage) for stage in self.stages}
        figure, alt = draw_layers(ways)
        note = "Layer 0 is the embeddings, before any attention."
        if self.pooling.value == POOLER:
            note += " The pooler reads [CLS] of the last layer, so the way to it is that of [CLS]."
        return View(figure, alt + self.centred(), layers_table(ways), note)

    def centred(self) -> str:
        """What subtracting the mean does, where it is done."""
        if not self.centre.value:
            return ""
        return (
            f" The mean of the {len(self.sample.sentences)} vectors is subtracted from each: what "
            "all sentences share is gone, so random pairs lie around 0. AUC asks for order only: "
            "see whether it gains by that."
        )
