"""The attention of the shipped encoder on the course's pair of sentences, all layers and heads."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from minbert.analysis.attention import offset_weight
from minbert.course.example import PAIR
from minbert.pretrained import from_pretrained
from minbert.viz.plots.attention import attention_grid
from minbert.viz.record import record


def draw() -> tuple[Figure, str]:
    """One small map a layer and head, and the alt sentence."""
    recording = record(*from_pretrained("tiny"), [PAIR])
    attentions, tokens = recording.attention().numpy(), recording.tokens[0]
    figure, _ = attention_grid(attentions, tokens)
    figure.supxlabel(f"the {len(tokens)} tokens that are attended to, [CLS] first", fontsize=9)
    figure.supylabel("the tokens that attend", fontsize=9)
    said = []
    for name, offset in (("previous", -1), ("next", 1)):
        weights = offset_weight(attentions, offset)
        layer, head = np.unravel_index(int(weights.argmax()), weights.shape)
        said.append(
            f"layer {layer}, head {head} puts {weights[layer, head]:.2f} of its weight on the "
            f"{name} token"
        )
    layers, heads = attentions.shape[:2]
    return figure, (
        f"Attention of the encoder tiny, as shipped, in the pair “{PAIR[0]}”, "
        f"“{PAIR[1]}”: {layers} by {heads} heat maps, one a layer and head, dark for 0 "
        f"and bright for 1. {said[0].capitalize()}, {said[1]}."
    )
