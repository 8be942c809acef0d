"""The paper's stages that notebooks look into, trained before the notebooks.

Several notebooks look into one stage. Where they run at once, the second would wait for the first
one's training while a core stands idle. So `minbert course run` trains those stages first, each in
a small notebook of its own that the runner executes like the others; they find it in the cache. A
notebook that is run alone trains what it needs itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook

from minbert.course.files import write_notebook

STAGES = {
    ("mnrl", "heads"): ("07_negatives_ranking", "11_explore_embeddings"),
    ("heads_only", "sst_finetune"): ("09_heads_and_sentiment",),
    ("mlm", "heads"): ("06b_in_domain_pretraining", "11_explore_embeddings"),
}
"""Arm and stage, the longest training first, and who looks into it or into what leads there."""


@contextmanager
def stage_notebooks(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Notebooks that train what `paths` look into; gone when the block ends.

    None for a single notebook, which has nobody to wait for.
    """
    names = {path.stem for path in paths} if len(paths) > 1 else set()
    with tempfile.TemporaryDirectory(prefix="minbert-") as folder:
        yield [
            _write(Path(folder), arm, stage)
            for (arm, stage), readers in STAGES.items()
            if names.intersection(readers)
        ]


def _write(folder: Path, arm: str, stage: str) -> Path:
    path = folder / f"stage {arm}, {stage}.ipynb"
    source = (
        "from minbert import course\n\n"
        f"lab = course.start({path.stem!r})\n"
        f"lab.grid.folder({arm!r}, {stage!r}, seed=0)"
    )
    write_notebook(path, new_notebook(cells=[new_code_cell(source)]))
    return path
