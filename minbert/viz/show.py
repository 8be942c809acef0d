"""A picture in a notebook: PNG, with a sentence for those who do not see it, or not in colour."""

from __future__ import annotations

import html
from io import BytesIO

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOTS_PER_INCH = 110


def show(picture: Figure | Axes, alt: str) -> None:
    """Display a figure with its alt sentence, also as a visible caption, and close it.

    The picture is PNG on white, so that it is the same in a light and in a dark theme. The text
    of the output is the alt sentence: tests that compare outputs compare what the picture says.

    Args:
        picture: a figure, or any of its axes.
        alt: what the picture shows, in one or two sentences, with the numbers that matter.

    Raises:
        ValueError: there is no alt sentence.
    """
    if not alt.strip():
        raise ValueError("a picture needs an alt sentence: say what is to be seen in it")
    figure = picture.figure if isinstance(picture, Axes) else picture
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    plt.close(figure)
    display(
        {"image/png": buffer.getvalue(), "text/plain": f"Picture: {alt}"},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )
    caption = f'<p style="max-width: 46em; margin: 0"><small>{html.escape(alt)}</small></p>'
    display({"text/html": caption, "text/plain": f"Caption: {alt}"}, raw=True)
