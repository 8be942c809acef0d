"""A map of sentences: what lies near what, on the map and in the full space, stage by stage."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from minbert.analysis.sentence_space import SentenceSpace
from minbert.viz.explorers.base.controls import button, choice, text_field, whole_number
from minbert.viz.explorers.base.explorer import Explorer, typed
from minbert.viz.explorers.base.panel import View
from minbert.viz.explorers.embeddings import map as sentence_map
from minbert.viz.explorers.embeddings.labelled_sentences import (
    Groups,
    group_by,
    labelled_sentences,
    rows_with,
)
from minbert.viz.explorers.embeddings.map import (
    ALL_STAGES,
    OWN,
    TSNE,
    UMAP,
    SentenceMap,
    describe_map,
    draw_map,
    map_table,
)
from minbert.viz.explorers.embeddings.neighbours import (
    Nearest,
    compute_nearest,
    compute_random,
    describe_nearest,
    draw_nearest,
    nearest_table,
)
from minbert.viz.explorers.embeddings.point_map import PointMap
from minbert.viz.explorers.embeddings.projector import write_projector_files
from minbert.viz.table import Table
from minbert.viz.text import plain

MOST_NEIGHBOURS = 20
PCA = "PCA"


class EmbeddingExplorer(Explorer):
    """Sentences as points: colours, search, neighbours, stages between which points move, export.

        EmbeddingExplorer(sentences, {"original": vectors, "mnrl": other_vectors})

    Args:
        sentences, vectors, columns: see `views.labelled_sentences.labelled_sentences`.
        selected: row of the sentence that is chosen at the start.
        k: neighbours at the start.
        folder: where the files for the Embedding Projector go.
        seed: of t-SNE and UMAP, and of the sample where there are very many sentences.
    """

    def __init__(
        self,
        sentences: SentenceSpace | Sequence[str],
        vectors: Mapping[str, np.ndarray] | np.ndarray | None = None,
        columns: Mapping[str, Sequence] | None = None,
        selected: int = 0,
        k: int = 5,
        folder: str = "projector",
        seed: int = 0,
    ) -> None:
        self.data = labelled_sentences(sentences, vectors, columns, seed)
        self.seed = seed
        self._outcomes: dict[tuple[str, str], str] = {}
        self._nearest: tuple[tuple[str, int, int], Nearest] | None = None
        stages, titles = list(self.data.vectors), list(self.data.columns)
        last = len(self.data.sentences) - 1
        umap = UMAP if sentence_map.umap_is_there() else f"{UMAP} (umap-learn is not installed)"
        self.method = choice("Map by", {PCA: PCA, TSNE: TSNE, umap: UMAP})
        self.stage = choice("Stage", stages)
        self.directions = choice("PCA directions", [ALL_STAGES, *stages, OWN])
        self.colour = choice("Colour by", titles)
        self.search = text_field("Search", placeholder="part of a sentence, then Enter")
        self.point = whole_number("Point", min(selected, last), 0, last)
        self.k = whole_number("Neighbours", min(k, last), 1, min(MOST_NEIGHBOURS, last))
        self.folder = text_field("Folder", folder)
        self.export = button("Export")
        stage = [self.stage] if len(stages) > 1 else []
        placing = [self.method, *stage, *([self.directions] if stage else [])]
        marking = [*([self.colour] if len(titles) > 1 else []), self.point, self.k]
        super().__init__(
            "Embedding explorer",
            "Click a point, or press Tab until the map has a frame and use the arrow keys. Which "
            "sentences lie near it in the full space, and does the map put them there? Change the "
            "stage, and watch where the points go.",
            [*placing, *marking[:-2], self.search, *marking[-2:], self.folder, self.export],
        )
        self.points = PointMap(self.data.sentences)
        traitlets.link((self.point, "value"), (self.points, "selected"))
        self.export.on_click(self.write_files)
        self.add_panel("Map", self.look_at_map, [*placing, *marking, self.search], self.points)
        self.add_panel("Neighbours", self.look_at_neighbours, [*placing, *marking])
        self.add_panel("Export", self.look_at_export, [*stage, self.folder])

    def look_at_map(self) -> View:
        """Place the points, and mark what is searched for and the neighbours."""
        try:
            placed = self.placed()
        except ValueError:
            self.points.clear()
            raise
        (text, cut), sentences = typed(self.search.value), self.data.sentences
        groups, near, found = self.groups(), self.nearest(), rows_with(text, sentences)
        with self.points.hold_sync():
            self.points.colour(groups.names, groups.of)
            self.points.place(placed.positions, placed.frame, placed.axes)
            self.points.highlight(found if text.strip() else None)
            self.points.lead_to(near.row, near.rows)
        notes = [cut]
        if self.data.left_out:
            notes.append(
                f"{self.data.left_out:,} more sentences are left out; these were drawn with seed "
                f"{self.seed}."
            )
        if text.strip():
            notes.append(
                f"{len(found):,} of {len(sentences):,} sentences contain “{plain(text, 40)}”."
            )
        return View(
            lambda: draw_map(placed, groups, near, found),
            describe_map(placed, groups, near, found, text, self.colour.value or ""),
            map_table(placed, groups, near, found, sentences),
            " ".join(filter(None, notes)),
        )

    def look_at_neighbours(self) -> View:
        """Look up the neighbours of the chosen sentence, and how near the map puts them."""
        stage, near = self.stage.value, self.nearest()
        try:
            ranks = sentence_map.map_ranks(self.placed().positions, near.row, near.rows)
        except ValueError:  # said in the panel of the map
            ranks = []
        random = self.remember(
            ("random", stage), lambda: compute_random(self.data.vectors[stage], self.seed)
        )
        return View(
            draw_nearest(near, self.data.sentences, self.groups().of, random),
            describe_nearest(near, self.data, stage, random, ranks, self.colour.value),
            nearest_table(near, self.data, ranks),
        )

    def look_at_export(self) -> View:
        """Say what would be written, or was."""
        stage, titles = self.stage.value, ["sentence", *self.data.columns]
        count, width = self.data.vectors[stage].shape
        header = int(len(titles) > 1)
        files = [
            ["vectors.tsv", f"{count:,}", f"{width} numbers"],
            ["metadata.tsv", f"{count + header:,}", plain(", ".join(titles))],
        ]
        alt = (
            f"Export writes the {count:,} vectors of {stage}, and what is known of each sentence, "
            "into two files. The Embedding Projector (projector.tensorflow.org, button Load) reads "
            "them, and so do spreadsheets."
        )
        note = self._outcomes.get((stage, self.folder.value), "")
        return View(None, alt, Table(["file", "lines", "in each line"], files), note)

    def write_files(self, pressed: Any = None) -> None:
        """Write both files into the folder, and say where; what goes wrong is said as well."""
        stage, folder = self.stage.value, self.folder.value
        columns = {"sentence": self.data.sentences, **self.data.columns}
        try:
            if not folder.strip():
                raise ValueError("type the name of a folder")
            place = Path(os.path.expanduser(folder.strip())).resolve()
            paths = write_projector_files(place, self.data.vectors[stage], columns)
            lines = [path.read_bytes().count(b"\n") for path in paths]
            files = " and ".join(
                f"{path.name} ({count:,} lines)" for path, count in zip(paths, lines, strict=True)
            )
            said = f"Written: {files} of {stage} in {plain(str(place), 400)}."
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            said = f"Nothing was written into “{plain(folder)}”: {plain(reason, 200)}."
        self._outcomes[stage, folder] = said
        self.panels["Export"].refresh()

    def placed(self) -> SentenceMap:
        """The map that is chosen; each is computed once."""
        vectors, stage, method = self.data.vectors, self.stage.value, self.method.value
        if method == PCA:
            whose = self.directions.value
            maps = self.remember((PCA, whose), lambda: sentence_map.pca_maps(vectors, whose))
            if stage not in maps:
                sentence_map.check_vectors(vectors[stage], stage)
            return maps[stage]
        if (method, stage) not in self._remembered:
            self.points.busy = f"Computing {method} of {stage}: this takes some seconds."
        try:
            return self.remember(
                (method, stage),
                lambda: sentence_map.neighbour_map(vectors, stage, method, self.seed),
            )
        finally:
            self.points.busy = ""

    def groups(self) -> Groups:
        """Colours of the chosen column."""
        values = self.data.columns.get(self.colour.value, ["sentence"] * len(self.data.sentences))
        return self.remember(("groups", self.colour.value), lambda: group_by(values))

    def nearest(self) -> Nearest:
        """Neighbours of the chosen sentence in the full space."""
        vectors, stage = self.data.vectors[self.stage.value], self.stage.value
        self.remember(("sound", stage), lambda: sentence_map.check_vectors(vectors, stage))
        asked = stage, self.point.value, self.k.value
        if self._nearest is None or self._nearest[0] != asked:  # both panels ask the same
            self._nearest = asked, compute_nearest(vectors, *asked[1:])
        return self._nearest[1]
