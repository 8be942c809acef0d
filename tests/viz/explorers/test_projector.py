"""Files for the Embedding Projector: what it reads back is what was given."""

from __future__ import annotations

import numpy as np
import pytest

from minbert.viz.explorers.embeddings.projector import projector_texts, write_projector_files


def test_both_files_line_up(tmp_path) -> None:
    vectors = np.array([[0.5, -1.0], [1e-7, 2.0]])
    paths = write_projector_files(
        tmp_path / "out", vectors, {"sentence": ["a\tb", "c\nd"], "task": ["sst", "sts"]}
    )
    assert [path.name for path in paths] == ["vectors.tsv", "metadata.tsv"]
    assert np.allclose(np.loadtxt(paths[0], delimiter="\t"), vectors)
    assert paths[1].read_text(encoding="utf-8") == "sentence\ttask\na b\tsst\nc d\tsts\n"


def test_a_single_column_has_no_header() -> None:
    assert projector_texts(np.eye(2), {"sentence": ["a", "b"]})["metadata.tsv"] == "a\nb\n"


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="'task' has 1 values for 2 vectors"):
        projector_texts(np.eye(2), {"task": ["sst"]})
    with pytest.raises(ValueError, match="at least one column"):
        projector_texts(np.eye(2), {})
