"""The recorded session goes from an empty folder to the certificate, through every piece."""

from __future__ import annotations

import re
from pathlib import Path

from minbert.course.build_track.pieces import PIECES

PAGE = (Path(__file__).parents[3] / "docs" / "build_session.md").read_text(encoding="utf-8")


def test_every_piece_was_unwritten_then_right() -> None:
    for piece in PIECES:
        before, _, after = PAGE.partition(f"(piece {piece.number}, {piece.title}, is written)")
        assert f"piece {piece.number}, {piece.title}. Not yet: not written yet" in before
        said = f"piece {piece.number}, {piece.title}. Right: {piece.check.praise}"
        assert said not in before and said in after


def test_it_ends_with_a_complete_certificate() -> None:
    certificate = PAGE.partition("Certificate of the build track")[2]
    assert "lent by the library: none" in certificate
    assert certificate.count("as the library's: yes") == 2
    assert re.search(r"yours is inside\n\nThis BERT is yours.\n```\n$", certificate)
