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
from minbert.viz.explorers.embeddings.neighbour_tables import draw_hubs
from minbert.viz.explorers.embeddings.projector import write_projector_files
from minbert.viz.explorers.masking.compute import masking_steps
from minbert.viz.explorers.masking.draw import masking_strip
from minbert.viz.explorers.masking.explorer import MaskStepper
from minbert.viz.explorers.ranking.compute import rank_batch
from minbert.viz.explorers.ranking.draw import draw_batches, draw_cosines
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
    "draw_batches",
    "draw_cosines",
    "draw_hubs",
    "masking_steps",
    "masking_strip",
    "rank_batch",
    "write_projector_files",
]
