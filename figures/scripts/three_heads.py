"""The paper's Figure 1 drawn anew: one encoder, three heads, with the shape at every step."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _svg import LINE, QUIET, Drawing, tint

from minbert.config import SIZES
from minbert.course.example import PAIR
from minbert.heads import ParaphraseHead, SentimentHead

PIECES = (
    ("[CLS]", "how", "do", "i", "train", "a", "guinea", "pig", "?", "[SEP]"),
    ("[CLS]", "can", "a", "ca", "##vy", "learn", "tricks", "?", "[SEP]"),
)
"""Of `PAIR`, in the vocabulary of bert-base-uncased."""

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
CLASSES = 5

ALT = (
    "The paper's Figure 1 drawn anew. Two sentences become word pieces; one and the same encoder "
    "of 12 layers and a pooler turn each into a vector, u and v. Sentiment reads u alone through "
    "a linear layer to 5 classes. Paraphrase reads u and v side by side through a linear layer to "
    "one logit. Similarity is 5 times the rectified cosine of u and v and has no weights."
)


def draw() -> tuple[str, str]:
    """Figure 1 as SVG, and its alt sentence."""
    config = SIZES["bert-base"]
    hidden = config.hidden_size
    drawing = Drawing(714, "One encoder, three heads", ALT)
    for column, (sentence, pieces) in enumerate(zip(PAIR, PIECES, strict=True)):
        _sentence(drawing, 20 + 345 * column, sentence, pieces, (BLUE, ORANGE)[column])
    _encoder(drawing, config.num_hidden_layers, hidden)
    _vectors(drawing, hidden)
    _wires(drawing)
    sentiment = SentimentHead(hidden, CLASSES)
    paraphrase = ParaphraseHead(hidden)
    _head(
        drawing, 20, "Sentiment", "reads one sentence",
        ("dropout .3", f"linear {hidden} → {CLASSES}", "one logit a class"),
        ("batch", f"class {CLASSES}"), "0 negative … 4 positive", _count(sentiment),
    )  # fmt: skip
    _head(
        drawing, 250, "Paraphrase", "reads two, side by side",
        ("[u ; v], dropout .3", f"linear {2 * hidden:,} → 1", "yes, where the logit > 0"),
        ("batch",), "asks the same: no or yes", _count(paraphrase),
    )  # fmt: skip
    _head(
        drawing, 480, "Similarity", "compares two",
        ("cosine of u and v", "relu: below 0 is 0", "times 5"),
        ("batch",), "unrelated 0 … 5 the same", 0,
    )  # fmt: skip
    return drawing.source(), ALT


def _count(head) -> int:
    return sum(parameter.numel() for parameter in head.parameters())


def _sentence(drawing: Drawing, x: float, text: str, pieces: tuple, colour: str) -> None:
    drawing.text(x + 167, 32, f"“{text}”", 14.5, anchor="middle", italic=True)
    drawing.path([(x + 167, 41), (x + 167, 58)])
    widths = [len(piece) * 5.6 + 11.5 + (piece[0] == "[") for piece in pieces]
    scale = (334 - 2 * (len(pieces) - 1)) / sum(widths)
    at = x
    for piece, width in zip(pieces, widths, strict=True):
        special = piece.startswith("[")
        fill = "#ececec" if special else tint(colour, 0.16)
        drawing.box(at, 60, width * scale, 24, fill, colour, 1.2, round_=4)
        drawing.text(at + width * scale / 2, 76.5, piece, 12.5, anchor="middle")
        at += width * scale + 2
    drawing.path([(x + 167, 84), (x + 167, 122)])
    drawing.shape(x + 177, 103, ("batch", "seq"))


def _encoder(drawing: Drawing, layers: int, hidden: int) -> None:
    drawing.box(20, 124, 679, 146, "#ffffff", LINE, 1.8, round_=9)
    drawing.text(36, 147, "One encoder for both sentences, the same weights", 14.5, bold=True)
    drawing.text(36, 166, "embeddings: word piece + position + segment", 13)
    drawing.box(36, 178, 552, 42, tint(GREEN, 0.10), GREEN, 1.4)
    for x, width, name in (
        (46, 116, "self-attention"), (184, 112, "add and norm"),
        (318, 116, "feed-forward"), (456, 122, "add and norm"),
    ):  # fmt: skip
        drawing.box(x, 185, width, 28, "#ffffff", GREEN, 1.2)
        drawing.text(x + width / 2, 203.5, name, 13, anchor="middle")
    for x in (162, 296, 434):
        drawing.path([(x + 1, 199), (x + 21, 199)])
    drawing.text(606, 205, f"× {layers} layers", 15, bold=True)
    drawing.text(36, 246, "out: one vector a token", 13)
    width = drawing.shape(184, 241.5, ("batch", "seq", f"hidden {hidden}"))
    drawing.text(184 + width + 12, 246, "the pooler reads that of [CLS]: tanh(W h + b)", 13)


def _vectors(drawing: Drawing, hidden: int) -> None:
    for x, name, colour in ((187, "u", BLUE), (532, "v", ORANGE)):
        drawing.path([(x, 270), (x, 292)])
        cells = 11
        for cell in range(cells):
            drawing.box(
                x - 66 + 12 * cell, 294, 12, 20, tint(colour, (0.2, 0.5, 0.32)[cell * 7 % 3]),
                colour, 1.0, round_=0,
            )  # fmt: skip
        drawing.text(x - 86, 309.5, name, 16, bold=True)
        drawing.shape(x - 62, 329, ("batch", f"hidden {hidden}"))


def _wires(drawing: Drawing) -> None:
    """u goes to all three heads, v to the last two."""
    u, v = 362, 392
    drawing.path([(532, 342), (532, v)], arrow=False, thick=2, dashed=True)
    drawing.path([(409, v), (660, v)], arrow=False, thick=2, dashed=True)
    drawing.path([(187, 342), (187, u)], arrow=False, thick=2)
    drawing.path([(129, u), (504, u)], arrow=False, thick=2)
    drawing.path([(504, u + 12), (504, 419)], arrow=False, thick=2, halo=True)
    for x in (129, 310, 504):
        drawing.path([(x, u), (x, 423)], thick=2)
    for x in (409, 660):
        drawing.path([(x, v), (x, 423)], thick=2, dashed=True)
    for x, y in ((187, u), (310, u), (532, v)):
        drawing.dot(x, y)
    for x, name in ((117, "u"), (298, "u"), (421, "v"), (492, "u"), (672, "v")):
        drawing.text(x, 411, name, 14, anchor="middle", bold=True)


def _head(
    drawing: Drawing, x: float, name: str, reads: str, steps: tuple, shape: tuple, means: str,
    parameters: int,
) -> None:  # fmt: skip
    drawing.box(x, 425, 219, 213, "#ffffff", LINE, 1.8, round_=9)
    drawing.text(x + 109, 448, name, 15.5, anchor="middle", bold=True)
    drawing.text(x + 109, 466, reads, 13, anchor="middle", colour=QUIET)
    for number, step in enumerate(steps):
        y = 477 + 45 * number
        drawing.box(x + 18, y, 183, 30, tint("#CC79A7", 0.18), "#CC79A7", 1.3)
        drawing.text(x + 109, y + 19.5, step, 13, anchor="middle")
        drawing.path([(x + 109, y + 30), (x + 109, y + 44)])
    drawing.shape(x + 109, 623, shape, anchor="middle")
    drawing.path([(x + 109, 638), (x + 109, 658)])
    drawing.text(x + 109, 676, means, 13, anchor="middle", bold=True)
    learns = f"{parameters:,} parameters" if parameters else "no parameters"
    drawing.text(x + 109, 697, learns, 13, anchor="middle", colour=QUIET)
