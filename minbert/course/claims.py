"""Findings that a notebook states, each with the verdict of the numbers on this machine."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

CLAIMS_FILE = "MINBERT_CLAIMS"
"""Environment variable: a file to which every claim is appended, one JSON object a line. The
course's runner sets it for its kernels, to list in the end what was not found."""


@dataclass(frozen=True)
class Claim:
    """One finding, and whether it was found."""

    notebook: str
    sentence: str
    """The finding, as the text states it."""
    holds: bool


def keep(claim: Claim) -> None:
    """Append a claim to the file that `MINBERT_CLAIMS` names, if it names one."""
    path = os.environ.get(CLAIMS_FILE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(claim), ensure_ascii=False) + "\n")


def read_claims(path: Path) -> list[Claim]:
    """The claims in a file, in their order; none if there is no file, as when no cell has run.

    A last line that was cut, because its kernel died while writing, is left out.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [Claim(**json.loads(line)) for line in lines[:-1]]
