"""The learner's predictions and what came out, kept from notebook to notebook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock

from minbert.training.cache import default_folder


class Journal:
    """A small JSON file: per question the guess, per question the outcome.

    Args:
        path: of the file; without, `course/journal-TIER.json` in the cache folder.
        tier: outcomes on real data are kept apart from those on the lab.
    """

    def __init__(self, tier: str, path: Path | None = None) -> None:
        self.path = path or default_folder() / "course" / f"journal-{tier}.json"

    def read(self) -> dict[str, dict[str, Any]]:
        """`{question: {"asked", "guess", "outcome"}}`; empty before the first entry."""
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def write(self, question: str, **entry: Any) -> None:
        """Add to what is known of a question."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            content = self.read()
            content[question] = {**content.get(question, {}), **entry}
            partial = self.path.with_suffix(".partial")
            partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
            os.replace(partial, self.path)
