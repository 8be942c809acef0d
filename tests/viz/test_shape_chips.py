"""Chips: one an axis, in the colour of the axis."""

from __future__ import annotations

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from minbert.viz.plots.shapes import shape_chips
from minbert.viz.style import AXIS_COLOURS


def test_chips_and_sentence() -> None:
    axes, alt = shape_chips(
        {
            "states": [("batch", 1), ("seq", 3), ("hidden", 4)],
            "heads": [("batch", 1), ("head", 2), ("seq", 3), ("dim", 2)],
        },
        title="Split",
    )
    drawn = [to_hex(chip.get_edgecolor()).upper() for chip in axes.patches]
    names = ("batch", "seq", "hidden", "batch", "head", "seq", "hidden")
    assert drawn == [AXIS_COLOURS[name] for name in names]
    assert alt == (
        "Split, one colour an axis: states (batch 1, seq 3, hidden 4); "
        "heads (batch 1, head 2, seq 3, dim 2)."
    )
    plt.close(axes.figure)
