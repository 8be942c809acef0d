"""docs/export.md: its commands are understood, its code runs, its links and names are there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import minbert.export
from minbert.commands.parser import EXPORTS, build_parser
from minbert.export.runtimes import RUNTIMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def test_commands_are_understood() -> None:
    lines = [line for block in blocks("") for line in block.splitlines()]
    ours = [line for line in lines if line.startswith("minbert ")]
    parsed = [build_parser().parse_args(shlex.split(line)[1:]) for line in ours]
    assert {one.command for one in parsed} == {"export", "push"} and len(parsed) >= 4
    assert {*RUNTIMES, "transformers", "sentence-transformers"} == set(EXPORTS)
    assert all(f"--to {one}" in PAGE for one in EXPORTS)


def test_code_runs_as_written(tmp_path: Path) -> None:
    """In a process of its own: the tests' check of shapes is no part of the package."""
    code = [block for block in blocks("python") if "mteb" not in block]
    assert len(code) == 2
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "torch.Size([1, " in run.stdout and (tmp_path / "DIR" / "model.safetensors").is_file()
    for block in blocks("python"):
        compile(block, "docs/export.md", "exec")


def test_what_is_named_is_there() -> None:
    for name in re.findall(r"`minbert\.export\.(\w+)`", PAGE):
        assert name in minbert.export.__all__
    for name in ("SequenceClassifier", "save_classifier", "load_classifier", "load_exported"):
        assert name in PAGE and name in minbert.export.__all__
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
