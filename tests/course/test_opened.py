"""The course as a folder of one's own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from minbert.__main__ import main
from minbert.commands import course
from minbert.course.notebooks import notebook_paths
from minbert.course.opened import course_files

ROOT = Path(__file__).parents[2]
TARGET = re.compile(rb"\]\(([^)#?\s]+)")


def test_everything_that_a_notebook_leads_to_is_there(tmp_path: Path) -> None:
    assert main(["course", "open", "--to", str(tmp_path / "mine")]) == 0
    files = [path for path in (tmp_path / "mine").rglob("*") if path.suffix in (".ipynb", ".md")]
    assert {path.name for path in notebook_paths()} <= {path.name for path in files}
    count = 0
    for path in files:
        content = path.read_bytes()
        for target in set(TARGET.findall(content)):
            if target.endswith((b".md", b".ipynb", b".svg", b".png")) and b"://" not in target:
                assert (path.parent / target.decode()).is_file(), (path.name, target)
                count += 1
    assert count > 40


def test_pages_lead_to_pages_and_lose_links_that_lead_out(tmp_path: Path) -> None:
    texts = {
        "notebooks/00_start_here.ipynb": "[a](../docs/a.md) ![p](../figures/p.png)",
        "docs/a.md": "[b](sub/b.md#part), [code](../minbert/encoder.py), [web](https://x.example)",
        "docs/sub/b.md": "back to [a](../a.md#top), ![q](../../figures/q.svg)",
        "docs/unlinked.md": "",
        "minbert/encoder.py": "",
        "figures/p.png": "",
        "figures/q.svg": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    content = course_files([tmp_path / "notebooks" / "00_start_here.ipynb"], tmp_path)
    assert list(content) == sorted(set(texts) - {"docs/unlinked.md", "minbert/encoder.py"})
    assert content["docs/a.md"] == "[b](sub/b.md#part), code, [web](https://x.example)"
    assert content["docs/sub/b.md"] == texts["docs/sub/b.md"]


def test_a_notebook_that_was_changed_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    to = str(tmp_path / "mine")
    assert main(["course", "open", "--to", to]) == 0
    assert "begin with:  " in capsys.readouterr().out
    first = tmp_path / "mine" / "notebooks" / "00_start_here.ipynb"
    first.write_text("mine", encoding="utf-8")
    assert main(["course", "open", "--to", to]) == 0
    assert first.read_text(encoding="utf-8") == "mine"
    assert "kept as they are" in caplog.text and first.name in caplog.text


def test_lab_starts_jupyterlab_on_the_first_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(
        course.subprocess, "call", lambda command, cwd: calls.append((command, cwd)) or 0
    )
    assert main(["course", "open", "--to", str(tmp_path / "mine"), "--lab"]) == 0
    first = tmp_path / "mine" / "notebooks" / "00_start_here.ipynb"
    assert calls == [([sys.executable, "-m", "jupyterlab", str(first)], tmp_path / "mine")]


def test_lab_without_jupyterlab_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(course, "find_spec", lambda name: None)
    assert main(["course", "open", "--to", str(tmp_path / "mine"), "--lab"]) == 2
    assert "--lab needs JupyterLab: `pip install" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("where", ["notebooks", "."])
def test_the_clone_is_no_place_for_it(
    where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["course", "open", "--to", str(ROOT / where)]) == 2
    assert "choose another folder" in capsys.readouterr().err
