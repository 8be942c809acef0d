"""docs/surprises.md: a row for each finding, and a finding for each row."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "surprises.md").read_text(encoding="utf-8")


def test_each_finding_has_its_row() -> None:
    shown = re.findall(r"\]\(\.\./findings/([a-z_]+\.sh)\) \|$", PAGE, re.MULTILINE)
    there = sorted(path.name for path in (ROOT / "findings").glob("*.sh"))
    assert sorted(shown) == there and len(there) >= 4


def test_each_finding_can_be_run_and_says_what_was_seen() -> None:
    for path in (ROOT / "findings").glob("*.sh"):
        text = path.read_text(encoding="utf-8")
        assert os.access(path, os.X_OK), path.name
        for part in ("# Good guess:", "# Behaviour:", "# Versions:", "# Output seen:\n#   "):
            assert part in text, f"{path.name}: {part}"
