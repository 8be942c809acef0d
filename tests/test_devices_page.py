"""docs/devices.md: commands are understood, code runs, figures are the recorded ones."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from in_ranks import exit_codes
from torch.distributed.run import get_args_parser

from minbert.commands.parser import build_parser
from minbert.ranks import TOGETHER

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import ranks as ranks_benchmark  # noqa: E402

PAGE = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
RECORDED = json.loads((ROOT / "benchmarks" / "ranks.json").read_text(encoding="utf-8"))
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [block for name, block in BLOCKS if name == language]


def commands() -> list[list[str]]:
    """Command lines of the page, those of the SLURM file included, without `srun`."""
    joined = "\n".join(block for _, block in BLOCKS).replace("\\\n", " ")
    lines = [line.strip().removeprefix("srun ") for line in joined.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith(("torchrun ", "minbert "))]


def test_every_command_line_is_understood() -> None:
    found = commands()
    assert len(found) == 4
    for words in found:
        if words[0] == "torchrun":
            launcher = get_args_parser().parse_args(
                [word.replace("$SLURM_NNODES", "2") for word in words[1:]]
            )
            assert launcher.module and launcher.training_script == "minbert"
            assert launcher.nproc_per_node == "8"
            words = ["minbert", *launcher.training_script_args]
        assert build_parser().parse_args(words[1:]).command in TOGETHER


def test_the_slurm_file_is_a_shell_script(tmp_path: Path) -> None:
    [script] = blocks("bash")
    path = tmp_path / "job.sh"
    path.write_text(script, encoding="utf-8")
    subprocess.run(["bash", "-n", str(path)], check=True)
    assert script.count("#SBATCH --") == 7


def test_the_arithmetic_gives_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    code = blocks("python")[1]
    exec(compile(code, "devices.md", "exec"), {})
    assert f"```\n{capsys.readouterr().out}```" in PAGE


def test_the_script_runs_on_two_ranks(capfd: pytest.CaptureFixture[str]) -> None:
    code = compile(blocks("python")[0], "devices.md", "exec")
    assert exit_codes(2, lambda: exec(code, {})) == [0, 0]
    assert re.findall(r"(\d+) steps on (\d) ranks", capfd.readouterr().out) == [("4", "2")]


def test_the_figures_are_the_recorded_ones() -> None:
    shown = PAGE.partition("<!-- ranks -->\n")[2].partition("<!-- /ranks -->")[0]
    assert shown == ranks_benchmark.table(RECORDED)
    for stage in RECORDED["stages"]:
        assert stage["largest_difference_of_losses"] < ranks_benchmark.WITHIN
