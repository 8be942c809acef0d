"""Pictures of what happens inside: record it, draw it, show it with a sentence that says it."""

from minbert.viz.record import Recording, record
from minbert.viz.show import show
from minbert.viz.style import COLOURS, new_axes
from minbert.viz.table import Table

__all__ = ["COLOURS", "Recording", "Table", "new_axes", "record", "show"]
