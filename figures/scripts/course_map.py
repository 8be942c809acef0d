"""The notebooks on the way of the data, the paper's stages they belong to, the tiers."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _svg import LINE, QUIET, Drawing, tint

ROWS = (
    ("From sentences to vectors", "sentences → word pieces → encoder → pooled vector", "#0072B2", (
        ("00", "Start here", ("the map, the tiers,", "a first embedding"), "Tables 1–3"),
        ("01", "Words and data", ("three tasks and their", "files; word pieces"), "section 5.1"),
        ("02", "Attention", ("tokens look at tokens,", "by hand and trained"), "section 4.1"),
        ("03", "Encoder", ("layers, pooler, and", "every parameter"), "section 4.1"),
    )),
    ("From vectors to losses", "pooled vector → head → loss → training loop", "#009E73", (
        ("04", "One task", ("AdamW; sentiment,", "frozen and fine-tuned"), "section 5.2"),
        ("05", "Three heads", ("one encoder, three", "answers"), "Figure 1"),
        ("06", "Masked words", ("predict what is hidden,", "in the tasks’ texts"), "section 4.2"),
        ("07", "Ranking (MNRL)", ("near to its pair, far", "from the negatives"), "section 4.3"),
    )),
    ("From losses to answers", "training loop → checkpoint → metrics → table, figure", "#D55E00", (
        ("08", "Learning rates", ("three rates, several", "seeds"), "section 4.4"),
        ("09", "Heads, sentiment", ("heads on a frozen", "encoder; fine-tuning"), "4.5 and 4.6"),
        ("10", "Results", ("the paper’s tables,", "ours, and the noise"), "Tables 1–3"),
        ("11", "Explore", ("neighbours and maps", "of sentences"), "section 6"),
    )),
    ("Beyond the paper", "what the paper would try next, and what each choice adds", "#56B4E9", (
        ("12", "Pair encoding", ("how to read two", "sentences"), "section 4.1"),
        ("13", "Beyond the paper", ("all tasks at once; a", "recipe of one’s own"), "section 7"),
        ("14", "Your own data", ("a CSV in, a model", "out: did it help?"), "not in it"),
    )),
)  # fmt: skip
"""(what the row does, its part of the way of the data, colour, (number, title, lines, paper))."""

SECOND = {
    "01": "01b error bars", "03": "03b norms", "06": "06b pre-training", "10": "10b guesses",
}  # fmt: skip
"""Notebooks that go on in a second one, and what that is about."""

STAGES = (
    ("the original", "encoder", "00 01 02 03"),
    ("masked words", "10 epochs, 1e-5", "06 08"),
    ("ranking (MNRL)", "10 epochs, 1e-5", "07 08"),
    ("heads, frozen", "10 epochs, 1e-3", "05 09"),
    ("sentiment", "10 epochs, 1e-5", "04 09"),
)
"""(stage, what the paper says of it, notebooks)."""

TIERS = (
    ("lab (default)", "classroom corpus, synthetic", "encoder: tiny, in the package",
     "any CPU, offline: minutes"),
    ("real", "the CS224N files", "encoder: MiniLM, 6 layers",
     "CPU or GPU: within an hour"),
    ("paper", "the CS224N files", "encoder: BERT-base, 12 layers",
     "GPUs: the paper’s own settings"),
)  # fmt: skip

ALT = (
    "Map of the course. Nineteen notebooks in four rows: from sentences to vectors (00 to 03), "
    "from vectors to losses (04 to 07), from losses to answers (08 to 11), and beyond the paper "
    "(12 to 14); 01, 03, 06 and 10 go on in a second one: 01b, 03b, 06b, 10b. Below, the paper's "
    "stages in order, with their notebooks, and the three tiers: lab, real, paper."
)


def draw() -> tuple[str, str]:
    """The map as SVG, and its alt sentence."""
    drawing = Drawing(960, "Map of the course", ALT)
    y = 16.0
    for row, (name, way, colour, cards) in enumerate(ROWS):
        drawing.text(22, y + 15, name, 15, bold=True)
        drawing.text(698, y + 15, way, 13, anchor="end", colour=QUIET)
        for column, card in enumerate(cards):
            x = 22 + column * 173
            _card(drawing, x, y + 26, card, colour)
            if column:
                drawing.path([(x - 16, y + 75), (x - 1, y + 75)], thick=1.8)
        if row < len(ROWS) - 1:
            middle = y + 154
            drawing.path(
                [(619, y + 124), (619, middle), (9, middle), (9, y + 244), (21, y + 244)],
                thick=1.8,
            )
        y += 169
    _stages(drawing, y)
    _tiers(drawing, y + 142)
    return drawing.source(), ALT


def _card(drawing: Drawing, x: float, y: float, card: tuple, colour: str) -> None:
    number, title, lines, paper = card
    drawing.box(x, y, 157, 98, "#ffffff", colour, 1.6)
    drawing.box(x, y, 157, 27, tint(colour, 0.24), colour, 1.6)
    drawing.text(x + 9, y + 18.5, number, 14, bold=True)
    drawing.text(x + 32, y + 18.5, title, 14, bold=True)
    drawing.lines(x + 9, y + 45, lines, 13)
    drawing.text(x + 9, y + 88, f"paper: {paper}", 12.5, colour=QUIET, italic=True)
    if number in SECOND:
        drawing.box(x + 5, y + 98, 6.6 * len(SECOND[number]) + 8, 19, tint(colour, 0.12), colour)
        drawing.text(x + 10, y + 112, SECOND[number], 12)


def _stages(drawing: Drawing, y: float) -> None:
    drawing.text(22, y + 14, "The paper’s stages, in order", 15, bold=True)
    drawing.text(698, y + 14, "discs: the notebooks of a stage", 13, anchor="end", colour=QUIET)
    for number, (name, said, notebooks) in enumerate(STAGES):
        x = 22 + number * 138
        drawing.box(x, y + 26, 124, 76, tint("#CC79A7", 0.14 if number else 0.0), LINE, 1.3)
        drawing.text(x + 62, y + 44, name, 13, anchor="middle", bold=True)
        drawing.text(x + 62, y + 61, said, 12.5, anchor="middle")
        discs = notebooks.split()
        for at, notebook in enumerate(discs):
            drawing.number(x + 62 + (at - (len(discs) - 1) / 2) * 26, y + 83, notebook)
        if number:
            drawing.path([(x - 14, y + 64), (x - 1, y + 64)], thick=1.8)
    for x, table in ((498, "Table 1"), (636, "Tables 2 and 3")):
        drawing.path([(x, y + 102), (x, y + 114)], thick=1.5)
        drawing.text(x, y + 128, table, 13, anchor="middle")


def _tiers(drawing: Drawing, y: float) -> None:
    drawing.text(22, y + 14, "Three tiers, the same notebooks", 15, bold=True)
    for number, (name, *lines) in enumerate(TIERS):
        x = 22 + number * 228
        drawing.box(x, y + 25, 220, 84, "#ffffff", LINE, 2.4 if number == 0 else 1.2)
        drawing.text(x + 11, y + 44, name, 14, bold=True)
        drawing.lines(x + 11, y + 62, lines, 13)
