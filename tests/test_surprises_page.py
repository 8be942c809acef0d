"""docs/surprises.md: a row for each finding, and a finding for each row."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "surprises.md").read_text(encoding="utf-8")


def test_each_finding_has_its_row() -> None:
    shown = re.findall(r"\]\(\.\./findings/([a-z0-9_]+\.sh)\) \|$", PAGE, re.MULTILINE)
    there = sorted(path.name for path in (ROOT / "findings").glob("*.sh"))
    assert sorted(shown) == there and len(there) >= 4


def test_each_finding_can_be_run_and_says_what_was_seen() -> None:
    for path in (ROOT / "findings").glob("*.sh"):
        text = path.read_text(encoding="utf-8")
        assert os.access(path, os.X_OK), path.name
        for part in ("# Good guess:", "# Behaviour:", "# Versions:", "# Output seen:\n#   "):
            assert part in text, f"{path.name}: {part}"


def test_each_row_on_formats_and_peers_names_its_test() -> None:
    rows = re.findall(r"\| \[(\w+)(?:\.py)?\]\(\.\./(tests/[\w/.]+\.py)\) \|$", PAGE, re.MULTILINE)
    assert len(rows) >= 18
    for name, file in rows:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert f"def {name}(" in text or file.endswith(f"/{name}.py"), name
    written = {name for name, file in rows if file == "tests/test_surprises.py"}
    there = re.findall(
        r"^def (test_\w+)", (ROOT / "tests/test_surprises.py").read_text("utf-8"), re.MULTILINE
    )
    assert written == set(there)
