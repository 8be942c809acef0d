"""Explorers: thin controls over pure functions, a room for each.

Each works by keyboard and without a network, says in words and numbers what its picture shows, and
leaves a picture and a table where there is no kernel.
"""

from minbert.viz.explorers.attention.explorer import AttentionExplorer
from minbert.viz.explorers.base.explorer import Explorer
from minbert.viz.explorers.base.panel import Panel, View
from minbert.viz.explorers.blanks.explorer import BlankExplorer
from minbert.viz.explorers.cosines.explorer import CosineLab
from minbert.viz.explorers.embeddings.explorer import EmbeddingExplorer
from minbert.viz.explorers.masking.explorer import MaskStepper
from minbert.viz.explorers.ranking.explorer import RankingLab
from minbert.viz.explorers.similarity.explorer import SimilarityExplorer
from minbert.viz.explorers.tokens.explorer import TokenExplorer
from minbert.viz.explorers.training.explorer import TrainingMonitor

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
