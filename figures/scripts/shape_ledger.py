"""Every tensor of the encoder with its shape, and where its parameters are; counted, not typed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _svg import LINE, QUIET, Drawing, tint

from minbert.config import SIZES
from minbert.encoder import Encoder
from minbert.heads import MaskedLanguageModelHead

CONFIG = SIZES["tiny"]
HIDDEN, HEADS = f"hidden {CONFIG.hidden_size}", f"head {CONFIG.num_attention_heads}"
DIM = f"dim {CONFIG.hidden_size // CONFIG.num_attention_heads}"
INNER, VOCABULARY = f"inner {CONFIG.intermediate_size}", f"vocabulary {CONFIG.vocab_size:,}"
STATES = ("batch", "seq", HIDDEN)

GROUPS = (
    ("Embeddings", 1, (
        ("input ids", ("batch", "seq"), ()),
        ("word piece, looked up", STATES, ("embeddings.word_embeddings.",)),
        ("+ position", ("seq", HIDDEN), ("embeddings.position_embeddings.",)),
        ("+ segment", STATES, ("embeddings.token_type_embeddings.",)),
        ("LayerNorm", STATES, ("embeddings.LayerNorm.",)),
    )),
    ("Layer", CONFIG.num_hidden_layers, (
        ("query, key, value", ("batch", HEADS, "seq", DIM), ("attention.self.",)),
        ("weights: softmax(q kᵀ/√dim)", ("batch", HEADS, "seq", "seq"), ()),
        ("weights × value", ("batch", HEADS, "seq", DIM), ()),
        ("heads joined", STATES, ()),
        ("dense, add, LayerNorm", STATES, ("attention.output.",)),
        ("dense, GELU", ("batch", "seq", INNER), ("intermediate.",)),
        ("dense, add, LayerNorm", STATES, (" output.",)),
    )),
    ("Pooler", 1, (("tanh(dense([CLS]))", ("batch", HIDDEN), ("pooler.",)),)),
    ("MLM head", 1, (
        ("dense, GELU, LayerNorm", STATES, ("transform.",)),
        ("decoder, tied; its bias", ("batch", "seq", VOCABULARY), ("bias",)),
    )),
)  # fmt: skip
"""(part, how often, (step, shape of its result, beginnings of its parameters' names))."""


def counts() -> list[tuple[str, int, list[int]]]:
    """Per group its name, how often it is there, and parameters per row, of one of them."""
    sizes = {
        name: parameter.numel()
        for module in (Encoder(CONFIG), MaskedLanguageModelHead(CONFIG))
        for name, parameter in module.named_parameters()
    }
    whole, found = sum(sizes.values()), []
    for group, times, rows in GROUPS:
        # A layer's own names, so that its `output.` is not its attention's `output.`.
        start = "encoder.layer.0." if group == "Layer" else ""
        found.append((group, times, [
            sum(size for name, size in sizes.items()
                if any(name.startswith(start + part.strip()) for part in parts))
            for _, _, parts in rows
        ]))  # fmt: skip
    assert sum(times * sum(row) for _, times, row in found) == whole
    return found


def draw() -> tuple[str, str]:
    """The ledger as SVG, and its alt sentence."""
    found = counts()
    whole = sum(times * sum(row) for _, times, row in found)
    words = found[0][2][1]
    layer = sum(found[1][2])
    alt = (
        f"Ledger of the encoder tiny: {sum(len(rows) for _, _, rows in GROUPS)} steps from input "
        "ids to logits, each with the shape of its result, one colour an axis, and a bar for its "
        f"parameters. Word embeddings hold {words:,} of {whole:,} parameters, each of the "
        f"{CONFIG.num_hidden_layers} layers {layer:,}; attention weights have none."
    )
    drawing = Drawing(704, "Shape ledger", alt)
    drawing.text(20, 30, "What is computed", 14.5, bold=True)
    drawing.text(258, 30, "shape of the result", 14.5, bold=True)
    drawing.text(700, 30, "parameters", 14.5, bold=True, anchor="end")
    scale = 118 / max(max(row) for _, _, row in found)
    y = 42.0
    for (group, times, row), (_, _, steps) in zip(found, GROUPS, strict=True):
        height = 27 * len(steps) + 28
        often = f" (there are {times})" if times > 1 else ""
        drawing.box(12, y, 696, height, "#ffffff", LINE, 2.4 if times > 1 else 1.2)
        drawing.text(22, y + 18, group + often, 14, bold=True)
        total = f"{times} × {sum(row):,} = {times * sum(row):,}" if times > 1 else f"{sum(row):,}"
        drawing.text(700, y + 18, total, 13.5, anchor="end", bold=True)
        for number, ((step, shape, _), count) in enumerate(zip(steps, row, strict=True)):
            middle = y + 37 + 27 * number
            drawing.text(30, middle + 4.5, step, 13)
            drawing.shape(258, middle, shape)
            if count:
                width = max(1.5, count * scale)
                drawing.box(516, middle - 8, width, 16, tint("#56B4E9", 0.8), LINE, 0.9, round_=0)
            drawing.text(700, middle + 4.5, f"{count:,}" if count else "none", 13, anchor="end",
                         colour="#1b1b1b" if count else QUIET)  # fmt: skip
        y += height + 8
    drawing.text(20, y + 18, "All of tiny, counted in the model itself", 14, bold=True)
    drawing.text(700, y + 18, f"{whole:,}", 15, anchor="end", bold=True)
    drawing.text(
        20, y + 38, "batch: sentences; seq: their word pieces, padding included; no parameter "
        "depends on either", 13, colour=QUIET,
    )  # fmt: skip
    drawing.height = y + 52
    return drawing.source(), alt
