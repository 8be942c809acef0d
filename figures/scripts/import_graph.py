"""What imports what: the layers of the package from bottom to top, and the imports between them."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Line

from minbert.viz.style import COLOURS, REFERENCE, subplots

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from layers import LAYERS, PACKAGE, Imports, layer  # noqa: E402

BLUE, ORANGE, GREEN, VERMILION, _, PURPLE, _ = COLOURS
COLOUR = {
    name: colour
    for colour, names in (
        (ORANGE, "folders tasks data"),
        (BLUE, "tools words model losses weights inference"),
        (GREEN, "training evaluation export analysis"),
        (VERMILION, "experiments"),
        (PURPLE, "viz explorers course commands"),
    )
    for name in names.split()
}
"""Of a layer and of its lines: they only tell the lines apart."""
BACK = "#000000"

WIDTH, HEIGHT, STEP = 5.6, 0.8, 1.0
"""Of a layer's box, and from box to box: all in units of one step."""

SAID = {
    "folders": "where commands write; how they are stopped",
    "tasks": "the paper's numbers; what a task is",
    "data": "files to examples, examples to batches",
    "tools": "checks, precision, threads, memory, progress",
    "words": "sentences to word pieces",
    "model": "word pieces to vectors, vectors to answers",
    "losses": "what is learned; AdamW",
    "weights": "files to model, model to files",
    "inference": "sentences to vectors",
    "training": "one loop, one stage a file, recipes",
    "evaluation": "predictions to numbers and their uncertainty",
    "export": "a model for other programs, measured",
    "analysis": "what is inside a model",
    "experiments": "a run: arms, grid, cache, tables",
    "viz": "pictures and the sentence that says them",
    "explorers": "controls over computations, a room for each",
    "course": "what the notebooks stand on",
    "commands": "the command line",
}


def draw() -> tuple[Figure, str]:
    """The picture and its alt sentence."""
    imports = Imports.read(PACKAGE)
    between = imports.between_layers()
    files = Counter(layer(name) for name in imports.of)
    figure, axes = subplots(figsize=(8.4, 8.6))
    axes = axes[0, 0]
    order = list(LAYERS)
    down = {pair: n for pair, n in between.items() if order.index(pair[0]) > order.index(pair[1])}
    back = {pair: n for pair, n in between.items() if order.index(pair[0]) < order.index(pair[1])}
    for (upper, lower), count in sorted(down.items(), key=lambda item: item[1]):
        _line(axes, order.index(upper), order.index(lower), count, COLOUR[upper], right=True)
    for (lower, upper), count in back.items():
        _line(axes, order.index(lower), order.index(upper), count, BACK, right=False)
    for number, name in enumerate(order):
        _box(axes, number, name, files[name])
    top = len(order) * STEP
    said = f"{sum(down.values())} imports run down"
    axes.text(WIDTH + 0.2, top - 0.4, said, fontsize=12, va="bottom")
    colour, said = BACK if back else REFERENCE, f"imports that run back up: {sum(back.values())}"
    axes.text(-0.3, top / 2, said, fontsize=12, color=colour, rotation=90, ha="right", va="center")
    axes.set(xlim=(-1.2, WIDTH + 6.0), ylim=(-0.5, top + 0.1))
    axes.set_axis_off()
    return figure, _alt(order, files, down, back)


def _box(axes: Axes, number: int, name: str, files: int) -> None:
    y = number * STEP
    axes.add_patch(
        FancyBboxPatch(
            (0, y - HEIGHT / 2),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor="white",
            edgecolor=COLOUR[name],
            linewidth=1.8,
            zorder=3,
        )
    )
    axes.text(0.14, y + 0.15, name, fontsize=12, weight="bold", va="center", zorder=4)
    count = f"{files} file" + ("s" if files > 1 else "")
    axes.text(WIDTH - 0.14, y + 0.15, count, fontsize=10, ha="right", va="center", zorder=4)
    axes.text(0.14, y - 0.19, SAID[name], fontsize=9.5, va="center", zorder=4)


def _line(axes: Axes, start: int, end: int, count: int, colour: str, right: bool) -> None:
    """From the layer that imports to the one that is imported, as wide as there are imports."""
    x, away = (WIDTH, 1) if right else (0.0, -1)
    y_start, y_end = start * STEP - 0.13, end * STEP + 0.13
    out = x + away * (0.7 + 0.42 * abs(start - end))
    way = Line(
        [(x, y_start), (out, y_start), (out, y_end), (x, y_end)],
        [Line.MOVETO, Line.CURVE4, Line.CURVE4, Line.CURVE4],
    )
    axes.add_patch(
        FancyArrowPatch(
            path=way,
            arrowstyle="-|>",
            mutation_scale=9,
            color=colour,
            alpha=0.6,
            linewidth=0.6 + count / 7,
            zorder=1,
        )
    )


def _alt(order: list[str], files: Counter, down: dict, back: dict) -> str:
    (most, least), count = max(down.items(), key=lambda item: item[1])
    return (
        f"The {len(order)} layers of the package from bottom to top: {', '.join(order)}; "
        f"{sum(files.values())} files. A line goes from a layer to each that it imports from, as "
        f"wide as there are imports: {sum(down.values())} run down, most of them from {most} to "
        f"{least} ({count}), and {sum(back.values()) or 'none'} run back up."
    )
