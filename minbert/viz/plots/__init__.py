"""One kind of picture a file: arrays and an Axes in, the Axes and an alt sentence out."""

from minbert.viz.plots.attention import attention_grid, attention_map
from minbert.viz.plots.bars import grouped_bars
from minbert.viz.plots.confusion import confusion_matrix
from minbert.viz.plots.curves import curves
from minbert.viz.plots.distributions import distributions
from minbert.viz.plots.intervals import intervals
from minbert.viz.plots.matrix import matrix
from minbert.viz.plots.points import point_map

__all__ = [
    "attention_grid",
    "attention_map",
    "confusion_matrix",
    "curves",
    "distributions",
    "grouped_bars",
    "intervals",
    "matrix",
    "point_map",
]
