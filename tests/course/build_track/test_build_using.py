"""A notebook goes on with the learner's pieces where they are right, and says whose they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from minbert.course.build_track import library
from minbert.course.build_track.pieces import PIECES
from minbert.course.build_track.skeleton import skeleton
from minbert.course.build_track.using import use
from minbert.course.checks.base import Verdict
from minbert.course.session import Session
from minbert.course.tiers import choose_tier

Written = Callable[..., Path]


def test_without_a_file_everything_is_the_librarys(tmp_path: Path) -> None:
    pieces, said = use(tmp_path / "my_minbert.py", [1, 8])
    assert said == [
        f"piece {number}, {title}: the library's (`minbert course build --to .` writes "
        "my_minbert.py to begin with)"
        for number, title in ((1, "attention"), (8, "ranking"))
    ]
    for piece in PIECES:
        for name in piece.names:
            assert getattr(pieces, name) is getattr(library, name)


def test_right_pieces_are_the_learners_and_all_others_the_librarys(written: Written) -> None:
    """One right, one wrong, one that does not end when it is run, one that nobody asked for."""
    path = written(
        (" / dim**0.5", ""),
        ("def pad_batch(", "while True:\n    pass\n\n\ndef pad_batch("),
    )
    pieces, said = use(path, [1, 8])
    assert said == [
        "piece 1, attention: the library's; yours is not right yet: the scores are not divided by "
        "the root of dim",
        f"piece 8, ranking: yours, from {path.name}",
    ]
    assert pieces.multiple_negatives_ranking.__module__ == "my_minbert"
    for name in ("SelfAttention", "AdamW", "Encoder"):
        assert getattr(pieces, name) is getattr(library, name)
    draw = torch.Generator().manual_seed(0)
    a, b = torch.randn(4, 3, generator=draw), torch.randn(4, 3, generator=draw)
    ours = library.multiple_negatives_ranking(a, b)
    torch.testing.assert_close(pieces.multiple_negatives_ranking(a, b), ours)


def test_a_piece_that_is_used_finds_the_others_that_are_used(written: Written) -> None:
    pieces, said = use(written(), [1, 3])
    assert all("yours" in line for line in said)
    layer = pieces.Layer(pieces.Config(7, 4, 1, 2, 8, 5))
    assert type(layer.attention.self) is pieces.SelfAttention
    assert type(layer).__module__ == type(layer.attention.self).__module__ == "my_minbert"


def test_what_is_unwritten_or_no_python(tmp_path: Path) -> None:
    path = tmp_path / "my_minbert.py"
    path.write_text(skeleton(), encoding="utf-8")
    pieces, said = use(path, [2])
    assert said == ["piece 2, embeddings: the library's; yours is not written yet"]
    assert pieces.Embeddings is library.Embeddings
    path.write_text("def (", encoding="utf-8")
    pieces, said = use(path, [2])
    assert "the library's" in said[0] and "line 1 is no Python" in said[0]
    assert pieces.Embeddings is library.Embeddings
    with pytest.raises(ValueError, match="numbers 1 to 10, got 11"):
        use(path, [11])


def test_the_session_takes_a_module_and_says_what_is_used(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written()
    spec = importlib.util.spec_from_file_location("my_minbert", path)
    assert spec is not None
    lab = Session("test", choose_tier("lab"))
    module = importlib.util.module_from_spec(spec)
    assert lab.use(module, 5).AdamW.__module__ == "my_minbert"
    assert capsys.readouterr().out == f"piece 5, AdamW: yours, from {path.name}\n"


def test_a_function_of_ones_own_is_used_if_it_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    def doubled(x: float) -> float:
        return 2 * x

    def check(function: Callable[[float], float]) -> Verdict:
        return Verdict(function(3.0) == 6.0, "")

    lab = Session("test", choose_tier("lab"))
    assert lab.yours(check, doubled, None) is doubled
    assert lab.yours(check, abs, doubled) is doubled
    assert capsys.readouterr().out.splitlines() == [
        "doubled: yours",
        "abs: not right yet: the library's is used",
    ]
