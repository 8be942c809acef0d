"""Explorers: thin controls over pure functions, one a file.

Each works by keyboard and without a network, says in words and numbers what its picture shows, and
leaves a picture and a table where there is no kernel.
"""

from minbert.viz.widgets.explorer import Explorer
from minbert.viz.widgets.monitor import TrainingMonitor
from minbert.viz.widgets.panel import Panel, View
from minbert.viz.widgets.tokens import TokenExplorer

__all__ = ["Explorer", "Panel", "TokenExplorer", "TrainingMonitor", "View"]
