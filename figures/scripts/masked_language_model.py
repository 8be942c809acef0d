"""The paper's Figure 2 drawn anew: hide words, encode, guess them, count only the hidden ones."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _svg import AXES, LINE, QUIET, Drawing, tint

WORDS = ("[CLS]", "how", "do", "i", "train", "a", "guinea", "pig", "?", "[SEP]")
MASKED = (4, 7)
BARS = {4: (3, (7, 12, 5, 30, 9, 4, 14, 6, 10)), 7: (5, (10, 5, 27, 7, 6, 19, 4, 11, 8))}
"""A sketch, nothing measured: (the hidden word's bar, all bars)."""
BLUE, GREEN, RED = "#0072B2", "#009E73", AXES["vocabulary"]
LEFT, STEP = 22, 52
"""Of the columns, one a token; the right part of the drawing belongs to the shared matrix."""

ALT = (
    "The paper's Figure 2 drawn anew. Of the ten word pieces of a question two, train and pig, are "
    "replaced by [MASK]. Embeddings and encoder give one vector a token; only the vectors at the "
    "two masked places go on, through dense, GELU, LayerNorm and a decoder that is the word "
    "embedding itself, to one logit a word piece. The loss is the mean of minus log p of the "
    "hidden words; the other places count for nothing. Embeddings, encoder and this head are "
    "trained; the pooler and the heads of the tasks are not reached."
)


def draw() -> tuple[str, str]:
    """Figure 2 as SVG, and its alt sentence."""
    drawing = Drawing(792, "Masked language model", ALT)
    drawing.text(LEFT, 31, "The sentence", 14.5, bold=True)
    _tokens(drawing, 42, masked=False)
    for place in range(len(WORDS)):
        drawing.path([(_middle(place), 68), (_middle(place), 103)], thick=_thick(place))
    drawing.text(LEFT + 10 * STEP + 8, 60, "each ordinary piece is", 13)
    drawing.text(LEFT + 10 * STEP + 8, 77, "hidden with", 13)
    drawing.text(LEFT + 10 * STEP + 8, 94, "probability .15", 13)
    _tokens(drawing, 105, masked=True)
    for place in range(len(WORDS)):
        drawing.path([(_middle(place), 131), (_middle(place), 158)], thick=_thick(place))
    drawing.shape(LEFT + 10 * STEP + 8, 118, ("batch", "seq"))

    _part(drawing, 160, 56, "Embeddings", "rows of E, + position + segment, LayerNorm", GREEN)
    drawing.path([(280, 216), (280, 234)], thick=2)
    _part(drawing, 236, 56, "Encoder", "12 layers; every token looks at every token", GREEN)
    for place in range(len(WORDS)):
        drawing.path([(_middle(place), 292), (_middle(place), 315)], thick=_thick(place))
        _vector(drawing, _middle(place) - 9, 317, place in MASKED)
    drawing.shape(LEFT + 10 * STEP + 8, 329, ("batch", "seq", "hidden"))
    drawing.text(LEFT + 10 * STEP + 8, 353, "one vector a token", 13)
    for place in range(len(WORDS)):
        if place in MASKED:
            drawing.path([(_middle(place), 347), (_middle(place), 412)], thick=_thick(place))
        else:
            x = _middle(place)
            drawing.path([(x, 347), (x, 360)], arrow=False, dashed=True)
            drawing.path([(x - 5, 363), (x + 5, 373)], arrow=False, colour=QUIET)
            drawing.path([(x - 5, 373), (x + 5, 363)], arrow=False, colour=QUIET)
    drawing.text(LEFT, 399, "crossed out: not scored", 13, colour=QUIET)
    _head(drawing)
    _loss(drawing)
    _matrix(drawing)
    _trained(drawing)
    return drawing.source(), ALT


def _middle(place: int) -> float:
    return LEFT + STEP * place + (STEP - 4) / 2


def _thick(place: int) -> float:
    return 2.4 if place in MASKED else 1.1


def _tokens(drawing: Drawing, y: float, masked: bool) -> None:
    for place, word in enumerate(WORDS):
        x = LEFT + STEP * place
        hidden = masked and place in MASKED
        fill = "url(#hatch)" if hidden else "#ececec" if word[0] == "[" else tint(BLUE, 0.16)
        drawing.box(x, y, STEP - 4, 26, fill, RED if place in MASKED else BLUE,
                    2.4 if place in MASKED else 1.2, round_=4)  # fmt: skip
        word = "[MASK]" if hidden else word
        drawing.text(_middle(place), y + 17.5, word, 12.5, anchor="middle")


def _part(drawing: Drawing, y: float, height: float, name: str, said: str, colour: str) -> None:
    drawing.box(LEFT, y, 10 * STEP - 4, height, tint(colour, 0.12), colour, 2)
    drawing.text(LEFT + 14, y + height / 2 + 5, name, 14.5, bold=True)
    drawing.text(LEFT + 150, y + height / 2 + 5, said, 13)


def _vector(drawing: Drawing, x: float, y: float, hidden: bool) -> None:
    for cell in range(5):
        shade = tint(GREEN, (0.55, 0.25, 0.4, 0.7, 0.3)[cell]) if hidden else "#eeeeee"
        drawing.box(x, y + 6 * cell, 18, 6, shade, LINE if hidden else "#9a9a9a", 1.0, round_=0)


def _head(drawing: Drawing) -> None:
    y = 414
    drawing.box(LEFT, y, 10 * STEP - 4, 126, "#ffffff", "#CC79A7", 2)
    drawing.text(LEFT + 14, y + 24, "MLM head", 14.5, bold=True)
    drawing.shape(LEFT + 150, y + 19, ("masked", "hidden"))
    for x, width, name in ((14, 86, "dense"), (118, 86, "GELU"), (222, 98, "LayerNorm"),
                           (338, 164, "decoder: h Eᵀ + b")):  # fmt: skip
        drawing.box(LEFT + x, y + 42, width, 32, tint("#CC79A7", 0.18), "#CC79A7", 1.4)
        drawing.text(LEFT + x + width / 2, y + 62.5, name, 13, anchor="middle")
        if x > 14:
            drawing.path([(LEFT + x - 17, y + 58), (LEFT + x - 2, y + 58)])
    drawing.text(LEFT + 14, y + 106, "one logit for every piece of the vocabulary", 13)
    drawing.shape(LEFT + 338, y + 102, ("masked", "vocabulary"))


def _loss(drawing: Drawing) -> None:
    y = 566
    for place, dx in zip(MASKED, (-60, 60), strict=True):
        x = _middle(place) + dx / 3
        drawing.path([(x, 540), (x, y)], thick=2.4)
        drawing.box(x - 72, y + 2, 144, 62, "#ffffff", RED, 2.2)
        target, bars = BARS[place]
        for number, height in enumerate(bars):
            fill = tint(RED, 0.85) if number == target else "#cfcfcf"
            drawing.box(
                x - 58 + 13 * number, y + 40 - height, 10, height, fill, "#888888", 0.8, round_=0
            )
        drawing.text(x, y + 57, f"softmax: p({WORDS[place]})", 13, anchor="middle")
        drawing.path([(x, y + 64), (x, y + 88)], thick=2.4)
    drawing.box(LEFT, 656, 10 * STEP - 4, 40, tint(RED, 0.12), RED, 2.2)
    drawing.text(
        LEFT + 258, 681, "loss = − ½ ( log p(train) + log p(pig) )", 15, anchor="middle", bold=True
    )


def _matrix(drawing: Drawing) -> None:
    """The word embedding, used at both ends."""
    x, y = 582, 376
    drawing.box(x, y, 118, 126, tint(RED, 0.10), RED, 2)
    drawing.lines(x + 59, y + 22, ("E, the word", "embeddings"), 13.5, anchor="middle", bold=True)
    drawing.shape(x + 59, y + 58, ("vocabulary",), anchor="middle")
    drawing.text(x + 59, y + 82, "×", 14, anchor="middle")
    drawing.shape(x + 59, y + 99, ("hidden",), anchor="middle")
    drawing.path([(x + 111, y), (x + 111, 188), (LEFT + 10 * STEP - 2, 188)], thick=2)
    drawing.text(x + 101, 208, "looked up", 13, anchor="end")
    drawing.path([(x, y + 96), (LEFT + 504, y + 96)], thick=2)
    drawing.lines(x + 59, y + 146, ("tied: one matrix,", "stored and", "trained once"), 13,
                  anchor="middle")  # fmt: skip


def _trained(drawing: Drawing) -> None:
    y = 716
    drawing.text(LEFT, y + 12, "Trained in this stage", 14, bold=True)
    drawing.lines(
        LEFT,
        y + 32,
        (
            "embeddings, encoder, MLM head: all unfrozen,",
            "thick frames above; learning rate 1e-5 in the paper",
        ),
        13,
    )
    drawing.box(382, y - 4, 318, 62, "#f3f3f1", QUIET, 1.4, dashed=True)
    drawing.text(396, y + 14, "Not reached by this loss", 14, bold=True)
    drawing.lines(
        396,
        y + 32,
        (
            "the pooler and the heads of the three tasks:",
            "they get no gradient and stay as they are",
        ),
        13,
    )
