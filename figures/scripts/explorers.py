"""Four explorers as they look in JupyterLab, two of them in its dark theme.

Put together from the pictures that the browser tests leave in `build/screenshots`.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
from matplotlib.figure import Figure

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SHOWN = {
    "attention-light": "the attention explorer with all heads of a sentence as small heat maps",
    "ranking-dark": "the ranking lab with a batch of sixteen pairs, two false negatives framed",
    "mask-stepper-dark": "the mask stepper on its way through a sentence, with counts below",
    "embeddings-light": "the embedding explorer with a map of sentences, a search marked in it",
}
HEIGHT_PX = 980
"""Of each picture, from its top; the rest is below the fold on most screens too."""


def draw() -> tuple[Figure, str]:
    """The four side by side, two and two.

    Raises:
        FileNotFoundError: the browser tests did not run here.
    """
    figure = Figure(figsize=(11.0, 12.9), layout="constrained")
    for axes, name in zip(figure.subplots(2, 2).flat, SHOWN, strict=True):
        path = SCREENSHOTS / f"explorer-{name}.png"
        if not path.exists():
            raise FileNotFoundError(f"no picture of {name}: run `pytest tests/browser` first")
        axes.imshow(matplotlib.image.imread(path)[:HEIGHT_PX], interpolation="lanczos")
        axes.set_axis_off()
    return figure, f"Four explorers in JupyterLab: {'; '.join(SHOWN.values())}."
