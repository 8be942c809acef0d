"""A learner's file for the tests: the key, with edits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from minbert.course.build_track.skeleton import KEY


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write the key into a file, with parts of its text replaced; its path."""

    def write(*edits: tuple[str, str]) -> Path:
        text = KEY.read_text(encoding="utf-8")
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / "my_minbert.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write
