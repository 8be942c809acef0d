"""Explorers: thin controls over pure functions, one a file.

Each works by keyboard and without a network, says in words and numbers what its picture shows, and
leaves a picture and a table where there is no kernel.
"""

from minbert.viz.widgets.attention import AttentionExplorer
from minbert.viz.widgets.blank import BlankExplorer
from minbert.viz.widgets.cosines import CosineLab
from minbert.viz.widgets.embeddings import EmbeddingExplorer
from minbert.viz.widgets.explorer import Explorer
from minbert.viz.widgets.mask_stepper import MaskStepper
from minbert.viz.widgets.monitor import TrainingMonitor
from minbert.viz.widgets.panel import Panel, View
from minbert.viz.widgets.ranking import RankingLab
from minbert.viz.widgets.similarity import SimilarityExplorer
from minbert.viz.widgets.tokens import TokenExplorer

__all__ = [
    "AttentionExplorer",
    "BlankExplorer",
    "CosineLab",
    "EmbeddingExplorer",
    "Explorer",
    "MaskStepper",
    "Panel",
    "RankingLab",
    "SimilarityExplorer",
    "TokenExplorer",
    "TrainingMonitor",
    "View",
]
