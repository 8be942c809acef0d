"""One kind of picture a file: arrays and an Axes in, the Axes and an alt sentence out."""

from minbert.viz.plots.attention import attention_grid, attention_map
from minbert.viz.plots.attribution import attribution_bars
from minbert.viz.plots.bars import grouped_bars
from minbert.viz.plots.confusion import confusion_matrix
from minbert.viz.plots.curves import curves
from minbert.viz.plots.distributions import distributions
from minbert.viz.plots.intervals import Point, intervals
from minbert.viz.plots.matrix import matrix
from minbert.viz.plots.movement import movement
from minbert.viz.plots.pieces import piece_boxes
from minbert.viz.plots.points import point_map
from minbert.viz.plots.rates import by_rate
from minbert.viz.plots.shapes import shape_chips

__all__ = [
    "Point",
    "attention_grid",
    "attention_map",
    "attribution_bars",
    "by_rate",
    "confusion_matrix",
    "curves",
    "distributions",
    "grouped_bars",
    "intervals",
    "matrix",
    "movement",
    "piece_boxes",
    "point_map",
    "shape_chips",
]
